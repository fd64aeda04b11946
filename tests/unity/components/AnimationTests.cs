using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using FlashHead.Editor;
using NUnit.Framework;
using UnityEditor;
using UnityEngine;

namespace FlashHead.Tests
{
    /// <summary>Animation clips of a line that Python baked, against the numbers of its track.</summary>
    [TestFixture]
    public class AnimationTests
    {
        FlashHeadBakedLine _line;
        GameObject _character;
        SkinnedMeshRenderer _face;
        Transform _head;

        [SetUp]
        public void Begin()
        {
            Engine.Begin();
            AssetDatabase.Assets.Clear();
            EditorUtility.Dirty.Clear();
            BakedTrack track;
            using (var text = File.OpenText(Environment.GetEnvironmentVariable("FLASHHEAD_TEST_BAKED") + "/line.json"))
                track = BakedTrackJson.Read(text, "line.json");
            // Not a whole number of rows.
            _line = FlashHeadBakedLine.Create(Dialogue((track.Frames - 0.3) / 60), track, null);
            _line.name = "line";
            AssetDatabase.CreateAsset(_line, "Assets/lines/line.asset");
            _character = new GameObject("Guard");
            _face = Child(_character.transform, "Body", "Face").gameObject.AddComponent<SkinnedMeshRenderer>();
            _face.sharedMesh = new Mesh("head.jawOpen", "eyeBlink_L", "tail", "cheekPuff");
            _head = Child(_character.transform, "Hips", "Neck", "Head");
        }

        static AudioClip Dialogue(double seconds) => new AudioClip("line", new float[(int)(seconds * 48000)], 1, 48000);

        static Transform Child(Transform parent, params string[] names)
        {
            foreach (var name in names)
            {
                var child = new GameObject(name).transform;
                child.SetParent(parent, false);
                parent = child;
            }
            return parent;
        }

        AnimationClip Make(FlashHeadBlendShapeMapping mapping = null, Transform head = null) =>
            BakedAnimation.Make(_line, _character, mapping, head);

        static AnimationCurve Curve(AnimationClip clip, string path, Type type, string property) =>
            AnimationUtility.GetEditorCurve(clip, EditorCurveBinding.FloatCurve(path, type, property));

        static AnimationCurve Shape(AnimationClip clip, string name) =>
            Curve(clip, "Body/Face", typeof(SkinnedMeshRenderer), "blendShape." + name);

        /// <summary>The greatest difference between a curve and a weight of the track, four times a row.</summary>
        float Error(AnimationCurve curve, string weight, float factor = 1f)
        {
            var face = new FaceWeights();
            var column = Names.Arkit.ToList().IndexOf(weight);
            var worst = 0f;
            for (var time = 0.0; time <= _line.DurationS; time += 1 / 240.0)
            {
                _line.Track.Sample((long)Math.Round(time * 1e6), face);
                worst = Math.Max(worst, Math.Abs(curve.Evaluate((float)time) - Math.Min(100f, 100f * factor * face.Arkit[column])));
            }
            return worst;
        }

        [Test]
        public void CurvesHaveTheTracksNumbersWithinTheToleranceWithFewerKeys()
        {
            var clip = Make();
            Assert.That(AnimationUtility.GetCurveBindings(clip).Length, Is.EqualTo(3), "the tail is none of the face");
            Assert.That(Error(Shape(clip, "head.jawOpen"), "jawOpen"), Is.LessThanOrEqualTo(BakedAnimation.WeightTolerance + 0.001));
            Assert.That(Error(Shape(clip, "eyeBlink_L"), "eyeBlinkLeft"), Is.LessThanOrEqualTo(BakedAnimation.WeightTolerance + 0.001));
            Assert.That(Shape(clip, "head.jawOpen").keys.Max(key => key.value), Is.GreaterThan(10), "the mouth opens");
            var keys = Shape(clip, "head.jawOpen").keys.Length;
            Console.WriteLine("figures: jawOpen has {0} keys of {1} rows", keys, _line.Track.Frames);
            Assert.That(keys, Is.LessThan(_line.Track.Frames * 2 / 3));
            Assert.That(Shape(clip, "cheekPuff").keys.Length, Is.EqualTo(2), "what does not move has a key at each end");
        }

        [Test]
        public void TheMeasureFindsOneKeyThatIsWrong()
        {
            var curve = Shape(Make(), "head.jawOpen");
            curve.keys[curve.keys.Length / 2].value += 2f;
            Assert.That(Error(curve, "jawOpen"), Is.GreaterThan(BakedAnimation.WeightTolerance + 1));
        }

