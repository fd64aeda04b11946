using NUnit.Framework;

namespace FlashHead.Tests
{
    [TestFixture]
    public class DialogueQueueTests
    {
        DialogueQueue<string> _queue;

        [SetUp]
        public void Make()
        {
            _queue = new DialogueQueue<string> { PatienceS = 0.5 };
        }

        [Test]
        public void AudioStartsWithTheFirstFrameAndOnlyOnce()
        {
            _queue.Add(7, "hello", 10);
            Assert.That(_queue.Step(10.1, UtteranceState.Waiting, false), Is.EqualTo(DialogueStep.Nothing));
            Assert.That(_queue.Step(10.2, UtteranceState.Speaking, false), Is.EqualTo(DialogueStep.StartAudio));
            Assert.That(_queue.Audio, Is.EqualTo("hello"));
            Assert.That(_queue.Step(10.3, UtteranceState.Speaking, true), Is.EqualTo(DialogueStep.Nothing));
            Assert.That(_queue.Step(10.4, UtteranceState.Finished, true), Is.EqualTo(DialogueStep.Nothing));
        }

        [Test]
        public void AudioDoesNotWaitLongerThanThePatience()
        {
            _queue.Add(1, "hello", 10);
            Assert.That(_queue.Step(10.49, UtteranceState.Waiting, false), Is.EqualTo(DialogueStep.Nothing));
            Assert.That(_queue.Step(10.51, UtteranceState.Waiting, false), Is.EqualTo(DialogueStep.StartAudio));
        }

        [TestCase(UtteranceState.Failed)]
        [TestCase(UtteranceState.Cancelled)]
        [TestCase(UtteranceState.Finished)]
        public void ALineWithoutAFaceIsHeardAllTheSame(UtteranceState state)
        {
            _queue.Add(0, "hello", 10);
            Assert.That(_queue.Step(10, state, false), Is.EqualTo(DialogueStep.StartAudio));
        }

        [Test]
        public void TheNextLineWaitsForTheEndOfTheAudioBeforeIt()
        {
            _queue.Add(1, "one", 0);
            _queue.Add(2, "two", 0);
            _queue.Step(0.1, UtteranceState.Speaking, false);
            Assert.That(_queue.Step(5, UtteranceState.Finished, true), Is.EqualTo(DialogueStep.Nothing));
            Assert.That(_queue.Step(6, UtteranceState.Finished, false), Is.EqualTo(DialogueStep.AudioEnded));
            Assert.That(_queue.Utterance, Is.EqualTo(2));
            Assert.That(_queue.Step(6.1, UtteranceState.Waiting, false), Is.EqualTo(DialogueStep.Nothing), "its own patience");
            Assert.That(_queue.Step(6.2, UtteranceState.Speaking, false), Is.EqualTo(DialogueStep.StartAudio));
            Assert.That(_queue.Step(9, UtteranceState.Finished, false), Is.EqualTo(DialogueStep.AudioEnded));
            Assert.That(_queue.Count, Is.EqualTo(0));
            Assert.That(_queue.Step(10, UtteranceState.Finished, false), Is.EqualTo(DialogueStep.Nothing));
        }

        [Test]
        public void AfterClearNothingIsLeft()
        {
            _queue.Add(1, "one", 0);
            _queue.Step(0.1, UtteranceState.Speaking, false);
            _queue.Clear();
            Assert.That(_queue.Utterance, Is.EqualTo(0));
            Assert.That(_queue.Audio, Is.Null);
            Assert.That(_queue.AudioStarted, Is.False);
        }

        [Test]
        public void WhatIsClearedIsToldInOrder()
        {
            var queue = new DialogueQueue<string>();
            queue.Add(1, "a", 0);
            queue.Add(2, "b", 0);
            var dropped = new System.Collections.Generic.List<string>();
            queue.Clear(dropped.Add);
            Assert.That(dropped, Is.EqualTo(new[] { "a", "b" }));
            Assert.That(queue.Count, Is.EqualTo(0));
        }
    }
}
