// NOT RUN IN UNITY YET. For Unity's Test Runner, play mode. Run in the hand-written engine of tests/unity/fake only.
using System;
using System.Collections;
using System.Collections.Generic;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.TestTools;

namespace FlashHead.Tests
{
    /// <summary>A character in a scene. Tests with a worker need one: `flashhead serve`; without it they are ignored.</summary>
    public class PlayTests
    {
        const string Nowhere = "tcp://127.0.0.1:9";
        const int Rate = 16000;

        readonly List<string> _events = new List<string>();
        readonly List<UnityEngine.Object> _made = new List<UnityEngine.Object>();
        string _endpoint;
        FlashHeadNPC _npc;

        [SetUp]
        public void Begin()
        {
            _endpoint = Environment.GetEnvironmentVariable("FLASHHEAD_ENDPOINT");
            _events.Clear();
            FlashHeadWorker.Shutdown();
        }

        [TearDown]
        public void End()
        {
            foreach (var one in _made) UnityEngine.Object.DestroyImmediate(one);
            _made.Clear();
            FlashHeadWorker.Shutdown();
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", _endpoint);
        }

        void AddNpc(string avatar)
        {
            var body = Keep(new GameObject("npc"));
            body.SetActive(false);
            body.AddComponent<AudioListener>();
            _npc = body.AddComponent<FlashHeadNPC>();
            _npc.AudioSource = body.AddComponent<AudioSource>();
            _npc.Avatar = avatar;
            _npc.Size = 256;
            _npc.Patience = 0.2f;
            _npc.Started.AddListener(() => _events.Add("started"));
            _npc.Finished.AddListener(() => _events.Add("finished"));
            _npc.Cancelled.AddListener(() => _events.Add("cancelled"));
            _npc.Failed.AddListener(reason => _events.Add("failed"));
            body.SetActive(true);
        }

        /// <summary>A hum that rises and falls four times a second, which is enough for a mouth to move.</summary>
        AudioClip Hum(float seconds)
        {
            var samples = new float[(int)(seconds * Rate)];
            for (var i = 0; i < samples.Length; i++)
                samples[i] = 0.3f * (float)(Math.Sin(i * 880.0 / Rate) * Math.Abs(Math.Sin(i * 12.6 / Rate)));
            var clip = Keep(AudioClip.Create("hum", samples.Length, 1, Rate, false));
            clip.SetData(samples, 0);
            return clip;
        }

        T Keep<T>(T made) where T : UnityEngine.Object
        {
            _made.Add(made);
            return made;
        }

        static IEnumerator Until(Func<bool> condition, double seconds, string what)
        {
            var end = Time.realtimeSinceStartupAsDouble + seconds;
            while (!condition() && Time.realtimeSinceStartupAsDouble < end) yield return null;
            Assert.That(condition(), what);
        }

        [UnityTest]
        public IEnumerator WithoutAWorkerTheAudioPlaysToItsEnd()
        {
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", Nowhere);
            AddNpc("guard");
            _npc.Speak(Hum(0.5f));
            yield return Until(() => _npc.AudioSource.isPlaying, 2, "it is heard");
            yield return Until(() => !_npc.IsSpeaking, 3, "it ends");
            Assert.That(_npc.Picture == null, "and nothing is shown");
            Assert.That(string.Join(", ", _events.ToArray()), Is.EqualTo("started, finished"));
        }

        [UnityTest]
        public IEnumerator WithAWorkerThePictureFollows()
        {
            AddNpc("guard");
            for (var end = Time.realtimeSinceStartupAsDouble + 3; !FlashHeadWorker.IsConnected && Time.realtimeSinceStartupAsDouble < end;) yield return null;
            if (!FlashHeadWorker.IsConnected) Assert.Ignore("no worker runs: flashhead serve");
            _npc.Speak(Hum(2f));
            yield return Until(() => _npc.Picture != null && _npc.AudioSource.isPlaying, 10, "a picture comes");
            Assert.That(_npc.Picture.width, Is.EqualTo(256));
            yield return Until(() => _npc.HasFace && _npc.Face.Frame.Index > 5, 5, "weights come");
            yield return Until(() => !_npc.IsSpeaking, 5, "it ends");
            Assert.That(string.Join(", ", _events.ToArray()), Is.EqualTo("started, finished"));
        }

        [UnityTest]
        public IEnumerator DisabledInTheMiddleOfASentenceItFallsSilent()
        {
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", Nowhere);
            AddNpc("guard");
            _npc.Speak(Hum(3f));
            yield return Until(() => _npc.AudioSource.isPlaying, 2, "it is heard");
            _npc.enabled = false;
            Assert.That(_npc.AudioSource.isPlaying, Is.False);
            Assert.That(_npc.IsSpeaking, Is.False);
            yield return null;
            _npc.enabled = true;
            _npc.Speak(Hum(0.3f));
            yield return Until(() => _npc.AudioSource.isPlaying, 2, "it is heard again");
            UnityEngine.Object.DestroyImmediate(_npc);
            yield return null;
        }

        [UnityTest]
        public IEnumerator ABakedLineMovesTheMouthWithoutAWorker()
        {
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", Nowhere);
            var rows = new float[71 * 60];
            for (var row = 0; row < 60; row++) rows[row * 71 + 17] = row / 60f; // jawOpen, in one second
            var line = Keep(FlashHeadBakedLine.Create(Hum(1f), new BakedTrack(60, rows), null));
            AddNpc("");
            var renderer = Face(_npc.gameObject);
            var target = _npc.gameObject.AddComponent<FlashHeadBlendShapeTarget>();
            target.Head = _npc;
            target.Meshes = new[] { renderer };
            _npc.PlayBaked(line);
            yield return Until(() => _npc.AudioTime > 0.5, 3, "it plays");
            yield return null;
            Assert.That(renderer.GetBlendShapeWeight(0), Is.EqualTo(100 * _npc.AudioTime).Within(10));
            yield return Until(() => !_npc.IsSpeaking, 3, "it ends");
        }

        /// <summary>A triangle with one blend shape.</summary>
        SkinnedMeshRenderer Face(GameObject body)
        {
            var mesh = Keep(new Mesh());
            mesh.vertices = new[] { new Vector3(0f, 0f, 0f), new Vector3(0f, 1f, 0f), new Vector3(1f, 0f, 0f) };
            mesh.subMeshCount = 1;
            mesh.SetTriangles(new[] { 0, 1, 2 }, 0);
            mesh.AddBlendShapeFrame("jawOpen", 100f, new[] { new Vector3(0f, -1f, 0f), new Vector3(), new Vector3() }, null, null);
            var renderer = body.AddComponent<SkinnedMeshRenderer>();
            renderer.sharedMesh = mesh;
            return renderer;
        }
    }
}
