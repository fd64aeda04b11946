using System;
using System.Collections.Generic;
using UnityEngine;

namespace FlashHead
{
    /// <summary>Drives the blend shapes of a character by a head's weights, after the Animator: by their names
    /// (<see cref="ShapeNames"/>), or by a mapping.</summary>
    [AddComponentMenu("FlashHead/FlashHead Blend Shape Target")]
    public sealed class FlashHeadBlendShapeTarget : MonoBehaviour
    {
        struct Drive
        {
            public SkinnedMeshRenderer Mesh;
            public int Shape;
            public int First, Count; // in _sources
        }

        struct Source
        {
            public int Column; // ARKit weights, then visemes
            public float Factor;
        }

        static readonly int Jaw = ShapeNames.ColumnOf("jawOpen");

        [SerializeField] FlashHeadNPC _head;
        [SerializeField] SkinnedMeshRenderer[] _meshes = new SkinnedMeshRenderer[0];
        [SerializeField] FlashHeadBlendShapeMapping _mapping;
        [Range(0f, 2f)] [SerializeField] float _gain = 1f;
        [Tooltip("Seconds in which a weight comes two thirds of the way; 0: at once.")]
        [Range(0f, 0.2f)] [SerializeField] float _smoothing;

        Drive[] _drives;
        Source[] _sources;
        float[] _values;

        public FlashHeadNPC Head
        {
            get => _head;
            set => _head = value;
        }

        public SkinnedMeshRenderer[] Meshes
        {
            get => _meshes;
            set { _meshes = value; _drives = null; }
        }

        public FlashHeadBlendShapeMapping Mapping
        {
            get => _mapping;
            set { _mapping = value; _drives = null; }
        }

        public float Gain
        {
            get => _gain;
            set => _gain = value;
        }

        public float Smoothing
        {
            get => _smoothing;
            set => _smoothing = value;
        }

        void OnValidate()
        {
            _drives = null;
        }

        // The editor and a Timeline call it too, where Unity does not: in edit mode.
        internal void LateUpdate()
        {
            if (_head == null || !_head.HasFace) return;
            if (_drives == null)
            {
                Match();
                WarnOfStrangers();
            }
            var share = _smoothing > 0 ? 1f - Mathf.Exp(-Time.unscaledDeltaTime / _smoothing) : 1f;
            for (var i = 0; i < _drives.Length; i++)
            {
                var drive = _drives[i];
                if (drive.Mesh == null) continue; // destroyed since
                _values[i] += share * (WeightOf(drive, _head.Face) - _values[i]);
                drive.Mesh.SetBlendShapeWeight(drive.Shape, 100f * _values[i]);
            }
        }

        float WeightOf(Drive drive, FaceWeights face)
        {
            var weight = 0f;
            for (var s = drive.First; s < drive.First + drive.Count; s++) weight += Column(_sources[s].Column, face) * _sources[s].Factor;
            return Mathf.Clamp01(weight * _gain);
        }

        static float Column(int column, FaceWeights face) =>
            column < face.Arkit.Length ? face.Arkit[column] : face.Visemes[column - face.Arkit.Length];

        /// <summary>Tells of each blend shape that is driven: its mesh, its place there, and what each of `faces` does to it, 0 to 1.</summary>
        internal void Trace(FaceWeights[] faces, Action<SkinnedMeshRenderer, int, float[]> tell)
        {
            if (_drives == null) Match();
            foreach (var drive in _drives)
            {
                var weights = new float[faces.Length];
                for (var i = 0; i < faces.Length; i++) weights[i] = WeightOf(drive, faces[i]);
                tell(drive.Mesh, drive.Shape, weights);
            }
        }

        /// <summary>How many blend shapes of one of its meshes are driven.</summary>
        internal int Driven(SkinnedMeshRenderer mesh)
        {
            if (_drives == null) Match();
            var count = 0;
            foreach (var drive in _drives)
                if (drive.Mesh == mesh) count++;
            return count;
        }

        void Match()
        {
            var drives = new List<Drive>();
            var sources = new List<Source>();
            // A head with ARKit's mouth and visemes besides is moved by one of them.
            var visemes = _mapping == null && !HasJaw();
            foreach (var mesh in _meshes)
            {
                if (mesh == null || mesh.sharedMesh == null) continue;
                for (var shape = 0; shape < mesh.sharedMesh.blendShapeCount; shape++)
                {
                    var first = sources.Count;
                    AddSources(mesh.sharedMesh.GetBlendShapeName(shape), visemes, sources);
                    if (sources.Count == first) continue;
                    drives.Add(new Drive { Mesh = mesh, Shape = shape, First = first, Count = sources.Count - first });
                }
            }
            _drives = drives.ToArray();
            _sources = sources.ToArray();
            _values = new float[_drives.Length];
        }

        bool HasJaw()
        {
            foreach (var mesh in _meshes)
                for (var shape = 0; mesh != null && mesh.sharedMesh != null && shape < mesh.sharedMesh.blendShapeCount; shape++)
                    if (ShapeNames.ColumnOf(mesh.sharedMesh.GetBlendShapeName(shape)) == Jaw) return true;
            return false;
        }

        void AddSources(string shape, bool visemes, List<Source> sources)
        {
            if (_mapping == null)
            {
                var column = ShapeNames.ColumnOf(shape);
                if (column >= 0 && (visemes || !ShapeNames.IsViseme(column))) sources.Add(new Source { Column = column, Factor = 1f });
                return;
            }
            foreach (var entry in _mapping.Entries)
            {
                if (ShapeNames.Plain(entry.BlendShape) != ShapeNames.Plain(shape)) continue;
                var column = ShapeNames.ColumnOf(entry.Source);
                if (column >= 0) sources.Add(new Source { Column = column, Factor = entry.Factor });
            }
        }

        void WarnOfStrangers()
        {
            foreach (var mesh in _meshes)
                if (mesh != null && mesh.sharedMesh != null && Array.FindIndex(_drives, drive => drive.Mesh == mesh) < 0) WarnOf(mesh);
        }

        void WarnOf(SkinnedMeshRenderer mesh)
        {
            var names = new List<string>();
            for (var i = 0; i < mesh.sharedMesh.blendShapeCount && i < 12; i++) names.Add(mesh.sharedMesh.GetBlendShapeName(i));
            var has = names.Count > 0 ? "it has " + string.Join(", ", names.ToArray()) + "; make a mapping." : "it has none.";
            Debug.LogWarning("FlashHead: " + mesh.name + " has no blend shape of a known name: " + has, mesh);
        }
    }
}
