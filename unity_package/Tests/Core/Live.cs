using System;
using System.Diagnostics;
using System.Threading;
using NUnit.Framework;

namespace FlashHead.Tests
{
    /// <summary>What tests with a worker share. `python3 build.py unity` starts one and says where; Unity's own test runner
    /// leaves these tests out unless the same variables are set.</summary>
    public static class Live
    {
        public static string Need(string variable)
        {
            var value = Environment.GetEnvironmentVariable(variable);
            if (string.IsNullOrEmpty(value)) Assert.Ignore(variable + " is not set; `python3 build.py unity` sets it");
            return value;
        }

        /// <summary>Connected to the worker of `variable`: endpoint, '|', token.</summary>
        public static FlashHeadClient Connect(string variable = "FLASHHEAD_TEST_WORKER")
        {
            var words = Need(variable).Split('|');
            var client = FlashHeadClient.Connect(new FlashHeadClientOptions { Endpoint = words[0], Token = words[1], Name = "test" });
            Until(() => client.State.Connected, "connected");
            return client;
        }

        public static FlashHeadSession Open(FlashHeadClient client, FlashHeadSessionOptions options)
        {
            var session = client.Open(options);
            WaitFor(session, BridgeEventType.Opened);
            return session;
        }

        public static BridgeEvent WaitFor(FlashHeadSession session, BridgeEventType type)
        {
            var found = default(BridgeEvent);
            Until(() =>
            {
                while (session.TryPoll(out var happened))
                {
                    if (happened.Type == BridgeEventType.Error && type != BridgeEventType.Error)
                        Assert.Fail(happened.Code + ": " + happened.Message);
                    if (happened.Type != type) continue;
                    found = happened;
                    return true;
                }
                return false;
            }, type.ToString());
            return found;
        }

        public static void Until(Func<bool> condition, string what, double timeoutS = 20)
        {
            var watch = Stopwatch.StartNew();
            while (!condition())
            {
                if (watch.Elapsed.TotalSeconds > timeoutS) Assert.Fail("not within " + timeoutS + " s: " + what);
                Thread.Sleep(1);
            }
        }

        /// <summary>How often a million times this let the garbage collector run; 1 too where the heap grew by what small objects
        /// would take, for Boehm's collector first fills what is free.</summary>
        public static int Collections(Action action)
        {
            const int times = 1000000, smallObject = 16;
            action(); // what is made once
            GC.Collect();
            var before = GC.CollectionCount(0);
            var heap = GC.GetTotalMemory(false);
            for (var i = 0; i < times; i++) action();
            var grown = GC.GetTotalMemory(false) - heap > times * smallObject / 2;
            return GC.CollectionCount(0) - before + (grown ? 1 : 0);
        }
    }

    [TestFixture]
    public class CollectionsTests
    {
        static object _kept;

        [Test]
        public void TheMeasureFindsOneSmallObject()
        {
            Assert.That(Live.Collections(() => _kept = new object()), Is.GreaterThan(0));
            Assert.That(_kept, Is.Not.Null);
        }
    }
}
