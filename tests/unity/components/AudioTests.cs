using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using NUnit.Framework;
using UnityEngine;

namespace FlashHead.Tests
{
    /// <summary>What else happens to the audio in the middle of a sentence.</summary>
    [TestFixture]
    public class AudioTests : Scene
    {
        FlashHeadNPC Speaking(double seconds, Action<FlashHeadNPC> set = null)
        {
            var head = Head(set);
            head.Speak(Clip(seconds));
            Assert.That(Until(() => _source.isPlaying && _source.HeardS > 0.3 && head.Picture != null, 5), "it speaks");
            return head;
        }

        /// <summary>p95 of the milliseconds by which the clock of the face is off what is heard.</summary>
        double Off(FlashHeadNPC head, double seconds, Action each = null)
        {
            var off = new List<double>();
            Run(seconds, () =>
            {
                if (_source.isPlaying && _source.HeardS > 0.1) off.Add(Math.Abs(head.AudioTime - _source.HeardS) * 1000);
                if (each != null) each();
            });
            Assert.That(off.Count, Is.GreaterThan(15));
            off.Sort();
            return off[off.Count * 95 / 100];
        }

        int Shown(FlashHeadNPC head) => ((Texture2D)head.Picture).Pixels()[4];

        [Test]
        public void AnotherOutputDeviceInterruptsASentenceAndItGoesOnWhereItWas()
        {
            var head = Speaking(2);
            var beforeS = head.AudioTime;
            AudioSettings.ChangeDevice();
            Assert.That(_source.isPlaying, "it is begun again");
            Run(0.04);
            Assert.That(head.AudioTime, Is.EqualTo(beforeS).Within(0.03), "and waits where it was");
            Assert.That(Off(head, 0.6), Is.LessThan(15));
            Assert.That(Shown(head) * 0.04, Is.EqualTo(_source.HeardS).Within(0.1));
            Assert.That(_source.HeardS, Is.GreaterThan(beforeS));
            Assert.That(Until(() => !head.IsSpeaking, 4));
            Assert.That(string.Join(", ", _events), Is.EqualTo("first frame, started, finished"));
        }

        [Test]
        public void StreamedSpeechGoesOnAtAnotherDeviceThoughItsClipIsLost()
        {
            var head = Head();
            var speech = head.SpeakStreamed(1, 48000);
            speech.Push(new float[48000], 48000);
            speech.End();
            Assert.That(Until(() => head.AudioTime > 0.3, 3));
            var clip = _source.clip;
            AudioSettings.ChangeDevice();
            Assert.That(_source.clip, Is.Not.SameAs(clip));
            Assert.That(clip.destroyed);
            Assert.That(Until(() => !head.IsSpeaking, 3));
            // A busy machine may look last some time before the end.
            Assert.That(head.AudioTime, Is.GreaterThan(0.7).And.LessThan(1.05), "to the end of what was pushed");
            Assert.That(_events.Last(), Is.EqualTo("finished"));
        }

        [Test]
        public void ADeviceThatChangesInAPauseBeginsNothing()
        {
            var head = Speaking(2);
            head.Pause(true);
            AudioSettings.ChangeDevice();
            var atS = head.AudioTime;
            Run(0.3);
            Assert.That(head.AudioTime, Is.EqualTo(atS));
            head.Pause(false);
            Assert.That(Off(head, 0.5), Is.LessThan(15));
            Assert.That(head.AudioTime, Is.GreaterThan(atS + 0.2));
        }

        [Test]
        public void APausedListenerHoldsTheFaceAndBothGoOn()
        {
            var head = Speaking(2);
            AudioListener.pause = true;
            Run(0.05);
            var atS = head.AudioTime;
            Run(0.5);
            Assert.That(head.AudioTime, Is.EqualTo(atS));
            Assert.That(head.IsSpeaking);
            AudioListener.pause = false;
            Assert.That(Off(head, 0.5), Is.LessThan(15));
            Assert.That(Until(() => !head.IsSpeaking, 4));
        }

        [Test]
        public void AnApplicationThatIsPausedForALongTimeGoesOnWhereItWas()
        {
            var head = Speaking(2);
            var atS = head.AudioTime;
            AudioSettings.Freeze(true); // and no frames come
            Thread.Sleep(1000);
            Run(0.02);
            AudioSettings.Freeze(false);
            Run(0.05);
            Assert.That(head.AudioTime, Is.EqualTo(atS).Within(0.15));
            Assert.That(Off(head, 0.5), Is.LessThan(15));
        }

