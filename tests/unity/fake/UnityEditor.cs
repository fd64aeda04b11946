// As much of UnityEditor as the package's Editor folder uses. The asset database is a folder of files, with assets that a
// test puts in by hand.
using System;
using System.Collections.Generic;
using System.Linq;
using UnityEngine;

namespace UnityEditor
{
    public class AssetPostprocessor { }

    public static partial class AssetDatabase
    {
        public static readonly Dictionary<string, UnityEngine.Object> Assets = new Dictionary<string, UnityEngine.Object>();

        public static T LoadAssetAtPath<T>(string path) where T : UnityEngine.Object =>
            Assets.TryGetValue(path, out var asset) ? asset as T : null;

        public static UnityEngine.Object LoadMainAssetAtPath(string path) => LoadAssetAtPath<UnityEngine.Object>(path);
        public static void CreateAsset(UnityEngine.Object asset, string path) => Assets[path] = asset;
        public static string GetAssetPath(UnityEngine.Object asset) => Assets.FirstOrDefault(one => ReferenceEquals(one.Value, asset)).Key ?? "";
        public static string GUIDToAssetPath(string guid) => guid;

        public static string[] FindAssets(string filter)
        {
            var words = filter.Split(' ');
            var name = words[0].StartsWith("t:") ? "" : words[0];
            return Assets.Where(one => one.Value is AudioClip && one.Key.Contains(name)).Select(one => one.Key).ToArray();
        }
    }

    public static partial class EditorUtility
    {
        public static readonly List<UnityEngine.Object> Dirty = new List<UnityEngine.Object>();
        public static void SetDirty(UnityEngine.Object it) => Dirty.Add(it);

        public static void CopySerialized(UnityEngine.Object from, UnityEngine.Object to)
        {
            foreach (var field in from.GetType().GetFields(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic))
                if (Attribute.IsDefined(field, typeof(SerializeField))) field.SetValue(to, field.GetValue(from));
            to.name = from.name;
        }
    }

    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();
        public static event AssemblyReloadCallback beforeAssemblyReload;
        public static void Reload() => beforeAssemblyReload?.Invoke();
    }

    public static partial class EditorApplication
    {
        public static event Action quitting;
        public static void Quit() => quitting?.Invoke();
    }

    public sealed class InitializeOnLoadAttribute : Attribute { }
    public sealed class CustomEditor : Attribute { public CustomEditor(Type inspectedType) { } }
}
