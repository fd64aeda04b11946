using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using FlashHead.Baking;
using NUnit.Framework;

namespace FlashHead.Tests
{
    /// <summary>The lines of the bake window, baked by the real `flashhead bake`.</summary>
    [TestFixture]
    public class BakeRunTests
    {
        string _folder;
        BakeOptions _options;

        [SetUp]
        public void Begin()
        {
            _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
            Directory.CreateDirectory(_folder);
            _options = new BakeOptions
            {
                Program = new[] { Environment.GetEnvironmentVariable("FLASHHEAD_TEST_FLASHHEAD") },
                ProjectFolder = _folder,
                Video = false,
            };
        }

        [TearDown]
        public void End()
        {
            foreach (var file in Directory.GetFiles(_folder)) File.SetAttributes(file, FileAttributes.Normal);
            Directory.Delete(_folder, true);
        }

        /// <summary>A recording: so many seconds of the test line, again and again.</summary>
        internal static string Recording(string path, double seconds, double fromS = 1.0)
        {
            const int format = 36; // bytes up to the chunks after the format's
            var line = File.ReadAllBytes(Environment.GetEnvironmentVariable("FLASHHEAD_TEST_LINE"));
            var data = System.Text.Encoding.ASCII.GetString(line, 0, 200).IndexOf("data", StringComparison.Ordinal) + 8;
            var bytesPerS = BitConverter.ToInt32(line, 28);
            var wave = new byte[format + 8 + (int)(seconds * bytesPerS) / 2 * 2];
            Array.Copy(line, wave, format);
            Array.Copy(line, data - 8, wave, format, 4);
            BitConverter.GetBytes(wave.Length - 8).CopyTo(wave, 4);
            BitConverter.GetBytes(wave.Length - format - 8).CopyTo(wave, format + 4);
            var from = (int)(fromS * bytesPerS) / 2 * 2;
            for (var i = format + 8; i < wave.Length; i++) wave[i] = line[data + (from + i - format - 8) % (line.Length - data)];
            Directory.CreateDirectory(Path.GetDirectoryName(path));
            File.WriteAllBytes(path, wave);
            return path;
        }

        string Line(string name, double seconds = 0.4, double fromS = 1.0) => Recording(Path.Combine(_folder, name), seconds, fromS);

        BakeRun Run(params string[] audio)
        {
            var run = new BakeRun(_options, audio);
            Until(run, () => run.HasEnded);
            foreach (var line in run.Lines.Where(line => line.Message.Length > 0)) Console.WriteLine(line.Message);
            return run;
        }

        static void Until(BakeRun run, Func<bool> condition, double seconds = 120)
        {
            var watch = Stopwatch.StartNew();
            while (!condition())
            {
                if (watch.Elapsed.TotalSeconds > seconds) Assert.Fail("not within " + seconds + " s");
                run.Step();
                Thread.Sleep(5);
            }
        }

        static string States(BakeRun run) => string.Join(", ", run.Lines.Select(line => line.State.ToString()).ToArray());

        string[] Unfinished() => Directory.GetFiles(_folder, ".*", SearchOption.AllDirectories);

        [Test]
        public void LinesOfTwoFoldersGetVideoAndTrackBesideThem()
        {
            _options.Video = true;
            var audio = new[] { Line("guard [b] héllo 'x' $HOME.wav"), Line("inn/map.wav") };
            var run = new BakeRun(_options, audio);
            var shares = new List<float>();
            Until(run, () => { shares.Add(run.Progress); return run.HasEnded; });
            Assert.That(States(run), Is.EqualTo("Baked, Baked"), run.Lines[0].Message + run.Lines[1].Message);
            Assert.That(shares, Is.EqualTo(shares.OrderBy(share => share)));
            Assert.That(shares.Distinct(), Is.EqualTo(new[] { 0f, 0.5f, 1f }), "one after the other");
            foreach (var path in audio)
            {
                var manifest = Path.ChangeExtension(path, ".flashhead.json");
                var baked = BakedManifest.Read(File.ReadAllText(manifest), manifest);
                Assert.That(baked.AvatarName, Is.EqualTo("guard"));
                Assert.That(File.Exists(Path.ChangeExtension(path, baked.FileOf("webm").Substring(baked.Id.Length))));
                using (var text = File.OpenText(Path.ChangeExtension(path, ".json")))
                    Assert.That(BakedTrackJson.Read(text, path).Frames, Is.EqualTo(24), "0.4 s at 60 Hz");
            }
            Assert.That(Unfinished(), Is.Empty);
            Assert.That(States(Run(audio)), Is.EqualTo("Unchanged, Unchanged"));
            File.Delete(Path.Combine(_folder, "inn/map.webm"));
            Assert.That(States(Run(audio)), Is.EqualTo("Unchanged, Baked"), "what is not there is baked");
            _options.Avatar = "heroine";
            Assert.That(States(Run(audio[1])), Is.EqualTo("Baked"), "with another avatar");
        }

