// Objects in objects, and the textures of materials.
using System.Collections.Generic;
using System.Linq;

namespace UnityEngine
{
    public sealed partial class GameObject
    {
        /// <summary>A child.</summary>
        [ForTests] public GameObject Child()
        {
            var child = new GameObject();
            child.transform.SetParent(transform, false);
            return child;
        }

        [ForTests] public IEnumerable<Component> All() =>
            Components.Concat(transform.Children.SelectMany(child => child.gameObject.All()));
    }

    public sealed partial class Material
    {
        readonly string[] _textures = new string[0];

        /// <summary>One whose shader has these textures.</summary>
        [ForTests] public Material(params string[] textures)
        {
            _textures = textures;
        }

        public string[] GetTexturePropertyNames() => (string[])_textures.Clone();
    }

    public partial class Renderer
    {
        public Material sharedMaterial
        {
            get => sharedMaterials.Length > 0 ? sharedMaterials[0] : null;
            set => sharedMaterials = new[] { value };
        }
    }
}
