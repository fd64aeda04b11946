using System;
using System.IO;
using System.Linq;
using FlashHead.Baking;
using UnityEditor;
using UnityEngine;

namespace FlashHead.Editor
{
    /// <summary>Window > FlashHead > Bake Dialogue: bakes the audio clips that are selected in the Project window, each beside
    /// itself. What is baked and how it stands is <see cref="BakeRun"/>'s.</summary>
    public sealed class FlashHeadBakeWindow : EditorWindow
    {
        [SerializeField] string _avatar = "guard";
        [SerializeField] bool _video = true;
        [SerializeField] bool _track = true;
        [SerializeField] bool _again;

        string[] _selected = new string[0];
        BakeRun _run;
        Vector2 _scroll;
        string _wrong = "";
        bool _pressed;

        [MenuItem("Window/FlashHead/Bake Dialogue")]
        public static void Open()
        {
            GetWindow<FlashHeadBakeWindow>("Bake Dialogue");
        }

        void OnEnable()
        {
            Selection.selectionChanged += Look;
            EditorApplication.update += Step;
            Look();
        }

        // Comes before a domain reload too.
        void OnDisable()
        {
            Selection.selectionChanged -= Look;
            EditorApplication.update -= Step;
            if (_run != null) _run.Dispose();
        }

        void Look()
        {
            _selected = Selection.GetFiltered<AudioClip>(SelectionMode.DeepAssets)
                .Select(AssetDatabase.GetAssetPath)
                .Where(path => path.StartsWith("Assets/", StringComparison.Ordinal)) // a package's folder is not for writing
                .OrderBy(path => path, StringComparer.Ordinal).ToArray();
            Repaint();
        }

        void OnGUI()
        {
            var runs = _run != null && !_run.HasEnded;
            using (new EditorGUI.DisabledScope(runs))
            {
                _avatar = EditorGUILayout.TextField(new GUIContent("Avatar", "A sample's name, such as guard, or the folder of a bundle."), _avatar);
                _video = EditorGUILayout.Toggle(new GUIContent("Video", "WebM with alpha."), _video);
                _track = EditorGUILayout.Toggle(new GUIContent("Blendshape track", "For a face mesh, and for animation clips."), _track);
                _again = EditorGUILayout.Toggle(new GUIContent("Unchanged lines too", "Such as after an update of the baker, or when the avatar's pictures changed."), _again);
            }
            EditorGUILayout.Space();
            if (runs)
            {
                EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(), _run.Progress, $"{_run.Lines.Count(line => line.HasEnded)} of {_run.Lines.Count} lines");
                if (GUILayout.Button("Cancel")) _run.Cancel();
            }
            else
            {
                EditorGUILayout.HelpBox(
                    _selected.Length == 0 ? "Select audio clips, or folders with them, in the Project window." : "What is baked comes to lie beside each clip.", MessageType.Info);
                using (new EditorGUI.DisabledScope(_selected.Length == 0))
                    if (GUILayout.Button($"Bake {_selected.Length} selected")) _pressed = true;
            }
            if (_wrong.Length > 0) EditorGUILayout.HelpBox(_wrong, MessageType.Error);
            if (_run != null) DrawLines();
        }

        void DrawLines()
        {
            _scroll = EditorGUILayout.BeginScrollView(_scroll);
            foreach (var line in _run.Lines)
            {
                if (line.State == BakeState.Failed) EditorGUILayout.HelpBox($"{Path.GetFileName(line.Audio)}: {line.Message}", MessageType.Error);
                else EditorGUILayout.LabelField(Path.GetFileName(line.Audio), line.State.ToString().ToLowerInvariant());
            }
            EditorGUILayout.EndScrollView();
        }

        void Begin()
        {
            _pressed = false;
            var folder = Path.GetDirectoryName(Application.dataPath);
            var options = new BakeOptions
            {
                Program = FlashHeadWorkerSettings.Load().BakeProgram,
                ProjectFolder = folder,
                Avatar = _avatar,
                Video = _video,
                Track = _track,
                Again = _again,
            };
            try
            {
                _run = new BakeRun(options, _selected.Select(path => Path.Combine(folder, path)));
                _wrong = "";
            }
            catch (ArgumentException error)
            {
                _wrong = error.Message;
            }
        }

        void Step()
        {
            // Not while the window is drawn: a layout must not change in the middle.
            if (_pressed) Begin();
            if (_run == null || _run.HasEnded) return;
            _run.Step();
            if (_run.HasEnded) AssetDatabase.Refresh();
            Repaint();
        }
    }
}
