using System;
using UnityEngine;

namespace FlashHead
{
    /// <summary>Names of another rig: which ARKit weight drives which blend shape, and how much.</summary>
    [CreateAssetMenu(menuName = "FlashHead/Blend Shape Mapping")]
    public sealed class FlashHeadBlendShapeMapping : ScriptableObject
    {
        [Serializable]
        public struct Entry
        {
            [Tooltip("ARKit weight, such as jawOpen, or viseme, such as viseme_PP.")]
            public string Source;
            [Tooltip("Blend shape of the mesh.")]
            public string BlendShape;
            public float Factor;
        }

        public Entry[] Entries = new Entry[0];
    }
}
