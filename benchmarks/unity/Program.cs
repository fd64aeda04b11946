// What core.py builds and runs under Mono: one part of the measurement, printed as lines of name, tab and value.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using UnityEngine;
using UnityEngine.UI;

namespace FlashHead.Tests
{
    static unsafe class Program
    {
        const int Heads = 6;
        const double BufferS = 1024.0 / 48000, TickS = 1.0 / 60;
        static int Side, Bytes;
        static IntPtr _pixels;
        internal static object Kept; // what is spoiled on purpose

        static int Main(string[] words)
        {
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            var seconds = double.Parse(words[1]);
            Side = int.Parse(words[3]);
            Bytes = Side * Side * 4;
            _pixels = Marshal.AllocHGlobal(Bytes);
            switch (words[0])
            {
                case "calls": Calls(seconds); break;
                case "copies": Copies(seconds); break;
                case "allocations": Allocations(); break;
                case "poll": Poll(seconds, Spoken(words[2])); break;
                default: throw new ArgumentException(words[0]);
            }
            FlashHeadClient.Shutdown();
            return 0;
        }

        static void Say(string name, double value) => Console.WriteLine("{0}\t{1:0.####}", name, value);

        static double Us(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

        /// <summary>Speech as float32 at 16 kHz.</summary>
        static float[] Spoken(string path)
        {
            var bytes = File.ReadAllBytes(path);
            var samples = new float[bytes.Length / sizeof(float)];
            Buffer.BlockCopy(bytes, 0, samples, 0, bytes.Length);
            return samples;
        }

        static FlashHeadSession Open(FlashHeadClient client, SessionOutputs outputs, string avatar = "guard", int seed = 0) =>
            Live.Open(client, new FlashHeadSessionOptions { Outputs = outputs, Avatar = avatar, Size = Side, Seed = (ulong)seed });

        /// <summary>A head of tests/unity/recorded_worker.py that speaks.</summary>
        static FlashHeadSession Recorded(FlashHeadClient client, out uint utterance)
        {
            var head = Open(client, SessionOutputs.Video | SessionOutputs.Weights);
            utterance = head.Speak(new float[16000], 1, 16000);
            Live.WaitFor(head, BridgeEventType.FirstFrame);
            return head;
        }

        static void Sleep(Stopwatch watch, ref double tickS)
        {
            tickS += TickS;
            var left = tickS - watch.Elapsed.TotalSeconds;
            if (left > 0) Thread.Sleep(TimeSpan.FromSeconds(left));
            else tickS = watch.Elapsed.TotalSeconds;
        }

        /// <summary>Each call of a loop that draws six heads 60 times a second, those that copy a picture not among them, and
        /// many in a row.</summary>
        static void Calls(double seconds)
        {
            var client = Live.Connect();
            var heads = new List<FlashHeadSession>();
            var utterances = new List<uint>();
            for (var i = 0; i < Heads; i++)
            {
                heads.Add(Recorded(client, out var spoken));
                utterances.Add(spoken);
            }
            var face = new FaceWeights();
            var watch = Stopwatch.StartNew();
            var names = new[] { "Clock", "StateOf", "TryAcquireVideo", "TryAcquireWeights", "TryPoll" };
            var times = new long[names.Length + 1];
            for (double tickS = 0; watch.Elapsed.TotalSeconds < seconds; Sleep(watch, ref tickS))
            {
                var audioUs = (long)(watch.Elapsed.TotalSeconds * 1e6);
                for (var i = 0; i < Heads; i++)
                {
                    times[0] = Stopwatch.GetTimestamp();
                    heads[i].Clock(utterances[i], audioUs, true);
                    times[1] = Stopwatch.GetTimestamp();
                    heads[i].StateOf(utterances[i]);
                    times[2] = Stopwatch.GetTimestamp();
                    var copied = heads[i].TryAcquireVideo(utterances[i], audioUs, _pixels, Bytes, out var unused);
                    times[3] = Stopwatch.GetTimestamp();
                    heads[i].TryAcquireWeights(utterances[i], audioUs, face);
                    times[4] = Stopwatch.GetTimestamp();
                    heads[i].TryPoll(out var happened);
                    times[5] = Stopwatch.GetTimestamp();
                    if (watch.Elapsed.TotalSeconds < 1) continue;
                    for (var call = 0; call < names.Length; call++)
                        if (call != 2 || !copied) Say("drawn " + names[call], Us(times[call + 1] - times[call]));
                }
            }
            var head = heads[0];
            var utterance = utterances[0];
            var nowUs = (long)(watch.Elapsed.TotalSeconds * 1e6);
            var frame = 0;
            InARow("Clock", () => head.Clock(utterance, nowUs, true));
            InARow("StateOf", () => head.StateOf(utterance));
            InARow("TryAcquireVideo", () => head.TryAcquireVideo(utterance, nowUs, _pixels, Bytes, out var unused));
            // Two in turn, so that there always is another one.
            InARow("TryAcquireWeights", () => head.TryAcquireWeights(utterance, nowUs - 16667 * (frame++ % 2), face));
            InARow("TryPoll", () => head.TryPoll(out var unused));
        }

        /// <summary>Means of a thousand calls.</summary>
        static void InARow(string name, Action call)
        {
            for (var round = 0; round < 100; round++)
            {
                var before = Stopwatch.GetTimestamp();
                for (var i = 0; i < 1000; i++) call();
                if (round > 0) Say("row " + name, Us(Stopwatch.GetTimestamp() - before) / 1000);
            }
        }

        /// <summary>A picture of 1 MiB as a 60 Hz loop finds it, and one of two in turn, so that caches hold it; each beside a
        /// plain copy under the same conditions.</summary>
        static void Copies(double seconds)
        {
            const int others = 256;
            var source = (byte*)Marshal.AllocHGlobal((IntPtr)((long)others * Bytes));
            for (var i = 0L; i < (long)others * Bytes; i += 4096) source[i] = 1;
            var head = Recorded(Live.Connect(), out var utterance);
            var watch = Stopwatch.StartNew();
            var look = 0;
            for (double tickS = 0; watch.Elapsed.TotalSeconds < seconds; Sleep(watch, ref tickS))
            {
                var before = Stopwatch.GetTimestamp();
                var copied = head.TryAcquireVideo(utterance, (long)(watch.Elapsed.TotalSeconds * 1e6), _pixels, Bytes, out var unused);
                if (copied) Say("cold", Us(Stopwatch.GetTimestamp() - before));
                else Say("plain cold", PlainUs(source + (long)(look++ % others) * Bytes));
            }
            var index = 0L;
            for (var round = 0; round < 2000; round++)
            {
                // The writer goes on, and overwrites these at last.
                if (round % 50 == 0) index = (long)(watch.Elapsed.TotalSeconds * 25);
                var before = Stopwatch.GetTimestamp();
                var copied = head.TryAcquireVideo(utterance, (index - round % 2) * 40000, _pixels, Bytes, out var frame);
                var took = Stopwatch.GetTimestamp() - before;
                if (copied && (long)frame.Index == index - round % 2 && round % 50 > 2) Say("hot", Us(took));
            }
            for (var round = 0; round < 2000; round++)
            {
                var took = PlainUs(source + (long)(round % 2) * Bytes);
                if (round > 2) Say("plain hot", took);
            }
        }

        static double PlainUs(byte* source)
        {
            var before = Stopwatch.GetTimestamp();
            Buffer.MemoryCopy(source, (void*)_pixels, Bytes, Bytes);
            return Us(Stopwatch.GetTimestamp() - before);
        }

        static void Allocations()
        {
            var head = Recorded(Live.Connect(), out var utterance);
            var face = new FaceWeights();
            var clock = new AudioClock();
            var queue = new DialogueQueue<object>();
            queue.Add(utterance, new object(), 0);
            var watch = Stopwatch.StartNew();
            Action draw = () =>
            {
                var nowS = watch.Elapsed.TotalSeconds;
                queue.Step(nowS, head.StateOf(utterance), true);
                var audioUs = clock.Advance(Math.Floor(nowS / BufferS) * BufferS, nowS, 1, true);
                head.Clock(utterance, audioUs, true);
                head.TryAcquireVideo(utterance, audioUs, _pixels, Bytes, out var frame);
                head.TryAcquireWeights(utterance, audioUs, face);
                head.TryPoll(out var happened);
            };
            Measure("core", draw);
            Measure("spoiled", () => { draw(); Kept = new object(); });
            head.Dispose();
            FlashHeadClient.Shutdown();
            Components();
        }

        /// <summary>The components in the hand-written engine: a head with a picture on a material and in a RawImage, and a
        /// face of 52 blend shapes. Called as Unity does, without the reflection of the hand-written engine.</summary>
        static void Components()
        {
            var words = Live.Need("FLASHHEAD_TEST_WORKER").Split('|');
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", words[0]);
            Environment.SetEnvironmentVariable("FLASHHEAD_TOKEN", words[1]);
            Application.isEditor = true;
            var shapes = new string[Names.Arkit.Count];
            for (var i = 0; i < shapes.Length; i++) shapes[i] = Names.Arkit[i];
            var mesh = new SkinnedMeshRenderer { sharedMesh = new Mesh(shapes) };
            var head = Engine.Add<FlashHeadNPC>(it => { it.Avatar = "guard"; it.AudioSource = new AudioSource(); });
            var picture = Engine.Add<FlashHeadVideoTarget>(it => { it.Head = head; it.Renderer = new Renderer(); it.RawImage = new RawImage(); });
            var face = Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { mesh }; it.Smoothing = 0.05f; });
            var update = Message(head, "Update");
            var late = new[] { Message(picture, "LateUpdate"), Message(face, "LateUpdate") };
            var watch = Stopwatch.StartNew();
            Action draw = () =>
            {
                Engine.NowS = 100 + watch.Elapsed.TotalSeconds;
                Time.deltaTime = (float)TickS;
                update();
                late[0]();
                late[1]();
            };
            draw();
            head.Speak(new AudioClip("line", new float[48000 * 120], 1, 48000));
            Live.Until(() => { draw(); return head.HasFace && head.Picture != null && head.AudioTime > 0.5; }, "speaks");
            var shown = ((Texture2D)head.Picture).applied;
            Measure("components", draw);
            Say("components.pictures", ((Texture2D)head.Picture).applied - shown);
            Engine.Begin();
            FlashHeadWorker.Shutdown();
        }

