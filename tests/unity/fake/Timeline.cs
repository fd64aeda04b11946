// Playables and Timeline as far as a track of one's own sees them. Facts from the manual and the scripting reference:
// - A clip's playable has the clip's local time: (time - start) * speed + clip in, and a weight above 0 only from its start on
//   and before its end; com.unity.timeline manual, "Clip Inspector: Clip Timing".
// - ProcessFrame of a track's mixer gets the track's binding as playerData and runs once each evaluation, after the scripts'
//   Update and before LateUpdate: https://docs.unity3d.com/Manual/execution-order.html
// - ScriptPlayable<T>.Create makes the behaviour; a cast to another type throws InvalidCastException.
using System;
using System.Collections.Generic;
using System.Linq;

namespace UnityEngine.Playables
{
    using UnityEngine.Timeline;

    public struct PlayableGraph { }

    public struct FrameData
    {
        public float deltaTime;
    }

    [ForTests] public sealed class PlayableNode
    {
        public PlayableBehaviour Behaviour;
        public Playable[] Inputs = new Playable[0];
        public float[] Weights = new float[0];
        public double Time;
    }

    public interface IPlayable
    {
        PlayableNode Node { get; }
    }

    public struct Playable : IPlayable
    {
        public PlayableNode Node { get; set; }
    }

    public interface IPlayableBehaviour { }

    public abstract class PlayableBehaviour : IPlayableBehaviour
    {
        public virtual void ProcessFrame(Playable playable, FrameData info, object playerData) { }
        public virtual void OnPlayableDestroy(Playable playable) { }
    }

    public struct ScriptPlayable<T> : IPlayable where T : PlayableBehaviour, new()
    {
        public PlayableNode Node { get; set; }

        public static ScriptPlayable<T> Create(PlayableGraph graph, int inputCount = 0) => new ScriptPlayable<T>
        {
            Node = new PlayableNode { Behaviour = new T(), Inputs = new Playable[inputCount], Weights = new float[inputCount] },
        };

        public T GetBehaviour() => (T)Node.Behaviour;
        public static implicit operator Playable(ScriptPlayable<T> playable) => new Playable { Node = playable.Node };

        public static explicit operator ScriptPlayable<T>(Playable playable)
        {
            if (!(playable.Node.Behaviour is T)) throw new InvalidCastException();
            return new ScriptPlayable<T> { Node = playable.Node };
        }
    }

    public static class PlayableExtensions
    {
        public static int GetInputCount<U>(this U playable) where U : struct, IPlayable => playable.Node.Inputs.Length;
        public static Playable GetInput<U>(this U playable, int inputPort) where U : struct, IPlayable => playable.Node.Inputs[inputPort];
        public static float GetInputWeight<U>(this U playable, int inputIndex) where U : struct, IPlayable => playable.Node.Weights[inputIndex];
        public static double GetTime<U>(this U playable) where U : struct, IPlayable => playable.Node.Time;
    }

    public struct PlayableBinding
    {
        public static readonly double DefaultDuration = double.PositiveInfinity;
    }

    public abstract class PlayableAsset : ScriptableObject
    {
        public virtual double duration => PlayableBinding.DefaultDuration;
        public abstract Playable CreatePlayable(PlayableGraph graph, GameObject owner);
    }

    public sealed class PlayableDirector : Behaviour
    {
        readonly Dictionary<Object, Object> _bindings = new Dictionary<Object, Object>();
        readonly List<Playable> _mixers = new List<Playable>();
        public TimelineAsset playableAsset;
        public double time;
        /// <summary>Of the graph's root.</summary>
        [ForTests] public double Speed = 1;
        bool _plays;

        public void SetGenericBinding(Object key, Object value) => _bindings[key] = value;
        public Object GetGenericBinding(Object key) => _bindings.TryGetValue(key, out var value) ? value : null;

        public void Play()
        {
            _plays = true;
            if (!Engine.Directors.Contains(this)) Engine.Directors.Add(this);
        }

        public void Pause() => _plays = false;

        /// <summary>Destroys the graph.</summary>
        public void Stop()
        {
            _plays = false;
            Engine.Directors.Remove(this);
            foreach (var mixer in _mixers) mixer.Node.Behaviour.OnPlayableDestroy(mixer);
            _mixers.Clear();
        }

