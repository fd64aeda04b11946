using System;
using System.IO;
using UnityEngine;
#if FLASHHEAD_WEB_REQUEST_AUDIO
using UnityEngine.Networking;
#endif

namespace FlashHead
{
    /// <summary>An audio file or address on its way into a clip. A path that is not absolute is one in StreamingAssets.</summary>
    sealed class AudioFile : IDisposable
    {
        readonly string _path;
#if FLASHHEAD_WEB_REQUEST_AUDIO
        UnityWebRequest _request;
#endif

        public AudioFile(string path)
        {
            _path = path;
            var type = TypeOf(path);
            if (type == AudioType.UNKNOWN)
            {
                Fail("its name ends in none of .wav, .ogg, .mp3, .aif and .aiff, the formats that Unity loads");
                return;
            }
            var address = path;
            if (!address.Contains("://") && !Path.IsPathRooted(address)) address = Application.streamingAssetsPath + "/" + address;
            // On Android and the web StreamingAssets is an address already.
            if (!address.Contains("://"))
            {
                if (!File.Exists(address))
                {
                    Fail("there is no file " + address);
                    return;
                }
                address = new Uri(Path.GetFullPath(address)).AbsoluteUri;
            }
#if FLASHHEAD_WEB_REQUEST_AUDIO
            _request = UnityWebRequestMultimedia.GetAudioClip(address, type);
            _request.SendWebRequest();
#else
            Fail("this project has no audio from files: switch the module Unity Web Request Audio on in the Package Manager, under Built-in");
#endif
        }

        /// <summary>Null: not yet, or failed.</summary>
        public AudioClip Clip { get; private set; }

        /// <summary>Why there is no clip, for a person; null while nothing is wrong.</summary>
        public string Failure { get; private set; }

        /// <summary>Whether it is over: there is a clip, or a failure.</summary>
        public bool Poll()
        {
#if FLASHHEAD_WEB_REQUEST_AUDIO
            if (_request != null && _request.isDone) Finish();
#endif
            return Clip != null || Failure != null;
        }

        /// <summary>Stops loading; the clip is the caller's.</summary>
        public void Dispose()
        {
#if FLASHHEAD_WEB_REQUEST_AUDIO
            if (_request == null) return;
            _request.Abort();
            _request.Dispose();
            _request = null;
#endif
        }

        void Fail(string reason) => Failure = _path + ": " + reason + ".";

#if FLASHHEAD_WEB_REQUEST_AUDIO
        void Finish()
        {
            if (_request.result != UnityWebRequest.Result.Success) Fail("cannot be loaded: " + _request.error);
            else
            {
                Clip = DownloadHandlerAudioClip.GetContent(_request);
                if (Clip == null || Clip.samples == 0) Fail("holds no audio that Unity can decode");
                else Clip.name = Path.GetFileNameWithoutExtension(_path);
            }
            _request.Dispose();
            _request = null;
        }
#endif

        static AudioType TypeOf(string path)
        {
            // An address may say more after the name.
            var end = path.Contains("://") ? path.IndexOfAny(new[] { '?', '#' }) : -1;
            switch (Path.GetExtension(end < 0 ? path : path.Substring(0, end)).ToLowerInvariant())
            {
                case ".wav": return AudioType.WAV;
                case ".ogg": return AudioType.OGGVORBIS;
                case ".mp3": return AudioType.MPEG;
                case ".aif":
                case ".aiff": return AudioType.AIFF;
                default: return AudioType.UNKNOWN;
            }
        }
    }
}
