using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading;
using NUnit.Framework;

namespace FlashHead.Tests
{
    /// <summary>Frames that say their own number, from tests/unity/recorded_worker.py.</summary>
    [TestFixture]
    public class FrameLoopTests
    {
        const int Side = 256, Jaw = 17;
        const int Bytes = Side * Side * 4;
        readonly byte[] _pixels = new byte[Bytes];
        GCHandle _pinned;
        FlashHeadClient _client;

        [SetUp]
        public void Connect()
        {
            _client = Live.Connect("FLASHHEAD_TEST_RECORDED");
            _pinned = GCHandle.Alloc(_pixels, GCHandleType.Pinned);
        }

        [TearDown]
        public void Shutdown()
        {
            _pinned.Free();
            FlashHeadClient.Shutdown();
        }

        FlashHeadSession Open()
        {
            var both = SessionOutputs.Video | SessionOutputs.Weights;
            return Live.Open(_client, new FlashHeadSessionOptions { Outputs = both, Avatar = "guard", Size = Side });
        }

        uint Speak(FlashHeadSession head)
        {
            var utterance = head.Speak(new float[16000], 1, 16000);
            Live.WaitFor(head, BridgeEventType.FirstFrame);
            return utterance;
        }

        bool PixelsAreOf(ulong index, uint utterance)
        {
            if (_pixels[0] != (byte)utterance || _pixels[Bytes - 1] != (byte)utterance) return false;
            for (var i = 4; i < Bytes - 4; i++)
                if (_pixels[i] != (byte)(index % 251)) return false;
            return true;
        }

        [Test]
        public void SixHeadsAt60HzShowEveryPictureWholeAndInOrder()
        {
            var heads = new List<FlashHeadSession>();
            var utterances = new List<uint>();
            for (var i = 0; i < 6; i++)
            {
                heads.Add(Open());
                utterances.Add(Speak(heads[i]));
            }
            var seconds = double.Parse(Live.Need("FLASHHEAD_TEST_SECONDS"), System.Globalization.CultureInfo.InvariantCulture);
            var shown = heads.ConvertAll(head => new ShownFrames((int)(seconds * 100)));
            var watch = Stopwatch.StartNew();
            while (watch.Elapsed.TotalSeconds < seconds)
            {
                for (var i = 0; i < 6; i++)
                {
                    var audioUs = (long)(watch.Elapsed.TotalSeconds * 1e6);
                    heads[i].Clock(utterances[i], audioUs, true);
                    if (heads[i].TryAcquireVideo(utterances[i], audioUs, _pinned.AddrOfPinnedObject(), Bytes, out var frame))
                    {
                        Assert.That(PixelsAreOf(frame.Index, utterances[i]), "picture {0} is another one or torn", frame.Index);
                        Assert.That(PixelsAreOf(frame.Index + 1, utterances[i]), Is.False, "the check sees one frame late");
                        shown[i].Show(frame, audioUs);
                    }
                    shown[i].Look(audioUs);
                }
                Thread.Sleep(12);
            }
            var count = 0;
            foreach (var head in shown)
            {
                count += head.Count;
                Assert.That(head.Count, Is.GreaterThan(10));
                Assert.That(head.Lost, Is.EqualTo(0));
                Assert.That(head.OutOfOrder, Is.EqualTo(0));
            }
            var p95 = ShownFrames.LagMsOf(shown, 0.95);
            Console.WriteLine("figures: {0} pictures of 6 heads in {1} s, p95 of lag {2:0.0} ms", count, seconds, p95);
            Assert.That(p95, Is.LessThanOrEqualTo(15));
        }

        [Test]
        public void WeightsAreThoseOfTheirFrame()
        {
            var head = Open();
            var utterance = Speak(head);
            var face = new FaceWeights();
            var seen = 0;
            var watch = Stopwatch.StartNew();
            while (watch.Elapsed.TotalSeconds < 1)
            {
                if (head.TryAcquireWeights(utterance, (long)(watch.Elapsed.TotalSeconds * 1e6), face))
                {
                    Assert.That(face.Arkit[Jaw], Is.EqualTo(face.Frame.Index % 100 / 100f).Within(1e-6));
                    Assert.That(face.Visemes[0], Is.EqualTo(1));
                    seen++;
                }
                Thread.Sleep(5);
            }
            Assert.That(seen, Is.GreaterThan(20));
        }

        [Test]
        public void ALoopThatDrawsAllocatesNothing()
        {
            var head = Open();
            var utterance = Speak(head);
            var face = new FaceWeights();
            var clock = new AudioClock();
            var queue = new DialogueQueue<object>();
            queue.Add(utterance, new object(), 0);
            var pixels = _pinned.AddrOfPinnedObject();
            var step = 0;
            Action draw = () =>
            {
                var audioUs = clock.Advance(step * 1e-6, step++ * 1e-6, 1, true);
                queue.Step(step * 1e-6, head.StateOf(utterance), true);
                head.Clock(utterance, audioUs, true);
                head.TryAcquireVideo(utterance, audioUs, pixels, Bytes, out var frame);
                head.TryAcquireWeights(utterance, audioUs, face);
                head.TryPoll(out var happened);
            };
            while (head.TryPoll(out var old)) { }
            Assert.That(Live.Collections(draw), Is.EqualTo(0));
        }
    }
}
