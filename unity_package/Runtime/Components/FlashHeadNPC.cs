using System;
using System.Collections.Generic;
using Unity.Collections.LowLevel.Unsafe;
using UnityEngine;
using UnityEngine.Video;

namespace FlashHead
{
    /// <summary>A character that speaks. Give it dialogue audio; it plays it on its AudioSource, and its face follows what is
    /// heard: as a picture in <see cref="Texture"/> (shown by a FlashHeadVideoTarget) and as blendshape weights in
    /// <see cref="Face"/> (shown by a FlashHeadBlendShapeTarget). Without a worker the audio plays and the face rests.</summary>
    [AddComponentMenu("FlashHead/FlashHead NPC")]
    [DisallowMultipleComponent]
    public sealed partial class FlashHeadNPC : MonoBehaviour
    {
        readonly DialogueQueue<DialogueLine> _queue = new DialogueQueue<DialogueLine>();
        // Lines whose file is being loaded, and those behind them: the worker is asked for lines in the order of speech.
        readonly Queue<DialogueLine> _coming = new Queue<DialogueLine>();
        readonly AudioClock _clock = new AudioClock();
        readonly FaceWeights _face = new FaceWeights();
        readonly HashSet<string> _warned = new HashSet<string>();
        FlashHeadSession _session;
        Texture2D _texture;
        VideoPlayer _video;
        long _audioUs;
        bool _paused, _hasPicture;

        /// <summary>What to show now: the worker's picture, or the video of a baked line. Null: nothing yet.</summary>
        public Texture Picture => VideoPlays ? _video.texture : _hasPicture ? _texture : null;
        /// <summary>The worker draws the top row first, where Unity has the bottom one: to be turned in UV.</summary>
        public bool PictureIsTopRowFirst => !VideoPlays;
        /// <summary>The face of now; its Frame tells whether it is another one.</summary>
        public FaceWeights Face => _face;
        /// <summary>Whether <see cref="Face"/> holds weights yet.</summary>
        public bool HasFace { get; private set; }
        /// <summary>Whether a line is heard or waits.</summary>
        public bool IsSpeaking => _queue.Count + _coming.Count > 0;
        /// <summary>Where the audio of the line is, in seconds.</summary>
        public double AudioTime => _audioUs * 1e-6;

        /// <summary>Speaks a clip after what is being spoken; with `interrupt` instead of it.</summary>
        public void Speak(AudioClip clip, bool interrupt = false)
        {
            if (clip == null) throw new ArgumentNullException(nameof(clip), "FlashHeadNPC.Speak was given no AudioClip");
            if (interrupt) Cancel();
            Add(new DialogueLine { Clip = clip });
        }

        /// <summary>Speaks an audio file: the path of a .wav, .ogg, .mp3 or .aiff, from the folder StreamingAssets where it is
        /// not absolute, or an address (https://, file://). It is loaded while what is before it is heard.</summary>
        public void Speak(string path, bool interrupt = false)
        {
            if (string.IsNullOrEmpty(path)) throw new ArgumentException("FlashHeadNPC.Speak was given no path", nameof(path));
            if (interrupt) Cancel();
            Add(new DialogueLine { File = new AudioFile(path) });
        }

        /// <summary>Speaks what is pushed into the returned speech, from the moment that the first of it came.</summary>
        public FlashHeadSpeech SpeakStreamed(int channels, int sampleRateHz, bool interrupt = false)
        {
            var speech = new FlashHeadSpeech(channels, sampleRateHz);
            if (interrupt) Cancel();
            Add(new DialogueLine { Clip = speech.Renew(), Speech = speech });
            return speech;
        }

        /// <summary>Plays a baked line, after what is being spoken; needs no worker.</summary>
        public void PlayBaked(FlashHeadBakedLine line, bool interrupt = false)
        {
            if (line == null) throw new ArgumentNullException(nameof(line), "FlashHeadNPC.PlayBaked was given no line");
            if (line.Audio == null) throw new ArgumentException(line.name + " has no audio: import it again.", nameof(line));
            if (interrupt) Cancel();
            Add(new DialogueLine { Clip = line.Audio, Baked = line });
        }

        void Add(DialogueLine line)
        {
            // After FlashHeadWorker.Shutdown.
            if (_session == null && !IsSpeaking && isActiveAndEnabled) Open();
            _coming.Enqueue(line);
            AskForThoseThatCame();
        }

        void AskForThoseThatCame()
        {
            while (_coming.Count > 0 && _coming.Peek().Poll())
            {
                var line = _coming.Dequeue();
                if (line.Clip == null)
                {
                    Fail(line.File != null ? line.File.Failure : "a clip was destroyed while it waited to be spoken.");
                    continue;
                }
                _queue.PatienceS = _patience;
                _queue.Add(Ask(line), line, Time.realtimeSinceStartupAsDouble);
            }
        }

