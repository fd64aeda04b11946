using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace FlashHead.Baking
{
    /// <summary>A running `flashhead bake`, whose words are read without waiting for them.</summary>
    sealed class BakerProcess : IDisposable
    {
        const int SigTerm = 15;
        const int TimeToCleanUpMs = 10000;
        const string Unfinished = ".flashhead-*.part";

        static readonly bool OnWindows = Path.DirectorySeparatorChar == '\\';

        readonly Process _process;
        readonly string _folder;
        readonly HashSet<string> _unfinishedBefore;
        readonly ConcurrentQueue<string> _printed = new ConcurrentQueue<string>();

        /// <summary>`folder`: where its outputs go. Throws InvalidOperationException where there is no such program.</summary>
        public BakerProcess(BakeOptions options, IEnumerable<string> arguments, string folder)
        {
            if (options.Program.Length == 0) throw NotFound("Bake Program is empty");
            _folder = folder;
            _unfinishedBefore = new HashSet<string>(UnfinishedFiles());
            var start = new ProcessStartInfo
            {
                FileName = FromFolder(options.Program[0], options.ProjectFolder),
                Arguments = string.Join(" ", options.Program.Skip(1).Concat(arguments).Select(word => Quoted(word, OnWindows))),
                WorkingDirectory = options.ProjectFolder,
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = new UTF8Encoding(false),
                StandardErrorEncoding = new UTF8Encoding(false),
            };
            start.EnvironmentVariables["PYTHONUTF8"] = "1";
            start.EnvironmentVariables["NO_COLOR"] = "1";
            start.EnvironmentVariables.Remove("FORCE_COLOR");
            _process = new Process { StartInfo = start };
            _process.OutputDataReceived += Hear;
            _process.ErrorDataReceived += Hear;
            try
            {
                _process.Start();
            }
            catch (Win32Exception)
            {
                // Its message holds the whole command, which may be very long.
                throw NotFound(start.FileName + " is not there, or is no program");
            }
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        /// <summary>True when it has ended and all of its words are in <see cref="TryRead"/>.</summary>
        public bool HasEnded
        {
            get
            {
                if (!_process.HasExited) return false;
                _process.WaitForExit(); // until its last words are heard
                return true;
            }
        }

        public int ExitCode => _process.ExitCode;

        public bool TryRead(out string printed) => _printed.TryDequeue(out printed);

        /// <summary>Asks it to end, which takes a moment; it removes what is unfinished.</summary>
        public void Stop()
        {
            if (_process.HasExited) return;
            // Windows has no such signal for a program without a window.
            if (!OnWindows && kill(_process.Id, SigTerm) == 0) return;
            Kill();
        }

        /// <summary>Ends it, and waits until nothing unfinished is left.</summary>
        public void Dispose()
        {
            Stop();
            if (!_process.WaitForExit(TimeToCleanUpMs)) Kill();
            // Until its last words are heard: under Mono a reader that ends after Dispose spoils files that were opened since,
            // whose reads then end early.
            _process.WaitForExit();
            _process.Dispose();
        }

        void Kill()
        {
            try
            {
                _process.Kill();
                _process.WaitForExit();
            }
            catch (InvalidOperationException)
            {
                // It ended by itself in this moment.
            }
            foreach (var file in UnfinishedFiles().Except(_unfinishedBefore))
            {
                try
                {
                    File.Delete(file);
                }
                catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
                {
                    // A baker of somebody else has it open.
                }
            }
        }

        string[] UnfinishedFiles() => Directory.Exists(_folder) ? Directory.GetFiles(_folder, Unfinished) : new string[0];

        void Hear(object sender, DataReceivedEventArgs heard)
        {
            if (!string.IsNullOrEmpty(heard.Data)) _printed.Enqueue(heard.Data);
        }

        static InvalidOperationException NotFound(string why) => new InvalidOperationException(
            $"The baker was not found: {why}. Install it with: pip install \"flashhead-engine[cpu,bake]\"; if it is in an "
            + "environment of its own, put the path of its `flashhead` into Bake Program of the FlashHead Worker Settings.");

        /// <summary>A bare name is looked for in PATH.</summary>
        static string FromFolder(string program, string folder) =>
            program.IndexOfAny(new[] { '/', '\\' }) < 0 ? program : Path.GetFullPath(Path.Combine(folder, program));

        /// <summary>As the C runtime of Windows reads a word, and Mono's shell rules elsewhere.</summary>
        static string Quoted(string word, bool onWindows)
        {
            var quoted = new StringBuilder("\"");
            var backslashes = 0;
            foreach (var letter in word)
            {
                if (letter == '\\')
                {
                    backslashes++;
                    continue;
                }
                quoted.Append('\\', onWindows && letter != '"' ? backslashes : 2 * backslashes);
                backslashes = 0;
                if (letter == '"') quoted.Append('\\');
                quoted.Append(letter);
            }
            return quoted.Append('\\', 2 * backslashes).Append('"').ToString();
        }

        [DllImport("libc")]
        static extern int kill(int process, int signal);
    }
}
