using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using Newtonsoft.Json.Linq;
using Unity.Collections.LowLevel.Unsafe;
using UnityEngine;

namespace FlashHead.Tests
{
    /// <summary>A sample's scene, which sample_scenes.py read from its .unity file: one object with one script, whose fields are
    /// filled as Unity fills them: public ones and those with SerializeField, by name.</summary>
    sealed class SceneFile : IDisposable
    {
        readonly string _folder;
        readonly List<UnityEngine.Object> _assets = new List<UnityEngine.Object>();

        /// <summary>The still of a character, by its name.</summary>
        public readonly Dictionary<string, Texture2D> Stills = new Dictionary<string, Texture2D>();
        /// <summary>What Python found in the sample's file.</summary>
        public JToken Expected { get; private set; }

        SceneFile(string folder) { _folder = folder; }

        /// <summary>`change`: what else is to be in the fields.</summary>
        public static SceneFile Open(string sample, Action<Dictionary<string, object>> change = null)
        {
            var folder = Environment.GetEnvironmentVariable("FLASHHEAD_TEST_SCENES");
            var text = JObject.Parse(File.ReadAllText(Path.Combine(folder, sample + ".json")));
            var type = Assembly.Load("FlashHead.Samples." + sample).GetType("FlashHead.Samples." + sample, true);
            var scene = new SceneFile(folder) { Expected = text["expected"] };
            var root = new GameObject((string)text["name"]);
            root.SetActive(false);
            var script = typeof(GameObject).GetMethod("AddComponent").MakeGenericMethod(type).Invoke(root, null);
            var fields = ((JObject)text["fields"]).Properties().ToDictionary(one => one.Name, one => scene.Value(one.Value, FieldOf(type, one.Name).FieldType));
            if (change != null) change(fields);
            foreach (var one in fields) FieldOf(type, one.Key).SetValue(script, one.Value);
            root.SetActive(true);
            return scene;
        }

        public void Dispose()
        {
            foreach (var asset in _assets) UnityEngine.Object.DestroyImmediate(asset);
        }

        /// <summary>A part's place as a share of the window.</summary>
        public static Rect Window(Transform part)
        {
            if (part.GetComponent<Canvas>() != null) return new Rect(0f, 0f, 1f, 1f);
            var (place, parent) = ((RectTransform)part, Window(part.parent));
            return new Rect(
                parent.x + parent.width * place.anchorMin.x,
                parent.y + parent.height * place.anchorMin.y,
                parent.width * (place.anchorMax.x - place.anchorMin.x),
                parent.height * (place.anchorMax.y - place.anchorMin.y));
        }

        static FieldInfo FieldOf(Type type, string name)
        {
            var field = type.GetField(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
            if (field == null || !(field.IsPublic || Attribute.IsDefined(field, typeof(SerializeField))))
                throw new MissingFieldException(type.Name, name);
            return field;
        }

        object Value(JToken value, Type type)
        {
            if (typeof(UnityEngine.Object).IsAssignableFrom(type)) return value.Type == JTokenType.Null ? null : Asset(value);
            if (type.IsArray)
            {
                var array = Array.CreateInstance(type.GetElementType(), value.Count());
                for (var i = 0; i < array.Length; i++) array.SetValue(Value(value[i], type.GetElementType()), i);
                return array;
            }
            if (type.IsPrimitive || type == typeof(string)) return value.ToObject(type);
            if (!type.IsSerializable) throw new NotSupportedException(type.Name + " is not Serializable: Unity does not keep it");
            var made = Activator.CreateInstance(type);
            foreach (var one in ((JObject)value).Properties()) FieldOf(type, one.Name).SetValue(made, Value(one.Value, FieldOf(type, one.Name).FieldType));
            var still = made.GetType().GetField("Still");
            if (still != null) Stills[(string)made.GetType().GetField("Name").GetValue(made)] = (Texture2D)still.GetValue(made);
            return made;
        }

        UnityEngine.Object Asset(JToken asset)
        {
            var bytes = File.ReadAllBytes(Path.Combine(_folder, (string)asset["file"]));
            var made = Made((string)asset["kind"], asset, bytes);
            made.name = (string)asset["name"];
            _assets.Add(made);
            return made;
        }

        static unsafe UnityEngine.Object Made(string kind, JToken asset, byte[] bytes)
        {
            if (kind == "bytes") return new TextAsset { bytes = bytes };
            if (kind == "sound")
            {
                var samples = new float[bytes.Length / 4];
                Buffer.BlockCopy(bytes, 0, samples, 0, bytes.Length);
                return new AudioClip("", samples, 1, (int)asset["rate"]);
            }
            var picture = new Texture2D((int)asset["width"], (int)asset["height"]);
            Marshal.Copy(bytes, 0, (IntPtr)NativeArrayUnsafeUtility.GetUnsafePtr(picture.GetRawTextureData<byte>()), bytes.Length);
            return picture;
        }
    }
}
