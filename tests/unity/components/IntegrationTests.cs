using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using PixelCrushers.DialogueSystem;
using PixelCrushers.DialogueSystem.SequencerCommands;
using UnityEngine;
using UnityEngine.AddressableAssets;
using UnityEngine.Localization;

namespace FlashHead.Tests
{
    /// <summary>The adapters for Addressables, Localization and the Dialogue System, with hand-written stand-ins of all
    /// three.</summary>
    [TestFixture]
    public class IntegrationTests
    {
        AudioSource _source;
        FlashHeadNPC _head;
        FlashHeadLineLoader _loader;
        List<string> _failed;

        [SetUp]
        public void Begin()
        {
            Engine.Begin();
            Application.isEditor = Application.isPlaying = true;
            // Nobody listens there: baked lines need no worker, and clips are heard all the same.
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", "tcp://127.0.0.1:9");
            Environment.SetEnvironmentVariable("FLASHHEAD_TOKEN", "x");
            Addressables.Loading.Clear();
            Addressables.All.Clear();
            LocalizedReference.SelectedLocale = "en";
            DialogueManager.Assets.Clear();
            DialogueManager.Later = null;
            SequencerCommand.Subjects.Clear();
            _failed = new List<string>();
            _source = new AudioSource();
            _head = Engine.Add<FlashHeadNPC>(it =>
            {
                it.AudioSource = _source;
                it.Failed.AddListener(reason => _failed.Add(reason));
            });
            _head.gameObject.Components.Add(_head);
            _loader = Engine.Add<FlashHeadLineLoader>(it => it.Head = _head);
        }

        [TearDown]
        public void End()
        {
            Engine.Begin();
            FlashHeadWorker.Shutdown();
        }

        static AudioClip Clip(string name, double seconds = 0.3) => new AudioClip(name, new float[(int)(seconds * 48000)], 1, 48000);

        static FlashHeadBakedLine Line(string name)
        {
            var line = FlashHeadBakedLine.Create(Clip(name), new BakedTrack(60, new float[71 * 18]), null);
            line.name = name;
            return line;
        }

        static void Run(double seconds)
        {
            for (var frame = 0; frame < seconds * 100; frame++) Engine.Frame(0.01);
        }

        /// <summary>The clip that is heard; "" in silence.</summary>
        string Heard => _source.isPlaying ? _source.clip.name : "";

        static int References => Addressables.All.Sum(one => one.References);

        [Test]
        public void LinesAreSpokenInTheirOrderWhicheverIsLoadedFirstAndReleasedInSilence()
        {
            _loader.Speak(new FlashHeadBakedLineReference("a"));
            _loader.Speak(new FlashHeadBakedLineReference("b"));
            Addressables.Arrive("b", Line("b"));
            Run(0.1);
            Assert.That(Heard, Is.EqualTo(""), "it waits for the first");
            Addressables.Arrive("a", Line("a"));
            Run(0.2);
            Assert.That(Heard, Is.EqualTo("a"));
            Run(0.35);
            Assert.That(Heard, Is.EqualTo("b"));
            Assert.That(References, Is.EqualTo(2), "what is spoken is held");
            Run(0.5);
            Assert.That(_head.IsSpeaking, Is.False);
            Assert.That(References, Is.EqualTo(0), "and released when the head is silent");
        }

        [Test]
        public void AClipIsSpokenToo()
        {
            _loader.Speak(new AssetReferenceT<AudioClip>("clip"));
            Addressables.Arrive("clip", Clip("clip"));
            Run(0.7);
            Assert.That(_source.clip.name, Is.EqualTo("clip"));
            Run(0.5);
            Assert.That(References, Is.EqualTo(0));
        }

        [Test]
        public void WhatCannotBeLoadedIsSaidAndTheNextIsSpoken()
        {
            _loader.Speak(new FlashHeadBakedLineReference("gone"));
            _loader.Speak(new FlashHeadBakedLineReference("b"));
            Addressables.Arrive("b", Line("b"));
            Addressables.Arrive("gone", null);
            Run(0.2);
            Assert.That(_failed.Single(), Is.StringContaining("Key=gone"));
            Assert.That(Engine.Warnings.Count(one => one.Contains("Key=gone")), Is.EqualTo(1));
            Assert.That(Heard, Is.EqualTo("b"));
            Run(0.5);
            Assert.That(References, Is.EqualTo(0));
        }

        [Test]
        public void ACancelForgetsWhatIsLoadedAndWhatIsNot()
        {
            foreach (var name in new[] { "a", "b", "c" }) _loader.Speak(new FlashHeadBakedLineReference(name));
            Addressables.Arrive("a", Line("a"));
            Addressables.Arrive("b", Line("b"));
            Run(0.2);
            Assert.That(Heard, Is.EqualTo("a"));
            _loader.Cancel();
            Addressables.Arrive("c", Line("c"));
            Run(0.2);
            Assert.That(Heard, Is.EqualTo(""));
            Assert.That(References, Is.EqualTo(0));
        }

        [Test]
        public void ADestroyedLoaderReleasesEverything()
        {
            _loader.Speak(new FlashHeadBakedLineReference("a"));
            _loader.Speak(new FlashHeadBakedLineReference("b"));
            Addressables.Arrive("a", Line("a"));
            Run(0.2);
            UnityEngine.Object.Destroy(_loader);
            Assert.That(Heard, Is.EqualTo(""), "what is not there is not heard");
            Assert.That(References, Is.EqualTo(0));
        }

