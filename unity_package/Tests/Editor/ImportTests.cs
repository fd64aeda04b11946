// NOT RUN IN UNITY YET. For Unity's Test Runner, edit mode. Run in the hand-written engine of tests/unity/fake only.
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using UnityEditor;
using UnityEngine;
using UnityEngine.TestTools;

namespace FlashHead.Tests
{
    /// <summary>What comes into the project when `flashhead bake` has written into it.</summary>
    public class ImportTests
    {
        const string Folder = "Assets/FlashHeadImportTest";

        [SetUp]
        public void Begin()
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllBytes(Folder + "/hum.wav", Wav(8000, 8000));
            File.WriteAllText(Folder + "/hum.json", Track(60));
            AssetDatabase.Refresh();
        }

        [TearDown]
        public void End()
        {
            AssetDatabase.DeleteAsset(Folder);
        }

        static string Manifest(string version = "1.1") =>
            "{\"schema\":\"flashhead-baked-line\",\"version\":\"" + version + "\",\"id\":\"hum\",\"duration_us\":1000000,"
            + "\"audio\":{\"name\":\"hum.wav\",\"file\":\"hum.wav\"},"
            + "\"outputs\":[{\"kind\":\"blendshapes\",\"file\":\"hum.json\",\"format\":\"json\"}]}";

        static string Track(int frames)
        {
            var text = new StringBuilder("{\"schema\":\"flashhead-track\",\"version\":\"1.0\",\"fps\":60,\"blendshapes\":[\"jawOpen\"],\"frames\":[");
            for (var i = 0; i < frames; i++) text.Append(i > 0 ? "," : "").Append("[0.5]");
            return text.Append("]}").ToString();
        }

        /// <summary>Silence, 16 bits, one channel.</summary>
        static byte[] Wav(int samples, int rate)
        {
            using (var memory = new MemoryStream())
            using (var file = new BinaryWriter(memory))
            {
                file.Write(Encoding.ASCII.GetBytes("RIFF"));
                file.Write(36 + samples * 2);
                file.Write(Encoding.ASCII.GetBytes("WAVEfmt "));
                file.Write(16);
                file.Write((short)1);
                file.Write((short)1);
                file.Write(rate);
                file.Write(rate * 2);
                file.Write((short)2);
                file.Write((short)16);
                file.Write(Encoding.ASCII.GetBytes("data"));
                file.Write(samples * 2);
                file.Write(new byte[samples * 2]);
                return memory.ToArray();
            }
        }

        static FlashHeadBakedLine Imported(string manifest)
        {
            File.WriteAllText(Folder + "/hum.flashhead.json", manifest);
            AssetDatabase.Refresh();
            return AssetDatabase.LoadAssetAtPath<FlashHeadBakedLine>(Folder + "/hum.asset");
        }

        [Test]
        public void ABakedLineBecomesAnAssetThatPlays()
        {
            var line = Imported(Manifest());
            Assert.That(line != null, "hum.asset is there");
            Assert.That(line.Audio.name, Is.EqualTo("hum"));
            Assert.That(line.Track.Frames, Is.EqualTo(60));
            var face = new FaceWeights();
            line.Track.Sample(500000, face);
            Assert.That(face.Arkit[Names.Arkit.ToList().IndexOf("jawOpen")], Is.EqualTo(0.5f));
        }

        [Test]
        public void BakedAgainItIsTheSameAssetWithNewValues()
        {
            var first = Imported(Manifest());
            File.WriteAllText(Folder + "/hum.json", Track(90));
            Assert.That(Imported(Manifest() + "\n"), Is.SameAs(first));
            Assert.That(first.Track.Frames, Is.EqualTo(90));
        }

        [Test]
        public void AnotherVersionIsSaidAndLeavesNoAsset()
        {
            LogAssert.Expect(LogType.Error, new Regex("hum.flashhead.json.*9.0"));
            Assert.That(Imported(Manifest("9.0")) == null);
        }
    }
}
