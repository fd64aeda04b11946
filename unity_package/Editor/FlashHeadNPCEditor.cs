using UnityEditor;
using UnityEngine;

namespace FlashHead.Editor
{
    /// <summary>The inspector of a head: what is missing, how the worker stands, a button that has it speak in play mode and in
    /// edit mode, and what its face does.</summary>
    [CustomEditor(typeof(FlashHeadNPC))]
    public sealed class FlashHeadNPCEditor : UnityEditor.Editor
    {
        const string HowToInstall = "\nInstall a worker with: pip install \"flashhead-engine[cpu,bake]\", then run: flashhead serve";
        // What a mouth, the eyes and the brows do.
        static readonly string[] Bars = { "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "eyeBlinkLeft", "browInnerUp" };

        AudioClip _line;
        EditModePreview _preview;

        FlashHeadNPC Head => (FlashHeadNPC)target;
        FlashHeadNPC Speaker => _preview != null && !_preview.HasEnded ? _preview.Head : Head;

        void OnEnable()
        {
            _line = AnyLine();
        }

        void OnDisable()
        {
            if (_preview != null) _preview.Dispose();
        }

        public override bool RequiresConstantRepaint() => Speaker.IsSpeaking;

        public override void OnInspectorGUI()
        {
            if (Head.AudioSource == null) AskForASource();
            if (Head.Avatar.Length == 0 && !Head.Blendshapes)
                EditorGUILayout.HelpBox("Nothing to show: give it an avatar, or switch Blendshapes on.", MessageType.Warning);
            DrawDefaultInspector();
            EditorGUILayout.Space();
            ShowWorker();
            ShowTest();
            if (Speaker.HasFace) ShowFace(Speaker.Face);
        }

        void AskForASource()
        {
            EditorGUILayout.HelpBox("No Audio Source: lines are not heard.", MessageType.Warning);
            if (!GUILayout.Button("Add an Audio Source")) return;
            Undo.RecordObject(Head, "Add an Audio Source");
            var source = Head.gameObject.GetComponent<AudioSource>();
            Head.AudioSource = source != null ? source : Undo.AddComponent<AudioSource>(Head.gameObject);
            EditorUtility.SetDirty(Head);
        }

        void ShowWorker()
        {
            if (FlashHeadWorker.Failure.Length > 0)
            {
                EditorGUILayout.HelpBox(FlashHeadWorker.Failure + HowToInstall, MessageType.Warning);
                if (GUILayout.Button("Look for it again")) FlashHeadWorker.Shutdown();
            }
            else EditorGUILayout.LabelField("Worker", FlashHeadWorker.IsConnected ? "connected" : "not connected yet: a head that speaks connects");
        }

        void ShowTest()
        {
            _line = (AudioClip)EditorGUILayout.ObjectField("Test line", _line, typeof(AudioClip), false);
            if (_line == null) EditorGUILayout.HelpBox("Put an audio clip of speech into Test line, with its Load Type Decompress On Load.", MessageType.Info);
            using (new EditorGUI.DisabledScope(_line == null))
                if (GUILayout.Button(Speaker.IsSpeaking ? "Stop" : "Test")) Test();
        }

        /// <summary>Has it speak the test line, or stop.</summary>
        public void Test()
        {
            if (Speaker.IsSpeaking)
            {
                Speaker.Cancel();
                return;
            }
            if (Application.isPlaying) Head.Speak(_line, true);
            else _preview = new EditModePreview(Head, _line);
        }

        /// <summary>What is spoken for want of a better one: the first clip of the project.</summary>
        static AudioClip AnyLine()
        {
            foreach (var guid in AssetDatabase.FindAssets("t:AudioClip"))
                return AssetDatabase.LoadAssetAtPath<AudioClip>(AssetDatabase.GUIDToAssetPath(guid));
            return null;
        }

        static void ShowFace(FaceWeights face)
        {
            foreach (var name in Bars)
                EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(), face.Arkit[ShapeNames.ColumnOf(name)], name);
        }

        // The picture is in the inspector's preview.
        public override bool HasPreviewGUI() => Speaker.Picture != null;

        public override void OnPreviewGUI(Rect r, GUIStyle background)
        {
            var side = Mathf.Min(r.width, r.height);
            var middle = new Rect(r.x + (r.width - side) / 2, r.y + (r.height - side) / 2, side, side);
            var turned = Speaker.PictureIsTopRowFirst;
            GUI.DrawTextureWithTexCoords(middle, Speaker.Picture, new Rect(0f, turned ? 1f : 0f, 1f, turned ? -1f : 1f));
        }
    }
}
