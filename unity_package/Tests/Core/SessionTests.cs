using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using NUnit.Framework;

namespace FlashHead.Tests
{
    /// <summary>A talking head in a real worker.</summary>
    [TestFixture]
    public class SessionTests
    {
        const int Jaw = 17;
        FlashHeadClient _client;

        [SetUp]
        public void Connect()
        {
            _client = Live.Connect();
        }

        [TearDown]
        public void Shutdown()
        {
            FlashHeadClient.Shutdown();
        }

        /// <summary>The weights for each time, the audio standing there until they are: independent of the machine.</summary>
        static List<float> Jaws(FlashHeadSession head, uint utterance, int frames)
        {
            var face = new FaceWeights();
            var jaws = new List<float>();
            for (var frame = 0; frame < frames; frame++)
            {
                var ptsUs = frame * 1000000L / 60;
                head.Clock(utterance, ptsUs, false);
                Live.Until(() => head.TryAcquireWeights(utterance, ptsUs, face) && (int)face.Frame.Index == frame, "frame " + frame);
                Assert.That(face.Frame.Utterance, Is.EqualTo(utterance));
                Assert.That(face.Frame.PtsUs, Is.EqualTo(ptsUs));
                jaws.Add(face.Arkit[Jaw]);
            }
            return jaws;
        }

        static float[] Expected() =>
            File.ReadAllLines(Path.Combine(Live.Need("FLASHHEAD_TEST_BAKED"), "jaw.txt"))
                .Select(line => float.Parse(line, System.Globalization.CultureInfo.InvariantCulture)).ToArray();

        static double WorstOf(IReadOnlyList<float> said, IReadOnlyList<float> meant, int late)
        {
            var worst = 0.0;
            for (var i = late; i < said.Count; i++) worst = Math.Max(worst, Math.Abs(said[i - late] - meant[i]));
            return worst;
        }

        [Test]
        public void TheJawIsTheOneThatPythonComputesForTheSameAudio()
        {
            var meant = Expected();
            using (var head = Live.Open(_client, new FlashHeadSessionOptions()))
            {
                var utterance = head.SpeakFile(Live.Need("FLASHHEAD_TEST_LINE"));
                var said = Jaws(head, utterance, meant.Length - 8);
                Assert.That(WorstOf(said, meant, 0), Is.LessThan(0.01));
                Assert.That(WorstOf(said, meant, 5), Is.GreaterThan(0.1), "80 ms late would be seen");
            }
        }

        [Test]
        public void SamplesAndPiecesGiveWhatTheFileGives()
        {
            var meant = Expected();
            var bytes = File.ReadAllBytes(Live.Need("FLASHHEAD_TEST_PCM")); // float32, mono, 16 kHz
            var samples = new float[bytes.Length / 4];
            Buffer.BlockCopy(bytes, 0, samples, 0, samples.Length * 4);
            using (var head = Live.Open(_client, new FlashHeadSessionOptions()))
            {
                var whole = head.Speak(samples, 1, 16000);
                Assert.That(WorstOf(Jaws(head, whole, meant.Length - 8), meant, 0), Is.LessThan(0.01));

                var pieces = head.SpeakStreamed(1, 16000, interrupt: true);
                Assert.That(head.StateOf(whole), Is.EqualTo(UtteranceState.Cancelled));
                var piece = new float[1600];
                for (var start = 0; start < samples.Length; start += piece.Length)
                {
                    var count = Math.Min(piece.Length, samples.Length - start);
                    Array.Copy(samples, start, piece, 0, count);
                    head.Push(pieces, piece, count, 1);
                }
                head.End(pieces);
                // The face goes from where it was cancelled to the new line within 0.3 s.
                var said = Jaws(head, pieces, meant.Length - 8);
                Assert.That(WorstOf(said.Skip(20).ToList(), meant.Skip(20).ToList(), 0), Is.LessThan(0.02));
                Assert.Throws<FlashHeadException>(() => head.Push(pieces, piece, 10, 1));
            }
        }

        [Test]
        public void PicturesComeAndMove()
        {
            var options = new FlashHeadSessionOptions { Outputs = SessionOutputs.Video, Avatar = "guard", Size = 256 };
            var bytes = new byte[256 * 256 * 4];
            var pinned = GCHandle.Alloc(bytes, GCHandleType.Pinned);
            try
            {
                using (var head = Live.Open(_client, options))
                {
                    var utterance = head.SpeakFile(Live.Need("FLASHHEAD_TEST_LINE"));
                    var sums = new HashSet<int>();
                    for (var frame = 0; frame < 25; frame++)
                    {
                        var info = default(FrameInfo);
                        head.Clock(utterance, frame * 40000, false);
                        Live.Until(() => head.TryAcquireVideo(utterance, frame * 40000, pinned.AddrOfPinnedObject(), bytes.Length, out info)
                                         && (int)info.Index == frame, "picture " + frame);
                        Assert.That(info.Width, Is.EqualTo(256));
                        Assert.That(bytes[(128 * 256 + 128) * 4 + 3], Is.EqualTo(255), "the middle of a face is opaque");
                        sums.Add(bytes.Sum(value => value));
                    }
                    Assert.That(sums.Count, Is.GreaterThan(10));
                    Assert.That(head.State.PicturesAcquired, Is.EqualTo(25));
                    FlashHeadException error = null;
                    Live.Until(() =>
                    {
                        try
                        {
                            // Nothing is refused before the next picture is there.
                            head.TryAcquireVideo(utterance, 1000000, pinned.AddrOfPinnedObject(), 5, out var unused);
                        }
                        catch (FlashHeadException refused)
                        {
                            error = refused;
                        }
                        return error != null;
                    }, "a picture that does not fit");
                    Assert.That(error.Result, Is.EqualTo(BridgeResult.BufferTooSmall));
                }
            }
            finally
            {
                pinned.Free();
            }
        }

