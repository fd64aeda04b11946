// What a scene is made of: objects with a place, cameras, lights, meshes that are built by a script, materials. As in
// UnityEngine.cs only what the package uses, by hand from Unity's documentation.
using System;
using System.Collections.Generic;
using System.Linq;

namespace UnityEngine
{
    public sealed partial class GameObject : Object
    {
        public readonly List<Component> Components = new List<Component>();
        Transform _transform;

        public GameObject() { }
        public GameObject(string name) { this.name = name; }

        public GameObject(string name, params Type[] components) : this(name)
        {
            if (components.Contains(typeof(RectTransform))) _transform = new RectTransform { gameObject = this };
        }

        public Transform transform => _transform ?? (_transform = new Transform { gameObject = this });
        public bool activeSelf { get; private set; } = true;
        public bool activeInHierarchy => activeSelf && (transform.parent == null || transform.parent.gameObject.activeInHierarchy);

        public T AddComponent<T>() where T : Component, new()
        {
            var component = new T { gameObject = this };
            Components.Add(component);
            // In edit mode Unity calls no script that does not ask for it.
            if (component is MonoBehaviour && !Application.isPlaying) return component;
            if (component is MonoBehaviour script) Engine.Alive.Add(script);
            // "Awake is called ... when the script instance is being loaded"; of an inactive object later, which no test needs.
            if (activeInHierarchy) Engine.Send(component, "Awake");
            if (component is Behaviour behaviour) behaviour.enabled = true;
            return component;
        }

        public T GetComponent<T>() where T : Component => Components.OfType<T>().FirstOrDefault(one => one != null);

        /// <summary>Switches behaviours of the object and of those below it.</summary>
        public void SetActive(bool value)
        {
            activeSelf = value;
            foreach (var behaviour in Components.OfType<Behaviour>().ToArray()) behaviour.Refresh();
            foreach (var child in transform.Children.ToArray()) child.gameObject.Refresh();
        }

        void Refresh()
        {
            foreach (var behaviour in Components.OfType<Behaviour>().ToArray()) behaviour.Refresh();
            foreach (var child in transform.Children.ToArray()) child.gameObject.Refresh();
        }

        protected override void OnDestroyed()
        {
            foreach (var component in Components.ToArray()) DestroyImmediate(component);
            foreach (var child in transform.Children.ToArray()) DestroyImmediate(child.gameObject);
        }
    }

    public partial class Component
    {
        public Transform transform => gameObject.transform;
        public T GetComponent<T>() where T : Component => gameObject.GetComponent<T>();

        /// <summary>Of the object itself first, then of those below it; of active ones only.</summary>
        public T GetComponentInChildren<T>() where T : Component
        {
            if (!gameObject.activeInHierarchy) return null;
            var own = GetComponent<T>();
            if (own != null) return own;
            return transform.Children.Select(child => child.GetComponentInChildren<T>()).FirstOrDefault(found => found != null);
        }

        public T[] GetComponentsInChildren<T>() where T : Component
        {
            if (!gameObject.activeInHierarchy) return new T[0];
            return gameObject.Components.OfType<T>().Concat(transform.Children.SelectMany(child => child.GetComponentsInChildren<T>())).ToArray();
        }
    }

    [ForTests] public static partial class Engine
    {
        static readonly HashSet<MonoBehaviour> Started = new HashSet<MonoBehaviour>();

        /// <summary>"Start is called on the frame when a script is enabled just before any of the Update methods."</summary>
        static void Start()
        {
            foreach (var one in Alive.ToArray())
                if (one.isActiveAndEnabled && Started.Add(one)) Send(one, "Start");
        }
    }

    public partial class Transform : Component
    {
        internal readonly List<Transform> Children = new List<Transform>();
        Transform _parent;

        public Vector3 localPosition, localScale = Vector3.one;
        public Quaternion localRotation = Quaternion.identity;

        public Transform parent => _parent;

        public void SetParent(Transform parent, bool worldPositionStays)
        {
            if (_parent != null) _parent.Children.Remove(this);
            _parent = parent;
            if (parent != null) parent.Children.Add(this);
        }
    }

    public sealed class RectTransform : Transform
    {
        public Vector2 anchorMin, anchorMax, offsetMin, offsetMax;
    }

    public enum CameraClearFlags { Skybox = 1, SolidColor = 2 }

