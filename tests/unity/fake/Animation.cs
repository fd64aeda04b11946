// Animation clips and what makes them in the editor. A curve is a cubic Hermite spline through its keys, and is held outside
// of them: https://docs.unity3d.com/ScriptReference/AnimationCurve.html and Keyframe.html ("the tangents ... are the slopes").
using System;
using System.Collections.Generic;
using System.Linq;

namespace UnityEngine
{
    public struct Keyframe
    {
        public float time, value, inTangent, outTangent;

        public Keyframe(float time, float value, float inTangent, float outTangent)
        {
            this.time = time;
            this.value = value;
            this.inTangent = inTangent;
            this.outTangent = outTangent;
        }
    }

    public sealed class AnimationCurve
    {
        public Keyframe[] keys;

        public AnimationCurve(params Keyframe[] keys)
        {
            for (var i = 1; i < keys.Length; i++)
                if (!(keys[i].time > keys[i - 1].time)) throw new ArgumentException("keys do not rise");
            this.keys = keys;
        }

        public float Evaluate(float time)
        {
            if (time <= keys[0].time) return keys[0].value;
            for (var i = 1; i < keys.Length; i++)
            {
                if (time > keys[i].time) continue;
                Keyframe a = keys[i - 1], b = keys[i];
                float length = b.time - a.time, t = (time - a.time) / length, t2 = t * t, t3 = t2 * t;
                return (2 * t3 - 3 * t2 + 1) * a.value + (t3 - 2 * t2 + t) * length * a.outTangent
                    + (-2 * t3 + 3 * t2) * b.value + (t3 - t2) * length * b.inTangent;
            }
            return keys[keys.Length - 1].value;
        }
    }

    public sealed class AnimationClip : Object
    {
        [SerializeField] internal Dictionary<UnityEditor.EditorCurveBinding, AnimationCurve> _curves =
            new Dictionary<UnityEditor.EditorCurveBinding, AnimationCurve>();
        [SerializeField] float _frameRate = 60f;

        public float frameRate
        {
            get => _frameRate;
            set => _frameRate = value;
        }

        public float length => _curves.Count == 0 ? 1f : _curves.Values.Max(curve => curve.keys.Last().time);
    }

    public partial class Transform
    {
        /// <summary>"Returns a boolean value that indicates whether the transform is a child of a given transform"; true of itself.</summary>
        public bool IsChildOf(Transform parent)
        {
            for (var it = this; it != null; it = it.parent)
                if (it == parent) return true;
            return false;
        }
    }

    public sealed partial class GameObject
    {
        public T[] GetComponentsInChildren<T>(bool includeInactive) where T : Component
        {
            if (!includeInactive && !activeInHierarchy) return new T[0];
            return Components.OfType<T>()
                .Concat(transform.Children.SelectMany(child => child.gameObject.GetComponentsInChildren<T>(includeInactive))).ToArray();
        }

        public T GetComponentInChildren<T>() where T : Component => GetComponentsInChildren<T>(false).FirstOrDefault();
    }

    public partial struct Quaternion
    {
        public static Quaternion Inverse(Quaternion rotation) =>
            new Quaternion { x = -rotation.x, y = -rotation.y, z = -rotation.z, w = rotation.w };
    }
}

namespace UnityEditor
{
    using UnityEngine;

    public struct EditorCurveBinding
    {
        public string path, propertyName;
        public Type type;

        public static EditorCurveBinding FloatCurve(string inPath, Type inType, string inPropertyName) =>
            new EditorCurveBinding { path = inPath, type = inType, propertyName = inPropertyName };
    }

    public static class AnimationUtility
    {
        public static void SetEditorCurve(AnimationClip clip, EditorCurveBinding binding, AnimationCurve curve) => clip._curves[binding] = curve;

        public static AnimationCurve GetEditorCurve(AnimationClip clip, EditorCurveBinding binding) =>
            clip._curves.TryGetValue(binding, out var curve) ? curve : null;

        public static EditorCurveBinding[] GetCurveBindings(AnimationClip clip) => clip._curves.Keys.ToArray();

        public static string CalculateTransformPath(Transform targetTransform, Transform root)
        {
            var names = new List<string>();
            for (var it = targetTransform; it != root && it != null; it = it.parent) names.Insert(0, it.gameObject.name);
            return string.Join("/", names.ToArray());
        }
    }

    public static class EditorGUIUtility
    {
        [ForTests] public static Object Pinged;
        public static void PingObject(Object obj) => Pinged = obj;
    }
}