        [Test]
        public void OnlyWhatChangedIsBakedAgain()
        {
            var audio = new[] { Line("a.wav"), Line("b.wav"), Line("c.wav") };
            Assert.That(States(Run(audio)), Is.EqualTo("Baked, Baked, Baked"));
            var before = File.GetLastWriteTimeUtc(Path.Combine(_folder, "a.json"));
            Line("b.wav", fromS: 2.0);
            File.WriteAllText(Path.Combine(_folder, "c.flashhead.json"), "{");
            Assert.That(States(Run(audio)), Is.EqualTo("Unchanged, Baked, Baked"), "a manifest that cannot be read is made again");
            Assert.That(File.GetLastWriteTimeUtc(Path.Combine(_folder, "a.json")), Is.EqualTo(before));
            _options.Again = true;
            Assert.That(States(Run(audio[0])), Is.EqualTo("Baked"));
            Assert.That(File.GetLastWriteTimeUtc(Path.Combine(_folder, "a.json")), Is.Not.EqualTo(before));
        }

        [Test]
        public void WhichLineFailedAndWhyIsSaidAndTheOthersAreBaked()
        {
            var broken = Path.Combine(_folder, "broken.wav");
            File.WriteAllText(broken, "no audio");
            var locked = Line("locked.wav");
            File.WriteAllText(Path.Combine(_folder, "locked.json"), "");
            File.SetAttributes(Path.Combine(_folder, "locked.json"), FileAttributes.ReadOnly);
            var run = Run(broken, Line("good.wav"), locked, Line("we\"ird\\name.wav"), Path.Combine(_folder, "gone.wav"));
            Assert.That(States(run), Is.EqualTo("Failed, Baked, Failed, Failed, Failed"));
            Assert.That(run.Lines[0].Message, Is.StringContaining("broken.wav").And.StringContaining("no audio file"));
            Assert.That(run.Lines[2].Message, Is.StringContaining("locked.json").And.StringContaining("read-only"));
            Assert.That(run.Lines[3].Message, Is.StringContaining("we\"ird\\name").And.StringContaining("no file name"));
            Assert.That(run.Lines[4].Message, Is.StringContaining("gone.wav"));
            Assert.That(run.Progress, Is.EqualTo(1f));
            Assert.That(Unfinished(), Is.Empty);
        }

        [Test]
        public void AnErrorThatNamesNoLineIsSaidOfEachThatItStopped()
        {
            _options.Video = true;
            _options.Avatar = "nobody";
            var run = Run(Line("a.wav"), Line("b.wav"));
            Assert.That(States(run), Is.EqualTo("Failed, Failed"));
            foreach (var line in run.Lines) Assert.That(line.Message, Is.StringContaining("'nobody' not found"));
        }

        [TestCase("/nowhere/flashhead")]
        [TestCase("tools/flashhead")]
        [TestCase("flashhead-that-is-nowhere")]
        public void WithoutABakerItSaysHowToGetOne(string program)
        {
            _options.Program = new[] { program };
            var run = Run(Line("a.wav"), Line("b.wav"));
            Assert.That(States(run), Is.EqualTo("Failed, Failed"));
            Assert.That(run.Lines[1].Message, Is.StringContaining(program).And.StringContaining("pip install").And.StringContaining("Worker Settings"));
        }