    public sealed class Camera : Behaviour
    {
        public CameraClearFlags clearFlags = CameraClearFlags.Skybox;
        public Color backgroundColor;
        public float fieldOfView = 60f, nearClipPlane = 0.3f;
    }

    public enum LightType { Spot, Directional, Point }

    public sealed class Light : Behaviour
    {
        public LightType type = LightType.Point;
        public Color color = Color.white;
        public float intensity = 1f;
    }

    public sealed class Shader : Object
    {
        /// <summary>Null: "the shader is not included in the build", or no such shader.</summary>
        public static Shader Find(string name) => name == "Standard" ? new Shader { name = name } : null;
    }

    public sealed partial class Material : Object
    {
        public readonly Shader shader;
        public Color color = Color.white;
        public Texture mainTexture;

        public Material(Shader shader)
        {
            if (shader == null) throw new ArgumentNullException(nameof(shader));
            this.shader = shader;
            Engine.MaterialsAlive++;
        }

        public Material(Material source) : this(source.shader) { color = source.color; mainTexture = source.mainTexture; }

        protected override void OnDestroyed() { if (!ReferenceEquals(shader, null)) Engine.MaterialsAlive--; }
    }

    [ForTests] public static partial class Engine
    {
        public static int MaterialsAlive, MeshesAlive;
    }

    public sealed class TextAsset : Object
    {
        public byte[] bytes = new byte[0];
    }

    /// <summary>A mesh refuses what Unity's refuses: arrays that do not fit its vertices.</summary>
    public sealed class Mesh : Object
    {
        sealed class BlendShape
        {
            public string Name;
            public Vector3[] Vertices;
        }

        readonly List<BlendShape> _shapes = new List<BlendShape>();
        readonly List<int[]> _triangles = new List<int[]>();
        Vector3[] _vertices = new Vector3[0], _normals = new Vector3[0];
        Vector2[] _uv = new Vector2[0];

        public Mesh() { Engine.MeshesAlive++; }

        [ForTests] public Mesh(params string[] shapes) { foreach (var name in shapes) _shapes.Add(new BlendShape { Name = name }); }

        public Vector3[] vertices
        {
            get => _vertices;
            set => _vertices = value;
        }

        public Vector3[] normals
        {
            get => _normals;
            set { Fit(value.Length); _normals = value; }
        }

        public Vector2[] uv
        {
            get => _uv;
            set { Fit(value.Length); _uv = value; }
        }

        public int subMeshCount
        {
            get => _triangles.Count;
            set
            {
                while (_triangles.Count < value) _triangles.Add(new int[0]);
                _triangles.RemoveRange(value, _triangles.Count - value);
            }
        }

        public Bounds bounds { get; private set; }
        public int vertexCount => _vertices.Length;
        public int blendShapeCount => _shapes.Count;
        public string GetBlendShapeName(int index) => _shapes[index].Name;
        public int[] GetTriangles(int submesh) => _triangles[submesh];

        public void SetTriangles(int[] triangles, int submesh)
        {
            if (triangles.Length % 3 != 0) throw new ArgumentException("not whole triangles");
            if (triangles.Any(one => one < 0 || one >= vertexCount)) throw new ArgumentException("a triangle has a vertex that is not there");
            // Mesh.indexFormat: 16 bits where nothing else was said.
            if (triangles.Any(one => one > 65535)) throw new ArgumentException("an index that 16 bits cannot hold");
            _triangles[submesh] = triangles;
        }

        public void AddBlendShapeFrame(
            string shapeName, float frameWeight, Vector3[] deltaVertices, Vector3[] deltaNormals, Vector3[] deltaTangents)
        {
            Fit(deltaVertices.Length);
            if (deltaNormals != null) Fit(deltaNormals.Length);
            if (deltaTangents != null) Fit(deltaTangents.Length);
            if (frameWeight != 100f) throw new NotSupportedException("this Mesh knows one frame, at 100");
            if (_shapes.Any(one => one.Name == shapeName)) throw new ArgumentException(shapeName + " is there already");
            _shapes.Add(new BlendShape { Name = shapeName, Vertices = (Vector3[])deltaVertices.Clone() });
        }

        public void GetBlendShapeFrameVertices(
            int shapeIndex, int frameIndex, Vector3[] deltaVertices, Vector3[] deltaNormals, Vector3[] deltaTangents) =>
            _shapes[shapeIndex].Vertices.CopyTo(deltaVertices, 0);

