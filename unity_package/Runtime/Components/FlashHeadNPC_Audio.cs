using UnityEngine;

namespace FlashHead
{
    // How a line is played on the Audio Source, whatever else is done with that.
    public sealed partial class FlashHeadNPC
    {
        // Unity asks for 100 to 200 ms ahead where a start must be exact; here a face waits for it.
        const double ScheduledAheadS = 0.05;
        // A source that has ended is at its start again; one that is nearer to its end than this is taken for one.
        const float EndS = 0.1f;

        double _scheduledS;
        int _startFrame;

        void PlayFrom(DialogueLine line, int frame)
        {
            _audioSource.clip = line.Clip;
            _audioSource.loop = false;
            _audioSource.timeSamples = _startFrame = frame;
            _scheduledS = AudioSettings.dspTime + ScheduledAheadS;
            _audioSource.PlayScheduled(_scheduledS);
            if (_paused) _audioSource.Pause();
        }

        void Silence(DialogueLine line)
        {
            if (HasSource(line)) _audioSource.Stop();
        }

        /// <summary>Whether the source still has its clip, and no other component or script took it.</summary>
        bool HasSource(DialogueLine line) => _audioSource != null && _audioSource.clip == line.Clip;

        /// <summary>Whether it is not over: it plays, waits for its time, or was paused, by whomever.</summary>
        bool AudioGoesOn(DialogueLine line)
        {
            if (!HasSource(line)) return false;
            var frame = _audioSource.timeSamples;
            // A streamed clip plays on when all was heard.
            if (line.Speech != null && line.Speech.HeardAll(frame)) return false;
            if (_paused || AudioListener.pause || _audioSource.isPlaying) return true;
            return frame > 0 && frame < line.Clip.samples - EndS * line.Clip.frequency;
        }

        /// <summary>A source that waits for its scheduled time says that it plays.</summary>
        bool AudioMoves(DialogueLine line) =>
            HasSource(line) && _audioSource.isPlaying && !_paused && !AudioListener.pause
            && (AudioSettings.dspTime >= _scheduledS || _audioSource.timeSamples > _startFrame);

        double PositionS(DialogueLine line)
        {
            if (!HasSource(line)) return 0;
            var frame = _audioSource.timeSamples;
            return (line.Speech != null ? line.Speech.ContentFrames(frame) : frame) / (double)line.Clip.frequency;
        }

        /// <summary>Another output device. Unity has then lost what played, and the clips that scripts made.</summary>
        void BeginAudioAnew(bool deviceWasChanged)
        {
            if (!_queue.AudioStarted || !HasSource(_queue.Audio)) return;
            var line = _queue.Audio;
            PlayFrom(line, line.Renew((int)(_clock.AudioUs * 1e-6 * line.Clip.frequency)));
        }
    }
}
