using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.UI;

namespace FlashHead.Tests
{
    /// <summary>The package's components, unchanged, in the engine of tests/unity/fake, which runs in real time, with frames
    /// that say their own number (recorded_worker.py).</summary>
    [TestFixture]
    public class ComponentTests : Scene
    {
        /// <summary>Milliseconds by which what is heard is outside the time of the picture that is shown, for each frame of the engine.</summary>
        List<double> Excess(FlashHeadNPC head, double seconds)
        {
            var excess = new List<double>();
            var missing = 0;
            var applied = 0;
            Run(seconds, () =>
            {
                if (!_source.isPlaying || _source.HeardS < 0.1 || head.Picture == null) return;
                if (((Texture2D)head.Picture).applied == applied) missing++;
                applied = ((Texture2D)head.Picture).applied;
                var ptsMs = ((Texture2D)head.Picture).Pixels()[4] * 40.0;
                var heardMs = _source.HeardS * 1000;
                excess.Add(Math.Max(0, Math.Max(ptsMs - heardMs, heardMs - ptsMs - 40)));
            });
            Assert.That(excess.Count, Is.GreaterThan(20));
            Assert.That(missing, Is.GreaterThan(0), "a picture is not uploaded again and again");
            excess.Sort();
            return excess;
        }

        [Test]
        public void ThePictureThatIsShownIsTheOneOfTheSoundThatIsHeard()
        {
            var head = Head();
            head.Speak(Clip(3));
            var excess = Excess(head, 3.5);
            var p95 = excess[excess.Count * 95 / 100];
            Console.WriteLine("figures: picture against sound, p95 of the excess {0:0.0} ms of {1} frames", p95, excess.Count);
            Assert.That(p95, Is.LessThanOrEqualTo(15));
            Assert.That(Until(() => !head.IsSpeaking, 3));
            Assert.That(string.Join(", ", _events), Is.EqualTo("first frame, started, finished"));
        }

        [Test]
        public void EightyMillisecondsAreSeenByThatTest()
        {
            var head = Head(it => it.Offset = -0.08f);
            head.Speak(Clip(2));
            var excess = Excess(head, 2);
            Assert.That(excess[excess.Count / 2], Is.GreaterThan(40));
        }

