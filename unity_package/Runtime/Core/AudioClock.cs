using System;

namespace FlashHead
{
    /// <summary>Where the dialogue audio is, without steps. An engine's audio position moves by whole buffers of the mixer
    /// (21 ms for 1024 samples at 48 kHz); between them this clock goes on with the system's time.</summary>
    /// <remarks>The position that is read is the true one or older, never newer. So of the differences between it and the
    /// system's time the largest is nearest to the truth; it may sink slowly, because the two clocks drift.</remarks>
    public sealed class AudioClock
    {
        // Sound cards are within 0.1 % of the system's time; a position that is further off was sought.
        const double DriftPerS = 1e-3;
        const double SoughtS = 0.1;

        bool _anchored;
        double _aheadS;
        double _lastRealtimeS;
        long _audioUs;

        /// <summary>Microseconds from the utterance's first sample; never goes back but after a seek.</summary>
        public long AudioUs => _audioUs;

        /// <summary>Before another utterance.</summary>
        public void Reset()
        {
            _anchored = false;
            _audioUs = 0;
        }

        /// <summary>Call once a frame. `positionS`: of the audio, in seconds of its content. `realtimeS`: the system's time,
        /// whatever its zero. `rate`: seconds of content in a second, the pitch. Returns <see cref="AudioUs"/>.</summary>
        public long Advance(double positionS, double realtimeS, double rate, bool playing)
        {
            if (!playing)
            {
                _anchored = false;
                return _audioUs;
            }
            var aheadS = positionS - realtimeS * rate;
            if (_anchored) _aheadS -= Math.Abs(rate) * DriftPerS * (realtimeS - _lastRealtimeS);
            var sought = _anchored && Math.Abs(aheadS - _aheadS) > SoughtS;
            if (!_anchored || sought || aheadS > _aheadS) _aheadS = aheadS;
            _lastRealtimeS = realtimeS;

            var audioUs = (long)((_aheadS + realtimeS * rate) * 1e6);
            if (sought || audioUs > _audioUs) _audioUs = Math.Max(0, audioUs);
            _anchored = true;
            return _audioUs;
        }
    }
}
