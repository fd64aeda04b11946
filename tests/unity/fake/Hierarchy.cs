// Objects in objects, and materials.
using System.Collections.Generic;
using System.Linq;

namespace UnityEngine
{
    public partial class Component
    {
        public Transform transform => gameObject.transform;
        public T[] GetComponentsInChildren<T>(bool includeInactive) where T : Component => gameObject.All().OfType<T>().ToArray();
    }

    public sealed class Transform
    {
        public readonly GameObject gameObject;
        public Transform parent;
        public readonly List<Transform> Children = new List<Transform>();

        public Transform(GameObject of) { gameObject = of; }

        public Transform root => parent == null ? this : parent.root;
        public T[] GetComponentsInChildren<T>(bool includeInactive) where T : Component => gameObject.All().OfType<T>().ToArray();
    }

    public sealed partial class GameObject
    {
        public readonly Transform transform;

        public GameObject() { transform = new Transform(this); }

        /// <summary>A child; for tests.</summary>
        public GameObject Child()
        {
            var child = new GameObject();
            child.transform.parent = transform;
            transform.Children.Add(child.transform);
            return child;
        }

        public T GetComponent<T>() where T : Component => Components.OfType<T>().FirstOrDefault();

        public IEnumerable<Component> All() =>
            Components.Concat(transform.Children.SelectMany(child => child.gameObject.All()));

        /// <summary>With it go its components.</summary>
        protected override void OnDestroyed()
        {
            foreach (var one in All().ToArray()) DestroyImmediate(one);
        }
    }

    public sealed class Material : Object
    {
        readonly string[] _textures;
        public Material(params string[] textures) { _textures = textures; }
        public string[] GetTexturePropertyNames() => (string[])_textures.Clone();
    }

    public partial class Renderer
    {
        public Material sharedMaterial;
    }
}