        [Test]
        public void TheClipIsAsLongAsTheDialogue()
        {
            Assert.That(Make().length, Is.EqualTo(_line.Audio.length).Within(1e-5));
            _line = FlashHeadBakedLine.Create(Dialogue(1.0), _line.Track, null);
            Assert.That(Make().length, Is.EqualTo(1f).Within(1e-5), "a track that is longer ends with the dialogue");
        }

        [Test]
        public void AMappingSaysWhichShapesAndHowMuch()
        {
            var mapping = ScriptableObject.CreateInstance<FlashHeadBlendShapeMapping>();
            mapping.Entries = new[] { new FlashHeadBlendShapeMapping.Entry { Source = "jawOpen", BlendShape = "tail", Factor = 0.5f } };
            var clip = Make(mapping);
            Assert.That(AnimationUtility.GetCurveBindings(clip).Single().propertyName, Is.EqualTo("blendShape.tail"));
            Assert.That(Error(Shape(clip, "tail"), "jawOpen", 0.5f), Is.LessThanOrEqualTo(BakedAnimation.WeightTolerance + 0.001));
            Assert.That(Error(Shape(clip, "tail"), "jawOpen"), Is.GreaterThan(10), "another factor is another curve");
        }

        Quaternion Rotation(AnimationClip clip, float time)
        {
            Func<string, float> Part = part => Curve(clip, "Hips/Neck/Head", typeof(Transform), "m_LocalRotation." + part).Evaluate(time);
            // "Unity normalizes" what it mixes.
            var mixed = new Quaternion { x = Part("x"), y = Part("y"), z = Part("z"), w = Part("w") };
            var length = (float)Math.Sqrt(mixed.x * mixed.x + mixed.y * mixed.y + mixed.z * mixed.z + mixed.w * mixed.w);
            return new Quaternion { x = mixed.x / length, y = mixed.y / length, z = mixed.z / length, w = mixed.w / length };
        }

        void Pose(float yaw, float pitch, float roll)
        {
            var rows = new float[71 * 60];
            for (var row = 0; row < 60; row++)
            {
                rows[row * 71 + 52] = yaw;
                rows[row * 71 + 53] = pitch;
                rows[row * 71 + 54] = roll;
            }
            _line = FlashHeadBakedLine.Create(Dialogue(1), new BakedTrack(60, rows), null);
        }

        /// <summary>Where a direction of the character's space is turned to, by a bone with odd axes.</summary>
        Vector3 Turned(Vector3 direction)
        {
            _head.parent.parent.localRotation = Quaternion.Euler(10, 200, 30);
            _head.parent.localRotation = Quaternion.Euler(0, 0, 90);
            _head.localRotation = Quaternion.Euler(-80, 15, 0);
            var above = _head.parent.parent.localRotation * _head.parent.localRotation;
            var turn = above * Rotation(Make(head: _head), 0.5f) * Quaternion.Inverse(_head.localRotation) * Quaternion.Inverse(above);
            var to = turn * new Quaternion { x = direction.x, y = direction.y, z = direction.z } * Quaternion.Inverse(turn);
            return new Vector3(to.x, to.y, to.z);
        }

        [Test]
        public void TheHeadTurnsInTheCharactersSpaceWhateverTheAxesOfItsBone()
        {
            var sine = (float)Math.Sin(0.3);
            Pose(0.3f, 0, 0);
            Assert.That(Turned(new Vector3(0, 0, 1)).x, Is.EqualTo(-sine).Within(2e-3), "to its own left, which is -x for a face that looks along z");
            Pose(0, 0.3f, 0);
            Assert.That(Turned(new Vector3(0, 0, 1)).y, Is.EqualTo(-sine).Within(2e-3), "down");
            Pose(0, 0, 0.3f);
            Assert.That(Turned(new Vector3(0, 1, 0)).x, Is.EqualTo(sine).Within(2e-3), "to its right shoulder");
            Pose(0, 0, 0);
            Assert.That(Turned(new Vector3(0, 0, 1)).z, Is.EqualTo(1).Within(1e-5), "at rest it stands as it stood");
        }