        /// <summary>Stops what is spoken and forgets what waits. No frame of it is shown any more.</summary>
        public void Cancel()
        {
            if (!IsSpeaking) return;
            Tell(session => session.Cancel());
            FallSilent();
        }

        /// <summary>Holds audio and face where they are, or lets both go on.</summary>
        public void Pause(bool paused)
        {
            if (_paused == paused) return;
            _paused = paused;
            if (_audioSource != null)
            {
                if (paused) _audioSource.Pause();
                else _audioSource.UnPause();
            }
            Tell(session => session.Pause(paused));
        }

        /// <summary>`intensity`: 0 to 1. Throws FlashHeadException for an emotion that there is not.</summary>
        public void SetEmotion(string emotion, float intensity = 1f)
        {
            _emotion = emotion;
            _emotionIntensity = intensity;
            Tell(session => session.SetEmotion(emotion, intensity));
        }

        void Tell(Action<FlashHeadSession> what)
        {
            if (_session == null) return;
            try
            {
                what(_session);
            }
            catch (FlashHeadException error) when (error.Result == BridgeResult.StaleHandle)
            {
                Close();
            }
        }

        // These are called by the editor too, where Unity does not: in edit mode.
        internal void OnEnable()
        {
            AudioSettings.OnAudioConfigurationChanged += BeginAudioAnew;
            Open();
        }

        internal void OnDisable()
        {
            AudioSettings.OnAudioConfigurationChanged -= BeginAudioAnew;
            FallSilent();
            Close();
        }

        void OnDestroy()
        {
            Close();
        }

        internal void Update()
        {
            try
            {
                FlashHeadWorker.Poll();
                if (_session != null) Hear();
                AskForThoseThatCame();
                Play();
                Show();
            }
            catch (FlashHeadException error) when (error.Result == BridgeResult.StaleHandle)
            {
                // FlashHeadWorker.Shutdown was called: what is spoken is heard to its end; the next line opens a new head.
                Close();
            }
        }

        void FallSilent()
        {
            if (!IsSpeaking) return;
            if (_queue.AudioStarted) Silence(_queue.Audio);
            foreach (var line in _coming) line.Dispose();
            _coming.Clear();
            _queue.Clear(line => line.Dispose());
            _clock.Reset();
            StopVideo();
            _cancelled.Invoke();
        }

        void Open()
        {
            var client = FlashHeadWorker.Client;
            if (client == null || _session != null) return;
            SessionOutputs outputs = 0;
            if (_avatar.Length > 0) outputs |= SessionOutputs.Video;
            if (_blendshapes) outputs |= SessionOutputs.Weights;
            if (outputs == 0)
            {
                Warn("nothing to show: give it an avatar, or switch blendshapes on.");
                return;
            }
            try
            {
                _session = client.Open(new FlashHeadSessionOptions
                {
                    Outputs = outputs,
                    Avatar = _avatar.Length > 0 ? _avatar : null,
                    Tier = _tier.Length > 0 ? _tier : FlashHeadWorkerSettings.Load().Tier,
                    Emotion = _emotion,
                    EmotionIntensity = _emotionIntensity,
                    MouthStrength = _mouthStrength,
                    Size = _size,
                    Fps = _fps,
                    Seed = (ulong)Math.Max(0, _seed),
                    LowerTier = true,
                });
            }
            catch (FlashHeadException error)
            {
                Warn(error.Message);
                return;
            }
            if (_avatar.Length > 0)
                _texture = new Texture2D(_size, _size, TextureFormat.RGBA32, false, false)
                {
                    name = "FlashHead " + name,
                    wrapMode = TextureWrapMode.Clamp,
                    hideFlags = HideFlags.HideAndDontSave,
                };
        }

        void Close()
        {
            if (_session != null) _session.Dispose();
            _session = null;
            _hasPicture = HasFace = false;
            if (_texture == null) return;
            if (Application.isPlaying) Destroy(_texture);
            else DestroyImmediate(_texture);
            _texture = null;
        }

        void Reopen()
        {
            FallSilent();
            Close();
            Open();
        }

        /// <summary>Asks the worker for a line; 0 where it will be heard without a face.</summary>
        uint Ask(DialogueLine line)
        {
            if (line.Baked != null || _session == null) return 0;
            try
            {
                if (line.Speech != null) return line.Speech.Ask(_session);
                var samples = line.Samples();
                if (samples != null) return _session.Speak(samples, line.Clip.channels, line.Clip.frequency);
                Fail(line.Clip.name + " cannot be read: set its Load Type to Decompress On Load, and load it before it is spoken.");
            }
            catch (FlashHeadException error)
            {
                Fail((line.Speech != null ? "streamed speech" : line.Clip.name) + ": " + error.Message);
            }
            return 0;
        }

