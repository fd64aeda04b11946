// UnityWebRequest for audio: answers after a time that a test sets, from files and from addresses that a test serves. The
// one format that it decodes is WAV with 16 bits.
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace UnityEngine.Networking
{
    public sealed class UnityWebRequestAsyncOperation { }

    public sealed class UnityWebRequest : IDisposable
    {
        public enum Result { InProgress, Success, ConnectionError, ProtocolError, DataProcessingError }

        public static readonly Dictionary<string, byte[]> Served = new Dictionary<string, byte[]>();
        public static readonly List<string> Asked = new List<string>();
        public static double TakesS;
        public static int Alive;

        readonly string _uri;
        double _sentS = double.PositiveInfinity;
        bool _disposed, _answered;
        Result _result = Result.InProgress;
        string _error;
        internal AudioClip Clip;

        public UnityWebRequest(string uri)
        {
            _uri = uri;
            Alive++;
        }

        public UnityWebRequestAsyncOperation SendWebRequest()
        {
            Asked.Add(_uri);
            _sentS = Engine.NowS;
            return new UnityWebRequestAsyncOperation();
        }

        public bool isDone { get { Answer(); return _answered; } }
        public Result result { get { Answer(); return _result; } }
        public string error { get { Answer(); return _error; } }

        public void Abort() => End(Result.ConnectionError, "Request aborted");

        public void Dispose()
        {
            if (_disposed) return;
            _disposed = true;
            Alive--;
        }

        void Answer()
        {
            if (_disposed) throw new ObjectDisposedException("UnityWebRequest");
            if (_answered || Engine.NowS < _sentS + TakesS) return;
            if (_uri.StartsWith("file://"))
            {
                var path = new Uri(_uri).LocalPath;
                if (File.Exists(path)) Decode(File.ReadAllBytes(path));
                else End(Result.ProtocolError, "HTTP/1.1 404 Not Found");
            }
            else if (Served.TryGetValue(_uri, out var bytes)) Decode(bytes);
            else End(Result.ConnectionError, "Cannot resolve destination host");
        }

        void Decode(byte[] bytes)
        {
            var data = -1;
            for (var at = 12; at + 8 <= bytes.Length && Encoding.ASCII.GetString(bytes, 0, 4) == "RIFF"; at += 8 + BitConverter.ToInt32(bytes, at + 4))
                if (Encoding.ASCII.GetString(bytes, at, 4) == "data") data = at + 8;
            if (data < 0)
            {
                End(Result.DataProcessingError, "Unable to decode the audio");
                return;
            }
            var samples = new float[(bytes.Length - data) / 2];
            for (var i = 0; i < samples.Length; i++) samples[i] = BitConverter.ToInt16(bytes, data + 2 * i) / 32768f;
            Clip = new AudioClip("", samples, BitConverter.ToInt16(bytes, 22), BitConverter.ToInt32(bytes, 24)) { isMade = true };
            End(Result.Success, null);
        }

        void End(Result result, string error)
        {
            if (_answered) return;
            _answered = true;
            _result = result;
            _error = error;
        }
    }

    public static class UnityWebRequestMultimedia
    {
        public static UnityWebRequest GetAudioClip(string uri, AudioType audioType) => new UnityWebRequest(uri);
    }

    public static class DownloadHandlerAudioClip
    {
        public static AudioClip GetContent(UnityWebRequest www) => www.Clip;
    }
}
