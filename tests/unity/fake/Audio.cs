// Unity's audio: a mixer whose clock steps by buffers, is frozen while the listener is paused, and begins anew when the
// output device changes.
using System;

namespace UnityEngine
{
    public static class AudioSettings
    {
        public delegate void AudioConfigurationChangeHandler(bool deviceWasChanged);
        public static event AudioConfigurationChangeHandler OnAudioConfigurationChanged;

        static double _beganS, _frozenS = double.NaN;

        /// <summary>The mixer's time without steps: what is heard now; for tests.</summary>
        [ForTests] public static double HeardS => double.IsNaN(_frozenS) ? Engine.NowS - _beganS : _frozenS;

        public static double dspTime => Math.Floor(HeardS / Engine.BufferS) * Engine.BufferS;

        /// <summary>The mixer stands still: the listener or the whole application is paused.</summary>
        [ForTests] public static void Freeze(bool frozen)
        {
            if (frozen == !double.IsNaN(_frozenS)) return;
            if (frozen) _frozenS = HeardS;
            else
            {
                _beganS = Engine.NowS - _frozenS;
                _frozenS = double.NaN;
            }
        }

        /// <summary>Headphones are unplugged. "It is important to note that whenever runtime modifications of the global audio
        /// system configuration are performed all audio objects have to be reloaded. This works for disk-based AudioClip
        /// assets [...], but any AudioClips generated or modified by scripts are lost and have to be recreated. Likewise any
        /// play state is lost as well." docs.unity3d.com/Manual/class-AudioSettings.html</summary>
        [ForTests] public static void ChangeDevice()
        {
            foreach (var source in Engine.Sources)
            {
                source.Stop();
                if (!ReferenceEquals(source.clip, null) && source.clip.isMade) source.clip.isLost = true;
            }
            _beganS = Engine.NowS;
            OnAudioConfigurationChanged?.Invoke(true);
        }
    }

    public sealed class AudioListener : Behaviour
    {
        static bool _pause;

        /// <summary>"While the pause state is true, the AudioSettings.dspTime will be frozen and further AudioSource play
        /// requests will start off paused." docs.unity3d.com/ScriptReference/AudioListener-pause.html</summary>
        public static bool pause
        {
            get => _pause;
            set { _pause = value; AudioSettings.Freeze(value); }
        }
    }

    public enum AudioType { UNKNOWN = 0, AIFF = 2, MPEG = 13, OGGVORBIS = 14, WAV = 20 }

    public sealed class AudioClip : Object
    {
        readonly float[] _data;
        [ForTests] public bool readable = true;
        /// <summary>By a script, and so lost when the device changes.</summary>
        [ForTests] public bool isMade, isLost;

        [ForTests] public AudioClip(string name, float[] data, int channels, int frequency)
        {
            this.name = name;
            _data = data;
            this.channels = channels;
            this.frequency = frequency;
            samples = data.Length / channels;
        }

        public int channels { get; }
        public int frequency { get; }
        public int samples { get; private set; }
        public float length => samples / (float)frequency;

        /// <summary>Of a streamed clip: what the audio thread calls.</summary>
        [ForTests] public PCMReaderCallback Reader { get; private set; }
        public delegate void PCMReaderCallback(float[] data);

        public static AudioClip Create(
            string name, int lengthSamples, int channels, int frequency, bool stream, PCMReaderCallback pcmreadercallback) =>
            new AudioClip(name, new float[0], channels, frequency) { Reader = pcmreadercallback, samples = lengthSamples, isMade = true };

        public static AudioClip Create(string name, int lengthSamples, int channels, int frequency, bool stream) =>
            new AudioClip(name, new float[lengthSamples * channels], channels, frequency) { isMade = true };

        public bool SetData(float[] data, int offsetSamples)
        {
            Array.Copy(data, 0, _data, offsetSamples * channels, data.Length);
            return true;
        }

        public bool GetData(float[] data, int offsetSamples)
        {
            if (!readable || isLost) return false;
            Array.Copy(_data, offsetSamples * channels, data, 0, data.Length);
            return true;
        }
    }

    public sealed class AudioSource : Behaviour
    {
        // A streamed clip is read ahead of what is heard.
        const int ReadAhead = 4096;

        AudioClip _clip;
        float _pitch = 1f;
        bool _paused;
        double _fromS, _sinceS = double.PositiveInfinity; // position, when the mixer's time was what
        long _read;

        [ForTests] public AudioSource() { Engine.Sources.Add(this); }

        public bool loop;

        public AudioClip clip
        {
            get => _clip;
            set { _clip = value; _read = 0; Stop(); }
        }

        public float pitch
        {
            get => _pitch;
            set { Anchor(); _pitch = value; }
        }

        bool Begun => !double.IsInfinity(_sinceS);

        double At(double mixerS) => !Begun || _paused ? _fromS : _fromS + Math.Max(0, mixerS - _sinceS) * _pitch;

        /// <summary>At its end a source is where it was before Play.</summary>
        bool Ended => ReferenceEquals(_clip, null) || _clip.destroyed || _clip.isLost || At(AudioSettings.dspTime) >= _clip.length;

        /// <summary>What a listener hears now, between the steps too; for tests.</summary>
        [ForTests] public double HeardS => At(AudioSettings.HeardS);

        /// <summary>From its Play or PlayScheduled on, even while it waits for its time.</summary>
        public bool isPlaying => Begun && !_paused && !Ended;

        public int timeSamples
        {
            get => Ended ? 0 : (int)(At(AudioSettings.dspTime) * _clip.frequency);
            set { Anchor(); _fromS = value / (double)_clip.frequency; }
        }

        public void Play() => PlayScheduled(AudioSettings.dspTime);
        public void PlayScheduled(double time) { _sinceS = time; _paused = false; }
        public void Stop() { _sinceS = double.PositiveInfinity; _fromS = 0; _paused = false; }
        public void Pause() { if (isPlaying) { Anchor(); _paused = true; } }

        public void UnPause()
        {
            if (!_paused) return;
            _sinceS = AudioSettings.dspTime;
            _paused = false;
        }

        void Anchor()
        {
            if (!Begun || _paused) return;
            _fromS = At(AudioSettings.dspTime);
            _sinceS = Math.Max(_sinceS, AudioSettings.dspTime);
        }

        /// <summary>The audio thread's work.</summary>
        [ForTests] public void Mix()
        {
            if (ReferenceEquals(_clip, null) || _clip.Reader == null) return;
            while (isPlaying && _read < timeSamples + ReadAhead)
            {
                _clip.Reader(new float[1024 * _clip.channels]);
                _read += 1024;
            }
        }
    }
}
