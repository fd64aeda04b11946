using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using UnityEditor;
using UnityEngine;

namespace FlashHead.Editor
{
    /// <summary>Makes an AnimationClip of a baked line, for characters that an Animator or a Timeline drives without any
    /// FlashHead component. Its curves are straight between keys, which are thinned within the two tolerances.</summary>
    public static class BakedAnimation
    {
        /// <summary>By how much a blend shape's weight, 0 to 100, may differ from the track's.</summary>
        public const float WeightTolerance = 0.5f;
        /// <summary>By how many degrees the head's rotation may differ from the track's.</summary>
        public const float RotationTolerance = 0.1f;

        // An error of e in each of a quaternion's four parts turns by 4 e radians at most.
        const float QuaternionTolerance = RotationTolerance * (float)(Math.PI / 180) / 4f;

        static readonly string[] QuaternionParts = { "x", "y", "z", "w" };

        /// <summary>An asset beside the line, named like line and character; one that is there is brought up to date.</summary>
        public static AnimationClip MakeAsset(
            FlashHeadBakedLine line, GameObject character, FlashHeadBlendShapeMapping mapping, Transform head)
        {
            var clip = Make(line, character, mapping, head);
            var path = AssetDatabase.GetAssetPath(line);
            path = $"{Path.GetDirectoryName(path).Replace('\\', '/')}/{FileName(line.name + "." + character.name)}.anim";
            return BakedAssets.Save(clip, path);
        }

        /// <summary>`character`: the object with the Animator that is to play the clip, facing its forward axis; all meshes
        /// below it with blend shapes of known names get curves. `mapping`: null for names alone. `head`: the bone that
        /// nods and turns; null for none. Throws InvalidDataException that says what is missing.</summary>
        public static AnimationClip Make(
            FlashHeadBakedLine line, GameObject character, FlashHeadBlendShapeMapping mapping, Transform head)
        {
            if (line.Track == null)
                throw new InvalidDataException($"{line.name} has no blendshape track: bake it again with -o {line.name}.json too.");
            if (head != null && !head.IsChildOf(character.transform))
                throw new InvalidDataException($"{head.name} is not below {character.name}: take the head bone of this character.");
            var meshes = character.GetComponentsInChildren<SkinnedMeshRenderer>(true)
                .Where(mesh => mesh.sharedMesh != null && mesh.sharedMesh.blendShapeCount > 0).ToArray();
            if (meshes.Length == 0) throw new InvalidDataException($"{character.name} has no mesh with blend shapes below it.");

            var times = Times(line);
            var faces = times.Select(time => Face(line.Track, time)).ToArray();
            var clip = new AnimationClip { frameRate = (float)line.Track.Fps };
            var shapes = 0;
            Trace(meshes, mapping, faces, (mesh, shape, weights) =>
            {
                shapes++;
                for (var i = 0; i < weights.Length; i++) weights[i] *= 100f;
                var path = AnimationUtility.CalculateTransformPath(mesh.transform, character.transform);
                var property = "blendShape." + mesh.sharedMesh.GetBlendShapeName(shape);
                Add(clip, path, typeof(SkinnedMeshRenderer), property, times, weights, CurveThinning.Keep(times, new[] { weights }, WeightTolerance));
            });
            if (shapes == 0)
                throw new InvalidDataException($"{character.name} has no blend shape of a known name: make a FlashHead Blend Shape Mapping.");
            if (head != null) AddRotation(clip, character.transform, head, times, faces);
            return clip;
        }

        /// <summary>By the component that does it in the game, for a moment: names and mappings are understood alike.</summary>
        static void Trace(
            SkinnedMeshRenderer[] meshes, FlashHeadBlendShapeMapping mapping, FaceWeights[] faces, Action<SkinnedMeshRenderer, int, float[]> tell)
        {
            var place = new GameObject("FlashHead") { hideFlags = HideFlags.HideAndDontSave };
            try
            {
                var target = place.AddComponent<FlashHeadBlendShapeTarget>();
                target.Meshes = meshes;
                target.Mapping = mapping;
                target.Trace(faces, tell);
            }
            finally
            {
                UnityEngine.Object.DestroyImmediate(place);
            }
        }

