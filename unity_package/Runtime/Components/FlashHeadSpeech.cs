using UnityEngine;

namespace FlashHead
{
    /// <summary>Speech that comes piece by piece, as from a speech synthesiser: <see cref="FlashHeadNPC.SpeakStreamed"/>.</summary>
    public sealed class FlashHeadSpeech
    {
        // AudioClip.Create wants a length; a streamed clip is only as long as it is played.
        const int LongestS = 3600;

        internal readonly SpeechBuffer Buffer;
        FlashHeadSession _session;
        uint _utterance;
        long _framesBefore;
        bool _ended;

        internal FlashHeadSpeech(int channels, int sampleRateHz)
        {
            Buffer = new SpeechBuffer(channels, sampleRateHz);
        }

        /// <summary>`count` samples of all channels together, in [-1, 1]. After a cancel nothing happens.</summary>
        public void Push(float[] samples, int count)
        {
            Buffer.Write(samples, count);
            if (IsAsked) _session.Push(_utterance, samples, count, Buffer.Channels);
        }

        /// <summary>No more comes.</summary>
        public void End()
        {
            _ended = true;
            Buffer.End();
            if (IsAsked) _session.End(_utterance);
        }

        /// <summary>Asks the worker for it, and gives it what has come by now. Returns the utterance; 0 without a worker.</summary>
        internal uint Ask(FlashHeadSession session)
        {
            if (session == null) return 0;
            var waiting = Buffer.Waiting();
            _session = session;
            _utterance = session.SpeakStreamed(Buffer.Channels, Buffer.SampleRateHz);
            if (waiting.Length > 0) session.Push(_utterance, waiting, waiting.Length, Buffer.Channels);
            if (_ended) session.End(_utterance);
            return _utterance;
        }

        /// <summary>A clip that goes on where the last one was read.</summary>
        internal AudioClip Renew()
        {
            _framesBefore = Buffer.Played;
            return AudioClip.Create(
                "FlashHead speech", Buffer.SampleRateHz * LongestS, Buffer.Channels, Buffer.SampleRateHz, true, Buffer.Read);
        }

        /// <summary>Frames of speech that are heard when the clip is at `frames`.</summary>
        internal long ContentFrames(int frames) => Buffer.ContentFrames(_framesBefore + frames);

        internal bool HeardAll(int frames) => Buffer.HeardAll(_framesBefore + frames);

        /// <summary>Whether the worker is to have it. Its head may have been closed since, or the library shut down.</summary>
        bool IsAsked
        {
            get
            {
                if (_utterance == 0 || _session.IsClosed) return false;
                try
                {
                    return _session.StateOf(_utterance) < UtteranceState.Cancelled;
                }
                catch (FlashHeadException error) when (error.Result == BridgeResult.StaleHandle)
                {
                    return false;
                }
            }
        }
    }
}
