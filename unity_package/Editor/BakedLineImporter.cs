using System;
using System.IO;
using UnityEditor;
using UnityEngine;
using UnityEngine.Video;

namespace FlashHead.Editor
{
    /// <summary>Makes an asset of every `line.flashhead.json` that comes into the project, beside it: `line.asset`, and keeps
    /// it up to date when the line is baked again.</summary>
    /// <remarks>Not a ScriptedImporter: Unity takes file names with two dots for one only since 6000.3, and `.json` alone
    /// belongs to its own importer.</remarks>
    public sealed class BakedLineImporter : AssetPostprocessor
    {
        public const string Ending = ".flashhead.json";

        static void OnPostprocessAllAssets(string[] imported, string[] deleted, string[] moved, string[] movedFrom)
        {
            foreach (var path in imported)
                if (path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase)) Import(path);
        }

        /// <summary>`path`: of the manifest in the project. Null where it cannot be imported; the console says why.</summary>
        public static FlashHeadBakedLine Import(string path)
        {
            try
            {
                var line = BakedAssets.Save(Read(path), path.Substring(0, path.Length - Ending.Length) + ".asset");
                line.Forget();
                return line;
            }
            catch (Exception error) when (error is IOException || error is InvalidDataException || error is ArgumentException)
            {
                Debug.LogError("FlashHead: " + error.Message, AssetDatabase.LoadMainAssetAtPath(path));
                return null;
            }
        }

        static FlashHeadBakedLine Read(string path)
        {
            var manifest = BakedManifest.Read(File.ReadAllText(path), path);
            var folder = Path.GetDirectoryName(path).Replace('\\', '/');
            var track = manifest.FileOf("json");
            // Unity plays WebM with alpha on every platform that has a video player; MP4 has no alpha.
            var video = manifest.FileOf("webm") ?? manifest.FileOf("mp4");
            var clip = Audio(manifest, folder);
            if (clip == null)
                throw new InvalidDataException($"{path}: its dialogue {manifest.AudioName} is not in the project; put it beside the line.");
            return FlashHeadBakedLine.Create(
                clip,
                track == null ? null : Track($"{folder}/{track}"),
                video == null ? null : AssetDatabase.LoadAssetAtPath<VideoClip>($"{folder}/{video}"));
        }

        static BakedTrack Track(string path)
        {
            using (var text = File.OpenText(path)) return BakedTrackJson.Read(text, path);
        }

        static AudioClip Audio(BakedManifest manifest, string folder)
        {
            if (manifest.AudioFile != null)
            {
                var clip = AssetDatabase.LoadAssetAtPath<AudioClip>($"{folder}/{manifest.AudioFile}");
                if (clip != null) return clip;
            }
            foreach (var guid in AssetDatabase.FindAssets(Path.GetFileNameWithoutExtension(manifest.AudioName) + " t:AudioClip"))
            {
                var path = AssetDatabase.GUIDToAssetPath(guid);
                if (Path.GetFileName(path) == manifest.AudioName) return AssetDatabase.LoadAssetAtPath<AudioClip>(path);
            }
            return null;
        }
    }
}
