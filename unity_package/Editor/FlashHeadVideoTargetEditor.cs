using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace FlashHead.Editor
{
    /// <summary>The inspector of a video target: the texture property is chosen of those that the material has.</summary>
    [CustomEditor(typeof(FlashHeadVideoTarget))]
    public sealed class FlashHeadVideoTargetEditor : UnityEditor.Editor
    {
        // Of the lit shaders of URP, HDRP and the built-in pipeline. Those of the first two have a _MainTex as well, for the
        // baking of light alone, so it comes last.
        static readonly string[] Pictures = { "_BaseMap", "_BaseColorMap", "_MainTex" };

        public override void OnInspectorGUI()
        {
            var picture = (FlashHeadVideoTarget)target;
            if (picture.Head == null) EditorGUILayout.HelpBox("No head: give it the FlashHead NPC whose picture it shows.", MessageType.Warning);
            if (picture.Renderer == null && picture.RawImage == null && picture.RenderTexture == null)
                EditorGUILayout.HelpBox("Nowhere to show the picture: give it a Renderer, a Raw Image or a Render Texture.", MessageType.Warning);
            serializedObject.Update();
            for (var property = serializedObject.GetIterator(); property.NextVisible(property.depth < 0);)
            {
                if (property.name == "m_Script") continue;
                if (property.name == "_textureProperty" && picture.Renderer != null) Choose(property, picture.Renderer);
                else EditorGUILayout.PropertyField(property, true);
            }
            serializedObject.ApplyModifiedProperties();
        }

        static void Choose(SerializedProperty property, Renderer renderer)
        {
            var names = PropertiesOf(renderer);
            if (names.Count == 0)
            {
                EditorGUILayout.PropertyField(property, true);
                EditorGUILayout.HelpBox(renderer.name + " has no material with a texture.", MessageType.Warning);
                return;
            }
            var chosen = names.IndexOf(property.stringValue);
            if (chosen < 0)
            {
                EditorGUILayout.HelpBox($"The material of {renderer.name} has no texture {property.stringValue}: choose another one.", MessageType.Warning);
                // What is wrong stays until a person chooses.
                names.Insert(0, property.stringValue);
                chosen = 0;
            }
            property.stringValue = names[EditorGUILayout.Popup("Texture Property", chosen, names.ToArray())];
        }

        /// <summary>Texture properties of a renderer's material, the one that most likely shows it first.</summary>
        public static List<string> PropertiesOf(Renderer renderer)
        {
            var names = new List<string>();
            if (renderer.sharedMaterial == null) return names;
            names.AddRange(renderer.sharedMaterial.GetTexturePropertyNames());
            for (var i = Pictures.Length - 1; i >= 0; i--)
                if (names.Remove(Pictures[i])) names.Insert(0, Pictures[i]);
            return names;
        }
    }
}
