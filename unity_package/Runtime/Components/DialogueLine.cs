using System;
using UnityEngine;

namespace FlashHead
{
    /// <summary>One line of a head: a clip, with a baked track or video; a file that is loaded; or speech that still comes.</summary>
    sealed class DialogueLine : IDisposable
    {
        public AudioClip Clip;
        public FlashHeadBakedLine Baked;
        public FlashHeadSpeech Speech;
        public AudioFile File;

        float[] _samples;

        /// <summary>Of its clip; null where Unity does not give them.</summary>
        public float[] Samples()
        {
            if (_samples != null) return _samples;
            var samples = new float[Clip.samples * Clip.channels];
            if (!Clip.GetData(samples, 0)) return null;
            // Kept where the clip is no asset, which Unity would load again.
            if (File != null) _samples = samples;
            return samples;
        }

        /// <summary>Whether its audio is known.</summary>
        public bool Poll()
        {
            if (File == null || Clip != null) return true;
            if (!File.Poll()) return false;
            Clip = File.Clip;
            if (Clip != null) Samples();
            return true;
        }

        /// <summary>When the audio output was begun anew: clips that a script made are lost then. Frames of the clip from
        /// which to go on, of the `frames` that were played.</summary>
        public int Renew(int frames)
        {
            if (Speech != null)
            {
                DestroyClip();
                Clip = Speech.Renew();
                return 0;
            }
            if (_samples == null) return frames;
            var made = AudioClip.Create(Clip.name, Clip.samples, Clip.channels, Clip.frequency, false);
            made.SetData(_samples, 0);
            DestroyClip();
            Clip = made;
            return frames;
        }

        public void Dispose()
        {
            if (File != null) File.Dispose();
            if (File != null || Speech != null) DestroyClip();
        }

        void DestroyClip()
        {
            if (Clip == null) return;
            if (Application.isPlaying) UnityEngine.Object.Destroy(Clip);
            else UnityEngine.Object.DestroyImmediate(Clip);
            Clip = null;
        }
    }
}
