using System;
using System.IO;
using UnityEngine;

namespace FlashHead
{
    /// <summary>The one connection that all heads of a game share. Made when the first head needs it.</summary>
    public static class FlashHeadWorker
    {
        static FlashHeadClient _client;
        static string _failure = "";

        /// <summary>Why there is no worker, for a person; "" where nothing is known to be wrong.</summary>
        public static string Failure => _failure;

        public static bool IsConnected => _client != null && _client.State.Connected;

        /// <summary>Null where this machine cannot have one: <see cref="Failure"/> says why, and it was logged once.</summary>
        internal static FlashHeadClient Client
        {
            get
            {
                if (_client != null || _failure.Length > 0) return _client;
                try
                {
                    _client = FlashHeadClient.Connect(Options(FlashHeadWorkerSettings.Load()));
                }
                catch (FlashHeadException error)
                {
                    Fail(error.Message);
                }
                return _client;
            }
        }

        /// <summary>Hears what the worker has to say; called by every head each frame, which costs nothing when it is nothing.</summary>
        internal static void Poll()
        {
            while (_client != null && _client.TryPoll(out var happened))
            {
                if (happened.Type == BridgeEventType.Connected) _failure = "";
                else if (happened.Type == BridgeEventType.NotConnected && happened.Message != _failure) Fail(happened.Message);
                else if (happened.Type == BridgeEventType.Lost) Debug.LogWarning("FlashHead: the worker ended; faces stand still until it is back.");
            }
        }

        /// <summary>Ends the connection and a worker that was launched; the next head connects anew.</summary>
        public static void Shutdown()
        {
            _client = null;
            _failure = "";
            FlashHeadClient.Shutdown();
        }

        static FlashHeadClientOptions Options(FlashHeadWorkerSettings settings)
        {
            var options = new FlashHeadClientOptions { Name = Application.productName };
            if (Application.isEditor ? !settings.LaunchInEditor : !settings.LaunchInPlayer) return options;
            options.Program = Application.isEditor ? settings.EditorProgram : OfTheGame(settings.PlayerProgram);
            return options;
        }

        // In StreamingAssets, else beside the game.
        static string[] OfTheGame(string[] program)
        {
            var words = (string[])program.Clone();
            if (words.Length == 0) return words;
            var inside = Path.Combine(Application.streamingAssetsPath, words[0]);
            // dataPath is <game>_Data on Windows and Linux, <game>.app/Contents on macOS: its parent holds the program.
            var beside = Path.Combine(Path.GetDirectoryName(Application.dataPath) ?? "", words[0]);
            words[0] = Path.GetFullPath(File.Exists(inside) || File.Exists(inside + ".exe") ? inside : beside);
            return words;
        }

        static void Fail(string reason)
        {
            _failure = reason;
            Debug.LogWarning("FlashHead: no worker: " + reason + " Portraits stand still and the audio plays.");
        }

        // Without a domain reload statics live on from the last time Play was pressed.
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        static void BeginAnew()
        {
            Shutdown();
            FlashHeadWorkerSettings.Forget();
            Application.quitting -= Shutdown;
            Application.quitting += Shutdown;
        }
    }
}