        internal void Advance(double deltaS)
        {
            if (!_plays) return;
            time += deltaS * Speed;
            Evaluate();
        }

        public void Evaluate()
        {
            if (_mixers.Count == 0) foreach (var track in playableAsset.Tracks) _mixers.Add(Build(track));
            for (var i = 0; i < _mixers.Count; i++)
            {
                var clips = playableAsset.Tracks[i].Clips;
                for (var clip = 0; clip < clips.Count; clip++)
                {
                    _mixers[i].Node.Weights[clip] = time >= clips[clip].start && time < clips[clip].end ? 1f : 0f;
                    _mixers[i].Node.Inputs[clip].Node.Time = clips[clip].ToLocalTime(time);
                }
                _mixers[i].Node.Behaviour.ProcessFrame(_mixers[i], new FrameData(), GetGenericBinding(playableAsset.Tracks[i]));
            }
        }

        Playable Build(TrackAsset track)
        {
            var mixer = track.CreateTrackMixer(new PlayableGraph(), gameObject, track.Clips.Count);
            for (var i = 0; i < track.Clips.Count; i++)
                mixer.Node.Inputs[i] = ((PlayableAsset)track.Clips[i].asset).CreatePlayable(new PlayableGraph(), gameObject);
            return mixer;
        }
    }
}

namespace UnityEngine
{
    using UnityEngine.Playables;

    [ForTests] public static partial class Engine
    {
        [ForTests] public static readonly List<PlayableDirector> Directors = new List<PlayableDirector>();

        static partial void Direct(double deltaS)
        {
            foreach (var director in Directors.ToArray()) director.Advance(deltaS);
        }
    }

    public partial class Transform
    {
        public Transform root => parent == null ? this : parent.root;
    }

    public partial class Component
    {
        public T[] GetComponentsInChildren<T>(bool includeInactive) where T : Component => gameObject.GetComponentsInChildren<T>(includeInactive);
    }
}

namespace UnityEngine.Timeline
{
    using UnityEngine.Playables;

    [Flags]
    public enum ClipCaps { None = 0, Looping = 1, Extrapolation = 2, ClipIn = 4, SpeedMultiplier = 8, Blending = 16 }

    public interface ITimelineClipAsset
    {
        ClipCaps clipCaps { get; }
    }

    public interface IPropertyCollector
    {
        void AddFromName<T>(GameObject obj, string name) where T : Component;
    }

    public sealed class TrackColorAttribute : Attribute { public TrackColorAttribute(float r, float g, float b) { } }
    public sealed class TrackBindingTypeAttribute : Attribute { public TrackBindingTypeAttribute(Type type) { } }
    public sealed class TrackClipTypeAttribute : Attribute { public TrackClipTypeAttribute(Type clipClass) { } }

    public sealed class TimelineClip
    {
        public double start, duration, clipIn, timeScale = 1;
        public Object asset;
        public double end => start + duration;
        public double ToLocalTime(double time) => (time - start) * timeScale + clipIn;
    }

    public abstract class TrackAsset : PlayableAsset
    {
        internal readonly List<TimelineClip> Clips = new List<TimelineClip>();

        /// <summary>A clip of the asset's own duration, or of 5 s where it has none, at the end of the track.</summary>
        public TimelineClip CreateClip<T>() where T : PlayableAsset, new()
        {
            var clip = new TimelineClip { asset = new T(), start = Clips.Select(one => one.end).DefaultIfEmpty(0).Max() };
            var durationS = ((PlayableAsset)clip.asset).duration;
            clip.duration = double.IsInfinity(durationS) ? 5 : durationS;
            Clips.Add(clip);
            return clip;
        }

        public virtual Playable CreateTrackMixer(PlayableGraph graph, GameObject go, int inputCount) => throw new NotSupportedException("not modelled");
        public virtual void GatherProperties(PlayableDirector director, IPropertyCollector driver) { }
        public sealed override Playable CreatePlayable(PlayableGraph graph, GameObject owner) => throw new NotSupportedException("of its own in Timeline");
    }

    public sealed class TimelineAsset
    {
        internal readonly List<TrackAsset> Tracks = new List<TrackAsset>();

        public T CreateTrack<T>() where T : TrackAsset, new()
        {
            var track = new T();
            Tracks.Add(track);
            return track;
        }
    }
}
