using System;
using NUnit.Framework;

namespace FlashHead.Tests
{
    /// <summary>A mixer that moves the position by whole buffers, looked at 60 times a second.</summary>
    [TestFixture]
    public class AudioClockTests
    {
        const double BufferS = 1024.0 / 48000;
        const double FrameS = 1.0 / 60;

        static double Position(double audioS) => Math.Floor(audioS / BufferS) * BufferS;

        [TestCase(1.0)]
        [TestCase(1.0005)]
        [TestCase(0.9995)]
        public void IsWithinThreeMillisecondsOfTheAudioThoughPositionsStep(double driftingMixer)
        {
            var clock = new AudioClock();
            var worst = 0.0;
            var backwards = 0;
            long before = -1;
            for (var t = 0.0; t < 30; t += FrameS)
            {
                var audioS = t * driftingMixer;
                var audioUs = clock.Advance(Position(audioS), 1000 + t, 1, true);
                if (audioUs < before) backwards++;
                before = audioUs;
                if (t > 1) worst = Math.Max(worst, Math.Abs(audioUs * 1e-6 - audioS));
            }
            Assert.That(worst, Is.LessThan(0.003));
            Assert.That(backwards, Is.EqualTo(0));
        }

        [Test]
        public void TheRawPositionWouldNotPassThatTest()
        {
            var worst = 0.0;
            for (var t = 0.0; t < 5; t += FrameS) worst = Math.Max(worst, Math.Abs(Position(t) - t));
            Assert.That(worst, Is.GreaterThan(0.015));
        }

        [Test]
        public void StandsStillWhileTheAudioIsPausedAndGoesOnThere()
        {
            var clock = new AudioClock();
            for (var t = 0.0; t < 1; t += FrameS) clock.Advance(Position(t), t, 1, true);
            var held = clock.AudioUs;
            for (var t = 1.0; t < 9; t += FrameS)
                Assert.That(clock.Advance(Position(1), t, 1, false), Is.EqualTo(held));
            for (var t = 9.0; t < 10; t += FrameS) clock.Advance(Position(t - 8), t, 1, true);
            Assert.That(clock.AudioUs * 1e-6, Is.EqualTo(2 - FrameS).Within(0.025));
        }

        [Test]
        public void FollowsASeekAtOnceForwardsAndBackwards()
        {
            var clock = new AudioClock();
            for (var t = 0.0; t < 1; t += FrameS) clock.Advance(Position(t), t, 1, true);
            Assert.That(clock.Advance(20, 1, 1, true), Is.EqualTo(20000000));
            Assert.That(clock.Advance(3, 1 + FrameS, 1, true), Is.EqualTo(3000000));
        }

        [Test]
        public void CountsContentWhenThePitchIsChanged()
        {
            var clock = new AudioClock();
            for (var t = 0.0; t < 2; t += FrameS) clock.Advance(Position(t * 1.5), t, 1.5, true);
            Assert.That(clock.AudioUs * 1e-6, Is.EqualTo(3).Within(0.03));
        }

        [Test]
        public void BeginsAtZeroForTheNextUtterance()
        {
            var clock = new AudioClock();
            for (var t = 0.0; t < 2; t += FrameS) clock.Advance(Position(t), t, 1, true);
            clock.Reset();
            Assert.That(clock.AudioUs, Is.EqualTo(0));
            Assert.That(clock.Advance(0, 50, 1, true), Is.EqualTo(0));
        }
    }
}
