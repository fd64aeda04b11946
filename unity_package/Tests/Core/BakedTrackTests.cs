using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;

namespace FlashHead.Tests
{
    [TestFixture]
    public class BakedTrackTests
    {
        static string Json(int frames = 3, string version = "1.0", string extra = "", int announced = -1, string value = "0")
        {
            var text = new StringBuilder();
            text.Append("{\"schema\":\"flashhead-track\",\"version\":\"").Append(version).Append("\",\"fps\":60,");
            // Backwards, to show that names count and not places.
            text.Append("\"blendshapes\":[").Append(string.Join(",", Names.Arkit.Reverse().Select(n => $"\"{n}\""))).Append("],");
            text.Append("\"pose\":[").Append(string.Join(",", Names.Pose.Select(n => $"\"{n}\""))).Append("],");
            text.Append("\"visemes\":[").Append(string.Join(",", Names.Visemes.Select(n => $"\"{n}\""))).Append("],");
            text.Append(extra).Append("\"frames\":[");
            for (var i = 0; i < frames; i++)
            {
                var row = Enumerable.Repeat(value, 71).ToArray();
                row[51 - 17] = (0.1 * i).ToString(System.Globalization.CultureInfo.InvariantCulture); // jawOpen
                text.Append(i > 0 ? "," : "").Append('[').Append(string.Join(",", row)).Append(']');
            }
            text.Append("],\"frame_count\":").Append(announced < 0 ? frames : announced).Append('}');
            return text.ToString();
        }

        static BakedTrack Read(string json) => BakedTrackJson.Read(new StringReader(json), "line.json");

        [Test]
        public void ValuesAreFoundByNameAndMixedBetweenRows()
        {
            var track = Read(Json());
            var face = new FaceWeights();
            track.Sample(0, face);
            Assert.That(face.Arkit[17], Is.EqualTo(0));
            track.Sample(25000, face);
            Assert.That(face.Arkit[17], Is.EqualTo(0.15).Within(1e-5));
            Assert.That(face.Frame.Index, Is.EqualTo(1));
            track.Sample(10000000, face);
            Assert.That(face.Arkit[17], Is.EqualTo(0.2).Within(1e-6), "the last one is held");
            Assert.That(face.Frame.Flags, Is.EqualTo(FrameFlags.Last));
            Assert.That(face.Arkit.Sum(), Is.EqualTo(0.2).Within(1e-6), "nothing else moves");
            track.Sample(-5, face);
            Assert.That(face.Arkit[17], Is.EqualTo(0), "before the audio the first one is shown");
        }

        [Test]
        public void FieldsOfLaterVersionsAreIgnored()
        {
            Assert.That(Read(Json(version: "1.7", extra: "\"new\":{\"a\":[1,2]},")).Frames, Is.EqualTo(3));
        }

        [Test]
        public void ATrackThatPythonBakedGivesPythonsValues()
        {
            var folder = Live.Need("FLASHHEAD_TEST_BAKED");
            BakedTrack track;
            using (var text = File.OpenText(Path.Combine(folder, "line.json"))) track = BakedTrackJson.Read(text, "line.json");
            var expected = File.ReadAllLines(Path.Combine(folder, "expected.csv"));
            var face = new FaceWeights();
            Assert.That(track.Frames, Is.EqualTo(expected.Length));
            for (var row = 0; row < expected.Length; row++)
            {
                var values = expected[row].Split(',').Select(v => float.Parse(v, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
                track.Sample((long)System.Math.Round(row * 1e6 / track.Fps), face);
                var read = face.Arkit.Concat(face.Pose).Concat(face.Visemes).ToArray();
                for (var i = 0; i < values.Length; i++) Assert.That(read[i], Is.EqualTo(values[i]).Within(1e-4));
            }
        }

        [TestCase("", "not a track")]
        [TestCase("[]", "not a track")]
        [TestCase("{}", "schema")]
        [TestCase("{\"schema\":\"flashhead-track\"", "ends early")]
        public void WhatIsNoTrackIsRefusedWithTheFilesName(string json, string reason)
        {
            var error = Assert.Throws<InvalidDataException>(() => Read(json));
            Assert.That(error.Message.Contains("line.json") && error.Message.Contains(reason), error.Message);
        }

        [Test]
        public void TruncatedAnywhereIsRefused()
        {
            var whole = Json();
            for (var length = 0; length < whole.Length; length += 7)
                Assert.Throws<InvalidDataException>(() => Read(whole.Substring(0, length)), "{0}", length);
        }

        [Test]
        public void AnotherMajorVersionIsRefused()
        {
            Assert.That(Assert.Throws<InvalidDataException>(() => Read(Json(version: "2.0"))).Message.Contains("2.0"));
        }

        [Test]
        public void MoreFramesAnnouncedThanThereAreIsRefused()
        {
            Assert.Throws<InvalidDataException>(() => Read(Json(announced: 4)));
        }

        [TestCase("NaN")]
        [TestCase("\"a\"")]
        [TestCase("null")]
        [TestCase("1e999")]
        public void ValuesThatAreNoNumbersAreRefused(string value)
        {
            Assert.Throws<InvalidDataException>(() => Read(Json(value: value)));
        }

        [Test]
        public void SamplingAllocatesNothing()
        {
            var track = Read(Json(frames: 600));
            var face = new FaceWeights();
            var us = 0;
            Assert.That(Live.Collections(() => track.Sample(us++, face)), Is.EqualTo(0));
        }
    }
}