        [Test]
        public void TheGameStandsStillAndTheFaceSpeaksOnAsTheAudioDoes()
        {
            var mesh = new SkinnedMeshRenderer { sharedMesh = new Mesh("jawOpen") };
            var head = Speaking(2);
            Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { mesh }; it.Smoothing = 0.02f; });
            Time.timeScale = 0;
            var seen = new HashSet<float>();
            Assert.That(Off(head, 0.6, () => { if (mesh.Weights.ContainsKey("jawOpen")) seen.Add(mesh.Weights["jawOpen"]); }), Is.LessThan(15));
            Assert.That(seen.Count, Is.GreaterThan(10));
        }

        [Test]
        public void AnotherPitchInTheMiddleIsFollowed()
        {
            var head = Speaking(3);
            _source.pitch = 1.5f;
            Run(0.1);
            Assert.That(Off(head, 0.6), Is.LessThan(15));
            _source.pitch = 0.75f;
            Run(0.1);
            Assert.That(Off(head, 0.6), Is.LessThan(15));
            Assert.That(Shown(head) * 0.04, Is.EqualTo(_source.HeardS).Within(0.1));
        }

        // A sound output that is late lets hear what was played before.
        [TestCase(-0.06f)]
        [TestCase(0.06f)]
        public void AnOffsetBelowZeroShowsAnEarlierMoment(float offset)
        {
            var head = Speaking(3, it => it.Offset = offset);
            Run(0.5);
            // A picture is shown for 40 ms.
            Assert.That(Shown(head) * 0.04, Is.EqualTo(_source.HeardS + offset - 0.02).Within(0.045));
        }

        [TestCase(1.5)]
        [TestCase(0.1)]
        public void ASeekIsFollowed(double toS)
        {
            var head = Speaking(4);
            Run(0.4);
            _source.timeSamples = (int)(toS * 48000);
            Run(0.05);
            Assert.That(head.AudioTime, Is.EqualTo(toS + 0.05).Within(0.08));
            Assert.That(Off(head, 0.4), Is.LessThan(15));
        }

        [Test]
        public void ASourceThatSomeoneElsePausesHoldsTheLine()
        {
            var head = Speaking(2);
            _source.Pause();
            Run(0.4);
            Assert.That(head.IsSpeaking, "paused is not ended");
            var atS = head.AudioTime;
            Run(0.2);
            Assert.That(head.AudioTime, Is.EqualTo(atS));
            _source.UnPause();
            Assert.That(Until(() => !head.IsSpeaking, 3));
        }

        [Test]
        public void ASourceThatSomeoneElseStopsEndsTheLine()
        {
            var head = Speaking(3);
            _source.Stop();
            Assert.That(Until(() => !head.IsSpeaking, 0.2));
            Assert.That(_events.Last(), Is.EqualTo("finished"));
        }

        [Test]
        public void TwoHeadsOnOneSourceAreSaidAndTheLaterOneIsFollowed()
        {
            var first = Speaking(3);
            var second = Head(it => it.AudioSource = first.AudioSource);
            _source = first.AudioSource;
            second.Speak(Clip(1));
            Assert.That(Until(() => second.AudioTime > 0.2, 3));
            Assert.That(first.IsSpeaking, Is.False);
            Assert.That(Engine.Warnings.Count(w => w.Contains("two Audio Sources")), Is.EqualTo(1));
            Assert.That(Off(second, 0.4), Is.LessThan(15));
            first.enabled = false;
            Assert.That(_source.isPlaying, "what the other one plays is not stopped");
        }

        [Test]
        public void ASourceThatIsDestroyedEndsTheLine()
        {
            var head = Speaking(3);
            UnityEngine.Object.Destroy(_source);
            Assert.That(Until(() => !head.IsSpeaking, 0.5));
            head.Speak(Clip(0.2));
            Assert.That(Until(() => !head.IsSpeaking, 3));
        }

        [Test]
        public void ALoopingSourceDoesNotSpeakForEver()
        {
            var head = Head();
            _source.loop = true;
            head.Speak(Clip(0.3));
            Assert.That(Until(() => head.IsSpeaking && _source.isPlaying, 3));
            Assert.That(_source.loop, Is.False);
            Assert.That(Until(() => !head.IsSpeaking, 3));
        }

        [Test]
        public void ALineThatIsCancelledAsItStartsIsNotHeard()
        {
            var head = Head(it => it.Started.AddListener(() => it.Cancel()));
            head.Speak(Clip(1));
            Assert.That(Until(() => _events.Contains("started"), 3));
            Run(0.1);
            Assert.That(_source.isPlaying, Is.False);
            Assert.That(_events.Last(), Is.EqualTo("cancelled"));
        }

        [Test]
        public void ADomainReloadEndsTheConnectionAndTheHeadComesBack()
        {
            RuntimeHelpers.RunClassConstructor(typeof(Editor.FlashHeadNPCEditor).Assembly.GetType("FlashHead.Editor.DomainReload").TypeHandle);
            var head = Speaking(2);
            Assert.That(FlashHeadWorker.IsConnected);
            UnityEditor.AssemblyReloadEvents.Reload();
            Assert.That(FlashHeadWorker.IsConnected, Is.False);
            Assert.That(Until(() => !head.IsSpeaking, 3));
            head.Speak(Clip(0.3));
            Assert.That(Until(() => FlashHeadWorker.IsConnected && head.Picture != null, 5));
        }
    }
}
