using System;
using UnityEngine;

namespace FlashHead
{
    // A face that something else has the time of: a Timeline, a preview.
    public sealed partial class FlashHeadNPC
    {
        double _shownS;

        /// <summary>Shows a baked line as it is at a time, without its sound; call it once a frame, after Update, in any order
        /// of times. Outside of Play mode without its video. <see cref="Rest"/> ends it.</summary>
        public void ShowAt(FlashHeadBakedLine line, double seconds)
        {
            if (line == null) throw new ArgumentNullException(nameof(line), "FlashHeadNPC.ShowAt was given no line");
            seconds = Math.Max(0, Math.Min(seconds, line.DurationS));
            if (Application.isPlaying && line.Video != null)
            {
                if (_video == null || _video.clip != line.Video) StartVideo(line.Video);
                // A player that follows a clock catches up with it; it is not said that it goes back.
                else if (seconds < _shownS) _video.time = seconds;
            }
            _shownS = seconds;
            ShowBaked(line, (long)Math.Round(seconds * 1e6));
        }

        /// <summary>The face of a silent head, until there is another one.</summary>
        public void Rest()
        {
            StopVideo();
            Array.Clear(_face.Arkit, 0, _face.Arkit.Length);
            Array.Clear(_face.Pose, 0, _face.Pose.Length);
            Array.Clear(_face.Visemes, 0, _face.Visemes.Length);
            _face.Visemes[0] = 1f; // sil
            _face.Frame = new FrameInfo { Flags = FrameFlags.Idle };
        }
    }
}
