using System;
using FlashHead.Interop;

namespace FlashHead
{
    [Flags]
    public enum SessionOutputs
    {
        Video = 1,
        /// <summary>52 blendshape weights, 60 times a second.</summary>
        Weights = 2,
    }

    /// <summary>What a talking head is opened with.</summary>
    public sealed class FlashHeadSessionOptions
    {
        public SessionOutputs Outputs = SessionOutputs.Weights;
        /// <summary>A sample's name or a bundle's folder; null without video.</summary>
        public string Avatar;
        /// <summary>"nano", "lite" or "pro"; null: nano.</summary>
        public string Tier;
        /// <summary>null: neutral.</summary>
        public string Emotion;
        /// <summary>0 to 1.</summary>
        public float EmotionIntensity = 1f;
        /// <summary>0 to 2.</summary>
        public float MouthStrength = 1f;
        /// <summary>Pixels of the square picture: 256 to 1024, a multiple of 32.</summary>
        public int Size = 512;
        /// <summary>Of the video: 24, 25, 30 or 60.</summary>
        public int Fps = 25;
        /// <summary>The same seed, the same idle life.</summary>
        public ulong Seed;
        /// <summary>Take a lower tier when this one cannot run.</summary>
        public bool LowerTier;
        /// <summary>Where worker and program share no memory (a container); slower.</summary>
        public bool FramesAsMessages;
    }

    /// <summary>How a session stands.</summary>
    public struct SessionState
    {
        /// <summary>A worker has it.</summary>
        public bool Open;
        /// <summary>That runs, perhaps lower than asked for.</summary>
        public string Tier;
        public int Size, Fps;
        /// <summary>How often it was opened again.</summary>
        public int Reconnects;
        public ulong PicturesAcquired, WeightsAcquired;
    }

    public enum UtteranceState
    {
        Waiting = 0,
        /// <summary>Its first frame can be read: start the audio.</summary>
        Speaking = 1,
        /// <summary>Its last frame can be read.</summary>
        Finished = 2,
        Cancelled = 3,
        /// <summary>An event said why.</summary>
        Failed = 4,
    }

    /// <summary>One talking head. Methods return at once whatever the worker does; those that acquire frames and the
    /// clock allocate nothing. Any thread, but acquire from one at a time.</summary>
    public sealed unsafe class FlashHeadSession : IDisposable
    {
        readonly SessionHandle _handle;
        // Kept, so that a client nobody else holds is not collected, and closed, under its sessions.
        readonly ClientHandle _client;

        FlashHeadSession(SessionHandle handle, ClientHandle client)
        {
            _handle = handle;
            _client = client;
        }

        internal static FlashHeadSession Open(ClientHandle client, FlashHeadSessionOptions options)
        {
            using (var text = new Utf8())
            {
                var native = SessionOptions.Create();
                native.outputs = (uint)options.Outputs;
                native.avatar = text.Text(options.Avatar);
                native.tier = text.Text(options.Tier);
                native.emotion = text.Text(options.Emotion);
                native.emotionIntensity = options.EmotionIntensity;
                native.mouthStrength = options.MouthStrength;
                native.size = (uint)options.Size;
                native.fps = (uint)options.Fps;
                native.seed = options.Seed;
                native.lowerTier = options.LowerTier ? 1 : 0;
                native.framesAsMessages = options.FramesAsMessages ? 1 : 0;
                FlashHeadException.Check(Native.flashhead_open(client, ref native, out var handle));
                return new FlashHeadSession(handle, client);
            }
        }

        /// <summary>Speaks a whole clip: interleaved samples in [-1, 1]; copied. Returns the utterance's number.
        /// `interrupt`: instead of what is spoken; else behind it.</summary>
        public uint Speak(float[] samples, int channels, int sampleRateHz, bool interrupt = false)
        {
            fixed (float* first = samples)
                return Speak(first, samples.Length, channels, sampleRateHz, null, false, interrupt);
        }

        /// <summary>Speaks an audio file that the worker reads.</summary>
        public uint SpeakFile(string path, bool interrupt = false) => Speak(null, 0, 1, 16000, path, false, interrupt);

        /// <summary>Begins an utterance whose audio comes by <see cref="Push"/>, until <see cref="End"/>.</summary>
        public uint SpeakStreamed(int channels, int sampleRateHz, bool interrupt = false) =>
            Speak(null, 0, channels, sampleRateHz, null, true, interrupt);

        uint Speak(float* samples, int count, int channels, int rate, string path, bool streamed, bool interrupt)
        {
            if (channels < 1) throw new ArgumentOutOfRangeException(nameof(channels), channels, "1 to 8 channels");
            using (var text = new Utf8())
            {
                var audio = Audio.Create();
                audio.format = Audio.Float32;
                audio.samples = samples;
                audio.frames = (ulong)(count / channels);
                audio.channels = (uint)channels;
                audio.sampleRateHz = (uint)rate;
                audio.path = text.Text(path);
                audio.streamed = streamed ? 1 : 0;
                audio.interrupt = interrupt ? 1 : 0;
                FlashHeadException.Check(Native.flashhead_speak(_handle, ref audio, out var utterance));
                return utterance;
            }
        }