        [Test]
        public void BlendShapesFollowByNameAfterTheAnimator()
        {
            var mesh = new SkinnedMeshRenderer { sharedMesh = new Mesh("Head.Jaw_Open", "eyeBlink_L", "other") };
            var head = Head();
            Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { mesh }; });
            head.Speak(Clip(1));
            var seen = new HashSet<float>();
            Run(1.2, () =>
            {
                if (!_source.isPlaying || !mesh.Weights.ContainsKey("Head.Jaw_Open")) return;
                Assert.That(mesh.Weights["Head.Jaw_Open"], Is.EqualTo(head.Face.Frame.Index % 100).Within(0.01));
                seen.Add(mesh.Weights["Head.Jaw_Open"]);
            });
            Assert.That(seen.Count, Is.GreaterThan(15));
            Assert.That(mesh.Weights.ContainsKey("other"), Is.False);
            Assert.That(mesh.Weights["eyeBlink_L"], Is.EqualTo(0));
        }

        [Test]
        public void AMeshThatIsDestroyedIsLeftAlone()
        {
            var body = new SkinnedMeshRenderer { sharedMesh = new Mesh("jawOpen") };
            var head = Head();
            Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { body }; });
            head.Speak(Clip(1));
            Assert.That(Until(() => body.Weights.ContainsKey("jawOpen"), 3));
            UnityEngine.Object.Destroy(body);
            body.Weights.Clear();
            Run(0.2);
            Assert.That(body.Weights, Is.Empty);
        }

        [Test]
        public void AnotherRigFollowsByItsMapping()
        {
            var mesh = new SkinnedMeshRenderer { sharedMesh = new Mesh("MouthWide", "viseme_sil") };
            var mapping = ScriptableObject.CreateInstance<FlashHeadBlendShapeMapping>();
            mapping.Entries = new[]
            {
                new FlashHeadBlendShapeMapping.Entry { Source = "jawOpen", BlendShape = "MouthWide", Factor = 0.5f },
                new FlashHeadBlendShapeMapping.Entry { Source = "viseme_sil", BlendShape = "MouthWide", Factor = 0.1f },
            };
            var head = Head();
            Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { mesh }; it.Mapping = mapping; });
            head.Speak(Clip(1));
            Assert.That(Until(() => head.HasFace && head.Face.Frame.Index > 10, 3));
            Engine.Frame(0.001);
            Assert.That(mesh.Weights["MouthWide"], Is.EqualTo(head.Face.Frame.Index % 100 * 0.5 + 10).Within(0.01));
            Assert.That(mesh.Weights.ContainsKey("viseme_sil"), Is.False);
        }

        [Test]
        public void AMeshWithoutKnownBlendShapesIsSaidOnceWithWhatItHas()
        {
            var mesh = new SkinnedMeshRenderer { name = "body", sharedMesh = new Mesh("Fat", "Thin") };
            var head = Head();
            Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { mesh, null }; });
            head.Speak(Clip(1));
            Run(0.5);
            Assert.That(Engine.Warnings.Count(w => w.Contains("body") && w.Contains("Fat, Thin")), Is.EqualTo(1));
        }

        [Test]
        public void StreamedSpeechIsFollowedThroughItsGaps()
        {
            var head = Head();
            var speech = head.SpeakStreamed(1, 48000);
            speech.Push(new float[24000], 24000);
            Assert.That(Until(() => head.AudioTime > 0.2, 3));
            Run(1.0, () => Assert.That(head.AudioTime, Is.LessThan(0.5001))); // half a second of speech, and of nothing
            Assert.That(head.AudioTime, Is.EqualTo(0.5).Within(0.001), "silence is no speech");
            Assert.That(head.IsSpeaking);
            speech.Push(new float[24000], 24000);
            speech.End();
            Assert.That(Until(() => !head.IsSpeaking, 3));
            Assert.That(_events.Last(), Is.EqualTo("finished"));
            Assert.That(_source.isPlaying, Is.False);
        }

        [Test]
        public void StreamedSpeechIsCancelledAndPushedOnWithoutHarm()
        {
            var head = Head();
            var speech = head.SpeakStreamed(1, 48000);
            speech.Push(new float[24000], 24000);
            Assert.That(Until(() => head.AudioTime > 0.1, 3));
            head.Cancel();
            speech.Push(new float[2400], 2400);
            head.enabled = false;
            speech.Push(new float[2400], 2400);
            speech.End();
        }

        [Test]
        public void ABakedLinePlaysWithoutAWorkerByTheSameClock()
        {
            Worker("tcp://127.0.0.1:9|x");
            var rows = new float[71 * 120]; // two seconds
            for (var row = 0; row < 120; row++) rows[row * 71 + 17] = row / 120f;
            var video = new UnityEngine.Video.VideoClip();
            var line = FlashHeadBakedLine.Create(Clip(2), new BakedTrack(60, rows), video);
            var mesh = new SkinnedMeshRenderer { sharedMesh = new Mesh("jawOpen") };
            var image = new RawImage();
            var head = Head();
            Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { mesh }; });
            Engine.Add<FlashHeadVideoTarget>(it => { it.Head = head; it.RawImage = image; });
            head.PlayBaked(line);
            var late = new List<double>();
            Run(1.5, () =>
            {
                if (!_source.isPlaying || _source.HeardS < 0.1) return;
                late.Add(Math.Abs(mesh.Weights["jawOpen"] / 100 * 2 - _source.HeardS));
                var player = (UnityEngine.Video.VideoPlayer)head.gameObject.Components[0];
                Assert.That(player.externalReferenceTime, Is.EqualTo(head.AudioTime).Within(1e-9));
                Assert.That(player.timeReference, Is.EqualTo(UnityEngine.Video.VideoTimeReference.ExternalTime));
                Assert.That(image.texture, Is.SameAs(player.Shown));
                Assert.That(image.uvRect.height, Is.EqualTo(1));
            });
            late.Sort();
            Assert.That(late[late.Count * 95 / 100], Is.LessThan(0.015));
            Assert.That(Until(() => !head.IsSpeaking, 3));
            Assert.That(head.Picture == null, "the video is gone with its line");
            Assert.That(string.Join(", ", _events), Is.EqualTo("started, finished"));
        }

        [Test]
        public void ABakedLineWithoutAudioIsRefused()
        {
            var head = Head();
            Assert.Throws<ArgumentException>(() => head.PlayBaked(FlashHeadBakedLine.Create(null, null, null)));
            Assert.Throws<ArgumentNullException>(() => head.PlayBaked(null));
        }

        [Test]
        public void LinesAreHeardOneAfterTheOther()
        {
            var head = Head();
            head.Speak(Clip(0.4));
            head.Speak(Clip(0.4));
            Assert.That(Until(() => !head.IsSpeaking, 5));
            Assert.That(_events.Count(e => e == "started"), Is.EqualTo(2));
            Assert.That(_events.Last(), Is.EqualTo("finished"));
        }

        [Test]
        public void ACancelSilencesAtOnceAndShowsNothingOldAnyMore()
        {
            var head = Head();
            head.Speak(Clip(3));
            Assert.That(Until(() => _source.isPlaying && _source.HeardS > 0.3, 3));
            head.Cancel();
            Assert.That(_source.isPlaying, Is.False);
            Assert.That(head.IsSpeaking, Is.False);
            var shown = ((Texture2D)head.Picture).applied;
            Run(0.3);
            Assert.That(((Texture2D)head.Picture).applied, Is.EqualTo(shown));
            Assert.That(_events.Last(), Is.EqualTo("cancelled"));
            head.Cancel();
            Assert.That(_events.Count(e => e == "cancelled"), Is.EqualTo(1));
        }

        [Test]
        public void PauseHoldsSoundAndFaceAndBothGoOn()
        {
            var head = Head();
            head.Speak(Clip(3));
            Assert.That(Until(() => _source.isPlaying && _source.HeardS > 0.3, 3));
            head.Pause(true);
            Engine.Frame(0.001);
            var atS = head.AudioTime;
            Run(0.4);
            Assert.That(head.AudioTime, Is.EqualTo(atS));
            Assert.That(head.IsSpeaking);
            head.Pause(false);
            Run(0.3);
            Assert.That(head.AudioTime, Is.EqualTo(atS + 0.3).Within(0.08));
        }

        [Test]
        public void TwoTargetsShowOneHead()
        {
            var head = Head();
            var quad = new Renderer();
            var image = new RawImage();
            var texture = new RenderTexture();
            Engine.Add<FlashHeadVideoTarget>(it => { it.Head = head; it.Renderer = quad; it.TextureProperty = "_BaseMap"; });
            var target = Engine.Add<FlashHeadVideoTarget>(it => { it.Head = head; it.RawImage = image; it.RenderTexture = texture; });
            head.Speak(Clip(1));
            Assert.That(Until(() => head.Picture != null, 3));
            var blits = Graphics.Blits;
            Engine.Frame(0.01);
            Assert.That(quad.Block["_BaseMap"], Is.SameAs(head.Picture));
            Assert.That(((Vector4)quad.Block["_BaseMap_ST"]).y, Is.EqualTo(-1), "the first row is the top");
            Assert.That(image.texture, Is.SameAs(head.Picture));
            Assert.That(image.uvRect.height, Is.EqualTo(-1));
            Assert.That(Graphics.Blits, Is.EqualTo(blits + 1));
            target.enabled = false;
            Assert.That(image.texture == null);
        }

        [Test]
        public void DisabledInTheMiddleOfASentenceItStopsAndComesBack()
        {
            var head = Head();
            head.Speak(Clip(3));
            Assert.That(Until(() => head.Picture != null && _source.isPlaying, 3));
            head.enabled = false;
            Assert.That(_source.isPlaying, Is.False);
            Assert.That(Engine.TexturesAlive, Is.EqualTo(0));
            Run(0.1);
            head.enabled = true;
            head.Speak(Clip(0.3));
            Assert.That(Until(() => head.Picture != null && !head.IsSpeaking, 5));
            UnityEngine.Object.Destroy(head);
            UnityEngine.Object.Destroy(head);
        }

        [Test]
        public void WithoutAWorkerTheAudioPlaysAndOneWarningSaysWhy()
        {
            Worker("tcp://127.0.0.1:9|x");
            var head = Head(it => it.Patience = 0.2f);
            head.Speak(Clip(0.4));
            Assert.That(Until(() => _source.isPlaying, 1));
            Assert.That(Until(() => !head.IsSpeaking, 3));
            Assert.That(string.Join(", ", _events), Is.EqualTo("started, finished"));
            Assert.That(Engine.Warnings.Count, Is.LessThanOrEqualTo(1));
            Assert.That(head.Picture == null);
        }

        [Test]
        public void AWorkerThatCannotBeStartedIsSaidOnce()
        {
            var settings = ScriptableObject.CreateInstance<FlashHeadWorkerSettings>();
            settings.LaunchInEditor = true;
            settings.EditorProgram = new[] { "/nowhere/worker" };
            Engine.Assets[FlashHeadWorkerSettings.ResourceName] = settings;
            Forget();
            var head = Head();
            head.Speak(Clip(0.3));
            Run(1.5);
            Assert.That(_events.Contains("finished"));
            Assert.That(Engine.Warnings.Count(w => w.Contains("/nowhere/worker")), Is.EqualTo(1));
            Engine.Assets.Clear();
            Forget();
        }

        static void Forget() =>
            typeof(FlashHeadWorkerSettings).GetField("_loaded", BindingFlags.Static | BindingFlags.NonPublic).SetValue(null, null);

        [Test]
        public void AClipThatCannotBeReadIsHeardAndSaid()
        {
            var head = Head();
            var clip = Clip(0.3);
            clip.readable = false;
            head.Speak(clip);
            Assert.That(Until(() => !head.IsSpeaking, 3));
            Assert.That(string.Join(", ", _events), Is.EqualTo("failed, started, finished"));
            Assert.That(Engine.Warnings.Any(w => w.Contains("Decompress On Load")));
        }

        [Test]
        public void WithoutAnAudioSourceItWarnsAndGoesOn()
        {
            var head = Head(it => it.AudioSource = null);
            head.Speak(Clip(0.3));
            Assert.That(Until(() => !head.IsSpeaking, 3));
            Assert.That(Engine.Warnings.Count(w => w.Contains("Audio Source")), Is.EqualTo(1));
            Assert.That(head.IsSpeaking, Is.False);
            Assert.Throws<ArgumentNullException>(() => head.Speak((AudioClip)null));
        }

        [Test]
        public void PlayIsPressedASecondTimeWithoutADomainReload()
        {
            for (var play = 0; play < 3; play++)
            {
                typeof(FlashHeadWorker).GetMethod("BeginAnew", BindingFlags.Static | BindingFlags.NonPublic).Invoke(null, null);
                var head = Head();
                head.Speak(Clip(0.3));
                Assert.That(Until(() => head.Picture != null, 5), "in round " + play);
                Application.Quit();
                Run(0.05); // a frame that comes after quitting
                Engine.Begin();
            }
        }

        [Test]
        public void AShutdownInTheMiddleIsSurvived()
        {
            var head = Head();
            head.Speak(Clip(0.5));
            Assert.That(Until(() => head.Picture != null, 5));
            FlashHeadWorker.Shutdown();
            head.Pause(true);
            head.SetEmotion("joy", 0.5f);
            head.Pause(false);
            Assert.That(Until(() => !head.IsSpeaking, 3), "what was begun is heard to its end");
            head.enabled = false;
            head.enabled = true;
            head.Speak(Clip(0.3));
            Assert.That(Until(() => head.Picture != null, 5), "and it speaks again");
        }
    }
}
