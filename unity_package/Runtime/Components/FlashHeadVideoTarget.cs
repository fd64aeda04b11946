using UnityEngine;
using UnityEngine.UI;

namespace FlashHead
{
    /// <summary>Shows a head's picture: on a Renderer's material, in a RawImage or in a RenderTexture. The picture's first row
    /// is its top, so it is turned by UV.</summary>
    [AddComponentMenu("FlashHead/FlashHead Video Target")]
    public sealed class FlashHeadVideoTarget : MonoBehaviour
    {
        [SerializeField] FlashHeadNPC _head;
        [Tooltip("Its material shows the picture.")]
        [SerializeField] Renderer _renderer;
        [Tooltip("Texture property of the material: _MainTex in the built-in pipeline, _BaseMap in URP, _BaseColorMap in HDRP.")]
        [SerializeField] string _textureProperty = "_MainTex";
        [SerializeField] RawImage _rawImage;
        [SerializeField] RenderTexture _renderTexture;

        MaterialPropertyBlock _block;
        Texture _shown;

        public FlashHeadNPC Head
        {
            get => _head;
            set => _head = value;
        }

        public Renderer Renderer
        {
            get => _renderer;
            set => _renderer = value;
        }

        public string TextureProperty
        {
            get => _textureProperty;
            set => _textureProperty = value;
        }

        public RawImage RawImage
        {
            get => _rawImage;
            set => _rawImage = value;
        }

        public RenderTexture RenderTexture
        {
            get => _renderTexture;
            set => _renderTexture = value;
        }

        void LateUpdate()
        {
            var picture = _head != null ? _head.Picture : null;
            if (picture == null) return;
            // Turned where its first row is the top one.
            var height = _head.PictureIsTopRowFirst ? -1f : 1f;
            var bottom = _head.PictureIsTopRowFirst ? 1f : 0f;
            if (_renderTexture != null) Graphics.Blit(picture, _renderTexture, new Vector2(1f, height), new Vector2(0f, bottom));
            if (ReferenceEquals(picture, _shown)) return;
            _shown = picture;
            if (_renderer != null)
            {
                if (_block == null) _block = new MaterialPropertyBlock();
                _renderer.GetPropertyBlock(_block);
                _block.SetTexture(_textureProperty, picture);
                _block.SetVector(_textureProperty + "_ST", new Vector4(1f, height, 0f, bottom));
                _renderer.SetPropertyBlock(_block);
            }
            if (_rawImage == null) return;
            _rawImage.texture = picture;
            _rawImage.uvRect = new Rect(0f, bottom, 1f, height);
        }

        void OnDisable()
        {
            // The head destroys its texture; what shows it must not go on with a dead one.
            if (_rawImage != null && ReferenceEquals(_rawImage.texture, _shown)) _rawImage.texture = null;
            if (_renderer != null && _shown != null) _renderer.SetPropertyBlock(null);
            _shown = null;
        }
    }
}