        void Hear()
        {
            while (_session.TryPoll(out var happened))
            {
                switch (happened.Type)
                {
                    case BridgeEventType.FirstFrame: _firstFrame.Invoke(happened.LatencyUs / 1000f); break;
                    case BridgeEventType.Error: Fail(happened.Message); break;
                    case BridgeEventType.Warning: Warn(happened.Message); break;
                }
            }
        }

        void Play()
        {
            var line = _queue.Audio;
            var step = _queue.Step(Time.realtimeSinceStartupAsDouble, State(), line != null && AudioGoesOn(line));
            if (step == DialogueStep.StartAudio) BeginLine(line);
            else if (step == DialogueStep.AudioEnded) EndLine(line);
        }

        void BeginLine(DialogueLine line)
        {
            _clock.Reset();
            _started.Invoke();
            // Who heard of it may have cancelled it.
            if (_queue.Audio != line) return;
            if (line.Baked != null && line.Baked.Video != null) StartVideo(line.Baked.Video);
            if (_audioSource == null) Warn("no Audio Source: its lines are not heard.");
            else PlayFrom(line, 0);
        }

        void EndLine(DialogueLine line)
        {
            if (_audioSource != null && _audioSource.clip != line.Clip)
                Warn("its Audio Source was given another clip while it spoke. Two heads need two Audio Sources.");
            // A streamed clip plays on.
            Silence(line);
            _clock.Reset();
            StopVideo();
            line.Dispose();
            _finished.Invoke();
        }

        UtteranceState State()
        {
            // A line that the worker knows nothing of waits for nothing.
            if (_session == null || _queue.Utterance == 0) return UtteranceState.Failed;
            return _session.StateOf(_queue.Utterance);
        }

        void Show()
        {
            long audioUs = 0;
            uint utterance = 0;
            var line = _queue.AudioStarted ? _queue.Audio : null;
            if (line != null)
            {
                if (_session != null) utterance = _queue.Utterance;
                var playing = AudioMoves(line);
                var pitch = _audioSource != null ? _audioSource.pitch : 1f;
                _clock.Advance(PositionS(line), Time.realtimeSinceStartupAsDouble, pitch, playing);
                _audioUs = _clock.AudioUs;
                // In a gap nothing more is heard than came.
                if (line.Speech != null) _audioUs = Math.Min(_audioUs, line.Speech.Buffer.ContentRead * 1000000 / line.Speech.Buffer.SampleRateHz);
                audioUs = Math.Max(0, _audioUs + (long)(_offset * 1e6));
                if (utterance != 0) _session.Clock(utterance, audioUs, playing);
            }
            if (line != null && line.Baked != null) ShowBaked(line.Baked, audioUs);
            else if (_session != null) ShowLive(utterance, audioUs);
        }

        void ShowBaked(FlashHeadBakedLine line, long audioUs)
        {
            if (VideoPlays) _video.externalReferenceTime = audioUs * 1e-6;
            if (line.Track == null) return;
            line.Track.Sample(audioUs, _face);
            HasFace = true;
        }

        void ShowLive(uint utterance, long audioUs)
        {
            if (_blendshapes && _session.TryAcquireWeights(utterance, audioUs, _face)) HasFace = true;
            if (_texture != null) ShowPicture(utterance, audioUs);
        }

        bool VideoPlays => _video != null && _video.clip != null && _video.texture != null;

        /// <summary>The audio is the master: the video follows the time that it is told, and is silent.</summary>
        void StartVideo(VideoClip clip)
        {
            if (_video == null)
            {
                _video = gameObject.AddComponent<VideoPlayer>();
                _video.playOnAwake = false;
                _video.renderMode = VideoRenderMode.APIOnly;
                _video.audioOutputMode = VideoAudioOutputMode.None;
                _video.timeReference = VideoTimeReference.ExternalTime;
            }
            _video.externalReferenceTime = 0;
            _video.clip = clip;
            _video.Play();
        }

        void StopVideo()
        {
            if (_video == null) return;
            _video.Stop();
            _video.clip = null;
        }

        unsafe void ShowPicture(uint utterance, long audioUs)
        {
            // Asked for each time: Unity may move it.
            var pixels = _texture.GetRawTextureData<byte>();
            var target = (IntPtr)NativeArrayUnsafeUtility.GetUnsafePtr(pixels);
            if (!_session.TryAcquireVideo(utterance, audioUs, target, pixels.Length, out _)) return;
            _texture.Apply(false, false);
            _hasPicture = true;
        }

        void Fail(string reason)
        {
            Warn(reason);
            _failed.Invoke(reason);
        }

        void Warn(string reason)
        {
            if (_warned.Add(reason)) Debug.LogWarning("FlashHead NPC " + name + ": " + reason, this);
        }
    }
}
