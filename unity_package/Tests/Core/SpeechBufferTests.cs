using System.Linq;
using NUnit.Framework;

namespace FlashHead.Tests
{
    [TestFixture]
    public class SpeechBufferTests
    {
        static float[] Ramp(int from, int count) => Enumerable.Range(from, count).Select(i => (float)i).ToArray();

        [Test]
        public void WhatIsWrittenInPiecesIsReadInOrder()
        {
            var buffer = new SpeechBuffer(1, 16000);
            buffer.Write(Ramp(0, 7), 7);
            buffer.Write(Ramp(7, 9), 9);
            var data = new float[5];
            var read = Enumerable.Range(0, 3).SelectMany(i => { buffer.Read(data); return data.ToArray(); }).ToArray();
            Assert.That(read, Is.EqualTo(Ramp(0, 15)));
        }

        [Test]
        public void WhatWasNotReadYetIsWaiting()
        {
            var buffer = new SpeechBuffer(1, 16000);
            Assert.That(buffer.Waiting(), Is.Empty);
            buffer.Write(Ramp(0, 7), 7);
            buffer.Write(Ramp(7, 9), 9);
            Assert.That(buffer.Waiting(), Is.EqualTo(Ramp(0, 16)));
            buffer.Read(new float[5]);
            Assert.That(buffer.Waiting(), Is.EqualTo(Ramp(5, 11)));
            buffer.Read(new float[5]);
            Assert.That(buffer.Waiting(), Is.EqualTo(Ramp(10, 6)));
            Assert.That(buffer.Played, Is.EqualTo(10));
        }

        [Test]
        public void SilenceIsPlayedInGapsAndNotCountedAsSpeech()
        {
            var buffer = new SpeechBuffer(2, 16000);
            var data = new float[20]; // 10 frames
            buffer.Write(Ramp(0, 8), 8); // 4 frames
            buffer.Read(data); // 4 frames of speech, 6 silent
            Assert.That(data.Skip(8).All(v => v == 0));
            buffer.Read(data); // 10 silent
            buffer.Write(Ramp(8, 12), 12); // 6 frames
            buffer.End();
            buffer.Read(data); // 6 frames of speech, 4 silent
            var heard = new[] { 0, 2, 4, 7, 12, 20, 23, 26, 29 }.Select(played => buffer.ContentFrames(played)).ToArray();
            Assert.That(heard, Is.EqualTo(new long[] { 0, 2, 4, 4, 4, 4, 7, 10, 10 }));
            Assert.That(buffer.HeardAll(25), Is.False);
            Assert.That(buffer.HeardAll(26));
        }

        [Test]
        public void SilenceBeforeTheFirstPieceIsNoSpeech()
        {
            var buffer = new SpeechBuffer(1, 16000);
            var data = new float[10];
            buffer.Read(data);
            buffer.Write(Ramp(1, 10), 10);
            buffer.Read(data);
            Assert.That(new[] { 5, 10, 14, 20 }.Select(p => buffer.ContentFrames(p)), Is.EqualTo(new long[] { 0, 0, 4, 10 }));
            Assert.That(buffer.HeardAll(20), Is.False, "it was not ended");
        }

        [Test]
        public void AfterItsEndNothingCanBeWritten()
        {
            var buffer = new SpeechBuffer(1, 16000);
            buffer.End();
            Assert.Throws<System.InvalidOperationException>(() => buffer.Write(new float[1], 1));
            Assert.Throws<System.ArgumentOutOfRangeException>(() => new SpeechBuffer(2, 16000).Write(new float[3], 3));
            Assert.That(buffer.HeardAll(0));
        }
    }
}
