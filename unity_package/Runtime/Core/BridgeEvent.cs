using FlashHead.Interop;

namespace FlashHead
{
    /// <summary>What can happen; docs/protocol.md says more of each.</summary>
    public enum BridgeEventType
    {
        /// <summary>Client: a worker answers; after a loss `LatencyUs` since then.</summary>
        Connected = 1,
        /// <summary>Client: why not, in `Message`; it goes on trying.</summary>
        NotConnected = 2,
        /// <summary>Client, session: the worker died or hangs.</summary>
        Lost = 3,
        Opened = 4,
        /// <summary>Session: in another worker; `LatencyUs` since it was lost.</summary>
        Reopened = 5,
        /// <summary>Session: for good.</summary>
        Closed = 6,
        /// <summary>An utterance left the queue.</summary>
        Started = 7,
        /// <summary>Start its audio now; `LatencyUs` since it was asked for.</summary>
        FirstFrame = 8,
        /// <summary>Its last frame can be read.</summary>
        Finished = 9,
        Cancelled = 10,
        /// <summary>A frame came too late: `Code` "audio" or "compute", `PtsUs`.</summary>
        Underrun = 11,
        Warning = 12,
        Error = 13,
    }

    public struct BridgeEvent
    {
        public BridgeEventType Type;
        /// <summary>0: of none.</summary>
        public uint Utterance;
        public uint Epoch;
        public long PtsUs;
        public long LatencyUs;
        public string Code;
        public string Message;

        internal static unsafe BridgeEvent From(ref Event happened)
        {
            fixed (byte* code = happened.code)
            fixed (byte* message = happened.message)
            {
                return new BridgeEvent
                {
                    Type = (BridgeEventType)happened.type,
                    Utterance = happened.utterance,
                    Epoch = happened.epoch,
                    PtsUs = happened.ptsUs,
                    LatencyUs = happened.latencyUs,
                    Code = Utf8.Read(code, 64),
                    Message = Utf8.Read(message, 1024),
                };
            }
        }
    }
}
