using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using FlashHead.Editor;
using NUnit.Framework;
using UnityEditor;
using UnityEngine;

namespace FlashHead.Tests
{
    /// <summary>The bake window in the hand-written editor, with the real baker.</summary>
    [TestFixture]
    public class BakeWindowTests
    {
        string _folder, _before;
        FlashHeadBakeWindow _window;

        [SetUp]
        public void Begin()
        {
            Engine.Begin();
            _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
            Application.dataPath = _folder + "/Assets";
            AssetDatabase.Assets.Clear();
            Selection.Paths.Clear();
            EditorGUILayout.Typed.Clear();
            // As in Unity, whose folder is the project's.
            _before = Directory.GetCurrentDirectory();
            Directory.CreateDirectory(Application.dataPath);
            Directory.SetCurrentDirectory(_folder);
            Clip("Assets/voices/a.wav", 0.4);
            Clip("Assets/voices/inn/b.wav", 0.4);
            Clip("Packages/other/c.wav", 0.4);
            FlashHeadWorkerSettings.Load().BakeProgram = new[] { Environment.GetEnvironmentVariable("FLASHHEAD_TEST_FLASHHEAD") };
            FlashHeadBakeWindow.Open();
            _window = EditorWindow.GetWindow<FlashHeadBakeWindow>("");
        }

        [TearDown]
        public void End()
        {
            if (!_window.destroyed) _window.Close();
            Application.dataPath = "";
            Directory.SetCurrentDirectory(_before);
            Directory.Delete(_folder, true);
        }

        void Clip(string path, double seconds)
        {
            BakeRunTests.Recording(Path.Combine(_folder, path), seconds);
            AssetDatabase.Assets[path] = new AudioClip(Path.GetFileNameWithoutExtension(path), new float[100], 1, 16000);
        }

        void Select(params string[] paths)
        {
            Selection.Paths.AddRange(paths);
            Selection.selectionChanged();
        }

        string[] Draw()
        {
            EditorGUILayout.Drawn.Clear();
            Engine.Send(_window, "OnGUI");
            return EditorGUILayout.Drawn.ToArray();
        }

        void Press(string button)
        {
            GUILayout.Buttons.Clear();
            GUILayout.Pressed = button;
            Draw();
            GUILayout.Pressed = null;
            Assert.That(GUILayout.Buttons, Has.Member(button));
        }

        void UntilItHasEnded()
        {
            EditorApplication.update?.Invoke();
            Until(() => !Draw()[0].Contains(" lines "));
        }

        static FlashHeadBakedLine Line(string path) => AssetDatabase.LoadAssetAtPath<FlashHeadBakedLine>(path);

        void Until(Func<bool> condition)
        {
            var watch = Stopwatch.StartNew();
            while (!condition() && watch.Elapsed.TotalSeconds < 60)
            {
                EditorApplication.update?.Invoke();
                Thread.Sleep(5);
            }
            Assert.That(condition());
        }

        [Test]
        public void TheSelectedClipsAndFoldersAreBakedAndImported()
        {
            Assert.That(Draw()[0], Is.StringContaining("Select audio clips"));
            Select("Assets/voices", "Packages/other");
            EditorGUILayout.Typed["Video"] = false;
            Press("Bake 2 selected");
            EditorApplication.update?.Invoke();
            Assert.That(Draw()[0], Is.EqualTo("0 of 2 lines 0.00"));
            UntilItHasEnded();
            Assert.That(Draw().Skip(1), Is.EqualTo(new[] { "a.wav: baked", "b.wav: baked" }));
            Assert.That(Line("Assets/voices/a.asset").Track.Frames, Is.EqualTo(24));
            Assert.That(Line("Assets/voices/inn/b.asset").Audio.name, Is.EqualTo("b"));
            Assert.That(Directory.GetFiles(_folder + "/Packages/other").Length, Is.EqualTo(1), "a package is left alone");
            Press("Bake 2 selected");
            UntilItHasEnded();
            Assert.That(Draw().Skip(1), Is.EqualTo(new[] { "a.wav: unchanged", "b.wav: unchanged" }));
        }

        [Test]
        public void WhatFailsIsSaidInWords()
        {
            FlashHeadWorkerSettings.Load().BakeProgram = new[] { "/nowhere/flashhead" };
            Select("Assets/voices/a.wav");
            Press("Bake 1 selected");
            UntilItHasEnded();
            Assert.That(Draw().Last(), Is.StringContaining("Error: a.wav: ").And.StringContaining("pip install"));
            EditorGUILayout.Typed["Avatar"] = "";
            Press("Bake 1 selected");
            EditorApplication.update?.Invoke();
            Assert.That(Draw()[1], Is.StringContaining("Error: ").And.StringContaining("avatar"));
        }

        [Test]
        public void CancelledOrClosedItLeavesNothing()
        {
            Clip("Assets/long/a.wav", 60);
            Select("Assets/long");
            foreach (var cancels in new[] { true, false })
            {
                Press("Bake 1 selected");
                Until(() => Directory.GetFiles(_folder + "/Assets/long", ".*").Length > 0);
                if (cancels)
                {
                    Press("Cancel");
                    UntilItHasEnded();
                    Assert.That(Draw().Last(), Is.EqualTo("a.wav: cancelled"));
                }
                else _window.Close();
                Assert.That(Directory.GetFiles(_folder + "/Assets/long").Select(Path.GetFileName), Is.EqualTo(new[] { "a.wav" }));
            }
            Assert.That(EditorApplication.update, Is.Null, "a closed window is called no more");
        }
    }
}
