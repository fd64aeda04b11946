// As much of UnityEngine as the package's components use, with the behaviour that they rely on: time that a test moves, an
// audio source whose position steps by buffers of the mixer, textures whose pixels can be read. Written by hand from Unity's
// documentation; it is no part of the package.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;

namespace UnityEngine
{
    /// <summary>Not in Unity: what tests do and see.</summary>
    [AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
    public sealed class ForTestsAttribute : Attribute { }

    public class Object
    {
        public string name = "";
        public HideFlags hideFlags;
        public bool destroyed;

        public static void Destroy(Object it) => DestroyImmediate(it);

        public static void DestroyImmediate(Object it)
        {
            if (it.destroyed) return;
            it.destroyed = true;
            it.OnDestroyed();
        }

        protected virtual void OnDestroyed() { }

        // As in Unity, what was destroyed equals null.
        public static bool operator ==(Object a, Object b) => ReferenceEquals(Alive(a), Alive(b));
        public static bool operator !=(Object a, Object b) => !(a == b);
        public override bool Equals(object other) => other is Object it && this == it;
        public override int GetHashCode() => base.GetHashCode();
        static Object Alive(Object it) => ReferenceEquals(it, null) || it.destroyed ? null : it;
    }

    public partial class Component : Object
    {
        public GameObject gameObject = new GameObject();
    }

    public class Behaviour : Component
    {
        bool _enabled, _on;

        public bool isActiveAndEnabled => _enabled && !destroyed && gameObject.activeInHierarchy;

        public bool enabled
        {
            get => _enabled;
            set
            {
                _enabled = value;
                Refresh();
            }
        }

        /// <summary>The object was switched on or off: a behaviour hears of it once.</summary>
        internal void Refresh()
        {
            if (_on == isActiveAndEnabled) return;
            _on = !_on;
            Engine.Send(this, _on ? "OnEnable" : "OnDisable");
        }
    }

    public class MonoBehaviour : Behaviour
    {
        protected override void OnDestroyed()
        {
            enabled = false;
            Engine.Send(this, "OnDestroy");
            Engine.Alive.Remove(this);
        }
    }

    public class ScriptableObject : Object
    {
        public static T CreateInstance<T>() where T : ScriptableObject, new() => new T();
    }

    /// <summary>What moves time and calls the components, as the player loop does.</summary>
    [ForTests] public static partial class Engine
    {
        public static readonly List<MonoBehaviour> Alive = new List<MonoBehaviour>();
        public static readonly List<string> Warnings = new List<string>();
        public static readonly Dictionary<string, ScriptableObject> Assets = new Dictionary<string, ScriptableObject>();
        public static readonly List<AudioSource> Sources = new List<AudioSource>();
        public static double NowS, BufferS = 1024.0 / 48000;
        public static int TexturesAlive;

        /// <summary>A scene: nothing in it yet.</summary>
        public static void Begin()
        {
            foreach (var one in Alive.ToArray()) Object.Destroy(one);
            Started.Clear();
            Sources.Clear();
            Warnings.Clear();
            Assets.Clear();
            Time.timeScale = 1f;
            AudioListener.pause = false;
        }

        public static T Add<T>(Action<T> set) where T : MonoBehaviour, new()
        {
            var component = new T { name = typeof(T).Name };
            set(component);
            Alive.Add(component);
            component.enabled = true;
            return component;
        }

        public static void Frame(double deltaS)
        {
            NowS += deltaS;
            Time.unscaledDeltaTime = (float)deltaS;
            Time.deltaTime = Time.timeScale * Time.unscaledDeltaTime;
            foreach (var source in Sources) source.Mix();
            Start();
            foreach (var message in new[] { "Update", "LateUpdate" })
            {
                foreach (var one in Alive.ToArray())
                    if (one.isActiveAndEnabled) Send(one, message);
                if (message == "Update") Direct(deltaS);
            }
        }

        /// <summary>Timelines, between Update and LateUpdate.</summary>
        static partial void Direct(double deltaS);

        public static void Send(object it, string message)
        {
            var method = it.GetType().GetMethod(message, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);
            if (method == null) return;
            try
            {
                method.Invoke(it, null);
            }
            catch (TargetInvocationException error)
            {
                throw new Exception(it.GetType().Name + "." + message, error.InnerException);
            }
        }
    }

    public static class Time
    {
        public static float deltaTime, unscaledDeltaTime, timeScale = 1f;
        public static double realtimeSinceStartupAsDouble => Engine.NowS;
    }

    public enum TextureFormat { RGBA32 = 4 }
    public enum TextureWrapMode { Repeat, Clamp }
    [Flags] public enum HideFlags { None = 0, HideAndDontSave = 61 }

    public class Texture : Object
    {
        public int width, height;
        public TextureWrapMode wrapMode;
    }

    public sealed class RenderTexture : Texture { }

    public sealed partial class Texture2D : Texture
    {
        readonly IntPtr _pixels;
        readonly int _bytes;
        public int applied;

        public Texture2D(int width, int height, TextureFormat format, bool mipChain, bool linear)
        {
            this.width = width;
            this.height = height;
            _bytes = width * height * 4;
            _pixels = Marshal.AllocHGlobal(_bytes);
            Engine.TexturesAlive++;
        }

        public Unity.Collections.NativeArray<T> GetRawTextureData<T>() where T : struct =>
            new Unity.Collections.NativeArray<T> { Pointer = _pixels, Length = _bytes };

        public void Apply(bool updateMipmaps, bool makeNoLongerReadable) => applied++;

        public byte[] Pixels()
        {
            var pixels = new byte[_bytes];
            Marshal.Copy(_pixels, pixels, 0, _bytes);
            return pixels;
        }

        protected override void OnDestroyed()
        {
            Marshal.FreeHGlobal(_pixels);
            Engine.TexturesAlive--;
        }
    }

    public sealed class MaterialPropertyBlock
    {
        [ForTests] public readonly Dictionary<string, object> Values = new Dictionary<string, object>();
        public void SetTexture(string name, Texture value) => Values[name] = value;
        public void SetVector(string name, Vector4 value) => Values[name] = value;
    }

    public partial class Renderer : Component
    {
        public Material[] sharedMaterials = new Material[0];
        public Dictionary<string, object> Block = new Dictionary<string, object>();

        public void GetPropertyBlock(MaterialPropertyBlock block)
        {
            block.Values.Clear();
            foreach (var one in Block) block.Values[one.Key] = one.Value;
        }

        public void SetPropertyBlock(MaterialPropertyBlock block) =>
            Block = block == null ? new Dictionary<string, object>() : new Dictionary<string, object>(block.Values);
    }

    public sealed partial class SkinnedMeshRenderer : Renderer
    {
        public Mesh sharedMesh;
        public Bounds localBounds;
        [ForTests] public readonly Dictionary<string, float> Weights = new Dictionary<string, float>();
        public float GetBlendShapeWeight(int index) => Weights.TryGetValue(sharedMesh.GetBlendShapeName(index), out var weight) ? weight : 0f;
        public void SetBlendShapeWeight(int index, float value) => Weights[sharedMesh.GetBlendShapeName(index)] = value;
    }

    public static class Graphics
    {
        public static int Blits;
        public static void Blit(Texture from, RenderTexture to, Vector2 scale, Vector2 offset) => Blits++;
    }

    public struct Vector4
    {
        public float x, y, z, w;
        public Vector4(float x, float y, float z, float w) { this.x = x; this.y = y; this.z = z; this.w = w; }
    }

    public struct Rect
    {
        public float x, y, width, height;
        public Rect(float x, float y, float width, float height) { this.x = x; this.y = y; this.width = width; this.height = height; }
    }

    public partial struct Mathf
    {
        public static float Min(float a, float b) => Math.Min(a, b);
        public static float Exp(float power) => (float)Math.Exp(power);
        public static float Clamp01(float value) => Math.Min(1f, Math.Max(0f, value));
    }

    public static class Debug
    {
        public static void LogWarning(object message) => Engine.Warnings.Add(message.ToString());
        public static void LogWarning(object message, Object context) => LogWarning(message);
        public static void LogError(object message, Object context) => Engine.Warnings.Add("error: " + message);
    }

    public static class Application
    {
        public static bool isEditor, isPlaying = true;
        public static string productName = "test", dataPath = "", streamingAssetsPath = "";
        public static event Action quitting;
        public static void Quit() => quitting?.Invoke();
    }

    public static class Resources
    {
        public static T Load<T>(string path) where T : Object =>
            Engine.Assets.TryGetValue(path, out var asset) ? (T)(Object)asset : null;

        public static T GetBuiltinResource<T>(string path) where T : Object, new() => new T { name = path };
    }

    public enum RuntimeInitializeLoadType { SubsystemRegistration = 4 }

    public sealed class RuntimeInitializeOnLoadMethodAttribute : Attribute
    {
        public RuntimeInitializeOnLoadMethodAttribute(RuntimeInitializeLoadType type) { }
    }

    public sealed class SerializeField : Attribute { }
    public sealed class DisallowMultipleComponent : Attribute { }
    public sealed class AddComponentMenu : Attribute { public AddComponentMenu(string name) { } }
    public sealed class HeaderAttribute : Attribute { public HeaderAttribute(string header) { } }
    public sealed class TextAreaAttribute : Attribute { }
    public sealed class TooltipAttribute : Attribute { public TooltipAttribute(string tooltip) { } }
    public sealed class RangeAttribute : Attribute { public RangeAttribute(float min, float max) { } }

    public sealed class CreateAssetMenuAttribute : Attribute
    {
        public string menuName, fileName;
    }
}

namespace UnityEngine.Events
{
    public delegate void UnityAction();
    public delegate void UnityAction<T0>(T0 arg0);

