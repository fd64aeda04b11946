using System;
using UnityEngine.Localization;

namespace FlashHead
{
    /// <summary>A field for a baked line that is another one in each language: an entry of an Asset Table.</summary>
    [Serializable]
    public sealed class LocalizedBakedLine : LocalizedAsset<FlashHeadBakedLine> { }
}
