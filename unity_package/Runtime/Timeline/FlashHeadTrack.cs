using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace FlashHead.Timeline
{
    /// <summary>A Timeline track whose clips are baked lines: it shows the face of each at the Timeline's time. Their sound is
    /// an Audio Track's, with the same dialogue at the same place.</summary>
    [TrackColor(0.87f, 0.46f, 0.24f)]
    [TrackBindingType(typeof(FlashHeadNPC))]
    [TrackClipType(typeof(FlashHeadClip))]
    public sealed class FlashHeadTrack : TrackAsset
    {
        public override Playable CreateTrackMixer(PlayableGraph graph, GameObject go, int inputCount) =>
            ScriptPlayable<FlashHeadMixer>.Create(graph, inputCount);

        /// <summary>What the preview outside of Play mode changes, so that Timeline puts it back.</summary>
        public override void GatherProperties(PlayableDirector director, IPropertyCollector driver)
        {
            var head = director.GetGenericBinding(this) as FlashHeadNPC;
            if (head != null)
                foreach (var target in head.transform.root.GetComponentsInChildren<FlashHeadBlendShapeTarget>(true))
                    if (target.Head == head) Gather(target, driver);
            base.GatherProperties(director, driver);
        }

        static void Gather(FlashHeadBlendShapeTarget target, IPropertyCollector driver)
        {
            foreach (var mesh in target.Meshes)
            {
                if (mesh == null || mesh.sharedMesh == null) continue;
                for (var shape = 0; shape < mesh.sharedMesh.blendShapeCount; shape++)
                    driver.AddFromName<SkinnedMeshRenderer>(mesh.gameObject, "blendShape." + mesh.sharedMesh.GetBlendShapeName(shape));
            }
        }
    }
}
