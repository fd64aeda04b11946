using System;
using UnityEngine;
using UnityEngine.Localization;

namespace FlashHead
{
    /// <summary>Has a head speak the line of the selected locale.</summary>
    /// <remarks>Relies on com.unity.localization 1.x: LocalizedAsset.LoadAssetAsync loads for the selected locale, its operation
    /// is used again after Completed, and its table releases the asset.
    /// https://docs.unity3d.com/Packages/com.unity.localization@1.5/api/UnityEngine.Localization.Settings.LocalizedAssetDatabase.GetLocalizedAssetAsync.html</remarks>
    public static class LocalizedSpeech
    {
        /// <summary>Speaks the baked line of the locale that is selected now, after what was asked for before.</summary>
        public static void Speak(this FlashHeadLineLoader loader, LocalizedAsset<FlashHeadBakedLine> line)
        {
            Check(line);
            loader.Speak(line.LoadAssetAsync(), false);
        }

        /// <summary>Speaks the clip of the locale that is selected now, live by the worker, after what was asked for before.</summary>
        public static void Speak(this FlashHeadLineLoader loader, LocalizedAsset<AudioClip> clip)
        {
            Check(clip);
            loader.Speak(clip.LoadAssetAsync(), false);
        }

        static void Check(LocalizedReference reference)
        {
            if (reference == null || reference.IsEmpty)
                throw new ArgumentException("Speak was given no entry of an Asset Table", nameof(reference));
        }
    }
}
