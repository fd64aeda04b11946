using System;

namespace FlashHead
{
    /// <summary>A face during one line, as `flashhead bake` wrote it: docs/track-format.md. Needs neither worker nor
    /// native library.</summary>
    public sealed class BakedTrack
    {
        internal const int Columns = Interop.Weights.Arkit + Interop.Weights.Pose + Interop.Weights.Visemes;

        readonly float[] _rows;

        /// <summary>Rows a second.</summary>
        public readonly double Fps;
        public readonly int Frames;
        public long DurationUs => (long)(Frames * 1e6 / Fps);

        /// <summary>`rows`: 71 values a frame: ARKit, pose and visemes in the order of <see cref="Names"/>.</summary>
        public BakedTrack(double fps, float[] rows)
        {
            if (!(fps > 0 && fps <= 1000)) throw new ArgumentOutOfRangeException(nameof(fps), fps, "above 0, at most 1000");
            if (rows.Length == 0 || rows.Length % Columns != 0)
                throw new ArgumentException($"{rows.Length} values are not whole rows of {Columns}", nameof(rows));
            Fps = fps;
            Frames = rows.Length / Columns;
            _rows = rows;
        }

        /// <summary>The values that the constructor takes, for an asset that keeps them.</summary>
        public float[] Rows => (float[])_rows.Clone();

        /// <summary>The face at this time of the audio: linear between rows, the last one held. Allocates nothing.</summary>
        public void Sample(long audioUs, FaceWeights weights)
        {
            var place = Math.Max(0.0, Math.Min(audioUs * 1e-6 * Fps, Frames - 1));
            var row = (int)place;
            var next = Math.Min(row + 1, Frames - 1);
            var share = (float)(place - row);
            var from = row * Columns;
            var to = next * Columns;
            Mix(weights.Arkit, ref from, ref to, share);
            Mix(weights.Pose, ref from, ref to, share);
            Mix(weights.Visemes, ref from, ref to, share);
            weights.Frame = new FrameInfo
            {
                Index = (ulong)row,
                PtsUs = (long)(row * 1e6 / Fps),
                DurationUs = (uint)(1e6 / Fps),
                Flags = (row == 0 ? FrameFlags.First : 0) | (row == Frames - 1 ? FrameFlags.Last : 0),
            };
        }

        void Mix(float[] values, ref int from, ref int to, float share)
        {
            for (var i = 0; i < values.Length; i++) values[i] = _rows[from + i] + share * (_rows[to + i] - _rows[from + i]);
            from += values.Length;
            to += values.Length;
        }
    }
}
