using UnityEditor;
using UnityEngine;

namespace FlashHead.Editor
{
    /// <summary>The inspector of a head: what is missing, how the worker stands, and a button that has it speak.</summary>
    [CustomEditor(typeof(FlashHeadNPC))]
    public sealed class FlashHeadNPCEditor : UnityEditor.Editor
    {
        AudioClip _test;

        public override void OnInspectorGUI()
        {
            var head = (FlashHeadNPC)target;
            if (head.AudioSource == null) EditorGUILayout.HelpBox("No Audio Source: lines are not heard. Add one and put it into its field.", MessageType.Warning);
            if (head.Avatar.Length == 0 && !head.Blendshapes)
                EditorGUILayout.HelpBox("Nothing to show: give it an avatar, or switch Blendshapes on.", MessageType.Warning);
            DrawDefaultInspector();
            EditorGUILayout.Space();
            if (!Application.isPlaying)
            {
                EditorGUILayout.HelpBox("Press Play to hear and see a line.", MessageType.Info);
                return;
            }
            if (FlashHeadWorker.Failure.Length > 0)
                EditorGUILayout.HelpBox(FlashHeadWorker.Failure + "\nInstall it with: pip install \"flashhead-engine[cpu,bake]\", then run: flashhead serve", MessageType.Warning);
            else EditorGUILayout.LabelField("Worker", FlashHeadWorker.IsConnected ? "connected" : "connecting");
            _test = (AudioClip)EditorGUILayout.ObjectField("Test line", _test, typeof(AudioClip), false);
            using (new EditorGUI.DisabledScope(_test == null))
                if (GUILayout.Button("Speak")) head.Speak(_test, true);
            if (head.IsSpeaking) Repaint();
        }
    }
}
