using System;
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.AddressableAssets;
using UnityEngine.ResourceManagement.AsyncOperations;

namespace FlashHead
{
    /// <summary>Has a head speak lines that are loaded first, in the order in which they were asked for, and releases them when
    /// the head is silent again.</summary>
    /// <remarks>Relies on Addressables' manual, "Async operation handling": Completed is called for an operation that is done
    /// already too, and what an operation loaded is valid until Addressables.Release.
    /// https://docs.unity3d.com/Packages/com.unity.addressables@1.21/manual/AddressableAssetsAsyncOperationHandle.html</remarks>
    [AddComponentMenu("FlashHead/FlashHead Line Loader")]
    public sealed class FlashHeadLineLoader : MonoBehaviour
    {
        sealed class Line
        {
            public UnityEngine.Object Asset;
            public string Wrong;
            public bool IsLoaded, IsDropped;
            /// <summary>Not valid: its asset is released by somebody else.</summary>
            public AsyncOperationHandle Owned;
        }

        [SerializeField] FlashHeadNPC _head;

        readonly Queue<Line> _coming = new Queue<Line>();
        readonly List<Line> _spoken = new List<Line>();

        public FlashHeadNPC Head
        {
            get => _head;
            set => _head = value;
        }

        /// <summary>Speaks a baked line after what was asked for before.</summary>
        public void Speak(AssetReferenceT<FlashHeadBakedLine> line) => Load<FlashHeadBakedLine>(line);

        /// <summary>Speaks a clip after what was asked for before; live, by the worker.</summary>
        public void Speak(AssetReferenceT<AudioClip> clip) => Load<AudioClip>(clip);

        /// <summary>Speaks what an operation loads: a FlashHeadBakedLine or an AudioClip. `release`: whether it is this
        /// component's to release.</summary>
        public void Speak<T>(AsyncOperationHandle<T> loading, bool release) where T : UnityEngine.Object
        {
            var line = new Line();
            if (release) line.Owned = loading;
            _coming.Enqueue(line);
            // Its result is taken here: an operation may be used again for another one afterwards.
            loading.Completed += loaded => Finish(line, loaded);
        }

        /// <summary>Silences the head, and forgets what was not spoken yet.</summary>
        public void Cancel()
        {
            while (_coming.Count > 0)
            {
                var line = _coming.Dequeue();
                line.IsDropped = true;
                Release(line);
            }
            if (_head != null) _head.Cancel();
        }

        void Load<T>(AssetReference reference) where T : UnityEngine.Object
        {
            if (reference == null || !reference.RuntimeKeyIsValid())
                throw new ArgumentException("FlashHeadLineLoader.Speak was given an empty reference", nameof(reference));
            // Not the reference's own LoadAssetAsync, which takes one user at a time.
            Speak(Addressables.LoadAssetAsync<T>(reference.RuntimeKey), true);
        }

        static void Finish<T>(Line line, AsyncOperationHandle<T> loaded) where T : UnityEngine.Object
        {
            if (line.IsDropped) return;
            line.IsLoaded = true;
            if (loaded.Status == AsyncOperationStatus.Succeeded && loaded.Result != null) line.Asset = loaded.Result;
            else line.Wrong = loaded.OperationException != null ? loaded.OperationException.Message : "there is none";
        }

        void Update()
        {
            if (_head == null) return;
            if (_spoken.Count > 0 && !_head.IsSpeaking) ReleaseSpoken();
            while (_coming.Count > 0 && _coming.Peek().IsLoaded) Begin(_coming.Dequeue());
        }

        void Begin(Line line)
        {
            _spoken.Add(line);
            if (line.Wrong != null)
            {
                Debug.LogWarning("FlashHead: a line cannot be loaded: " + line.Wrong, this);
                _head.Failed.Invoke("a line cannot be loaded: " + line.Wrong);
            }
            else if (line.Asset is FlashHeadBakedLine baked) _head.PlayBaked(baked);
            else _head.Speak((AudioClip)line.Asset);
        }

        void ReleaseSpoken()
        {
            foreach (var line in _spoken) Release(line);
            _spoken.Clear();
        }

        static void Release(Line line)
        {
            if (line.Owned.IsValid()) Addressables.Release(line.Owned);
            line.Owned = default(AsyncOperationHandle);
        }

        void OnDestroy()
        {
            // What it speaks is not there any more.
            if (_coming.Count > 0 || _spoken.Count > 0) Cancel();
            ReleaseSpoken();
        }
    }
}
