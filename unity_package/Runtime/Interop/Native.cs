// The functions of flashhead_bridge.h. Names and arguments are the header's, which says what they do.
#if UNITY_EDITOR || UNITY_STANDALONE || !UNITY_2021_3_OR_NEWER
#define FLASHHEAD_NATIVE
#endif
using System;
using System.Runtime.InteropServices;

namespace FlashHead.Interop
{
    internal static unsafe class Native
    {
        public const uint Abi = 1;
        public const int Ok = 0, Nothing = 1;

#if FLASHHEAD_NATIVE
        public static bool IsSupported => true;

        const string Library = "flashhead_bridge";
        const CallingConvention C = CallingConvention.Cdecl;

        [DllImport(Library, CallingConvention = C)] public static extern uint flashhead_abi();
        [DllImport(Library, CallingConvention = C)] public static extern byte* flashhead_version();
        [DllImport(Library, CallingConvention = C)] public static extern byte* flashhead_last_error();
        [DllImport(Library, CallingConvention = C)] public static extern byte* flashhead_result_name(int result);
        [DllImport(Library, CallingConvention = C)] public static extern byte* flashhead_weight_name(uint index);
        [DllImport(Library, CallingConvention = C)] public static extern byte* flashhead_viseme_name(uint index);

        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_connect(ref ConnectOptions options, out ClientHandle client);
        // Handles are numbers of 64 bits and go through the IntPtr of a SafeHandle: there is no 32-bit player.
        [DllImport(Library, CallingConvention = C)] public static extern int flashhead_disconnect(IntPtr client);
        [DllImport(Library, CallingConvention = C)] public static extern int flashhead_shutdown();
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_get_client_info(ClientHandle client, ref ClientInfo info);

        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_open(ClientHandle client, ref SessionOptions options, out SessionHandle session);
        [DllImport(Library, CallingConvention = C)] public static extern int flashhead_close(IntPtr session);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_set_emotion(SessionHandle session, byte* emotion, float intensity);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_set_mouth_strength(SessionHandle session, float strength);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_look_at(SessionHandle session, float yaw, float pitch);
        [DllImport(Library, CallingConvention = C)] public static extern int flashhead_look_freely(SessionHandle session);
        [DllImport(Library, CallingConvention = C)] public static extern int flashhead_pause(SessionHandle session, int paused);

        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_speak(SessionHandle session, ref Audio audio, out uint utterance);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_push(SessionHandle session, uint utterance, void* samples, ulong frames);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_end(SessionHandle session, uint utterance);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_cancel(SessionHandle session, long lastPtsUs);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_clock(SessionHandle session, uint utterance, long audioUs, int playing);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_utterance_state(SessionHandle session, uint utterance, out int state);

        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_acquire_video(
            SessionHandle session, uint utterance, long audioUs, ref Frame frame, IntPtr pixels, UIntPtr pixelBytes);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_acquire_weights(
            SessionHandle session, uint utterance, long audioUs, ref Weights weights);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_get_session_info(SessionHandle session, ref SessionInfo info);

        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_poll(SessionHandle session, ref Event happened);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_poll_client(ClientHandle client, ref Event happened);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_get_statistics(ClientHandle client, ref Statistics statistics);
        [DllImport(Library, CallingConvention = C)]
        public static extern int flashhead_poll_log(byte* line, UIntPtr bytes, out int level);
#else
        // Web, mobile and consoles have no worker. FlashHeadClient refuses to connect there, so that of these
        // only the ones below are ever called; the others are there for the compiler.
        public static bool IsSupported => false;

        public static uint flashhead_abi() => Abi;
        public static byte* flashhead_version() => null;
        public static byte* flashhead_last_error() => null;
        public static byte* flashhead_result_name(int result) => null;
        public static byte* flashhead_weight_name(uint index) => null;
        public static byte* flashhead_viseme_name(uint index) => null;
        public static int flashhead_shutdown() => Ok;

        static int None => throw new PlatformNotSupportedException("FlashHead's live heads need Windows, macOS or Linux.");
        static int NoneWith<T>(out T nothing) { nothing = default(T); return None; }

        public static int flashhead_connect(ref ConnectOptions options, out ClientHandle client) => NoneWith(out client);
        public static int flashhead_disconnect(IntPtr client) => Ok;
        public static int flashhead_get_client_info(ClientHandle client, ref ClientInfo info) => None;
        public static int flashhead_open(ClientHandle client, ref SessionOptions options, out SessionHandle session) =>
            NoneWith(out session);
        public static int flashhead_close(IntPtr session) => Ok;
        public static int flashhead_set_emotion(SessionHandle session, byte* emotion, float intensity) => None;
        public static int flashhead_set_mouth_strength(SessionHandle session, float strength) => None;
        public static int flashhead_look_at(SessionHandle session, float yaw, float pitch) => None;
        public static int flashhead_look_freely(SessionHandle session) => None;
        public static int flashhead_pause(SessionHandle session, int paused) => None;
        public static int flashhead_speak(SessionHandle session, ref Audio audio, out uint utterance) => NoneWith(out utterance);
        public static int flashhead_push(SessionHandle session, uint utterance, void* samples, ulong frames) => None;
        public static int flashhead_end(SessionHandle session, uint utterance) => None;
        public static int flashhead_cancel(SessionHandle session, long lastPtsUs) => None;
        public static int flashhead_clock(SessionHandle session, uint utterance, long audioUs, int playing) => None;
        public static int flashhead_utterance_state(SessionHandle session, uint utterance, out int state) => NoneWith(out state);
        public static int flashhead_acquire_video(
            SessionHandle session, uint utterance, long audioUs, ref Frame frame, IntPtr pixels, UIntPtr pixelBytes) => None;
        public static int flashhead_acquire_weights(
            SessionHandle session, uint utterance, long audioUs, ref Weights weights) => None;
        public static int flashhead_get_session_info(SessionHandle session, ref SessionInfo info) => None;
        public static int flashhead_poll(SessionHandle session, ref Event happened) => None;
        public static int flashhead_poll_client(ClientHandle client, ref Event happened) => None;
        public static int flashhead_get_statistics(ClientHandle client, ref Statistics statistics) => None;
        public static int flashhead_poll_log(byte* line, UIntPtr bytes, out int level)
        {
            level = 0;
            return Nothing;
        }
#endif
    }
}
