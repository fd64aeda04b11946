using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace FlashHead.Editor
{
    /// <summary>The inspector of a blend shape target: finds the face, says what of it is driven, and makes mappings.</summary>
    [CustomEditor(typeof(FlashHeadBlendShapeTarget))]
    public sealed class FlashHeadBlendShapeTargetEditor : UnityEditor.Editor
    {
        List<string> _shapes;
        int[] _counts;

        FlashHeadBlendShapeTarget Target => (FlashHeadBlendShapeTarget)target;

        public override void OnInspectorGUI()
        {
            if (DrawDefaultInspector() || _shapes == null) Count();
            EditorGUILayout.Space();
            if (Target.Head == null) EditorGUILayout.HelpBox("No head: give it the FlashHead NPC whose face it shows.", MessageType.Warning);
            ShowMeshes();
            if (GUILayout.Button("Find my face")) FindFace();
            for (var i = 0; i < _counts.Length; i++)
                if (_counts[i] > 0 && GUILayout.Button($"Make a mapping: {BlendShapePreset.All[i].Name} ({_counts[i]})")) Use(BlendShapePreset.All[i]);
            if (Target.Mapping != null && GUILayout.Button("Without a mapping: match names")) Map(null);
        }

        void ShowMeshes()
        {
            if (Target.Meshes.Length == 0)
                EditorGUILayout.HelpBox("No meshes: press Find my face, or put the Skinned Mesh Renderers of the face into Meshes.", MessageType.Warning);
            foreach (var mesh in Target.Meshes)
            {
                if (mesh == null || mesh.sharedMesh == null) continue;
                var driven = Target.Driven(mesh);
                var of = mesh.sharedMesh.blendShapeCount;
                if (driven > 0) EditorGUILayout.LabelField(mesh.name, $"{driven} of {of} blend shapes are driven");
                else if (of > 0) EditorGUILayout.HelpBox($"{mesh.name}: none of its {of} blend shapes has a known name. Make a mapping, such as by Create > FlashHead.", MessageType.Warning);
                else EditorGUILayout.HelpBox(mesh.name + " has no blend shapes. See its import settings: Import BlendShapes.", MessageType.Warning);
            }
        }

        /// <summary>Takes the meshes under this object that have shapes of a face.</summary>
        public void FindFace()
        {
            var found = Faces(Target);
            if (found.Count == 0 && Target.Head != null) found = Faces(Target.Head);
            if (found.Count == 0)
            {
                Debug.LogWarning("FlashHead: no mesh under " + Target.name + " has blend shapes of a face.", Target);
                return;
            }
            Undo.RecordObject(Target, "Find my face");
            Target.Meshes = found.ToArray();
            EditorUtility.SetDirty(Target);
            Count();
        }

        static List<SkinnedMeshRenderer> Faces(Component under)
        {
            var found = new List<SkinnedMeshRenderer>();
            foreach (var mesh in under.GetComponentsInChildren<SkinnedMeshRenderer>(true))
            {
                var shapes = new List<string>();
                AddShapes(mesh, shapes);
                foreach (var preset in BlendShapePreset.All)
                {
                    if (preset.EntriesFor(shapes).Count == 0) continue;
                    found.Add(mesh);
                    break;
                }
            }
            return found;
        }

        /// <summary>Makes a mapping for these meshes as an asset, which can be changed.</summary>
        public void Use(BlendShapePreset preset)
        {
            if (_shapes == null) Count();
            var mapping = CreateInstance<FlashHeadBlendShapeMapping>();
            mapping.Entries = preset.EntriesFor(_shapes).ToArray();
            AssetDatabase.CreateAsset(mapping, AssetDatabase.GenerateUniqueAssetPath($"Assets/{Target.name} {preset.Name}.asset"));
            Map(mapping);
        }

        void Map(FlashHeadBlendShapeMapping mapping)
        {
            Undo.RecordObject(Target, "Blend shape mapping");
            Target.Mapping = mapping;
            EditorUtility.SetDirty(Target);
            Count();
        }

        void Count()
        {
            _shapes = new List<string>();
            foreach (var mesh in Target.Meshes)
                if (mesh != null) AddShapes(mesh, _shapes);
            _counts = new int[BlendShapePreset.All.Count];
            for (var i = 0; i < _counts.Length; i++) _counts[i] = BlendShapePreset.All[i].EntriesFor(_shapes).Count;
        }

        static void AddShapes(SkinnedMeshRenderer mesh, List<string> shapes)
        {
            for (var i = 0; mesh.sharedMesh != null && i < mesh.sharedMesh.blendShapeCount; i++)
                shapes.Add(mesh.sharedMesh.GetBlendShapeName(i));
        }
    }
}
