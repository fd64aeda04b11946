using UnityEngine.Playables;

namespace FlashHead.Timeline
{
    /// <summary>What the mixer knows of a clip.</summary>
    public sealed class FlashHeadBehaviour : PlayableBehaviour
    {
        public FlashHeadBakedLine Line;
    }
}
