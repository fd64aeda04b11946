using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace FlashHead.Timeline
{
    /// <summary>A baked line on a <see cref="FlashHeadTrack"/>. Its clip is as long as the dialogue, may be cut at its start
    /// and played at another speed.</summary>
    public sealed class FlashHeadClip : PlayableAsset, ITimelineClipAsset
    {
        [SerializeField] FlashHeadBakedLine _line;

        public FlashHeadBakedLine Line
        {
            get => _line;
            set => _line = value;
        }

        public ClipCaps clipCaps => ClipCaps.ClipIn | ClipCaps.SpeedMultiplier;

        public override double duration => _line != null ? _line.DurationS : base.duration;

        public override Playable CreatePlayable(PlayableGraph graph, GameObject owner)
        {
            var playable = ScriptPlayable<FlashHeadBehaviour>.Create(graph);
            playable.GetBehaviour().Line = _line;
            return playable;
        }
    }
}
