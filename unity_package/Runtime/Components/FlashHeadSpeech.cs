using UnityEngine;

namespace FlashHead
{
    /// <summary>Speech that comes piece by piece, as from a speech synthesiser: <see cref="FlashHeadNPC.SpeakStreamed"/>.</summary>
    public sealed class FlashHeadSpeech
    {
        // AudioClip.Create wants a length; a streamed clip is only as long as it is played.
        const int LongestS = 3600;

        internal readonly SpeechBuffer Buffer;
        internal readonly AudioClip Clip;
        internal FlashHeadSession Session;
        internal uint Utterance;

        internal FlashHeadSpeech(int channels, int sampleRateHz)
        {
            Buffer = new SpeechBuffer(channels, sampleRateHz);
            Clip = AudioClip.Create("FlashHead speech", sampleRateHz * LongestS, channels, sampleRateHz, true, Buffer.Read);
        }

        /// <summary>`count` samples of all channels together, in [-1, 1]. After a cancel nothing happens.</summary>
        public void Push(float[] samples, int count)
        {
            Buffer.Write(samples, count);
            if (IsAsked) Session.Push(Utterance, samples, count, Buffer.Channels);
        }

        /// <summary>No more comes.</summary>
        public void End()
        {
            Buffer.End();
            if (IsAsked) Session.End(Utterance);
        }

        /// <summary>Whether the worker is to have it. Its head may have been closed since, or the library shut down.</summary>
        bool IsAsked
        {
            get
            {
                if (Utterance == 0 || Session.IsClosed) return false;
                try
                {
                    return Session.StateOf(Utterance) < UtteranceState.Cancelled;
                }
                catch (FlashHeadException error) when (error.Result == BridgeResult.StaleHandle)
                {
                    return false;
                }
            }
        }
    }
}
