using System;
using System.Diagnostics;
using System.IO;
using System.Reflection;
using System.Threading;
using UnityEngine;

namespace FlashHead.Tests
{
    /// <summary>A player whose folders lie as Unity lays them: one head, which speaks again and again. It says which
    /// worker's pictures it shows, for tests/shipping/played_game.py.</summary>
    static class Player
    {
        static readonly FieldInfo Connection =
            typeof(FlashHeadWorker).GetField("_client", BindingFlags.Static | BindingFlags.NonPublic);

        static int WorkerPid => ((FlashHeadClient)Connection.GetValue(null))?.State.WorkerPid ?? 0;

        /// <summary>`words`: the data folder, and a WAV file with 16 bits and one channel at 16 kHz.</summary>
        static void Main(string[] words)
        {
            var wave = File.ReadAllBytes(words[1]);
            var samples = new float[(wave.Length - 44) / 2];
            for (var i = 0; i < samples.Length; i++) samples[i] = BitConverter.ToInt16(wave, 44 + 2 * i) / 32768f;
            Application.isEditor = false;
            Application.dataPath = words[0];
            Application.streamingAssetsPath = Path.Combine(words[0], "StreamingAssets");
            Engine.Begin();
            var head = Engine.Add<FlashHeadNPC>(it =>
            {
                it.Avatar = "guard";
                it.AudioSource = new AudioSource();
            });
            var watch = Stopwatch.StartNew();
            int worker = 0, shown = 0, applied = 0, told = 0;
            while (true)
            {
                Engine.Frame(Math.Max(1e-4, watch.Elapsed.TotalSeconds - Engine.NowS));
                if (!head.IsSpeaking) head.Speak(new AudioClip("line", samples, 1, 16000));
                if (WorkerPid != worker)
                {
                    worker = WorkerPid;
                    shown = 0;
                }
                var picture = head.Picture as Texture2D;
                if (picture != null && picture.applied != applied)
                {
                    applied = picture.applied;
                    shown++;
                    if (shown % 10 == 0) Console.WriteLine("SHOWS {0} {1}", worker, shown);
                }
                for (; told < Engine.Warnings.Count; told++) Console.WriteLine(Engine.Warnings[told]);
                Thread.Sleep(10);
            }
        }
    }
}