        static Action Message(MonoBehaviour component, string name) =>
            (Action)Delegate.CreateDelegate(typeof(Action), component, component.GetType().GetMethod(
                name, System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic));

        /// <summary>Bytes of a million draws, and how often the collector ran. Only sgen counts a thread's bytes; Boehm tells
        /// its heap in blocks, which a million objects fill.</summary>
        static void Measure(string name, Action draw)
        {
            const int draws = 1000000;
            for (var i = 0; i < 1000; i++) draw();
            GC.Collect();
            var collections = GC.CollectionCount(0);
            var heap = GC.GetTotalMemory(false);
            var thread = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < draws; i++) draw();
            var tookS = watch.Elapsed.TotalSeconds;
            thread = GC.GetAllocatedBytesForCurrentThread() - thread;
            Say(name + ".bytes", (double)Math.Max(thread, GC.GetTotalMemory(false) - heap) / draws);
            Say(name + ".collections", GC.CollectionCount(0) - collections);
            Say(name + ".us", tookS * 1e6 / draws);
        }

        sealed class Npc
        {
            public FlashHeadSession Session;
            public uint Utterance;
            public double BeganS = -1;
            public ShownFrames Shown;
            public ulong Hash;
            public long Remembered = -2;
            public readonly AudioClock Clock = new AudioClock();
            public readonly DialogueQueue<object> Queue = new DialogueQueue<object>();
        }

        /// <summary>Six heads at 60 Hz, each by its own audio, whose position moves by buffers of the mixer. Some
        /// pictures are read a second time and must be what they were.</summary>
        static void Poll(double seconds, float[] samples)
        {
            var avatars = new[] { "guard", "heroine", "merchant", "robot", "fox", "scholar" };
            var client = Live.Connect();
            var npcs = new List<Npc>();
            for (var i = 0; i < Heads; i++) npcs.Add(new Npc { Session = Open(client, SessionOutputs.Video, avatars[i], i) });
            var watch = Stopwatch.StartNew();
            foreach (var npc in npcs)
            {
                npc.Utterance = npc.Session.Speak(samples, 1, 16000);
                npc.Queue.PatienceS = 20;
                npc.Queue.Add(npc.Utterance, npc, watch.Elapsed.TotalSeconds);
            }
            var looks = (int)(seconds * 70);
            double tickS = watch.Elapsed.TotalSeconds, endS = double.PositiveInfinity, settledS = double.PositiveInfinity;
            while (watch.Elapsed.TotalSeconds < endS)
            {
                var all = true;
                foreach (var npc in npcs) all &= Tick(npc, watch);
                // After the rush of the start.
                if (all && double.IsInfinity(settledS)) settledS = watch.Elapsed.TotalSeconds + 1;
                if (double.IsInfinity(endS) && watch.Elapsed.TotalSeconds > settledS)
                {
                    foreach (var npc in npcs) npc.Shown = new ShownFrames(looks);
                    endS = watch.Elapsed.TotalSeconds + seconds;
                }
                Sleep(watch, ref tickS);
            }
            foreach (var npc in npcs)
            {
                Say("shown", npc.Shown.Count);
                Say("lost", npc.Shown.Lost);
                Say("not looked for", npc.Shown.NotLookedFor);
                Say("out of order", npc.Shown.OutOfOrder);
                Say("torn", npc.Shown.Torn);
                Say("read twice", npc.Shown.ReadTwice);
            }
            var shown = npcs.ConvertAll(npc => npc.Shown);
            Say("lag.p50", ShownFrames.LagMsOf(shown, 0.5));
            Say("lag.p95", ShownFrames.LagMsOf(shown, 0.95));
            Say("lag.p99", ShownFrames.LagMsOf(shown, 0.99));
        }

        /// <summary>Whether it speaks.</summary>
        static bool Tick(Npc npc, Stopwatch watch)
        {
            var nowS = watch.Elapsed.TotalSeconds;
            if (npc.Queue.Step(nowS, npc.Session.StateOf(npc.Utterance), true) == DialogueStep.StartAudio) npc.BeganS = nowS;
            if (npc.BeganS < 0) return false;
            var heardS = nowS - npc.BeganS;
            var audioUs = npc.Clock.Advance(Math.Floor(heardS / BufferS) * BufferS, nowS, 1, true);
            npc.Session.Clock(npc.Utterance, audioUs, true);
            var heardUs = (long)(heardS * 1e6);
            if (npc.Session.TryAcquireVideo(npc.Utterance, audioUs, _pixels, Bytes, out var frame))
            {
                npc.Shown?.Show(frame, heardUs);
                ReadAgain(npc, frame, audioUs);
            }
            npc.Shown?.Look(heardUs);
            return true;
        }

        /// <summary>Of every fifth picture: when the next one is shown, whether it is what it was.</summary>
        static void ReadAgain(Npc npc, FrameInfo frame, long audioUs)
        {
            var due = npc.Remembered == (long)frame.Index - 1;
            if (frame.Index % 5 == 0)
            {
                npc.Remembered = (long)frame.Index;
                npc.Hash = Hash();
            }
            if (!due || npc.Shown == null) return;
            if (npc.Session.TryAcquireVideo(npc.Utterance, frame.PtsUs - 1, _pixels, Bytes, out var again) && (long)again.Index == npc.Remembered)
                npc.Shown.ReadAgain(Hash() == npc.Hash);
            npc.Session.TryAcquireVideo(npc.Utterance, audioUs, _pixels, Bytes, out again);
        }

        static ulong Hash()
        {
            ulong hash = 14695981039346656037;
            for (var word = (ulong*)_pixels; word < (ulong*)(_pixels + Bytes); word++) hash = (hash ^ *word) * 1099511628211;
            return hash;
        }
    }
}
