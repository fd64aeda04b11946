using System.IO;
using System.Reflection;
using FlashHead.Editor;
using NUnit.Framework;
using UnityEditor;
using UnityEngine;
using UnityEngine.Video;

namespace FlashHead.Tests
{
    /// <summary>Lines that Python baked, imported by the package's own importer.</summary>
    [TestFixture]
    public class EditorTests
    {
        string _folder, _manifest;

        [SetUp]
        public void Begin()
        {
            Engine.Begin();
            AssetDatabase.Assets.Clear();
            EditorUtility.Dirty.Clear();
            _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
            Directory.CreateDirectory(_folder);
            foreach (var name in new[] { "line.json", "line.flashhead.json" })
                File.Copy(Path.Combine(System.Environment.GetEnvironmentVariable("FLASHHEAD_TEST_BAKED"), name), Path.Combine(_folder, name));
            _manifest = _folder + "/line.flashhead.json";
            AssetDatabase.Assets[_folder + "/voices/guard_en.wav"] = new AudioClip("guard_en", new float[100], 1, 16000);
        }

        [TearDown]
        public void End()
        {
            Directory.Delete(_folder, true);
        }

        void Arrive(params string[] paths) =>
            typeof(BakedLineImporter).GetMethod("OnPostprocessAllAssets", BindingFlags.Static | BindingFlags.NonPublic)
                .Invoke(null, new object[] { paths, new string[0], new string[0], new string[0] });

        FlashHeadBakedLine Line => AssetDatabase.LoadAssetAtPath<FlashHeadBakedLine>(_folder + "/line.asset");

        [Test]
        public void ALineBecomesAnAssetWithItsAudioAndTrack()
        {
            Arrive(_folder + "/other.json", _manifest);
            Assert.That(Line.Audio.name, Is.EqualTo("guard_en"), "found by its name, for it lies elsewhere");
            Assert.That(Line.Video == null);
            var face = new FaceWeights();
            var widest = 0f;
            for (var us = 0; us < Line.Track.DurationUs; us += 16667)
            {
                Line.Track.Sample(us, face);
                widest = System.Math.Max(widest, face.Arkit[17]);
            }
            Assert.That(widest, Is.GreaterThan(0.1));
            Assert.That(AssetDatabase.Assets.Count, Is.EqualTo(2));
        }

        [Test]
        public void BakedAgainItStaysTheSameAssetWithNewValues()
        {
            Arrive(_manifest);
            var first = Line;
            var before = first.Track;
            AssetDatabase.Assets[_folder + "/line.webm"] = new VideoClip();
            File.WriteAllText(_manifest, File.ReadAllText(_manifest).Replace(
                "\"outputs\": [", "\"outputs\": [{\"kind\": \"video\", \"file\": \"line.webm\", \"format\": \"webm\"},"));
            Arrive(_manifest);
            Assert.That(Line, Is.SameAs(first));
            Assert.That(Line.Video, Is.SameAs(AssetDatabase.Assets[_folder + "/line.webm"]));
            Assert.That(Line.Track, Is.Not.SameAs(before));
            Assert.That(EditorUtility.Dirty, Is.EqualTo(new[] { first }));
        }

        [TestCase("line.json", "", "line.json")]
        [TestCase("line.json", "{\"schema\": \"flashhead-track\", \"version\": \"1.0\", \"fps\": 60, \"fra", "line.json")]
        [TestCase("line.flashhead.json", "{", "line.flashhead.json")]
        [TestCase("line.flashhead.json", "\0\0\0", "line.flashhead.json")]
        public void WhatIsBrokenIsSaidAndLeavesNoAsset(string name, string content, string said)
        {
            File.WriteAllText(Path.Combine(_folder, name), content);
            Arrive(_manifest);
            Assert.That(Engine.Warnings.Count, Is.EqualTo(1));
            Assert.That(Engine.Warnings[0].Contains(said), Engine.Warnings[0]);
            Assert.That(Line == null);
        }

        [Test]
        public void AMissingTrackAndAMissingDialogueAreSaid()
        {
            File.Delete(_folder + "/line.json");
            Arrive(_manifest);
            Assert.That(Engine.Warnings[0].Contains("line.json"));
            AssetDatabase.Assets.Clear();
            Arrive(_manifest);
            Assert.That(Engine.Warnings[1].Contains("guard_en.wav"));
        }

        [Test]
        public void TheInspectorSaysWhatIsMissing()
        {
            var head = new FlashHeadNPC { Blendshapes = false };
            var inspector = new FlashHeadNPCEditor { target = head };
            EditorGUILayout.Drawn.Clear();
            inspector.OnInspectorGUI();
            Assert.That(EditorGUILayout.Drawn[0].Contains("Audio Source"));
            Assert.That(EditorGUILayout.Drawn[1].Contains("avatar"));
        }
    }
}
