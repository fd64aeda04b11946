// A window of the editor and what it draws with; what a person types and presses, a test sets.
using System;
using System.Collections.Generic;
using System.Linq;
using UnityEngine;

namespace UnityEngine
{
    public sealed class GUIContent
    {
        public readonly string text, tooltip;
        public GUIContent(string text) : this(text, "") { }
        public GUIContent(string text, string tooltip) { this.text = text; this.tooltip = tooltip; }
    }
}

namespace UnityEditor
{
    public sealed class MenuItem : Attribute { public MenuItem(string itemName) { } }

    public class EditorWindow : ScriptableObject
    {
        static readonly List<EditorWindow> Open = new List<EditorWindow>();
        public GUIContent titleContent;
        public Vector2 minSize;

        /// <summary>"Returns the first EditorWindow of type T which is currently on the screen. If there is none, creates and shows new window."</summary>
        public static T GetWindow<T>(string title) where T : EditorWindow, new()
        {
            var window = Open.OfType<T>().FirstOrDefault();
            if (window != null) return window;
            window = new T { titleContent = new GUIContent(title) };
            Open.Add(window);
            Engine.Send(window, "OnEnable");
            return window;
        }

        public void Repaint() { }

        public void Close()
        {
            Engine.Send(this, "OnDisable");
            Open.Remove(this);
            DestroyImmediate(this);
        }
    }

    /// <summary>https://docs.unity3d.com/ScriptReference/SelectionMode.html: "If the selection contains folders, also include all
    /// assets and subfolders within that folder in the file hierarchy."</summary>
    public enum SelectionMode { Unfiltered = 0, Assets = 16, DeepAssets = 32 }

    public static class Selection
    {
        /// <summary>Paths of assets or folders.</summary>
        [ForTests] public static readonly List<string> Paths = new List<string>();
        public static Action selectionChanged;

        public static T[] GetFiltered<T>(SelectionMode mode) where T : UnityEngine.Object => AssetDatabase.Assets
            .Where(one => one.Value is T && Paths.Any(path => one.Key == path || mode == SelectionMode.DeepAssets && one.Key.StartsWith(path + "/")))
            .Select(one => (T)one.Value).ToArray();
    }

    public static partial class EditorGUILayout
    {
        /// <summary>What a test types or ticks, by label.</summary>
        [ForTests] public static readonly Dictionary<string, object> Typed = new Dictionary<string, object>();

        public static string TextField(GUIContent label, string text) => Value(label.text, text);
        public static bool Toggle(GUIContent label, bool value) => Value(label.text, value);
        public static Vector2 BeginScrollView(Vector2 scrollPosition) => scrollPosition;
        public static void EndScrollView() { }

        static T Value<T>(string label, T value) => Typed.TryGetValue(label, out var typed) ? (T)typed : value;
    }
}
