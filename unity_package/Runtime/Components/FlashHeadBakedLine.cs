using System;
using UnityEngine;
using UnityEngine.Video;

namespace FlashHead
{
    /// <summary>A line that `flashhead bake` made: its audio, what the face does, and its video where there is one. Plays
    /// without worker and native library, on every platform.</summary>
    public sealed class FlashHeadBakedLine : ScriptableObject
    {
        [SerializeField] AudioClip _audio;
        [SerializeField] VideoClip _video;
        [SerializeField] float _fps;
        [SerializeField] float[] _rows = Array.Empty<float>();

        BakedTrack _track;

        public AudioClip Audio => _audio;
        /// <summary>Null: blendshapes only.</summary>
        public VideoClip Video => _video;
        /// <summary>Null: video only.</summary>
        public BakedTrack Track
        {
            get
            {
                if (_track == null && _rows.Length > 0) _track = new BakedTrack(_fps, _rows);
                return _track;
            }
        }

        /// <summary>Of the dialogue, in seconds.</summary>
        public double DurationS => _audio != null ? (double)_audio.samples / _audio.frequency : Track != null ? Track.DurationUs * 1e-6 : 0.0;

        /// <summary>Its serialized values were changed.</summary>
        public void Forget() => _track = null;

        /// <summary>A line from its parts, as the importer makes it. `track`, `video`: null for none.</summary>
        public static FlashHeadBakedLine Create(AudioClip audio, BakedTrack track, VideoClip video)
        {
            var line = CreateInstance<FlashHeadBakedLine>();
            line._audio = audio;
            line._video = video;
            line._track = track;
            if (track == null) return line;
            line._fps = (float)track.Fps;
            line._rows = track.Rows;
            return line;
        }
    }
}
