using UnityEngine;
using UnityEngine.Events;
using UnityEngine.EventSystems;
using UnityEngine.UI;

namespace FlashHead.Samples
{
    /// <summary>The few parts of Unity UI that the samples show, built by code. A sample is imported alone, so each has this
    /// file. Places are shares of the parent, from its lower left corner.</summary>
    sealed class SampleUi
    {
        static readonly Color Plate = new Color(0.11f, 0.13f, 0.18f, 0.92f);
        static readonly Color Key = new Color(0.23f, 0.28f, 0.4f);
        static readonly Color Ink = new Color(0.95f, 0.94f, 0.9f);

        readonly Font _font;
        public readonly RectTransform Root;

        public SampleUi(Transform parent)
        {
#if UNITY_2022_2_OR_NEWER
            _font = Resources.GetBuiltinResource<Font>("LegacyRuntime.ttf");
#else
            _font = Resources.GetBuiltinResource<Font>("Arial.ttf");
#endif
            var canvas = new GameObject("Canvas", typeof(RectTransform));
            canvas.transform.SetParent(parent, false);
            canvas.AddComponent<Canvas>().renderMode = RenderMode.ScreenSpaceOverlay;
            var scaler = canvas.AddComponent<CanvasScaler>();
            scaler.uiScaleMode = CanvasScaler.ScaleMode.ScaleWithScreenSize;
            scaler.referenceResolution = new Vector2(1280f, 720f);
            scaler.matchWidthOrHeight = 0.5f;
            canvas.AddComponent<GraphicRaycaster>();
            Root = (RectTransform)canvas.transform;
            if (EventSystem.current == null) AddEventSystem(parent);
        }

        static void AddEventSystem(Transform parent)
        {
            var events = new GameObject("Event System");
            events.transform.SetParent(parent, false);
            events.AddComponent<EventSystem>();
            // The module of the project's input: FLASHHEAD_INPUT_SYSTEM is set by this sample's assembly definition.
#if FLASHHEAD_INPUT_SYSTEM && ENABLE_INPUT_SYSTEM
            events.AddComponent<UnityEngine.InputSystem.UI.InputSystemUIInputModule>().AssignDefaultActions();
#else
            events.AddComponent<StandaloneInputModule>();
#endif
        }

        public static Camera AddCamera(Transform parent, Color background)
        {
            var eye = new GameObject("Camera");
            eye.transform.SetParent(parent, false);
            eye.AddComponent<AudioListener>();
            var camera = eye.AddComponent<Camera>();
            camera.clearFlags = CameraClearFlags.SolidColor;
            camera.backgroundColor = background;
            return camera;
        }

        public Image AddPlate(Transform parent, string name, Rect place)
        {
            var plate = Add(parent, name, place).AddComponent<Image>();
            plate.color = Plate;
            return plate;
        }

        public Text AddText(Transform parent, string name, Rect place, int size, TextAnchor alignment)
        {
            var text = Add(parent, name, place).AddComponent<Text>();
            text.font = _font;
            text.fontSize = size;
            text.alignment = alignment;
            text.color = Ink;
            text.raycastTarget = false;
            return text;
        }

        /// <summary>A square picture, as large as its place allows.</summary>
        public RawImage AddPicture(Transform parent, string name, Rect place, Texture still)
        {
            var picture = Add(Add(parent, name, place).transform, "Picture", new Rect(0f, 0f, 1f, 1f));
            picture.AddComponent<AspectRatioFitter>().aspectMode = AspectRatioFitter.AspectMode.FitInParent;
            var image = picture.AddComponent<RawImage>();
            image.texture = still;
            image.raycastTarget = false;
            return image;
        }

        public Button AddButton(Transform parent, string label, Rect place, UnityAction pressed)
        {
            var plate = AddPlate(parent, label, place);
            plate.color = Key;
            var button = plate.gameObject.AddComponent<Button>();
            button.targetGraphic = plate;
            button.onClick.AddListener(pressed);
            AddText(plate.transform, "Label", new Rect(0f, 0f, 1f, 1f), 22, TextAnchor.MiddleCenter).text = label;
            return button;
        }

        static GameObject Add(Transform parent, string name, Rect place)
        {
            var part = new GameObject(name, typeof(RectTransform));
            var transform = (RectTransform)part.transform;
            transform.SetParent(parent, false);
            transform.anchorMin = new Vector2(place.x, place.y);
            transform.anchorMax = new Vector2(place.x + place.width, place.y + place.height);
            transform.offsetMin = Vector2.zero;
            transform.offsetMax = Vector2.zero;
            return part;
        }
    }
}
