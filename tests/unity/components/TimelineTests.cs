using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using FlashHead.Timeline;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;
using UnityEngine.Video;

namespace FlashHead.Tests
{
    /// <summary>Baked lines on a track, in the hand-written Timeline, against the numbers of their track.</summary>
    [TestFixture]
    public class TimelineTests
    {
        FlashHeadBakedLine _line;
        FlashHeadNPC _head;
        SkinnedMeshRenderer _mesh;
        PlayableDirector _director;
        FlashHeadTrack _track;

        [SetUp]
        public void Begin()
        {
            Engine.Begin();
            Application.isEditor = Application.isPlaying = true;
            // Nobody listens there: baked lines need no worker.
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", "tcp://127.0.0.1:9");
            Environment.SetEnvironmentVariable("FLASHHEAD_TOKEN", "x");
            using (var text = File.OpenText(Environment.GetEnvironmentVariable("FLASHHEAD_TEST_BAKED") + "/line.json"))
                _line = Line(BakedTrackJson.Read(text, "line.json"), null);
            _mesh = new SkinnedMeshRenderer { sharedMesh = new Mesh("jawOpen", "tail") };
            _head = Engine.Add<FlashHeadNPC>(it => it.AudioSource = new AudioSource());
            var target = Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = _head; it.Meshes = new[] { _mesh }; });
            _head.gameObject.Components.Add(target);
            _director = new PlayableDirector { playableAsset = new TimelineAsset() };
            _track = _director.playableAsset.CreateTrack<FlashHeadTrack>();
            _director.SetGenericBinding(_track, _head);
        }

        [TearDown]
        public void End()
        {
            _director.Stop();
            Application.isPlaying = true;
            Engine.Begin();
            FlashHeadWorker.Shutdown();
        }

        static FlashHeadBakedLine Line(BakedTrack track, VideoClip video) => FlashHeadBakedLine.Create(
            new AudioClip("line", new float[(int)(track.DurationUs * 48000 / 1000000)], 1, 48000), track, video);

        static FlashHeadBakedLine Steady(float jawOpen, VideoClip video = null)
        {
            var rows = new float[71 * 60];
            for (var row = 0; row < 60; row++) rows[row * 71 + 17] = jawOpen;
            return Line(new BakedTrack(60, rows), video);
        }

        TimelineClip Clip(FlashHeadBakedLine line)
        {
            var clip = _track.CreateClip<FlashHeadClip>();
            ((FlashHeadClip)clip.asset).Line = line;
            clip.duration = ((FlashHeadClip)clip.asset).duration;
            return clip;
        }

        /// <summary>What the mesh shows after the frame in which the Timeline is at this time.</summary>
        float Shown(double time)
        {
            _director.Play();
            _director.Speed = 0;
            _director.time = time;
            Engine.Frame(1 / 60.0);
            return _mesh.Weights["jawOpen"];
        }

        float OfTrack(double seconds)
        {
            var face = new FaceWeights();
            _line.Track.Sample((long)Math.Round(seconds * 1e6), face);
            return 100f * face.Arkit[17];
        }

        /// <summary>The greatest difference between the mesh and the track, at these times of the Timeline.</summary>
        float Error(IEnumerable<double> times, Func<double, double> toLine) =>
            times.Max(time => Math.Abs(Shown(time) - OfTrack(toLine(time))));

        static IEnumerable<double> Times(double from, double to) => Enumerable.Range(0, 97).Select(i => from + (to - from) * i / 97.0);

        [Test]
        public void WeightsAtATimeAreTheTracksForwardsBackwardsAndAnywhere()
        {
            var clip = Clip(_line);
            clip.start = 2;
            Assert.That(clip.duration, Is.EqualTo(_line.DurationS), "a clip is as long as its dialogue");
            var times = Times(2, 2 + _line.DurationS).ToArray();
            Assert.That(times.Max(time => OfTrack(time - 2)), Is.GreaterThan(10), "the mouth opens");
            Assert.That(Error(times, time => time - 2), Is.LessThan(1e-3));
            Assert.That(Error(times.Reverse(), time => time - 2), Is.LessThan(1e-3));
            var random = new Random(5);
            Assert.That(Error(times.OrderBy(_ => random.Next()).ToArray(), time => time - 2), Is.LessThan(1e-3));
        }

        [Test]
        public void TheMeasureFindsAFaceThatIsLateByTwoFrames()
        {
            Clip(_line).clipIn = -0.04;
            Assert.That(Error(Times(0.1, _line.DurationS), time => time), Is.GreaterThan(5));
        }

        [Test]
        public void ACutStartAndAnotherSpeedAreFollowed()
        {
            var clip = Clip(_line);
            clip.clipIn = 0.5;
            clip.timeScale = 2;
            clip.duration = 1;
            Assert.That(Error(Times(0, 1), time => 0.5 + 2 * time), Is.LessThan(1e-3));
        }

        [Test]
        public void APlayingDirectorIsFollowedAndAPausedOneHolds()
        {
            Clip(_line);
            _director.Play();
            for (var frame = 0; frame < 60; frame++) Engine.Frame(1 / 60.0);
            Assert.That(_director.time, Is.EqualTo(1).Within(1e-6));
            Assert.That(_mesh.Weights["jawOpen"], Is.EqualTo(OfTrack(_director.time)).Within(1e-3));
            _director.Pause();
            for (var frame = 0; frame < 30; frame++) Engine.Frame(1 / 60.0);
            Assert.That(_mesh.Weights["jawOpen"], Is.EqualTo(OfTrack(1)).Within(1e-3));
            _director.Play();
            _director.Speed = -1.5;
            for (var frame = 0; frame < 20; frame++) Engine.Frame(1 / 60.0);
            Assert.That(_mesh.Weights["jawOpen"], Is.EqualTo(OfTrack(0.5)).Within(1e-3));
        }

        [Test]
        public void TwoClipsFollowEachOtherWithTheFaceAtRestBetween()
        {
            Clip(Steady(0.3f));
            Clip(Steady(0.7f)).start = 1.5;
            Assert.That(Shown(0.9), Is.EqualTo(30f).Within(1e-3));
            Assert.That(Shown(1.2), Is.EqualTo(0f), "at rest");
            Assert.That(Shown(1.6), Is.EqualTo(70f).Within(1e-3));
            Assert.That(Shown(2.6), Is.EqualTo(0f), "after the last");
            Assert.That(Shown(0.5), Is.EqualTo(30f).Within(1e-3), "and back again");
            Assert.That(_head.Face.Visemes.Sum(), Is.EqualTo(0f), "a track without visemes has none");
            Shown(1.2);
            Assert.That(_head.Face.Visemes[0], Is.EqualTo(1f), "silence");
        }

        [Test]
        public void OfTwoThatOverlapTheLaterIsShown()
        {
            Clip(Steady(0.3f));
            Clip(Steady(0.7f)).start = 0.5;
            Assert.That(Shown(0.75), Is.EqualTo(70f).Within(1e-3));
        }

        [Test]
        public void AStoppedTimelineLeavesTheFaceAtRest()
        {
            Clip(Steady(0.7f));
            Assert.That(Shown(0.5), Is.EqualTo(70f).Within(1e-3));
            _director.Stop();
            Engine.Frame(1 / 60.0);
            Assert.That(_mesh.Weights["jawOpen"], Is.EqualTo(0f));
        }

        [Test]
        public void TheVideoOfALineFollowsTheTimeToo()
        {
            var first = new VideoClip();
            var second = new VideoClip();
            Clip(Steady(0.3f, first));
            Clip(Steady(0.7f, second));
            Shown(0.5);
            var player = _head.gameObject.Components.OfType<VideoPlayer>().Single();
            Assert.That(player.clip, Is.SameAs(first));
            Assert.That(player.externalReferenceTime, Is.EqualTo(0.5).Within(1e-6));
            Assert.That(_head.Picture, Is.SameAs(player.Shown));
            Shown(0.2);
            Assert.That(player.externalReferenceTime, Is.EqualTo(0.2).Within(1e-6));
            Assert.That(player.time, Is.EqualTo(0.2).Within(1e-6), "backwards it is sent there");
            Shown(1.25);
            Assert.That(player.clip, Is.SameAs(second));
            Assert.That(player.externalReferenceTime, Is.EqualTo(0.25).Within(1e-6));
            Shown(2.5);
            Assert.That(player.playing, Is.False);
            Assert.That(_head.Picture == null);
        }

        sealed class Driven : IPropertyCollector
        {
            public readonly List<string> Properties = new List<string>();
            public void AddFromName<T>(GameObject obj, string name) where T : Component => Properties.Add(typeof(T).Name + " " + name);
        }

        [Test]
        public void OutsideOfPlayModeItPreviewsTheShapesAndTimelinePutsThemBack()
        {
            Clip(Steady(0.7f, new VideoClip()));
            Application.isPlaying = false;
            _director.time = 0.5;
            _director.Evaluate();
            Assert.That(_mesh.Weights["jawOpen"], Is.EqualTo(70f).Within(1e-3), "without a frame of the player loop");
            Assert.That(_head.gameObject.Components.OfType<VideoPlayer>(), Is.Empty, "nothing is added to the scene");
            _director.time = 3;
            _director.Evaluate();
            Assert.That(_mesh.Weights["jawOpen"], Is.EqualTo(0f));
            var driven = new Driven();
            _track.GatherProperties(_director, driven);
            Assert.That(driven.Properties, Is.EqualTo(new[] { "SkinnedMeshRenderer blendShape.jawOpen", "SkinnedMeshRenderer blendShape.tail" }));
        }

        [Test]
        public void WithoutALineOrAHeadNothingHappens()
        {
            Clip(null);
            _director.Evaluate();
            Assert.That(new FlashHeadClip().duration, Is.EqualTo(PlayableBinding.DefaultDuration));
            _director.SetGenericBinding(_track, null);
            _director.Evaluate();
            _track.GatherProperties(_director, new Driven());
            Assert.That(_mesh.Weights, Is.Empty);
            Assert.Throws<ArgumentNullException>(() => _head.ShowAt(null, 0));
        }

        [Test]
        public void AFrameAllocatesNothing()
        {
            Clip(Steady(0.3f));
            Clip(_line);
            _director.Evaluate();
            GC.Collect();
            var before = GC.CollectionCount(0);
            for (var i = 0; i < 500000; i++)
            {
                _director.time = i % 30000 * 1e-4;
                _director.Evaluate();
            }
            Assert.That(GC.CollectionCount(0) - before, Is.EqualTo(0));
        }
    }
}
