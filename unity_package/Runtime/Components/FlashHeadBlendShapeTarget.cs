using System;
using System.Collections.Generic;
using UnityEngine;

namespace FlashHead
{
    /// <summary>Drives the blend shapes of a character by a head's weights, after the Animator. Names are matched whatever
    /// their case, underscores and what stands before the last dot; or by a mapping.</summary>
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

        // A Timeline calls it too, where Unity does not: in edit mode.
        internal void LateUpdate()
        {
            if (_head == null || !_head.HasFace) return;
            if (_drives == null) Match();
            var share = _smoothing > 0 ? 1f - Mathf.Exp(-Time.deltaTime / _smoothing) : 1f;
            for (var i = 0; i < _drives.Length; i++)
            {
                var drive = _drives[i];
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

        void Match()
        {
            var drives = new List<Drive>();
            var sources = new List<Source>();
            var columns = Columns();
            foreach (var mesh in _meshes)
            {
                if (mesh == null || mesh.sharedMesh == null) continue;
                var before = drives.Count;
                for (var shape = 0; shape < mesh.sharedMesh.blendShapeCount; shape++)
                {
                    var first = sources.Count;
                    AddSources(Plain(mesh.sharedMesh.GetBlendShapeName(shape)), columns, sources);
                    if (sources.Count == first) continue;
                    drives.Add(new Drive { Mesh = mesh, Shape = shape, First = first, Count = sources.Count - first });
                }
                if (drives.Count == before) WarnOf(mesh);
            }
            _drives = drives.ToArray();
            _sources = sources.ToArray();
            _values = new float[_drives.Length];
        }

        void AddSources(string shape, Dictionary<string, int> columns, List<Source> sources)
        {
            if (_mapping == null)
            {
                if (columns.TryGetValue(shape, out var column)) sources.Add(new Source { Column = column, Factor = 1f });
                return;
            }
            foreach (var entry in _mapping.Entries)
                if (Plain(entry.BlendShape) == shape && columns.TryGetValue(Plain(entry.Source), out var column))
                    sources.Add(new Source { Column = column, Factor = entry.Factor });
        }

        void WarnOf(SkinnedMeshRenderer mesh)
        {
            var names = new List<string>();
            for (var i = 0; i < mesh.sharedMesh.blendShapeCount && i < 12; i++) names.Add(mesh.sharedMesh.GetBlendShapeName(i));
            var has = names.Count > 0 ? "it has " + string.Join(", ", names.ToArray()) + "; make a mapping." : "it has none.";
            Debug.LogWarning("FlashHead: " + mesh.name + " has no blend shape of a known name: " + has, mesh);
        }

        static Dictionary<string, int> Columns()
        {
            var columns = new Dictionary<string, int>();
            for (var i = 0; i < Names.Arkit.Count; i++) columns[Plain(Names.Arkit[i])] = i;
            // Some exporters write jawOpen_L, others eyeBlink_L; ARKit's own words are Left and Right.
            for (var i = 0; i < Names.Arkit.Count; i++)
            {
                var plain = Plain(Names.Arkit[i]);
                if (plain.EndsWith("left", StringComparison.Ordinal)) columns[plain.Substring(0, plain.Length - 3)] = i;
                if (plain.EndsWith("right", StringComparison.Ordinal)) columns[plain.Substring(0, plain.Length - 4)] = i;
            }
            for (var i = 0; i < Names.Visemes.Count; i++) columns[Plain("viseme_" + Names.Visemes[i])] = Names.Arkit.Count + i;
            return columns;
        }

        static string Plain(string name) => name.Substring(name.LastIndexOf('.') + 1).Replace("_", "").ToLowerInvariant();
    }
}
