using System.IO;
using UnityEditor;

namespace FlashHead.Editor
{
    /// <summary>Assets that are made again when a line is baked again.</summary>
    static class BakedAssets
    {
        /// <summary>Into the asset that is there, so that what refers to it goes on doing so.</summary>
        public static T Save<T>(T made, string path) where T : UnityEngine.Object
        {
            // CopySerialized takes the name too, and Unity wants the file's.
            made.name = Path.GetFileNameWithoutExtension(path);
            var old = AssetDatabase.LoadAssetAtPath<T>(path);
            if (old == null)
            {
                AssetDatabase.CreateAsset(made, path);
                return made;
            }
            EditorUtility.CopySerialized(made, old);
            EditorUtility.SetDirty(old);
            UnityEngine.Object.DestroyImmediate(made);
            return old;
        }
    }
}
