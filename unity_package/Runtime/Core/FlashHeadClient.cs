using System;
using System.Collections.Generic;
using FlashHead.Interop;

namespace FlashHead
{
    /// <summary>Which worker. All null: where FLASHHEAD_ENDPOINT and FLASHHEAD_TOKEN say, else the one that
    /// `flashhead serve` announced.</summary>
    public sealed class FlashHeadClientOptions
    {
        public string Endpoint;
        public string Token;
        /// <summary>Of this program, for logs and `flashhead status`; at most 64 characters.</summary>
        public string Name;
        /// <summary>Words of the command that starts a worker of one's own. It ends with this process however that
        /// ends, and is started again when it dies. Not together with <see cref="Endpoint"/>.</summary>
        public IReadOnlyList<string> Program = Array.Empty<string>();
    }

    /// <summary>How things stand between this program and its worker.</summary>
    public struct ClientState
    {
        public bool Connected;
        public int WorkerPid;
        /// <summary>How often a lost worker was found again.</summary>
        public int Reconnects;
        public string WorkerVersion;
        /// <summary>Those that can run, such as "nano".</summary>
        public string[] Tiers;
    }

    /// <summary>What the worker does, of all its clients.</summary>
    public struct WorkerStatistics
    {
        public int Sessions;
        public double UptimeS;
        /// <summary>Share of the last second that computing took.</summary>
        public double Load;
        public ulong MemoryBytes;
        /// <summary>From speak to first frame, of the last 1000 utterances.</summary>
        public double LatencyP50Ms, LatencyP99Ms;
    }

    public enum LogLevel
    {
        Info = 1,
        Warning = 2,
        Error = 3,
    }

    /// <summary>A connection to a worker. Any thread; no method waits but <see cref="Shutdown"/>.</summary>
    public sealed unsafe class FlashHeadClient : IDisposable
    {
        readonly ClientHandle _handle;

        FlashHeadClient(ClientHandle handle)
        {
            _handle = handle;
        }

        /// <summary>Whether there is a native library for this platform at all.</summary>
        public static bool IsSupported => Native.IsSupported;

        /// <summary>Begins to connect. <see cref="BridgeEventType.Connected"/> follows, or NotConnected with the reason
        /// while it goes on trying. Throws FlashHeadException for wrong options, and where the library is missing or
        /// another one.</summary>
        public static FlashHeadClient Connect(FlashHeadClientOptions options)
        {
            NeedLibrary();
            using (var text = new Utf8())
            {
                var native = ConnectOptions.Create();
                native.endpoint = text.Text(options.Endpoint);
                native.token = text.Text(options.Token);
                native.name = text.Text(options.Name);
                native.program = text.Texts(options.Program);
                native.programWords = (uint)options.Program.Count;
                FlashHeadException.Check(Native.flashhead_connect(ref native, out var handle));
                return new FlashHeadClient(handle);
            }
        }

        /// <summary>Closes all clients and waits, a few seconds at most, until their threads and workers have ended. The
        /// library stays usable. Call it before the domain is reloaded and when the program quits.</summary>
        public static void Shutdown()
        {
            try
            {
                FlashHeadException.Check(Native.flashhead_shutdown());
            }
            catch (DllNotFoundException)
            {
                // What was never loaded needs no end.
            }
        }

        public static string LibraryVersion
        {
            get
            {
                NeedLibrary();
                return Utf8.Read(Native.flashhead_version());
            }
        }

        /// <summary>Opens a talking head. Everything may be asked of it at once; it is done as soon as it is open.</summary>
        public FlashHeadSession Open(FlashHeadSessionOptions options) => FlashHeadSession.Open(_handle, options);

        public ClientState State
        {
            get
            {
                var info = ClientInfo.Create();
                FlashHeadException.Check(Native.flashhead_get_client_info(_handle, ref info));
                var tiers = Utf8.Read(info.tiers, 256);
                return new ClientState
                {
                    Connected = info.connected != 0,
                    WorkerPid = (int)info.workerPid,
                    Reconnects = (int)info.reconnects,
                    WorkerVersion = Utf8.Read(info.workerVersion, 64),
                    Tiers = tiers.Split(new[] { ' ' }, StringSplitOptions.RemoveEmptyEntries),
                };
            }
        }

        /// <summary>The oldest event that was not told yet.</summary>
        public bool TryPoll(out BridgeEvent happened)
        {
            var native = Event.Create();
            var any = FlashHeadException.Check(Native.flashhead_poll_client(_handle, ref native));
            happened = any ? BridgeEvent.From(ref native) : default(BridgeEvent);
            return any;
        }

        /// <summary>What the worker said last, and asks it anew; false: it has not answered yet.</summary>
        public bool TryGetStatistics(out WorkerStatistics statistics)
        {
            var native = Statistics.Create();
            var any = FlashHeadException.Check(Native.flashhead_get_statistics(_handle, ref native));
            statistics = new WorkerStatistics
            {
                Sessions = (int)native.sessions,
                UptimeS = native.uptimeS,
                Load = native.load,
                MemoryBytes = native.memoryBytes,
                LatencyP50Ms = native.latencyP50Ms,
                LatencyP99Ms = native.latencyP99Ms,
            };
            return any;
        }

        /// <summary>The oldest line of the library's log that was not given yet.</summary>
        public static bool TryPollLog(out LogLevel level, out string line)
        {
            const int room = 2048;
            var buffer = stackalloc byte[room];
            var any = FlashHeadException.Check(Native.flashhead_poll_log(buffer, (UIntPtr)room, out var native));
            level = (LogLevel)native;
            line = any ? Utf8.Read(buffer, room) : "";
            return any;
        }

        /// <summary>Closes the client and all its sessions; returns at once.</summary>
        public void Dispose() => _handle.Dispose();

        static void NeedLibrary()
        {
            if (!Native.IsSupported)
                throw new FlashHeadException(
                    BridgeResult.InvalidArgument,
                    "Live heads need Windows, macOS or Linux; on this platform play baked lines.");
            uint abi;
            try
            {
                abi = Native.flashhead_abi();
            }
            catch (Exception missing) when (missing is DllNotFoundException || missing is BadImageFormatException)
            {
                throw new FlashHeadException(
                    BridgeResult.InvalidArgument,
                    "The native library flashhead_bridge was not found, or is one for another system. In a checkout build "
                    + "it with `python3 build.py native`; in a package look into its folder Plugins.",
                    missing);
            }
            if (abi != Native.Abi)
                throw new FlashHeadException(
                    BridgeResult.InvalidArgument,
                    $"flashhead_bridge has ABI {abi}, this package needs {Native.Abi}: use library and package of one release.");
        }
    }
}