        /// <summary>Of the track's rows, and the end of the dialogue.</summary>
        static double[] Times(FlashHeadBakedLine line)
        {
            var durationS = line.DurationS;
            var times = new List<double>();
            for (var row = 0; row < line.Track.Frames && row / line.Track.Fps < durationS - 0.001; row++) times.Add(row / line.Track.Fps);
            times.Add(durationS);
            return times.ToArray();
        }

        static FaceWeights Face(BakedTrack track, double time)
        {
            var face = new FaceWeights();
            track.Sample((long)Math.Round(time * 1e6), face);
            return face;
        }

        /// <summary>The track turns the head in the character's space, whatever the axes of its bone are.</summary>
        static void AddRotation(AnimationClip clip, Transform character, Transform head, double[] times, FaceWeights[] faces)
        {
            var parent = Quaternion.identity;
            for (var bone = head.parent; bone != character && bone != null; bone = bone.parent) parent = bone.localRotation * parent;
            var back = Quaternion.Inverse(parent);
            var parts = QuaternionParts.Select(_ => new float[times.Length]).ToArray();
            for (var i = 0; i < times.Length; i++)
            {
                var turned = back * Turn(faces[i]) * parent * head.localRotation;
                // A rotation is two quaternions; curves must not jump from one to the other.
                var sign = i > 0 && turned.x * parts[0][i - 1] + turned.y * parts[1][i - 1] + turned.z * parts[2][i - 1] + turned.w * parts[3][i - 1] < 0 ? -1f : 1f;
                parts[0][i] = sign * turned.x;
                parts[1][i] = sign * turned.y;
                parts[2][i] = sign * turned.z;
                parts[3][i] = sign * turned.w;
            }
            // Unity keeps one list of keys for all four.
            var kept = CurveThinning.Keep(times, parts, QuaternionTolerance);
            var path = AnimationUtility.CalculateTransformPath(head, character);
            for (var part = 0; part < 4; part++)
                Add(clip, path, typeof(Transform), "m_LocalRotation." + QuaternionParts[part], times, parts[part], kept);
        }

        /// <summary>docs/track-format.md: yaw to the face's own left, pitch down, roll to its own right shoulder. In Unity
        /// a face that looks along z has its left at -x, and turns are left-handed.</summary>
        static Quaternion Turn(FaceWeights face)
        {
            const float degrees = (float)(180 / Math.PI);
            return Quaternion.Euler(face.Pose[1] * degrees, -face.Pose[0] * degrees, -face.Pose[2] * degrees);
        }

        static void Add(AnimationClip clip, string path, Type type, string property, double[] times, float[] values, List<int> kept)
        {
            var keys = new Keyframe[kept.Count];
            for (var i = 0; i < kept.Count; i++)
                keys[i] = new Keyframe((float)times[kept[i]], values[kept[i]], Slope(times, values, kept, i - 1), Slope(times, values, kept, i));
            AnimationUtility.SetEditorCurve(clip, EditorCurveBinding.FloatCurve(path, type, property), new AnimationCurve(keys));
        }

        /// <summary>Of the straight line from one key to the next; 0 outside.</summary>
        static float Slope(double[] times, float[] values, List<int> kept, int key)
        {
            if (key < 0 || key + 1 >= kept.Count) return 0f;
            int from = kept[key], to = kept[key + 1];
            return (float)((values[to] - values[from]) / (times[to] - times[from]));
        }

        static string FileName(string name)
        {
            foreach (var forbidden in Path.GetInvalidFileNameChars()) name = name.Replace(forbidden, '_');
            return name;
        }
    }
}