        /// <summary>More samples, `count` of all channels together, in the format that the utterance began with.</summary>
        public void Push(uint utterance, float[] samples, int count, int channels)
        {
            if (count < 0 || count > samples.Length) throw new ArgumentOutOfRangeException(nameof(count));
            fixed (float* first = samples)
                FlashHeadException.Check(Native.flashhead_push(_handle, utterance, first, (ulong)(count / channels)));
        }

        /// <summary>No more audio follows.</summary>
        public void End(uint utterance) => FlashHeadException.Check(Native.flashhead_end(_handle, utterance));

        /// <summary>Stops what is spoken and forgets what waits. From now on no frame of it is given any more; the face
        /// goes to rest from the frame acquired last.</summary>
        public void Cancel() => FlashHeadException.Check(Native.flashhead_cancel(_handle, long.MinValue));

        /// <summary>Where your audio is: microseconds from its first sample. Best each time you draw.</summary>
        public void Clock(uint utterance, long audioUs, bool playing) =>
            FlashHeadException.Check(Native.flashhead_clock(_handle, utterance, audioUs, playing ? 1 : 0));

        public UtteranceState StateOf(uint utterance)
        {
            FlashHeadException.Check(Native.flashhead_utterance_state(_handle, utterance, out var state));
            return (UtteranceState)state;
        }

        /// <summary>Copies the picture for this time of an utterance's audio, of utterance 0 the newest: RGBA, 8 bits
        /// each, top row first. False: show on what you show; the pixels are then undefined.</summary>
        public bool TryAcquireVideo(uint utterance, long audioUs, IntPtr pixels, int bytes, out FrameInfo info)
        {
            var frame = Frame.Create();
            var result = Native.flashhead_acquire_video(_handle, utterance, audioUs, ref frame, pixels, (UIntPtr)bytes);
            info = FrameInfo.From(ref frame);
            return FlashHeadException.Check(result);
        }

        /// <summary>The same for the weights; independent of the pictures. False: `weights` are as they were.</summary>
        public bool TryAcquireWeights(uint utterance, long audioUs, FaceWeights weights)
        {
            var native = Weights.Create();
            if (!FlashHeadException.Check(Native.flashhead_acquire_weights(_handle, utterance, audioUs, ref native)))
                return false;
            weights.Frame = FrameInfo.From(ref native.frame);
            for (var i = 0; i < Weights.Arkit; i++) weights.Arkit[i] = native.arkit[i];
            for (var i = 0; i < Weights.Pose; i++) weights.Pose[i] = native.pose[i];
            for (var i = 0; i < Weights.Visemes; i++) weights.Visemes[i] = native.visemes[i];
            return true;
        }

        /// <summary>`intensity`: 0 to 1.</summary>
        public void SetEmotion(string emotion, float intensity)
        {
            using (var text = new Utf8())
                FlashHeadException.Check(Native.flashhead_set_emotion(_handle, text.Text(emotion), intensity));
        }

        /// <summary>0 to 2.</summary>
        public void SetMouthStrength(float strength) =>
            FlashHeadException.Check(Native.flashhead_set_mouth_strength(_handle, strength));

        /// <summary>Turns the eyes: radians, -1 to 1; yaw > 0 to the face's own left, pitch > 0 down.</summary>
        public void LookAt(float yaw, float pitch) => FlashHeadException.Check(Native.flashhead_look_at(_handle, yaw, pitch));

        public void LookFreely() => FlashHeadException.Check(Native.flashhead_look_freely(_handle));

        /// <summary>Stops the head altogether, idle motion too, or lets it go on.</summary>
        public void Pause(bool paused) => FlashHeadException.Check(Native.flashhead_pause(_handle, paused ? 1 : 0));

        /// <summary>The oldest event that was not told yet.</summary>
        public bool TryPoll(out BridgeEvent happened)
        {
            var native = Event.Create();
            var any = FlashHeadException.Check(Native.flashhead_poll(_handle, ref native));
            happened = any ? BridgeEvent.From(ref native) : default(BridgeEvent);
            return any;
        }

        public SessionState State
        {
            get
            {
                var info = SessionInfo.Create();
                FlashHeadException.Check(Native.flashhead_get_session_info(_handle, ref info));
                return new SessionState
                {
                    Open = info.open != 0,
                    Tier = Utf8.Read(info.tier, 64),
                    Size = (int)info.size,
                    Fps = (int)info.fps,
                    Reconnects = (int)info.reconnects,
                    PicturesAcquired = info.pictures,
                    WeightsAcquired = info.weights,
                };
            }
        }

        /// <summary>Whether Dispose was called.</summary>
        public bool IsClosed => _handle.IsClosed;

        public void Dispose()
        {
            _handle.Dispose();
            GC.KeepAlive(_client);
        }
    }
}
