using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using NUnit.Framework;
using UnityEngine;

namespace FlashHead.Tests
{
    /// <summary>A scene in the hand-written engine, in real time, with a worker whose frames say their own number
    /// (recorded_worker.py).</summary>
    public abstract class Scene
    {
        protected const int Side = 256;
        readonly Stopwatch _watch = new Stopwatch();
        protected AudioSource _source;
        protected List<string> _events;

        [SetUp]
        public void Begin()
        {
            Application.isEditor = true;
            Engine.Begin();
            Worker(Environment.GetEnvironmentVariable("FLASHHEAD_TEST_RECORDED"));
            _events = new List<string>();
            _watch.Restart();
            Engine.NowS = 100;
        }

        [TearDown]
        public void End()
        {
            Engine.Begin();
            FlashHeadWorker.Shutdown();
            Assert.That(Engine.TexturesAlive, Is.EqualTo(0), "every texture was freed");
        }

        protected static void Worker(string endpointAndToken)
        {
            var words = endpointAndToken.Split('|');
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", words[0]);
            Environment.SetEnvironmentVariable("FLASHHEAD_TOKEN", words[1]);
        }

        protected FlashHeadNPC Head(Action<FlashHeadNPC> set = null)
        {
            _source = new AudioSource();
            return Engine.Add<FlashHeadNPC>(head =>
            {
                head.Avatar = "guard";
                head.Size = Side;
                head.AudioSource = _source;
                head.Started.AddListener(() => _events.Add("started"));
                head.FirstFrame.AddListener(ms => _events.Add("first frame"));
                head.Finished.AddListener(() => _events.Add("finished"));
                head.Cancelled.AddListener(() => _events.Add("cancelled"));
                head.Failed.AddListener(reason => _events.Add("failed"));
                if (set != null) set(head);
            });
        }

        protected double Now() => 100 + _watch.Elapsed.TotalSeconds;

        protected static AudioClip Clip(double seconds) => new AudioClip("line", new float[(int)(seconds * 48000)], 1, 48000);

        protected void Run(double seconds, Action each = null)
        {
            Until(() => false, seconds, each);
        }

        protected bool Until(Func<bool> condition, double seconds, Action each = null)
        {
            var end = _watch.Elapsed.TotalSeconds + seconds;
            while (_watch.Elapsed.TotalSeconds < end)
            {
                Engine.Frame(Math.Max(1e-4, 100 + _watch.Elapsed.TotalSeconds - Engine.NowS));
                if (each != null) each();
                if (condition()) return true;
                Thread.Sleep(10);
            }
            return condition();
        }
    }
}
