using System;
using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace FlashHead.Editor
{
    /// <summary>Has a head speak in edit mode, where Unity calls no component: a hidden copy of it and of the blend shape targets
    /// that show it, with an Audio Source of its own, called each time the editor updates. The scene is as before when it
    /// ends.</summary>
    sealed class EditModePreview : IDisposable
    {
        readonly GameObject _object;
        readonly List<FlashHeadBlendShapeTarget> _faces = new List<FlashHeadBlendShapeTarget>();
        readonly Dictionary<SkinnedMeshRenderer, float[]> _before = new Dictionary<SkinnedMeshRenderer, float[]>();
        bool _ended;

        public FlashHeadNPC Head { get; }

        public EditModePreview(FlashHeadNPC head, AudioClip clip)
        {
            _object = EditorUtility.CreateGameObjectWithHideFlags("FlashHead preview", HideFlags.HideAndDontSave, typeof(AudioSource));
            Head = _object.AddComponent<FlashHeadNPC>();
            EditorUtility.CopySerialized(head, Head);
            Head.AudioSource = _object.GetComponent<AudioSource>();
            foreach (var face in head.transform.root.GetComponentsInChildren<FlashHeadBlendShapeTarget>(true))
                if (face.Head == head) Show(face);
            Head.OnEnable();
            Head.Speak(clip);
            EditorApplication.update += Update;
            EditorApplication.playModeStateChanged += End;
            AssemblyReloadEvents.beforeAssemblyReload += Dispose;
        }

        void Show(FlashHeadBlendShapeTarget face)
        {
            foreach (var mesh in face.Meshes)
            {
                if (mesh == null || mesh.sharedMesh == null || _before.ContainsKey(mesh)) continue;
                var weights = new float[mesh.sharedMesh.blendShapeCount];
                for (var i = 0; i < weights.Length; i++) weights[i] = mesh.GetBlendShapeWeight(i);
                _before[mesh] = weights;
            }
            var copy = _object.AddComponent<FlashHeadBlendShapeTarget>();
            EditorUtility.CopySerialized(face, copy);
            copy.Head = Head;
            _faces.Add(copy);
        }

        void Update()
        {
            Head.Update();
            foreach (var face in _faces) face.LateUpdate();
            SceneView.RepaintAll();
            if (!Head.IsSpeaking) Dispose();
        }

        void End(PlayModeStateChange change) => Dispose();

        public void Dispose()
        {
            if (_ended) return;
            _ended = true;
            EditorApplication.update -= Update;
            EditorApplication.playModeStateChanged -= End;
            AssemblyReloadEvents.beforeAssemblyReload -= Dispose;
            Head.OnDisable();
            foreach (var one in _before)
                for (var i = 0; one.Key != null && i < one.Value.Length; i++) one.Key.SetBlendShapeWeight(i, one.Value[i]);
            UnityEngine.Object.DestroyImmediate(_object);
            SceneView.RepaintAll();
        }

        public bool HasEnded => _ended;
    }
}
