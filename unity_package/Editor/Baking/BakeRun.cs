using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;

namespace FlashHead.Baking
{
    /// <summary>Bakes lines of dialogue with `flashhead bake`, each beside its recording; those whose recording, avatar and
    /// outputs are as their manifest says are left alone. Call <see cref="Step"/> until it has ended.</summary>
    public sealed class BakeRun : IDisposable
    {
        const string ManifestEnding = ".flashhead.json";
        // Windows takes 32767 characters in a command.
        const int LongestCommand = 24000;
        const int WordsOfFailure = 6;

        /// <summary>Lines that one call of the baker makes: they lie in one folder.</summary>
        sealed class Batch
        {
            public string Folder;
            public readonly List<BakeLine> Lines = new List<BakeLine>();
        }

        readonly BakeOptions _options;
        readonly List<BakeLine> _lines = new List<BakeLine>();
        readonly Queue<BakeLine> _toCompare;
        readonly Queue<string> _words = new Queue<string>();
        readonly List<string> _errors = new List<string>();
        Queue<Batch> _batches;
        Batch _batch;
        BakerProcess _baker;
        bool _cancelled;

        /// <summary>`audio`: paths of recordings. Throws ArgumentException where there is nothing to do.</summary>
        public BakeRun(BakeOptions options, IEnumerable<string> audio)
        {
            if (!options.Video && !options.Track) throw new ArgumentException("Choose what to bake: the video, the blendshape track, or both.");
            if (options.Video && options.Avatar.Trim().Length == 0)
                throw new ArgumentException("A video needs an avatar: a sample's name such as guard, or the folder of a bundle.");
            _options = options;
            foreach (var path in audio) _lines.Add(new BakeLine(Path.GetFullPath(path)));
            if (_lines.Count == 0) throw new ArgumentException("Choose the dialogue: select its audio clips, or their folders.");
            _toCompare = new Queue<BakeLine>(_lines);
        }

        public IReadOnlyList<BakeLine> Lines => _lines;

        public bool HasEnded { get; private set; }

        /// <summary>Share of the lines that have ended, 0 to 1.</summary>
        public float Progress => _lines.Count(line => line.HasEnded) / (float)_lines.Count;

        /// <summary>Goes on a little, without waiting.</summary>
        public void Step()
        {
            if (HasEnded) return;
            if (_baker != null) Hear();
            else if (_cancelled) End();
            else if (_toCompare.Count > 0) Compare(_toCompare.Dequeue());
            else Next();
        }

        /// <summary>Ends it after what was finished; nothing is left half-written. Step on until it has ended.</summary>
        public void Cancel()
        {
            _cancelled = true;
            if (_baker != null) _baker.Stop();
        }

        /// <summary>Cancels it, and waits for its end.</summary>
        public void Dispose()
        {
            if (HasEnded) return;
            _cancelled = true;
            if (_baker != null)
            {
                _baker.Dispose();
                Read();
                _baker = null;
            }
            End();
        }

        void Compare(BakeLine line)
        {
            if (!_options.Again && IsUnchanged(line.Audio)) line.State = BakeState.Unchanged;
        }

        bool IsUnchanged(string audio)
        {
            try
            {
                var path = BaseOf(audio) + ManifestEnding;
                if (!File.Exists(path)) return false;
                var manifest = BakedManifest.Read(File.ReadAllText(path), path);
                if (_options.Video && (manifest.AvatarName != AvatarName || !IsThere(manifest, audio, "webm"))) return false;
                if (_options.Track && !IsThere(manifest, audio, "json")) return false;
                return manifest.AudioSha256 == Sha256(audio);
            }
            catch (Exception error) when (error is IOException || error is InvalidDataException || error is UnauthorizedAccessException)
            {
                return false; // the baker says what is wrong
            }
        }

        static bool IsThere(BakedManifest manifest, string audio, string format)
        {
            var file = manifest.FileOf(format);
            return file != null && File.Exists(Path.Combine(Path.GetDirectoryName(audio), file));
        }

        /// <summary>A manifest tells an avatar by its name; a bundle's folder is named like it.</summary>
        string AvatarName => Path.GetFileName(_options.Avatar.Trim().TrimEnd('/', '\\'));

        static string Sha256(string path)
        {
            using (var hash = SHA256.Create())
            using (var file = File.OpenRead(path))
                return BitConverter.ToString(hash.ComputeHash(file)).Replace("-", "").ToLowerInvariant();
        }

