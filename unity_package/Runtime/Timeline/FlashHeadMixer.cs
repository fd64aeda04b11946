using UnityEngine;
using UnityEngine.Playables;

namespace FlashHead.Timeline
{
    /// <summary>Shows the line whose clip the Timeline is in. It knows nothing of what was shown before, so that a Timeline
    /// may be scrubbed, paused and played at any speed.</summary>
    public sealed class FlashHeadMixer : PlayableBehaviour
    {
        FlashHeadNPC _head;
        FlashHeadBlendShapeTarget[] _targets;
        bool _shows;

        public override void ProcessFrame(Playable playable, FrameData info, object playerData)
        {
            _head = playerData as FlashHeadNPC;
            if (_head == null) return;
            var input = Heaviest(playable);
            if (input >= 0)
            {
                var clip = (ScriptPlayable<FlashHeadBehaviour>)playable.GetInput(input);
                _head.ShowAt(clip.GetBehaviour().Line, clip.GetTime());
                _shows = true;
            }
            else if (!Rest()) return;
            // In Play mode the targets look at the head after this, by themselves.
            if (!Application.isPlaying) Preview();
        }

        public override void OnPlayableDestroy(Playable playable)
        {
            // Outside of Play mode Timeline puts back what it had changed.
            if (_head != null && Application.isPlaying) Rest();
        }

        /// <summary>The later one of clips that overlap; -1: none.</summary>
        static int Heaviest(Playable playable)
        {
            var heaviest = -1;
            var most = 0f;
            for (var i = 0; i < playable.GetInputCount(); i++)
            {
                var weight = playable.GetInputWeight(i);
                if (weight <= 0 || weight < most) continue;
                if (((ScriptPlayable<FlashHeadBehaviour>)playable.GetInput(i)).GetBehaviour().Line == null) continue;
                most = weight;
                heaviest = i;
            }
            return heaviest;
        }

        /// <summary>False: it rests already, or shows what others want.</summary>
        bool Rest()
        {
            if (!_shows) return false;
            _shows = false;
            _head.Rest();
            return true;
        }

        void Preview()
        {
            if (_targets == null) _targets = _head.transform.root.GetComponentsInChildren<FlashHeadBlendShapeTarget>(true);
            foreach (var target in _targets)
                if (target != null && target.Head == _head) target.LateUpdate();
        }
    }
}
