// The structs of flashhead_bridge.h, field for field. All are blittable, so nothing is copied or allocated on the way.
using System;
using System.Runtime.InteropServices;

namespace FlashHead.Interop
{
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct ConnectOptions
    {
        public uint structSize;
        public uint programWords;
        public byte* endpoint;
        public byte* token;
        public byte* name;
        public byte** program;

        public static ConnectOptions Create() => new ConnectOptions { structSize = (uint)sizeof(ConnectOptions) };
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct ClientInfo
    {
        public uint structSize;
        public int connected;
        public uint workerPid;
        public uint reconnects;
        public fixed byte workerVersion[64];
        public fixed byte tiers[256];

        public static ClientInfo Create() => new ClientInfo { structSize = (uint)sizeof(ClientInfo) };
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SessionOptions
    {
        public uint structSize;
        public uint outputs;
        public byte* avatar;
        public byte* tier;
        public byte* emotion;
        public float emotionIntensity;
        public float mouthStrength;
        public uint size;
        public uint fps;
        public ulong seed;
        public int lowerTier;
        public int framesAsMessages;

        public static SessionOptions Create() => new SessionOptions { structSize = (uint)sizeof(SessionOptions) };
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Audio
    {
        public const uint Float32 = 0, Int16 = 1;

        public uint structSize;
        public uint format;
        public void* samples;
        public ulong frames;
        public uint sampleRateHz;
        public uint channels;
        public byte* path;
        public int streamed;
        public int interrupt;

        public static Audio Create() => new Audio { structSize = (uint)sizeof(Audio), sampleRateHz = 16000, channels = 1 };
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Frame
    {
        public uint structSize;
        public uint utterance;
        public uint epoch;
        public uint flags;
        public ulong index;
        public long ptsUs;
        public uint durationUs;
        public uint width;
        public uint height;
        public uint reserved;

        public static Frame Create() => new Frame { structSize = (uint)sizeof(Frame) };
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Weights
    {
        public const int Arkit = 52, Pose = 4, Visemes = 15;

        public uint structSize;
        public uint reserved;
        public Frame frame;
        public fixed float arkit[Arkit];
        public fixed float pose[Pose];
        public fixed float visemes[Visemes];

        public static Weights Create() =>
            new Weights { structSize = (uint)sizeof(Weights), frame = Frame.Create() };
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SessionInfo
    {
        public uint structSize;
        public int open;
        public uint outputs;
        public uint size;
        public uint fps;
        public uint reconnects;
        public ulong pictures;
        public ulong weights;
        public ulong retries;
        public fixed byte tier[64];

        public static SessionInfo Create() => new SessionInfo { structSize = (uint)sizeof(SessionInfo) };
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Event
    {
        public uint structSize;
        public int type;
        public uint utterance;
        public uint epoch;
        public long ptsUs;
        public long latencyUs;
        public fixed byte code[64];
        public fixed byte message[1024];

        public static Event Create() => new Event { structSize = (uint)sizeof(Event) };
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Statistics
    {
        public uint structSize;
        public uint sessions;
        public double uptimeS;
        public double load;
        public ulong memoryBytes;
        public double latencyP50Ms;
        public double latencyP99Ms;

        public static Statistics Create() => new Statistics { structSize = (uint)sizeof(Statistics) };
    }
}
