using System;
using System.Collections.Generic;

namespace FlashHead
{
    /// <summary>What a component has to do now.</summary>
    public enum DialogueStep
    {
        Nothing,
        /// <summary>Start the audio of <see cref="DialogueQueue{TAudio}.Audio"/>.</summary>
        StartAudio,
        /// <summary>The audio of the utterance in front has ended; the next one is in front now.</summary>
        AudioEnded,
    }

    /// <summary>Utterances of one head in the order in which they are heard. A line's audio starts with its first frame, or
    /// when the worker has been waited for long enough: the game never waits for a face.</summary>
    public sealed class DialogueQueue<TAudio> where TAudio : class
    {
        struct Line
        {
            public uint Utterance;
            public TAudio Audio;
        }

        readonly Queue<Line> _lines = new Queue<Line>();
        double _inFrontSinceS;
        bool _audioStarted;

        /// <summary>Seconds for which audio waits for its first frame.</summary>
        public double PatienceS = 0.5;

        public int Count => _lines.Count;
        /// <summary>Of the line in front; 0 where none is, or where the worker knows nothing of it.</summary>
        public uint Utterance => _lines.Count > 0 ? _lines.Peek().Utterance : 0;
        /// <summary>Of the line in front; null: none.</summary>
        public TAudio Audio => _lines.Count > 0 ? _lines.Peek().Audio : null;
        public bool AudioStarted => _audioStarted;

        public void Add(uint utterance, TAudio audio, double nowS)
        {
            if (_lines.Count == 0) Front(nowS);
            _lines.Enqueue(new Line { Utterance = utterance, Audio = audio });
        }

        /// <summary>After a cancel: nothing of what was asked for is heard any more. `dropped` is told each, in order.</summary>
        public void Clear(Action<TAudio> dropped = null)
        {
            if (dropped != null)
                foreach (var line in _lines) dropped(line.Audio);
            _lines.Clear();
            _audioStarted = false;
        }

        /// <summary>Call once a frame. `state`: of <see cref="Utterance"/>; Failed where the worker knows nothing of it.
        /// `audioPlays`: whether the audio that was started still plays.</summary>
        public DialogueStep Step(double nowS, UtteranceState state, bool audioPlays)
        {
            if (_lines.Count == 0) return DialogueStep.Nothing;
            if (!_audioStarted)
            {
                if (state == UtteranceState.Waiting && nowS - _inFrontSinceS < PatienceS) return DialogueStep.Nothing;
                _audioStarted = true;
                return DialogueStep.StartAudio;
            }
            if (audioPlays) return DialogueStep.Nothing;
            _lines.Dequeue();
            Front(nowS);
            return DialogueStep.AudioEnded;
        }

        void Front(double nowS)
        {
            _inFrontSinceS = nowS;
            _audioStarted = false;
        }
    }
}