    public class UnityEvent
    {
        UnityAction _listeners;
        public void AddListener(UnityAction call) => _listeners += call;
        public void Invoke() => _listeners?.Invoke();
    }

    public class UnityEvent<T>
    {
        UnityAction<T> _listeners;
        public void AddListener(UnityAction<T> call) => _listeners += call;
        public void Invoke(T argument) => _listeners?.Invoke(argument);
    }
}

namespace UnityEngine.Video
{
    public enum VideoRenderMode { APIOnly = 4 }
    public enum VideoAudioOutputMode { None }
    public enum VideoTimeReference { Freerun, InternalTime, ExternalTime }

    public sealed class VideoClip : Object { }

    public sealed class VideoPlayer : Behaviour
    {
        public VideoClip clip;
        public bool playOnAwake = true;
        [ForTests] public bool playing;
        public VideoRenderMode renderMode;
        public VideoAudioOutputMode audioOutputMode;
        public VideoTimeReference timeReference;
        public double externalReferenceTime, time;
        public Texture texture => playing ? Shown : null;
        public readonly RenderTexture Shown = new RenderTexture();
        public void Play() => playing = true;
        public void Stop() => playing = false;
    }
}

namespace Unity.Collections
{
    public struct NativeArray<T> where T : struct
    {
        public IntPtr Pointer;
        public int Length;
    }
}

namespace Unity.Collections.LowLevel.Unsafe
{
    public static class NativeArrayUnsafeUtility
    {
        public static unsafe void* GetUnsafePtr<T>(NativeArray<T> array) where T : struct => (void*)array.Pointer;
    }
}
