using System;
using UnityEngine.AddressableAssets;

namespace FlashHead
{
    /// <summary>A field for a baked line that Addressables loads.</summary>
    [Serializable]
    public sealed class FlashHeadBakedLineReference : AssetReferenceT<FlashHeadBakedLine>
    {
        public FlashHeadBakedLineReference(string guid) : base(guid) { }
    }
}
