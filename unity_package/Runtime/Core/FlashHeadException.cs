using System;
using FlashHead.Interop;

namespace FlashHead
{
    /// <summary>Results of flashhead_bridge; see flashhead_bridge.h.</summary>
    public enum BridgeResult
    {
        Ok = 0,
        Nothing = 1,
        InvalidArgument = -1,
        StaleHandle = -2,
        WrongStructSize = -3,
        UnknownUtterance = -4,
        Ended = -5,
        BufferTooSmall = -6,
        Busy = -7,
        NoMemory = -8,
        Internal = -9,
    }

    /// <summary>A call that could not be done; its message says why, for a person. No call fails because the worker died.</summary>
    public sealed class FlashHeadException : Exception
    {
        public BridgeResult Result { get; }

        public FlashHeadException(BridgeResult result, string message, Exception cause = null) : base(message, cause)
        {
            Result = result;
        }

        /// <summary>Throws for an error; else whether there was something.</summary>
        internal static unsafe bool Check(int result)
        {
            if (result == Native.Ok) return true;
            if (result == Native.Nothing) return false;
            var reason = Utf8.Read(Native.flashhead_last_error());
            var name = Utf8.Read(Native.flashhead_result_name(result));
            throw new FlashHeadException((BridgeResult)result, reason.Length > 0 ? $"{name}: {reason}" : name);
        }
    }
}
