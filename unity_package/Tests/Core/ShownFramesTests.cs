using System;
using NUnit.Framework;

namespace FlashHead.Tests
{
    /// <summary>The measure of shown frames, on a head that does everything right, and on spoiled ones.</summary>
    [TestFixture]
    public class ShownFramesTests
    {
        const long FrameUs = 40000, LookUs = 16667;

        /// <summary>Ten seconds of 25 frames a second, looked at 60 times a second. `shown`: which frame for a time.</summary>
        static ShownFrames Run(Func<long, long> shown)
        {
            var head = new ShownFrames(600);
            var newest = -1L;
            for (var look = 0; look < 600; look++)
            {
                var heardUs = look * LookUs;
                var index = shown(heardUs);
                if (index >= 0 && index != newest)
                    head.Show(new FrameInfo { Index = (ulong)index, PtsUs = index * FrameUs, DurationUs = (uint)FrameUs }, heardUs);
                newest = index;
                head.Look(heardUs);
            }
            return head;
        }

        static double P95(ShownFrames head) => ShownFrames.LagMsOf(new[] { head }, 0.95);

        [Test]
        public void AHeadThatShowsTheFrameOfItsTimeHasNoFault()
        {
            var head = Run(us => us / FrameUs);
            Assert.That(head.Count, Is.EqualTo(250));
            Assert.That(head.Lost + head.NotLookedFor + head.OutOfOrder + head.Torn, Is.EqualTo(0));
            Assert.That(P95(head), Is.EqualTo(0));
        }

        [TestCase(80000)]
        [TestCase(-80000)]
        public void AClockThatIsEightyMillisecondsOffIsSeen(long offUs)
        {
            Assert.That(P95(Run(us => Math.Max(0, us - offUs) / FrameUs)), Is.GreaterThan(40));
        }

        [Test]
        public void ADroppedFrameIsSeen()
        {
            Assert.That(Run(us => us / FrameUs == 100 ? 99 : us / FrameUs).Lost, Is.EqualTo(1));
        }

        [Test]
        public void AFrameThatComesTwiceIsSeen()
        {
            Assert.That(Run(us => us / LookUs == 300 ? 1 : us / FrameUs).OutOfOrder, Is.EqualTo(1));
        }

        [Test]
        public void ALoopThatStoodStillIsNotTakenForALoss()
        {
            var head = new ShownFrames(10);
            foreach (var index in new[] { 0L, 1L, 6L })
            {
                var heardUs = index * FrameUs;
                head.Show(new FrameInfo { Index = (ulong)index, PtsUs = heardUs, DurationUs = (uint)FrameUs }, heardUs);
                head.Look(heardUs);
            }
            Assert.That(head.Lost, Is.EqualTo(0));
            Assert.That(head.NotLookedFor, Is.EqualTo(4));
        }
    }
}
