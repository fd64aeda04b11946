// Addressables, Localization and Pixel Crushers' Dialogue System as far as their adapters use them, from their manuals. What is
// loaded comes when a test says so.
using System;
using System.Collections.Generic;
using System.Linq;

namespace UnityEngine.Scripting
{
    public sealed class PreserveAttribute : Attribute { }
    [AttributeUsage(AttributeTargets.Assembly)] public sealed class AlwaysLinkAssemblyAttribute : Attribute { }
}

namespace UnityEngine.ResourceManagement.AsyncOperations
{
    public enum AsyncOperationStatus { None, Succeeded, Failed }

    [ForTests]
    public sealed class Operation
    {
        public object Key, Result;
        public AsyncOperationStatus Status;
        public Exception Exception;
        public Action<Operation> Completed;
        public int References = 1;
        /// <summary>Used again for another asset when it has completed.</summary>
        public bool IsPooled;
    }

    /// <summary>"The result of the operation is valid until you call Addressables.Release ... with the operation."</summary>
    public struct AsyncOperationHandle
    {
        internal Operation Operation;
        public bool IsValid() => Operation != null && Operation.References > 0;
    }

    public struct AsyncOperationHandle<TObject>
    {
        internal Operation Operation;

        public bool IsValid() => Operation != null && Operation.References > 0;
        public bool IsDone => Valid.Status != AsyncOperationStatus.None;
        public AsyncOperationStatus Status => Valid.Status;
        public TObject Result => (TObject)Valid.Result;
        public Exception OperationException => Valid.Exception;

        Operation Valid => IsValid() ? Operation : throw new Exception("Attempting to use an invalid operation handle");

        public event Action<AsyncOperationHandle<TObject>> Completed
        {
            add
            {
                var it = this;
                Valid.Completed += _ => value(it);
            }
            remove => throw new NotSupportedException();
        }

        public static implicit operator AsyncOperationHandle(AsyncOperationHandle<TObject> handle) =>
            new AsyncOperationHandle { Operation = handle.Operation };
    }
}

namespace UnityEngine.AddressableAssets
{
    using UnityEngine.ResourceManagement.AsyncOperations;

    public static class Addressables
    {
        [ForTests] public static readonly List<Operation> Loading = new List<Operation>(), All = new List<Operation>();

        public static AsyncOperationHandle<TObject> LoadAssetAsync<TObject>(object key)
        {
            var operation = new Operation { Key = key };
            Loading.Add(operation);
            All.Add(operation);
            return new AsyncOperationHandle<TObject> { Operation = operation };
        }

        public static void Release(AsyncOperationHandle handle)
        {
            if (!handle.IsValid()) throw new Exception("Attempting to use an invalid operation handle");
            handle.Operation.References--;
        }

        /// <summary>What was asked for with this key is there; null: it cannot be loaded.</summary>
        [ForTests]
        public static void Arrive(object key, Object asset)
        {
            var operation = Loading.First(one => Equals(one.Key, key));
            Loading.Remove(operation);
            operation.Result = asset;
            operation.Status = asset != null ? AsyncOperationStatus.Succeeded : AsyncOperationStatus.Failed;
            operation.Exception = asset != null ? null : new Exception("InvalidKeyException: No Location found for Key=" + key);
            // Whether one that was released meanwhile is still heard of is not documented: the worse case.
            operation.Completed?.Invoke(operation);
            if (operation.IsPooled) operation.References = 0;
        }
    }

    public class AssetReference
    {
        readonly string _guid;
        public AssetReference(string guid) { _guid = guid; }
        public virtual object RuntimeKey => _guid;
        public virtual bool RuntimeKeyIsValid() => !string.IsNullOrEmpty(_guid);
    }

    public class AssetReferenceT<TObject> : AssetReference where TObject : Object
    {
        public AssetReferenceT(string guid) : base(guid) { }
    }
}

namespace UnityEngine.Localization
{
    using UnityEngine.AddressableAssets;
    using UnityEngine.ResourceManagement.AsyncOperations;

    public abstract class LocalizedReference
    {
        [ForTests] public string Entry;
        /// <summary>Of the whole game; here for tests.</summary>
        [ForTests] public static string SelectedLocale = "en";
        public bool IsEmpty => string.IsNullOrEmpty(Entry);
    }

    /// <summary>"Once the Completed event has been called, during the next update, the internal operation will be returned to a
    /// pool so that it can be reused": its handle is not valid any more.</summary>
    public class LocalizedAsset<TObject> : LocalizedReference where TObject : Object
    {
        public AsyncOperationHandle<TObject> LoadAssetAsync()
        {
            var handle = Addressables.LoadAssetAsync<TObject>(Entry + "/" + SelectedLocale);
            handle.Operation.IsPooled = true;
            return handle;
        }
    }
}

namespace PixelCrushers.DialogueSystem
{
    using UnityEngine;

    public delegate void AssetLoadedDelegate(Object asset);

    public static class DialogueManager
    {
        [ForTests] public static readonly Dictionary<string, Object> Assets = new Dictionary<string, Object>();
        /// <summary>Answers that wait; null: at once.</summary>
        [ForTests] public static Queue<Action> Later;

        /// <summary>"Delegate method to call when returning loaded asset, or null if not found."</summary>
        public static void LoadAsset(string name, Type type, AssetLoadedDelegate assetLoaded)
        {
            Assets.TryGetValue(name + " " + type.Name, out var asset);
            if (Later == null) assetLoaded(asset);
            else Later.Enqueue(() => assetLoaded(asset));
        }
    }
}

namespace PixelCrushers.DialogueSystem.SequencerCommands
{
    using UnityEngine;

    public abstract class SequencerCommand : MonoBehaviour
    {
        [ForTests] public string[] Words = new string[0];
        [ForTests] public Transform Speaker;
        [ForTests] public static readonly Dictionary<string, Transform> Subjects = new Dictionary<string, Transform>();
        public bool isPlaying = true;

        protected Transform speaker => Speaker;
        protected void Stop() => isPlaying = false;
        protected string GetParameter(int i, string defaultValue = null) => i < Words.Length ? Words[i] : defaultValue;
        protected string GetParameters() => string.Join(",", Words);

        /// <summary>"speaker", "listener" or the name of a game object in the scene; null where there is none of that name.</summary>
        protected Transform GetSubject(int i, Transform defaultSubject = null)
        {
            var name = GetParameter(i);
            if (string.IsNullOrEmpty(name)) return defaultSubject;
            return name == "speaker" ? speaker : Subjects.TryGetValue(name, out var subject) ? subject : null;
        }
    }
}
