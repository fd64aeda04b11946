using System;
using System.Runtime.InteropServices;

namespace FlashHead.Interop
{
    // The library's handles are numbers that are never given twice, so closing one that is stale does no harm.
    internal sealed class ClientHandle : SafeHandle
    {
        public ClientHandle() : base(IntPtr.Zero, true) { }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected override bool ReleaseHandle()
        {
            Native.flashhead_disconnect(handle);
            return true;
        }
    }

    internal sealed class SessionHandle : SafeHandle
    {
        public SessionHandle() : base(IntPtr.Zero, true) { }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected override bool ReleaseHandle()
        {
            Native.flashhead_close(handle);
            return true;
        }
    }
}
