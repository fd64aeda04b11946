using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.Networking;

namespace FlashHead.Tests
{
    /// <summary>Lines that are files and addresses.</summary>
    [TestFixture]
    public class FileTests : Scene
    {
        string _folder;
        List<string> _reasons;

        [SetUp]
        public void Folder()
        {
            _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
            Directory.CreateDirectory(Path.Combine(_folder, "voices"));
            Application.streamingAssetsPath = _folder;
            UnityWebRequest.TakesS = 0.2;
            UnityWebRequest.Asked.Clear();
            UnityWebRequest.Served.Clear();
            _reasons = new List<string>();
        }

        [TearDown]
        public void NothingIsLeft()
        {
            Engine.Begin();
            Directory.Delete(_folder, true);
            Assert.That(UnityWebRequest.Alive, Is.EqualTo(0), "every request was disposed of");
        }

        /// <summary>A WAV of silence.</summary>
        static byte[] Wav(double seconds)
        {
            var frames = (int)(seconds * 16000);
            var bytes = new MemoryStream();
            using (var to = new BinaryWriter(bytes))
            {
                to.Write("RIFF".ToCharArray());
                to.Write(36 + frames * 2);
                to.Write("WAVEfmt ".ToCharArray());
                to.Write(16);
                to.Write((short)1);
                to.Write((short)1);
                to.Write(16000);
                to.Write(32000);
                to.Write((short)2);
                to.Write((short)16);
                to.Write("data".ToCharArray());
                to.Write(frames * 2);
                to.Write(new byte[frames * 2]);
            }
            return bytes.ToArray();
        }

        string Put(string name, double seconds)
        {
            var path = Path.Combine(_folder, name);
            File.WriteAllBytes(path, Wav(seconds));
            return path;
        }

        FlashHeadNPC Listening() => Head(it => it.Failed.AddListener(reason => _reasons.Add(reason)));

        [Test]
        public void AFileIsLoadedAndSpokenWithItsFace()
        {
            var head = Listening();
            head.Speak(Environment.GetEnvironmentVariable("FLASHHEAD_TEST_LINE"));
            Assert.That(head.IsSpeaking, "while it is loaded too");
            Assert.That(Until(() => _source.isPlaying && _source.HeardS > 0.4 && head.Picture != null, 5));
            Assert.That(((Texture2D)head.Picture).Pixels()[4] * 0.04, Is.EqualTo(_source.HeardS).Within(0.1));
            Assert.That(_source.clip.name, Is.EqualTo("guard_en"));
            head.Cancel();
            Assert.That(string.Join(", ", _events), Is.EqualTo("first frame, started, cancelled"));
        }

        [Test]
        public void ItsClipIsDestroyedWhenItWasSpoken()
        {
            var head = Listening();
            head.Speak(Put("line.wav", 0.3));
            Assert.That(Until(() => _source.isPlaying, 3));
            var clip = _source.clip;
            Assert.That(Until(() => !head.IsSpeaking, 3));
            Assert.That(clip.destroyed);
        }

        [Test]
        public void APathIsOneInStreamingAssetsAndItsSignsAreKept()
        {
            Put("voices/wie geht's #1.wav", 0.2);
            var head = Listening();
            head.Speak("voices/wie geht's #1.wav");
            Assert.That(Until(() => !head.IsSpeaking, 5));
            Assert.That(_reasons, Is.Empty);
            Assert.That(UnityWebRequest.Asked.Single(), Is.StringStarting("file:///").And.StringContaining("%20").And.StringContaining("%231"));
        }

        [Test]
        public void AnAddressIsAskedForAsItIs()
        {
            const string address = "https://example.org/say.wav?voice=guard";
            UnityWebRequest.Served[address] = Wav(0.2);
            var head = Listening();
            head.Speak(address);
            Assert.That(Until(() => !head.IsSpeaking, 5));
            Assert.That(string.Join(", ", _events), Is.EqualTo("first frame, started, finished"));
            Assert.That(UnityWebRequest.Asked.Single(), Is.EqualTo(address));
        }