        void Next()
        {
            if (_batches == null) _batches = new Queue<Batch>(Batches());
            if (_batches.Count == 0)
            {
                End();
                return;
            }
            _batch = _batches.Dequeue();
            _words.Clear();
            _errors.Clear();
            try
            {
                _baker = new BakerProcess(_options, Arguments(_batch), _batch.Folder);
                foreach (var line in _batch.Lines) line.State = BakeState.Baking;
            }
            catch (InvalidOperationException error)
            {
                foreach (var line in _lines.Where(line => !line.HasEnded)) line.Fail(error.Message);
                End();
            }
        }

        List<Batch> Batches()
        {
            var batches = new List<Batch>();
            var open = new Dictionary<string, Batch>();
            var lengths = new Dictionary<Batch, int>();
            var outputs = new Dictionary<string, BakeLine>(StringComparer.OrdinalIgnoreCase);
            foreach (var line in _lines)
            {
                var twin = outputs.TryGetValue(BaseOf(line.Audio), out var first) ? first : null;
                outputs[BaseOf(line.Audio)] = first ?? line;
                if (line.HasEnded) continue;
                if (twin != null)
                {
                    line.Fail($"{twin.Audio} and {line.Audio} would both become {BaseOf(line.Audio)}: rename one of them.");
                    continue;
                }
                var folder = Path.GetDirectoryName(line.Audio);
                if (!open.TryGetValue(folder, out var batch) || lengths[batch] + line.Audio.Length > LongestCommand)
                {
                    open[folder] = batch = new Batch { Folder = folder };
                    batches.Add(batch);
                    lengths[batch] = 0;
                }
                batch.Lines.Add(line);
                lengths[batch] += line.Audio.Length + 3;
            }
            return batches;
        }

        IEnumerable<string> Arguments(Batch batch)
        {
            yield return "bake";
            foreach (var line in batch.Lines) yield return line.Audio;
            yield return "--output";
            yield return batch.Folder;
            if (_options.Track) { yield return "--format"; yield return "json"; }
            if (!_options.Video) yield break;
            yield return "--format";
            yield return "webm";
            yield return "--avatar";
            yield return _options.Avatar.Trim();
        }

        void Hear()
        {
            var hasEnded = _baker.HasEnded;
            Read();
            if (!hasEnded) return;
            var code = _baker.ExitCode;
            _baker.Dispose();
            _baker = null;
            if (_cancelled) return;
            foreach (var line in _batch.Lines.Where(line => !line.HasEnded)) line.Fail(Reason(code));
        }

        void Read()
        {
            while (_baker.TryRead(out var printed))
            {
                var file = BakerOutput.FileOf(printed);
                var error = BakerOutput.ErrorOf(printed);
                if (file != null) Finish(Path.GetFileName(file));
                else if (error != null) Fail(error);
                else
                {
                    _words.Enqueue(printed);
                    if (_words.Count > WordsOfFailure) _words.Dequeue();
                }
            }
        }

        /// <summary>The manifest comes last of all files of a line.</summary>
        void Finish(string file)
        {
            foreach (var line in _batch.Lines)
                if (file == Path.GetFileNameWithoutExtension(line.Audio) + ManifestEnding) line.State = BakeState.Baked;
        }

        void Fail(string error)
        {
            foreach (var line in _batch.Lines)
            {
                if (!error.StartsWith(line.Audio + ":", StringComparison.Ordinal) && !error.StartsWith(BaseOf(line.Audio) + ".", StringComparison.Ordinal)) continue;
                line.Fail(error);
                return;
            }
            if (!_errors.Contains(error)) _errors.Add(error);
        }

        /// <summary>Why a line was not baked that no error names.</summary>
        string Reason(int code)
        {
            if (_errors.Count > 0) return string.Join(" ", _errors);
            return $"flashhead bake ended with code {code}: {string.Join(" ", _words)}";
        }

        void End()
        {
            foreach (var line in _lines.Where(line => !line.HasEnded)) line.State = BakeState.Cancelled;
            HasEnded = true;
        }

        /// <summary>What the names of a line's files begin with.</summary>
        static string BaseOf(string audio) => Path.Combine(Path.GetDirectoryName(audio), Path.GetFileNameWithoutExtension(audio));
    }
}