        /// <summary>The greatest angle in degrees between the head of the clip and the track's, at the rows.</summary>
        double HeadError(AnimationClip clip)
        {
            const float degrees = (float)(180 / Math.PI);
            var worst = 0.0;
            var face = new FaceWeights();
            for (var row = 0; row < _line.Track.Frames; row++)
            {
                _line.Track.Sample((long)Math.Round(row * 1e6 / 60), face);
                var right = Quaternion.Euler(face.Pose[1] * degrees, -face.Pose[0] * degrees, -face.Pose[2] * degrees);
                var between = Quaternion.Inverse(right) * Rotation(clip, row / 60f);
                worst = Math.Max(worst, 2 * Math.Asin(Math.Min(1, Math.Sqrt(
                    between.x * between.x + between.y * between.y + between.z * between.z))) * degrees);
            }
            return worst;
        }

        [Test]
        public void TheHeadFollowsTheTrackWithinTheTolerance()
        {
            var clip = Make(head: _head);
            var keys = Curve(clip, "Hips/Neck/Head", typeof(Transform), "m_LocalRotation.x").keys;
            foreach (var part in "yzw")
                Assert.That(Curve(clip, "Hips/Neck/Head", typeof(Transform), "m_LocalRotation." + part).keys.Select(key => key.time),
                    Is.EqualTo(keys.Select(key => key.time)), "one list of keys for all four");
            Assert.That(HeadError(clip), Is.LessThanOrEqualTo(BakedAnimation.RotationTolerance));
            Console.WriteLine("figures: the head has {0} keys of {1} rows", keys.Length, _line.Track.Frames);
            keys[keys.Length / 2].value += 0.01f;
            Assert.That(HeadError(clip), Is.GreaterThan(0.5), "a wrong key is found");
        }

        [Test]
        public void MadeAgainItStaysTheSameAsset()
        {
            const string path = "Assets/lines/line.Guard.anim";
            var first = BakedAnimation.MakeAsset(_line, _character, null, null);
            Assert.That(AssetDatabase.LoadAssetAtPath<AnimationClip>(path), Is.SameAs(first));
            _face.sharedMesh = new Mesh("jawOpen");
            Assert.That(BakedAnimation.MakeAsset(_line, _character, null, null), Is.SameAs(first));
            Assert.That(AnimationUtility.GetCurveBindings(first).Single().propertyName, Is.EqualTo("blendShape.jawOpen"));
            Assert.That(first.name, Is.EqualTo("line.Guard"), "Unity wants an asset to be named like its file");
        }

        [Test]
        public void WhatIsMissingIsSaid()
        {
            var other = new GameObject("Other").transform;
            other.name = "Other"; // in Unity a component has its object's name
            Assert.That(Assert.Throws<InvalidDataException>(() => Make(head: other)).Message.Contains("Other"));
            _face.sharedMesh = new Mesh("tail");
            Assert.That(Assert.Throws<InvalidDataException>(() => Make()).Message.Contains("Mapping"));
            _face.sharedMesh = new Mesh();
            Assert.That(Assert.Throws<InvalidDataException>(() => Make()).Message.Contains("Guard"));
            _line = FlashHeadBakedLine.Create(Dialogue(1), null, null);
            Assert.That(Assert.Throws<InvalidDataException>(() => Make()).Message.Contains("no blendshape track"));
        }

        static void Press(FlashHeadBakedLineEditor inspector, string button)
        {
            GUILayout.Pressed = button;
            inspector.OnInspectorGUI();
            GUILayout.Pressed = null;
        }

        [Test]
        public void TheInspectorMakesItWithTheCharactersOwnMapping()
        {
            var mapping = ScriptableObject.CreateInstance<FlashHeadBlendShapeMapping>();
            mapping.Entries = new[] { new FlashHeadBlendShapeMapping.Entry { Source = "jawOpen", BlendShape = "tail", Factor = 1f } };
            _character.AddComponent<FlashHeadBlendShapeTarget>().Mapping = mapping;
            var inspector = new FlashHeadBakedLineEditor { target = _line };
            EditorGUILayout.Drawn.Clear();
            EditorGUILayout.Dropped["Character (with the Animator)"] = _character;
            inspector.OnInspectorGUI();
            EditorGUILayout.Dropped.Clear();
            Press(inspector, "Make Animation Clip");
            var made = (AnimationClip)EditorGUIUtility.Pinged;
            Assert.That(AnimationUtility.GetCurveBindings(made).Single().propertyName, Is.EqualTo("blendShape.tail"));
            _face.sharedMesh = new Mesh("nothing");
            Press(inspector, "Make Animation Clip");
            inspector.OnInspectorGUI();
            Assert.That(EditorGUILayout.Drawn.Last(), Is.StringContaining("Mapping"));
        }
    }
}