        [Test]
        public void AfterACancelNothingOldIsGiven()
        {
            var face = new FaceWeights();
            using (var head = Live.Open(_client, new FlashHeadSessionOptions()))
            {
                for (var round = 0; round < 5; round++)
                {
                    var utterance = head.SpeakFile(Live.Need("FLASHHEAD_TEST_LINE"));
                    Jaws(head, utterance, 20);
                    head.Cancel();
                    Assert.That(head.StateOf(utterance), Is.EqualTo(UtteranceState.Cancelled));
                    Assert.That(head.TryAcquireWeights(utterance, 100000000, face), Is.False);
                    Live.Until(() => head.TryAcquireWeights(0, 0, face), "rest");
                    Assert.That(face.Frame.Utterance, Is.EqualTo(0));
                    Assert.That(Live.WaitFor(head, BridgeEventType.Cancelled).Utterance, Is.EqualTo(utterance));
                }
            }
        }

        [Test]
        public void AHeadThatCannotBeOpenedSaysWhy()
        {
            using (var head = _client.Open(new FlashHeadSessionOptions { Outputs = SessionOutputs.Video, Avatar = "nobody" }))
                Assert.That(Live.WaitFor(head, BridgeEventType.Error).Message.Contains("nobody"));
        }

        [Test]
        public void WrongArgumentsSayWhatIsWrong()
        {
            var error = Assert.Throws<FlashHeadException>(() => _client.Open(new FlashHeadSessionOptions { EmotionIntensity = 3 }));
            Assert.That(error.Result, Is.EqualTo(BridgeResult.InvalidArgument));
            Assert.That(error.Message.Length, Is.GreaterThan(20));
            using (var head = Live.Open(_client, new FlashHeadSessionOptions()))
            {
                Assert.Throws<FlashHeadException>(() => head.StateOf(99));
                Assert.Throws<FlashHeadException>(() => head.LookAt(5, 0));
                Assert.Throws<FlashHeadException>(() => head.Speak(new float[100], 1, 10));
                var silent = head.Speak(new float[] { float.NaN }, 1, 16000);
                Assert.That(Live.WaitFor(head, BridgeEventType.Error).Message.Contains("NaN"));
                Assert.That(head.StateOf(silent), Is.EqualTo(UtteranceState.Failed));
            }
        }

        [Test]
        public void WhatIsClosedThrowsAndClosesAgainInAnyOrder()
        {
            var head = Live.Open(_client, new FlashHeadSessionOptions());
            head.Dispose();
            head.Dispose();
            Assert.Throws<ObjectDisposedException>(() => head.Cancel());
            var orphan = Live.Open(_client, new FlashHeadSessionOptions());
            _client.Dispose();
            Assert.Throws<ObjectDisposedException>(() => { var unused = _client.State; });
            Assert.That(Assert.Throws<FlashHeadException>(() => orphan.Cancel()).Result, Is.EqualTo(BridgeResult.StaleHandle));
            orphan.Dispose();
        }

        [Test]
        public void ShutdownMakesHandlesStaleAndTheLibraryWorksOn()
        {
            var head = Live.Open(_client, new FlashHeadSessionOptions());
            FlashHeadClient.Shutdown();
            Assert.That(Assert.Throws<FlashHeadException>(() => head.Cancel()).Result, Is.EqualTo(BridgeResult.StaleHandle));
            _client = Live.Connect();
            Live.Open(_client, new FlashHeadSessionOptions()).Dispose();
        }

        [Test]
        public void FiveHundredHeadsAreOpenedAndClosedWithoutALeak()
        {
            Action cycle = () => Live.Open(_client, new FlashHeadSessionOptions()).Dispose();
            for (var i = 0; i < 20; i++) cycle();
            var before = Handles();
            for (var i = 0; i < 500; i++) cycle();
            Live.Until(() => Handles() <= before + 2, "as few files and threads as before");
        }

        // Mono makes these when it likes: its pool grows, and its timers and collector begin, in the middle of a test.
        static readonly string[] MonosOwn = { "Thread Pool Wor", "Timer-Scheduler", "SGen worker", "Finalizer" };

