// As much of Unity's Test Framework as the package's tests use, and what their importer tests need of the editor: files that
// are in the folder Assets when the asset database is refreshed.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using UnityEngine;

namespace UnityEngine
{
    public enum LogType { Error, Assert, Warning, Log, Exception }
}

namespace UnityEngine.TestTools
{
    [AttributeUsage(AttributeTargets.Method)]
    public class UnityTestAttribute : Attribute { }

    public static class LogAssert
    {
        static readonly List<Regex> Expected = new List<Regex>();

        public static void Expect(LogType type, Regex message)
        {
            if (type != LogType.Error) throw new NotSupportedException("errors only");
            Expected.Add(message);
        }

        /// <summary>Unity's: a test fails by an error that it does not expect, and where an expected one did not come. Called
        /// by whoever runs the tests. Returns what is wrong.</summary>
        public static string[] Settle()
        {
            var errors = Engine.Warnings.Where(one => one.StartsWith("error: ", StringComparison.Ordinal)).ToList();
            var missing = Expected.Where(one => errors.RemoveAll(one.IsMatch) == 0).Select(one => "did not come: " + one).ToList();
            Expected.Clear();
            return missing.Concat(errors).ToArray();
        }
    }
}

namespace UnityEditor
{
    public static partial class AssetDatabase
    {
        static readonly Dictionary<string, DateTime> Known = new Dictionary<string, DateTime>();

        /// <summary>"Import any changed assets"; then all postprocessors hear of them.</summary>
        public static void Refresh()
        {
            var paths = Directory.GetFiles("Assets", "*", SearchOption.AllDirectories).Select(one => one.Replace('\\', '/'));
            var changed = paths.Where(one => !Known.TryGetValue(one, out var at) || at != File.GetLastWriteTimeUtc(one)).ToArray();
            foreach (var path in changed)
            {
                Known[path] = File.GetLastWriteTimeUtc(path);
                if (path.EndsWith(".wav", StringComparison.Ordinal))
                    Assets[path] = new AudioClip(Path.GetFileNameWithoutExtension(path), new float[8000], 1, 8000);
            }
            var processors = AppDomain.CurrentDomain.GetAssemblies().SelectMany(one => one.GetTypes()).Where(one => one.IsSubclassOf(typeof(AssetPostprocessor)));
            foreach (var one in processors)
                one.GetMethod("OnPostprocessAllAssets", BindingFlags.Static | BindingFlags.NonPublic)
                    .Invoke(null, new object[] { changed, new string[0], new string[0], new string[0] });
        }

        public static bool DeleteAsset(string path)
        {
            foreach (var one in Assets.Keys.Where(one => one.StartsWith(path, StringComparison.Ordinal)).ToArray()) Assets.Remove(one);
            if (Directory.Exists(path)) Directory.Delete(path, true);
            return true;
        }
    }
}
