using System.IO;
using UnityEditor;
using UnityEngine;

namespace FlashHead.Editor
{
    /// <summary>The inspector of a baked line: what it holds, and a button that makes an AnimationClip of it.</summary>
    [CustomEditor(typeof(FlashHeadBakedLine))]
    public sealed class FlashHeadBakedLineEditor : UnityEditor.Editor
    {
        GameObject _character;
        FlashHeadBlendShapeMapping _mapping;
        Transform _head;
        string _wrong = "";

        public override void OnInspectorGUI()
        {
            var line = (FlashHeadBakedLine)target;
            EditorGUILayout.LabelField("Dialogue", line.Audio == null ? "missing" : $"{line.Audio.name}, {line.DurationS:0.00} s");
            EditorGUILayout.LabelField("Video", line.Video == null ? "none" : line.Video.name);
            EditorGUILayout.LabelField("Blendshape track", line.Track == null ? "none" : $"{line.Track.Frames} rows");
            if (line.Track == null) return;
            EditorGUILayout.Space();
            var character = (GameObject)EditorGUILayout.ObjectField("Character (with the Animator)", _character, typeof(GameObject), true);
            if (character != _character) Choose(character);
            _mapping = (FlashHeadBlendShapeMapping)EditorGUILayout.ObjectField("Mapping (or none)", _mapping, typeof(FlashHeadBlendShapeMapping), false);
            _head = (Transform)EditorGUILayout.ObjectField("Head bone (or none)", _head, typeof(Transform), true);
            // Before the button: a layout must not change in the middle.
            if (_wrong.Length > 0) EditorGUILayout.HelpBox(_wrong, MessageType.Error);
            using (new EditorGUI.DisabledScope(_character == null))
                if (GUILayout.Button("Make Animation Clip")) Make(line);
        }

        void Choose(GameObject character)
        {
            _character = character;
            var face = character != null ? character.GetComponentInChildren<FlashHeadBlendShapeTarget>() : null;
            if (face != null) _mapping = face.Mapping;
        }

        void Make(FlashHeadBakedLine line)
        {
            try
            {
                EditorGUIUtility.PingObject(BakedAnimation.MakeAsset(line, _character, _mapping, _head));
                _wrong = "";
            }
            catch (InvalidDataException error)
            {
                _wrong = error.Message;
            }
        }
    }
}