        public void RecalculateBounds()
        {
            var low = new Vector3(_vertices.Min(v => v.x), _vertices.Min(v => v.y), _vertices.Min(v => v.z));
            var high = new Vector3(_vertices.Max(v => v.x), _vertices.Max(v => v.y), _vertices.Max(v => v.z));
            bounds = new Bounds { min = low, max = high };
        }

        void Fit(int length)
        {
            if (length != vertexCount) throw new ArgumentException(length + " values for " + vertexCount + " vertices");
        }

        protected override void OnDestroyed() => Engine.MeshesAlive--;
    }

    public struct Bounds
    {
        public Vector3 min, max;
    }

    public static class ImageConversion
    {
        /// <summary>The picture's size only: what is in it needs a decoder.</summary>
        public static bool LoadImage(this Texture2D tex, byte[] data)
        {
            if (data.Length < 2 || data[0] != 0xFF || data[1] != 0xD8) return false;
            tex.applied++;
            return true;
        }
    }

    public sealed partial class Texture2D
    {
        public Texture2D(int width, int height) : this(width, height, TextureFormat.RGBA32, true, false) { }

        /// <summary>"A flattened 2D array, where pixels are laid out left to right, bottom to top."</summary>
        public void SetPixels(Color[] colors)
        {
            if (colors.Length != width * height) throw new ArgumentException(colors.Length + " colours for another number of pixels");
            var bytes = colors.SelectMany(one => new[] { one.r, one.g, one.b, one.a }).Select(one => (byte)Math.Round(255 * Mathf.Clamp01(one)));
            System.Runtime.InteropServices.Marshal.Copy(bytes.ToArray(), 0, _pixels, _bytes);
        }

        public void Apply() => Apply(true, false);
    }

    public struct Vector2
    {
        public float x, y;
        public Vector2(float x, float y) { this.x = x; this.y = y; }
        public static Vector2 zero => new Vector2();
        public static Vector2 one => new Vector2(1f, 1f);
    }

    public struct Vector3
    {
        public float x, y, z;
        public Vector3(float x, float y, float z) { this.x = x; this.y = y; this.z = z; }
        public static Vector3 one => new Vector3(1f, 1f, 1f);
    }

    public partial struct Quaternion
    {
        public float x, y, z, w;
        public static Quaternion identity => new Quaternion { w = 1f };

        /// <summary>"Rotates z degrees around the z axis, x around the x axis, and y around the y axis; in that order."</summary>
        public static Quaternion Euler(float x, float y, float z) => About(1, y) * About(0, x) * About(2, z);

        static Quaternion About(int axis, float degrees)
        {
            var half = degrees * Math.PI / 360;
            var sine = (float)Math.Sin(half);
            return new Quaternion { x = axis == 0 ? sine : 0, y = axis == 1 ? sine : 0, z = axis == 2 ? sine : 0, w = (float)Math.Cos(half) };
        }

        public static Quaternion operator *(Quaternion a, Quaternion b) => new Quaternion
        {
            x = a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
            y = a.w * b.y + a.y * b.w + a.z * b.x - a.x * b.z,
            z = a.w * b.z + a.z * b.w + a.x * b.y - a.y * b.x,
            w = a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
        };
    }

    public struct Color
    {
        public float r, g, b, a;
        public Color(float r, float g, float b) : this(r, g, b, 1f) { }
        public Color(float r, float g, float b, float a) { this.r = r; this.g = g; this.b = b; this.a = a; }
        public static Color white => new Color(1f, 1f, 1f);
        public static Color clear => new Color(0f, 0f, 0f, 0f);

        /// <summary>"A version of the color that has had the gamma curve applied."</summary>
        public Color gamma => new Color(Curve(r), Curve(g), Curve(b), a);

        static float Curve(float v) => v <= 0.0031308f ? 12.92f * v : 1.055f * (float)Math.Pow(v, 1 / 2.4) - 0.055f;
    }

    public partial struct Mathf
    {
        public static int Clamp(int value, int min, int max) => Math.Min(max, Math.Max(min, value));
    }
}

namespace UnityEngine.Rendering
{
    public abstract class RenderPipelineAsset : ScriptableObject
    {
        public virtual Shader defaultShader => null;
    }

    public static class GraphicsSettings
    {
        /// <summary>Null: the built-in pipeline.</summary>
        public static RenderPipelineAsset currentRenderPipeline;
    }
}