        [Test]
        public void AProgramThatIsNoBakerIsQuoted()
        {
            _options.Program = new[] { "sh", "-c", "echo \"no \\$such module\" >&2; exit 3" };
            var run = Run(Line("a.wav"));
            Assert.That(States(run), Is.EqualTo("Failed"));
            Assert.That(run.Lines[0].Message, Is.EqualTo("flashhead bake ended with code 3: no $such module"));
        }

        [Test]
        public void TwoRecordingsOfOneNameAreNotBakedIntoEachOther()
        {
            var run = Run(Line("a.wav"), Line("A.WAV"));
            Assert.That(States(run), Is.EqualTo("Baked, Failed"));
            Assert.That(run.Lines[1].Message, Is.StringContaining("rename one"));
        }

        /// <summary>A run that has begun to write long lines.</summary>
        BakeRun Begun()
        {
            _options.Video = true;
            var run = new BakeRun(_options, new[] { Line("long.wav", 60), Line("longer.wav", 90) });
            Until(run, () => Unfinished().Length > 0);
            return run;
        }

        void NothingIsLeft(BakeRun run)
        {
            Assert.That(run.HasEnded);
            Assert.That(States(run), Is.EqualTo("Cancelled, Cancelled"));
            var left = Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Select(Path.GetFileName).OrderBy(name => name);
            Assert.That(left, Is.EqualTo(new[] { "long.wav", "longer.wav" }));
        }

        [Test]
        public void ACancelLeavesNothingHalfWritten()
        {
            var run = Begun();
            var watch = Stopwatch.StartNew();
            run.Cancel();
            Assert.That(watch.ElapsedMilliseconds, Is.LessThan(500), "the editor does not wait");
            Until(run, () => run.HasEnded, 20);
            NothingIsLeft(run);
        }

        [Test]
        public void AWindowThatIsClosedLeavesNothingEither()
        {
            var run = Begun();
            run.Dispose();
            NothingIsLeft(run);
            run.Dispose();
        }

        [Test]
        public void ABakerThatDoesNotListenIsEndedAndItsUnfinishedFilesAreDeleted()
        {
            File.WriteAllText(Path.Combine(_folder, ".flashhead-8-of-others.part"), "");
            _options.Program = new[] { "sh", "-c", "trap '' TERM; touch .flashhead-9-own.part; while true; do sleep 0.05; done" };
            var run = new BakeRun(_options, new[] { Line("a.wav") });
            Until(run, () => Unfinished().Length > 1);
            run.Dispose();
            Assert.That(States(run), Is.EqualTo("Cancelled"));
            Assert.That(Unfinished().Select(Path.GetFileName), Is.EqualTo(new[] { ".flashhead-8-of-others.part" }));
        }

        // Backslashes stand for themselves in Windows, unless a quote follows: learn.microsoft.com, "Parsing C command-line arguments".
        [TestCase("C:\\voices\\a b.wav", "\"C:\\voices\\a b.wav\"")]
        [TestCase("C:\\voices\\", "\"C:\\voices\\\\\"")]
        [TestCase("a\"b\\\"c", "\"a\\\"b\\\\\\\"c\"")]
        [TestCase("", "\"\"")]
        public void WordsAreQuotedForWindowsToo(string word, string quoted)
        {
            var method = typeof(BakeRun).Assembly.GetType("FlashHead.Baking.BakerProcess")
                .GetMethod("Quoted", System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic);
            Assert.That(method.Invoke(null, new object[] { word, true }), Is.EqualTo(quoted));
        }

        [Test]
        public void WhatMakesNoSenseIsRefused()
        {
            Assert.That(Assert.Throws<ArgumentException>(() => Run()).Message, Is.StringContaining("dialogue"));
            _options.Track = false;
            Assert.That(Assert.Throws<ArgumentException>(() => Run("a.wav")).Message, Is.StringContaining("track"));
            _options.Video = true;
            _options.Avatar = " ";
            Assert.That(Assert.Throws<ArgumentException>(() => Run("a.wav")).Message, Is.StringContaining("avatar"));
        }
    }
}
