using System.IO;
using NUnit.Framework;

namespace FlashHead.Tests
{
    [TestFixture]
    public class BakedManifestTests
    {
        const string Whole =
            "{\"schema\":\"flashhead-baked-line\",\"version\":\"1.1\",\"id\":\"hello\",\"duration_us\":2310000,"
            + "\"audio\":{\"name\":\"hello.wav\",\"file\":\"voice/hello.wav\"},\"new\":[1],"
            + "\"outputs\":[{\"kind\":\"video\",\"file\":\"hello.webm\",\"format\":\"webm\"},"
            + "{\"kind\":\"blendshapes\",\"file\":\"hello.json\",\"format\":\"json\"}]}";

        static BakedManifest Read(string text) => BakedManifest.Read(text, "hello.flashhead.json");

        [Test]
        public void ItSaysWhereItsFilesAre()
        {
            var manifest = Read(Whole);
            Assert.That(manifest.Id, Is.EqualTo("hello"));
            Assert.That(manifest.DurationUs, Is.EqualTo(2310000));
            Assert.That(manifest.AudioFile, Is.EqualTo("voice/hello.wav"));
            Assert.That(manifest.FileOf("webm"), Is.EqualTo("hello.webm"));
            Assert.That(manifest.FileOf("json"), Is.EqualTo("hello.json"));
            Assert.That(manifest.FileOf("ogv"), Is.Null);
        }

        [Test]
        public void TheManifestThatPythonWritesIsRead()
        {
            var path = Path.Combine(Live.Need("FLASHHEAD_TEST_BAKED"), "line.flashhead.json");
            var manifest = BakedManifest.Read(File.ReadAllText(path), path);
            Assert.That(manifest.FileOf("json"), Is.EqualTo("line.json"));
            Assert.That(manifest.AudioName, Is.EqualTo("guard_en.wav"));
        }

        [TestCase("\"version\":\"1.1\"", "\"version\":\"2.0\"", "2.0")]
        [TestCase("flashhead-baked-line", "other", "other")]
        [TestCase("hello.webm", "../hello.webm", "leaves")]
        [TestCase("hello.webm", "/etc/passwd", "leaves")]
        [TestCase("hello.webm", "C:hello.webm", "leaves")]
        [TestCase("voice/hello.wav", "voice/../../x.wav", "leaves")]
        [TestCase("\"id\":\"hello\"", "\"id\":7", "id")]
        [TestCase("2310000", "\"long\"", "duration_us")]
        [TestCase("\"outputs\":[", "\"outputs\":[],\"o\":[", "outputs")]
        [TestCase("\"outputs\":[", "\"outputs\":[1,", "output")]
        [TestCase("}]}", "}]", "JSON")]
        public void WhatIsWrongIsSaidWithTheFilesName(string right, string wrong, string reason)
        {
            var error = Assert.Throws<InvalidDataException>(() => Read(Whole.Replace(right, wrong)));
            Assert.That(error.Message.Contains("hello.flashhead.json") && error.Message.Contains(reason), error.Message);
        }
    }
}
