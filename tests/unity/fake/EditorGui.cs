// The inspector: what is drawn is listed, buttons are pressed by their text, and serialized fields are those of the object.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using UnityEngine;

namespace UnityEngine
{
    public static class GUILayout
    {
        /// <summary>Texts of the buttons of the last drawing, and the one that a test presses.</summary>
        public static readonly List<string> Buttons = new List<string>();
        public static string Pressed;

        public static bool Button(string text)
        {
            Buttons.Add(text);
            return text == Pressed;
        }
    }

    public sealed class GUIStyle { }

    public static class GUI
    {
        public static Texture Drawn;
        public static Rect DrawnCoords;

        public static void DrawTextureWithTexCoords(Rect position, Texture image, Rect texCoords)
        {
            Drawn = image;
            DrawnCoords = texCoords;
        }
    }
}

namespace UnityEditor
{
    public class Editor : ScriptableObject
    {
        public UnityEngine.Object target;
        SerializedObject _serialized;
        public SerializedObject serializedObject => _serialized ?? (_serialized = new SerializedObject(target));
        public virtual void OnInspectorGUI() { }
        public virtual bool RequiresConstantRepaint() => false;
        public virtual bool HasPreviewGUI() => false;
        public virtual void OnPreviewGUI(Rect r, GUIStyle background) { }
        public bool DrawDefaultInspector() => false;
        public void Repaint() { }
    }

    public sealed class SerializedObject
    {
        public readonly UnityEngine.Object It;
        internal readonly List<SerializedProperty> Properties;

        public SerializedObject(UnityEngine.Object it)
        {
            It = it;
            Properties = it.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
                .Where(field => Attribute.IsDefined(field, typeof(SerializeField))).Select(field => new SerializedProperty(this, field)).ToList();
        }

        public void Update() { foreach (var one in Properties) one.Read(); }
        public bool ApplyModifiedProperties() => Properties.Count(one => one.Write()) > 0;
        public SerializedProperty GetIterator() => new SerializedProperty(this, null);
    }

    /// <summary>A field, or the iterator over all: before the first, at depth -1.</summary>
    public sealed class SerializedProperty
    {
        readonly SerializedObject _of;
        readonly FieldInfo _field;
        object _value;
        int _at = -1;

        internal SerializedProperty(SerializedObject of, FieldInfo field)
        {
            _of = of;
            _field = field;
            if (field != null) Read();
        }

        SerializedProperty Current => _field != null ? this : _of.Properties[_at];

        public int depth => _field == null && _at < 0 ? -1 : 0;
        public string name => Current._field.Name;

        public string stringValue
        {
            get => (string)Current._value;
            set => Current._value = value;
        }

        public bool NextVisible(bool enterChildren) => ++_at < _of.Properties.Count;
        internal void Read() => _value = _field.GetValue(_of.It);

        internal bool Write()
        {
            if (Equals(_value, _field.GetValue(_of.It))) return false;
            _field.SetValue(_of.It, _value);
            return true;
        }
    }

    public enum MessageType { None, Info, Warning, Error }

    public static partial class EditorGUILayout
    {
        public static readonly List<string> Drawn = new List<string>();

        /// <summary>What a test chooses of the next popup; -1: what is chosen stays.</summary>
        [ForTests] public static int Choice = -1;
        [ForTests] public static string[] Offered;

        public static void HelpBox(string message, MessageType type) => Drawn.Add(type + ": " + message);
        public static void LabelField(string label, string label2) => Drawn.Add(label + ": " + label2);
        public static void Space() { }
        /// <summary>What a test drops into the field of a label.</summary>
        [ForTests] public static readonly Dictionary<string, UnityEngine.Object> Dropped = new Dictionary<string, UnityEngine.Object>();

        public static UnityEngine.Object ObjectField(string label, UnityEngine.Object obj, Type objType, bool allowSceneObjects) =>
            Dropped.TryGetValue(label, out var dropped) ? dropped : obj;
        public static Rect GetControlRect() => default(Rect);

        public static bool PropertyField(SerializedProperty property, bool includeChildren)
        {
            Drawn.Add(property.name);
            return false;
        }

        public static int Popup(string label, int selectedIndex, string[] displayedOptions)
        {
            Offered = displayedOptions;
            return Choice < 0 ? selectedIndex : Choice;
        }
    }

    public static class EditorGUI
    {
        public static void ProgressBar(Rect position, float value, string text) => EditorGUILayout.Drawn.Add($"{text} {value:0.00}");

        public struct DisabledScope : IDisposable
        {
            public DisabledScope(bool disabled) { }
            public void Dispose() { }
        }
    }

    public static class Undo
    {
        public static void RecordObject(UnityEngine.Object objectToUndo, string name) { }
        public static T AddComponent<T>(GameObject gameObject) where T : Component, new() => gameObject.AddComponent<T>();
    }

    public static class SceneView
    {
        public static void RepaintAll() { }
    }

    public enum PlayModeStateChange { EnteredEditMode, ExitingEditMode, EnteredPlayMode, ExitingPlayMode }

    public static partial class EditorApplication
    {
        public delegate void CallbackFunction();
        public static CallbackFunction update;
        public static event Action<PlayModeStateChange> playModeStateChanged;
        public static void ChangePlayMode(PlayModeStateChange change) => playModeStateChanged?.Invoke(change);
    }

    public static partial class EditorUtility
    {
        public static GameObject CreateGameObjectWithHideFlags(string name, HideFlags flags, params Type[] components)
        {
            var made = new GameObject { name = name, hideFlags = flags };
            foreach (var type in components)
            {
                var component = (Component)Activator.CreateInstance(type);
                component.gameObject = made;
                made.Components.Add(component);
            }
            return made;
        }
    }

    public static partial class AssetDatabase
    {
        public static string GenerateUniqueAssetPath(string path)
        {
            var unique = path;
            for (var n = 1; Assets.ContainsKey(unique); n++) unique = path.Replace(".asset", " " + n + ".asset");
            return unique;
        }
    }
}