        /// <summary>Open files and threads of this process but Mono's own; only Linux tells.</summary>
        static int Handles()
        {
            if (!Directory.Exists("/proc/self/fd")) return 0;
            var threads = Directory.GetDirectories("/proc/self/task").Count(task => !MonosOwn.Contains(NameOf(task)));
            return Directory.GetFiles("/proc/self/fd").Length + threads;
        }

        /// <summary>Of a thread; "" when it has just ended.</summary>
        static string NameOf(string task)
        {
            try
            {
                return File.ReadAllText(task + "/comm").Trim();
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    /// <summary>Names are kept in C# for platforms without the library; where it is there it says the same.</summary>
    [TestFixture]
    public unsafe class NamesTests
    {
        [Test]
        public void NamesAreThoseOfTheLibrary()
        {
            Live.Need("FLASHHEAD_TEST_WORKER");
            for (uint i = 0; i < Names.Arkit.Count; i++)
                Assert.That(Interop.Utf8.Read(Interop.Native.flashhead_weight_name(i)), Is.EqualTo(Names.Arkit[(int)i]));
            for (uint i = 0; i < Names.Visemes.Count; i++)
                Assert.That(Interop.Utf8.Read(Interop.Native.flashhead_viseme_name(i)), Is.EqualTo(Names.Visemes[(int)i]));
        }
    }

    /// <summary>Workers that are not there, end, and are launched.</summary>
    [TestFixture]
    public class WorkerTests
    {
        [TearDown]
        public void Shutdown()
        {
            FlashHeadClient.Shutdown();
        }

        static void WaitFor(FlashHeadClient client, BridgeEventType type, string words = "")
        {
            Live.Until(() =>
            {
                while (client.TryPoll(out var found))
                    if (found.Type == type && found.Message.Contains(words)) return true;
                return false;
            }, type + " " + words);
        }

        [Test]
        public void ItIsLaunchedKilledAndTalksOn()
        {
            var program = Live.Need("FLASHHEAD_TEST_PROGRAM").Split('|');
            var client = FlashHeadClient.Connect(new FlashHeadClientOptions { Program = program });
            var head = Live.Open(client, new FlashHeadSessionOptions());
            var utterance = head.SpeakFile(Live.Need("FLASHHEAD_TEST_LINE"));
            var face = new FaceWeights();
            Live.WaitFor(head, BridgeEventType.FirstFrame);
            Live.Until(() => head.TryAcquireWeights(utterance, 0, face), "talks");
            Process.GetProcessById(client.State.WorkerPid).Kill();
            WaitFor(client, BridgeEventType.Lost);
            WaitFor(client, BridgeEventType.Connected);
            Live.WaitFor(head, BridgeEventType.Reopened);
            Live.Until(() =>
            {
                head.Clock(utterance, 500000, false);
                return head.TryAcquireWeights(utterance, 500000, face) && face.Frame.PtsUs > 400000;
            }, "talks again");
            Assert.That(client.State.Reconnects, Is.EqualTo(1));
        }

        [Test]
        public void AProgramThatIsNotThereIsSaid()
        {
            Live.Need("FLASHHEAD_TEST_PROGRAM");
            var client = FlashHeadClient.Connect(new FlashHeadClientOptions { Program = new[] { "/nowhere/worker" } });
            WaitFor(client, BridgeEventType.NotConnected, "/nowhere/worker");
        }

        [Test]
        public void AWrongTokenIsSaid()
        {
            var endpoint = Live.Need("FLASHHEAD_TEST_WORKER").Split('|')[0];
            var client = FlashHeadClient.Connect(new FlashHeadClientOptions { Endpoint = endpoint, Token = "wrong" });
            WaitFor(client, BridgeEventType.NotConnected, "token");
        }

        [Test]
        public void AClientThatNobodyHoldsIsNotCollectedUnderItsSessions()
        {
            var head = Live.Open(Live.Connect(), new FlashHeadSessionOptions());
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                head.LookAt(0.1f, 0);
            }
        }

        [Test]
        public void NoMethodWaitsThoughNoWorkerAnswers()
        {
            Live.Need("FLASHHEAD_TEST_WORKER");
            var watch = Stopwatch.StartNew();
            var client = FlashHeadClient.Connect(new FlashHeadClientOptions { Endpoint = "tcp://127.0.0.1:9", Token = "t" });
            var head = client.Open(new FlashHeadSessionOptions());
            var utterance = head.Speak(new float[16000], 1, 16000);
            var face = new FaceWeights();
            for (var i = 0; i < 1000; i++)
            {
                head.Clock(utterance, i, true);
                Assert.That(head.TryAcquireWeights(utterance, i, face), Is.False);
                Assert.That(head.StateOf(utterance), Is.EqualTo(UtteranceState.Waiting));
            }
            head.Cancel();
            Assert.That(watch.Elapsed.TotalSeconds, Is.LessThan(2));
        }
    }
}