        [Test]
        public void LinesKeepTheirOrderWhileAFileIsLoaded()
        {
            var head = Listening();
            var heard = new List<string>();
            head.Started.AddListener(() => { });
            head.Speak(Put("first.wav", 0.3));
            var clip = Clip(0.3);
            clip.name = "second";
            head.Speak(clip);
            var speech = head.SpeakStreamed(1, 48000);
            speech.Push(new float[9600], 9600);
            speech.End();
            head.Speak(Put("fourth.wav", 0.3));
            Assert.That(Until(() => !head.IsSpeaking, 10, () =>
            {
                if (_source.isPlaying && heard.LastOrDefault() != _source.clip.name) heard.Add(_source.clip.name);
            }));
            Assert.That(string.Join(", ", heard), Is.EqualTo("first, second, FlashHead speech, fourth"));
            Assert.That(_events.Count(e => e == "first frame"), Is.EqualTo(4), "each with a face");
            Assert.That(_reasons, Is.Empty);
        }

        [TestCase(true)]
        [TestCase(false)]
        public void AFileThatIsLoadedWhenTheDeviceChangesIsHeardToItsEnd(bool worker)
        {
            if (!worker) Worker("tcp://127.0.0.1:9|x");
            var head = Listening();
            head.Speak(Put("line.wav", 1));
            Assert.That(Until(() => _source.isPlaying && _source.HeardS > 0.3, 3));
            AudioSettings.ChangeDevice();
            Assert.That(_source.isPlaying);
            Assert.That(Until(() => head.AudioTime > 0.8, 2));
            Assert.That(Until(() => !head.IsSpeaking, 2));
        }

        [TestCase(false)]
        [TestCase(true)]
        public void ACancelWhileAFileIsLoadedEndsItsRequest(bool disable)
        {
            UnityWebRequest.TakesS = 10;
            var head = Listening();
            head.Speak(Put("line.wav", 0.5));
            head.Speak(Clip(0.5));
            Run(0.1);
            if (disable) head.enabled = false;
            else head.Cancel();
            Assert.That(UnityWebRequest.Alive, Is.EqualTo(0));
            Assert.That(head.IsSpeaking, Is.False);
            Run(0.3);
            Assert.That(string.Join(", ", _events), Is.EqualTo("cancelled"));
            Assert.That(_source.isPlaying, Is.False);
        }

        [Test]
        public void AnInterruptingFileSilencesAtOnce()
        {
            var head = Listening();
            head.Speak(Clip(3));
            Assert.That(Until(() => _source.isPlaying, 3));
            head.Speak(Put("line.wav", 0.2), true);
            Assert.That(_source.isPlaying, Is.False);
            Assert.That(Until(() => !head.IsSpeaking, 3));
            Assert.That(_events.Last(), Is.EqualTo("finished"));
        }

        [TestCase("nowhere.wav", "there is no file")]
        [TestCase("line.txt", "formats that Unity loads")]
        [TestCase("voices", "formats that Unity loads")]
        [TestCase("broken.wav", "decode")]
        [TestCase("https://example.org/none.ogg", "Cannot resolve destination host")]
        public void AFileThatCannotBeSpokenIsSaidAndTheNextLineIsHeard(string path, string words)
        {
            File.WriteAllText(Path.Combine(_folder, "broken.wav"), "no audio");
            var head = Listening();
            head.Speak(path);
            head.Speak(Clip(0.2));
            Assert.That(Until(() => !head.IsSpeaking, 5));
            Assert.That(_reasons.Single(), Is.StringContaining(path).And.StringContaining(words));
            Assert.That(_events.Count(e => e == "finished"), Is.EqualTo(1));
            Assert.That(Engine.Warnings.Count(w => w.Contains(path)), Is.EqualTo(1));
        }

        [Test]
        public void AClipThatIsDestroyedWhileItWaitsIsSaid()
        {
            var head = Listening();
            var clip = Clip(0.2);
            head.Speak(Put("line.wav", 0.2));
            head.Speak(clip);
            UnityEngine.Object.Destroy(clip);
            Assert.That(Until(() => !head.IsSpeaking, 5));
            Assert.That(_reasons.Single(), Is.StringContaining("destroyed"));
            Assert.That(_events.Count(e => e == "finished"), Is.EqualTo(1));
        }

        [Test]
        public void NoPathIsRefused()
        {
            Assert.Throws<ArgumentException>(() => Listening().Speak(""));
        }
    }
}
