using System;
using System.Collections.Generic;

namespace FlashHead
{
    /// <summary>Speech that comes piece by piece, between whoever makes it and the audio thread that plays it. Where nothing
    /// has come yet silence is played, and remembered, so that <see cref="ContentFrames"/> knows what is really heard.</summary>
    public sealed class SpeechBuffer
    {
        struct Gap
        {
            public long At, SilentBefore;
        }

        readonly Queue<float[]> _pieces = new Queue<float[]>();
        readonly List<Gap> _gaps = new List<Gap>();
        int _offset;
        long _played, _content, _written;
        bool _silent, _ended;

        public readonly int Channels, SampleRateHz;

        public SpeechBuffer(int channels, int sampleRateHz)
        {
            if (channels < 1 || channels > 8) throw new ArgumentOutOfRangeException(nameof(channels), channels, "1 to 8");
            Channels = channels;
            SampleRateHz = sampleRateHz;
        }

        /// <summary>`count` samples of all channels together; copied.</summary>
        public void Write(float[] samples, int count)
        {
            if (count < 0 || count > samples.Length || count % Channels != 0)
                throw new ArgumentOutOfRangeException(nameof(count), count, "whole frames of the array");
            if (count == 0) return;
            var piece = new float[count];
            Array.Copy(samples, piece, count);
            lock (_pieces)
            {
                if (_ended) throw new InvalidOperationException("this speech was ended");
                _pieces.Enqueue(piece);
                _written += count / Channels;
            }
        }

        /// <summary>No more comes.</summary>
        public void End()
        {
            lock (_pieces) _ended = true;
        }

        /// <summary>The audio thread's: fills all of `data`. Allocates only where a gap begins.</summary>
        public void Read(float[] data)
        {
            lock (_pieces)
            {
                var filled = 0;
                while (filled < data.Length && _pieces.Count > 0)
                {
                    var piece = _pieces.Peek();
                    var count = Math.Min(data.Length - filled, piece.Length - _offset);
                    Array.Copy(piece, _offset, data, filled, count);
                    filled += count;
                    _offset += count;
                    if (_offset < piece.Length) break;
                    _pieces.Dequeue();
                    _offset = 0;
                }
                if (filled > 0) Count(filled / Channels, false);
                if (filled == data.Length) return;
                Array.Clear(data, filled, data.Length - filled);
                Count((data.Length - filled) / Channels, true);
            }
        }

        void Count(long frames, bool silent)
        {
            if (silent != _silent) _gaps.Add(new Gap { At = _played, SilentBefore = _played - _content });
            _silent = silent;
            _played += frames;
            if (!silent) _content += frames;
        }

        /// <summary>What was written and not yet given to the audio thread.</summary>
        public float[] Waiting()
        {
            lock (_pieces)
            {
                var count = -_offset;
                foreach (var piece in _pieces) count += piece.Length;
                var waiting = new float[count];
                var filled = 0;
                foreach (var piece in _pieces)
                {
                    var from = filled == 0 ? _offset : 0;
                    Array.Copy(piece, from, waiting, filled, piece.Length - from);
                    filled += piece.Length - from;
                }
                return waiting;
            }
        }

        /// <summary>Frames given to the audio thread so far, silence too.</summary>
        public long Played
        {
            get
            {
                lock (_pieces) return _played;
            }
        }

        /// <summary>Frames of speech heard when the engine says that it played `played` frames.</summary>
        public long ContentFrames(long played)
        {
            lock (_pieces)
            {
                // Gaps alternate: one where silence begins, one where speech goes on.
                for (var i = _gaps.Count - 1; i >= 0; i--)
                {
                    if (played < _gaps[i].At) continue;
                    var silenceBegins = i % 2 == 0;
                    return silenceBegins ? _gaps[i].At - _gaps[i].SilentBefore : played - _gaps[i].SilentBefore;
                }
                return Math.Min(played, _content);
            }
        }

        /// <summary>Frames of speech given to the audio thread so far; no more than these can be heard.</summary>
        public long ContentRead
        {
            get
            {
                lock (_pieces) return _content;
            }
        }

        /// <summary>Whether the last of the speech was heard when `played` frames were.</summary>
        public bool HeardAll(long played)
        {
            lock (_pieces) return _ended && _pieces.Count == 0 && ContentFrames(played) >= _written;
        }
    }
}
