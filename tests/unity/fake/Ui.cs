// As much of Unity UI (com.unity.ugui) as the package uses.
using System;
using UnityEngine.Events;

namespace UnityEngine
{
    public enum RenderMode { ScreenSpaceOverlay }
    public sealed class Canvas : Behaviour { public RenderMode renderMode; }
    public sealed class Font : Object { }
    public enum TextAnchor { UpperLeft, UpperCenter, UpperRight, MiddleLeft, MiddleCenter }
    public enum FontStyle { Normal, Bold }
}

namespace UnityEngine.EventSystems
{
    public class UIBehaviour : MonoBehaviour { }

    public class EventSystem : UIBehaviour
    {
        public static EventSystem current;
        void OnEnable() => current = this;
        void OnDisable() => current = null;
    }

    public class StandaloneInputModule : UIBehaviour { }
}

namespace UnityEngine.UI
{
    using UnityEngine.EventSystems;

    public class Graphic : UIBehaviour
    {
        public Color color = Color.white;
        public bool raycastTarget = true;

        /// <summary>A graphic needs one; Unity gives it one in place of its transform.</summary>
        public RectTransform rectTransform => (RectTransform)transform;
    }

    public class RawImage : Graphic
    {
        public Texture texture;
        public Rect uvRect = new Rect(0f, 0f, 1f, 1f);
    }

    public class Image : Graphic { }

    public class Text : Graphic
    {
        public string text = "";
        public Font font;
        public int fontSize = 14;
        public FontStyle fontStyle;
        public TextAnchor alignment;
    }

    public class Button : UIBehaviour
    {
        public class ButtonClickedEvent : UnityEvent { }

        public ButtonClickedEvent onClick = new ButtonClickedEvent();
        public Graphic targetGraphic;
    }

    public class GraphicRaycaster : UIBehaviour { }

    public class CanvasScaler : UIBehaviour
    {
        public enum ScaleMode { ConstantPixelSize, ScaleWithScreenSize }

        public ScaleMode uiScaleMode;
        public Vector2 referenceResolution;
        public float matchWidthOrHeight;
    }

    public class AspectRatioFitter : UIBehaviour
    {
        public enum AspectMode { None, WidthControlsHeight, HeightControlsWidth, FitInParent }

        public AspectMode aspectMode;
        public float aspectRatio = 1f;
    }
}

namespace UnityEngine.InputSystem.UI
{
    public class InputSystemUIInputModule : EventSystems.UIBehaviour
    {
        public void AssignDefaultActions() { }
    }
}
