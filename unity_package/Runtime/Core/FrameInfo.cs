using System;

namespace FlashHead
{
    [Flags]
    public enum FrameFlags
    {
        None = 0,
        /// <summary>Of no utterance: the head is silent.</summary>
        Idle = 1,
        First = 2,
        Last = 4,
    }

    /// <summary>What a frame says about itself.</summary>
    public struct FrameInfo
    {
        /// <summary>Number of its utterance; 0: idle.</summary>
        public uint Utterance;
        /// <summary>Counter of the session, +1 at a cancel.</summary>
        public uint Epoch;
        public FrameFlags Flags;
        /// <summary>Its place in its utterance, from 0.</summary>
        public ulong Index;
        /// <summary>Presentation time: microseconds from the utterance's first audio sample.</summary>
        public long PtsUs;
        /// <summary>Microseconds for which it is right.</summary>
        public uint DurationUs;
        /// <summary>Pixels; 0 for weights.</summary>
        public int Width, Height;

        internal static FrameInfo From(ref Interop.Frame frame) => new FrameInfo
        {
            Utterance = frame.utterance,
            Epoch = frame.epoch,
            Flags = (FrameFlags)frame.flags,
            Index = frame.index,
            PtsUs = frame.ptsUs,
            DurationUs = frame.durationUs,
            Width = (int)frame.width,
            Height = (int)frame.height,
        };
    }

    /// <summary>A face at one moment. Made once and filled again and again.</summary>
    public sealed class FaceWeights
    {
        public FrameInfo Frame;
        /// <summary>The 52 ARKit blendshape weights, 0 to 1, in the order of <see cref="Names.Arkit"/>.</summary>
        public readonly float[] Arkit = new float[Interop.Weights.Arkit];
        /// <summary>Yaw, pitch and roll of the head in radians; breath, 0 to 1.</summary>
        public readonly float[] Pose = new float[Interop.Weights.Pose];
        /// <summary>How sure the network is of each viseme, in the order of <see cref="Names.Visemes"/>; sums to 1.</summary>
        public readonly float[] Visemes = new float[Interop.Weights.Visemes];
    }
}