        [Test]
        public void AnEmptyReferenceIsRefused()
        {
            Assert.Throws<ArgumentException>(() => _loader.Speak(new FlashHeadBakedLineReference("")));
            Assert.Throws<ArgumentException>(() => _loader.Speak((AssetReferenceT<AudioClip>)null));
            Assert.Throws<ArgumentException>(() => _loader.Speak(new LocalizedBakedLine()));
            Assert.Throws<ArgumentException>(() => _loader.Speak((LocalizedAsset<AudioClip>)null));
        }

        [Test]
        public void TheLineOfTheSelectedLocaleIsSpokenAndLeftToItsTable()
        {
            var hello = new LocalizedBakedLine { Entry = "hello" };
            _loader.Speak(hello);
            LocalizedReference.SelectedLocale = "de";
            _loader.Speak(hello);
            Addressables.Arrive("hello/en", Line("hello_en"));
            Addressables.Arrive("hello/de", Line("hello_de"));
            Run(0.2);
            Assert.That(Heard, Is.EqualTo("hello_en"));
            Run(0.35);
            Assert.That(Heard, Is.EqualTo("hello_de"));
            Run(0.5);
            Assert.That(Addressables.All.Select(one => one.References), Is.EqualTo(new[] { 0, 0 }), "nothing is released twice");
            _loader.Speak(hello);
            Addressables.Arrive("hello/de", null);
            Run(0.1);
            Assert.That(_failed.Single(), Is.StringContaining("hello/de"));
            _loader.Speak(hello);
            _loader.Cancel();
            Assert.That(References, Is.EqualTo(1), "nor is what the table still loads");
        }

        SequencerCommandFlashHead Command(params string[] words) => Engine.Add<SequencerCommandFlashHead>(it =>
        {
            it.Words = words;
            it.Speaker = _head.gameObject.transform;
        });

        [Test]
        public void ASequencerCommandSpeaksALineAndEndsWithIt()
        {
            DialogueManager.Assets["hello FlashHeadBakedLine"] = Line("hello");
            DialogueManager.Assets["hello AudioClip"] = Clip("another");
            var command = Command("hello");
            Run(0.2);
            Assert.That(Heard, Is.EqualTo("hello"));
            Assert.That(command.isPlaying);
            Run(0.4);
            Assert.That(command.isPlaying, Is.False);
            _head.PlayBaked(Line("later"));
            Run(0.2);
            UnityEngine.Object.Destroy(command);
            Assert.That(Heard, Is.EqualTo("later"), "what it did not begin it does not end");
        }

        [Test]
        public void ASequencerCommandTakesASubjectAndAClip()
        {
            DialogueManager.Assets["hello AudioClip"] = Clip("hello");
            SequencerCommand.Subjects["Guard"] = _head.gameObject.transform;
            var command = Command("hello", "Guard");
            command.Speaker = null;
            Run(0.7);
            Assert.That(_source.clip.name, Is.EqualTo("hello"));
            Run(0.4);
            Assert.That(command.isPlaying, Is.False);
        }

        [TestCase("hello|Nobody", "there is no object Nobody")]
        [TestCase("hello|Stone", "has no FlashHead NPC")]
        [TestCase("nothing", "neither a baked line nor an audio clip nothing")]
        [TestCase("silent", "has no audio")]
        public void ASequencerCommandThatCannotSpeakSaysWhyAndEnds(string words, string said)
        {
            SequencerCommand.Subjects["Stone"] = new GameObject("Stone").transform;
            DialogueManager.Assets["silent FlashHeadBakedLine"] = FlashHeadBakedLine.Create(null, null, null);
            var command = Command(words.Split('|'));
            Run(0.05);
            Assert.That(command.isPlaying, Is.False, "a dialogue does not wait for ever");
            Assert.That(Engine.Warnings.Single(one => one.Contains("Sequencer")), Is.StringContaining(said));
        }

        [Test]
        public void ASkippedCommandSilencesItsLineButNotTheNext()
        {
            DialogueManager.Assets["first FlashHeadBakedLine"] = Line("first");
            DialogueManager.Assets["second FlashHeadBakedLine"] = Line("second");
            var first = Command("first");
            Run(0.2);
            var second = Command("second");
            Engine.Frame(0.01);
            UnityEngine.Object.Destroy(first); // a frame later, as the Sequencer does
            Run(0.2);
            Assert.That(Heard, Is.EqualTo("second"));
            UnityEngine.Object.Destroy(second);
            Assert.That(Heard, Is.EqualTo(""));
        }

        [Test]
        public void ALineThatIsLoadedAfterTheCommandWasSkippedIsNotHeard()
        {
            DialogueManager.Assets["hello FlashHeadBakedLine"] = Line("hello");
            DialogueManager.Later = new Queue<Action>();
            var command = Command("hello");
            Run(0.05);
            UnityEngine.Object.Destroy(command);
            DialogueManager.Later.Dequeue()();
            Run(0.2);
            Assert.That(Heard, Is.EqualTo(""));
        }

        [Test]
        public void APausedDialoguePausesTheHead()
        {
            DialogueManager.Assets["hello FlashHeadBakedLine"] = Line("hello");
            var command = Command("hello");
            Run(0.2);
            command.OnDialogueSystemPause();
            Run(0.5);
            Assert.That(command.isPlaying);
            Assert.That(_head.IsSpeaking);
            command.OnDialogueSystemUnpause();
            Run(0.5);
            Assert.That(command.isPlaying, Is.False);
        }
    }
}
