using System;
using UnityEngine;
using UnityEngine.Events;

namespace FlashHead
{
    // What a designer sets. The other half is what the component does.
    public sealed partial class FlashHeadNPC
    {
        [Serializable] public sealed class LatencyEvent : UnityEvent<float> { }
        [Serializable] public sealed class ReasonEvent : UnityEvent<string> { }

        [Header("Face")]
        [Tooltip("A sample's name (guard, heroine, merchant, robot, fox, scholar) or the folder of an avatar bundle. Empty: no picture.")]
        [SerializeField] string _avatar = "";
        [Tooltip("Compute the 52 ARKit blendshape weights, for a FlashHeadBlendShapeTarget.")]
        [SerializeField] bool _blendshapes = true;
        [Tooltip("nano, lite or pro. Empty: as the worker settings say.")]
        [SerializeField] string _tier = "";
        [Tooltip("Pixels of the square picture.")]
        [SerializeField] int _size = 512;
        [Tooltip("Pictures a second: 24, 25, 30 or 60.")]
        [SerializeField] int _fps = 25;
        [Tooltip("Heads with the same seed blink alike.")]
        [SerializeField] int _seed;

        [Header("Performance")]
        [SerializeField] string _emotion = "neutral";
        [Range(0f, 1f)] [SerializeField] float _emotionIntensity = 1f;
        [Range(0f, 2f)] [SerializeField] float _mouthStrength = 1f;

        [Header("Audio")]
        [Tooltip("Where the dialogue is heard.")]
        [SerializeField] AudioSource _audioSource;
        [Tooltip("Seconds for which audio waits for its first frame; then it plays with the mouth at rest.")]
        [Range(0f, 2f)] [SerializeField] float _patience = 0.5f;
        [Tooltip("Seconds by which the face is ahead of the sound. Below 0 where the sound is heard late, as on wireless headphones.")]
        [Range(-0.3f, 0.3f)] [SerializeField] float _offset;

        [Header("Events")]
        [SerializeField] UnityEvent _started = new UnityEvent();
        [SerializeField] LatencyEvent _firstFrame = new LatencyEvent();
        [SerializeField] UnityEvent _finished = new UnityEvent();
        [SerializeField] UnityEvent _cancelled = new UnityEvent();
        [SerializeField] ReasonEvent _failed = new ReasonEvent();

        /// <summary>A sample's name or a bundle's folder; "" for no picture. A change opens the head anew.</summary>
        public string Avatar
        {
            get => _avatar;
            set => Change(ref _avatar, value ?? "");
        }

        public bool Blendshapes
        {
            get => _blendshapes;
            set => Change(ref _blendshapes, value);
        }

        public string Tier
        {
            get => _tier;
            set => Change(ref _tier, value ?? "");
        }

        public int Size
        {
            get => _size;
            set => Change(ref _size, value);
        }

        public int Fps
        {
            get => _fps;
            set => Change(ref _fps, value);
        }

        public int Seed
        {
            get => _seed;
            set => Change(ref _seed, value);
        }

        public AudioSource AudioSource
        {
            get => _audioSource;
            set => _audioSource = value;
        }

        public float Patience
        {
            get => _patience;
            set => _patience = value;
        }

        /// <summary>Seconds by which the face is ahead of the sound; below 0 where the sound output is late.</summary>
        public float Offset
        {
            get => _offset;
            set => _offset = value;
        }

        /// <summary>The audio of a line begins.</summary>
        public UnityEvent Started => _started;
        /// <summary>Milliseconds from Speak to the first frame.</summary>
        public LatencyEvent FirstFrame => _firstFrame;
        /// <summary>The audio of a line has ended.</summary>
        public UnityEvent Finished => _finished;
        public UnityEvent Cancelled => _cancelled;
        /// <summary>Why a line is heard without a face, or not at all.</summary>
        public ReasonEvent Failed => _failed;

        void Change<T>(ref T field, T value)
        {
            if (Equals(field, value)) return;
            field = value;
            if (isActiveAndEnabled) Reopen();
        }
    }
}
