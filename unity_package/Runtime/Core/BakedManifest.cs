using System;
using System.Collections.Generic;
using System.IO;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace FlashHead
{
    /// <summary>`line.flashhead.json`, which `flashhead bake` writes last of all: docs/baked-files.md. Paths are relative to its
    /// folder and stay in it.</summary>
    public sealed class BakedManifest
    {
        /// <summary>One file of the line.</summary>
        public struct Output
        {
            /// <summary>"video", "blendshapes" or "frames".</summary>
            public string Kind;
            public string File;
            /// <summary>"webm", "mp4", "ogv", "png", "json" or "csv".</summary>
            public string Format;
        }

        public readonly string Id;
        public readonly long DurationUs;
        /// <summary>File name of the dialogue, without folder.</summary>
        public readonly string AudioName;
        /// <summary>Its path; null where it lies outside of the folder: look for the name in the project.</summary>
        public readonly string AudioFile;
        /// <summary>Of the recording's bytes, lower-case hex; null: not said.</summary>
        public readonly string AudioSha256;
        /// <summary>Null: baked without one.</summary>
        public readonly string AvatarName;
        public readonly IReadOnlyList<Output> Outputs;

        BakedManifest(string id, long durationUs, string audioName, string audioFile, string audioSha256, string avatarName, List<Output> outputs)
        {
            Id = id;
            DurationUs = durationUs;
            AudioName = audioName;
            AudioFile = audioFile;
            AudioSha256 = audioSha256;
            AvatarName = avatarName;
            Outputs = outputs;
        }

        /// <summary>The first output of a format; null: there is none.</summary>
        public string FileOf(string format)
        {
            foreach (var output in Outputs)
                if (output.Format == format) return output.File;
            return null;
        }

        /// <summary>`name`: of the file, for messages. Throws InvalidDataException that says what is wrong.</summary>
        public static BakedManifest Read(string text, string name)
        {
            JObject root;
            try
            {
                root = JObject.Parse(text);
            }
            catch (JsonException broken)
            {
                throw new InvalidDataException($"{name} is not a whole JSON file ({broken.Message}); bake the line again.", broken);
            }
            var schema = Text(root, "schema", name);
            if (schema != "flashhead-baked-line") throw Wrong(name, $"its schema is {schema}, not flashhead-baked-line");
            var version = Text(root, "version", name);
            if (!version.StartsWith("1.", StringComparison.Ordinal)) throw Wrong(name, $"its version is {version}; this package reads 1.x");
            var audio = root["audio"] as JObject;
            if (audio == null) throw Wrong(name, "it has no audio");
            var outputs = new List<Output>();
            if (!(root["outputs"] is JArray list) || list.Count == 0) throw Wrong(name, "it has no outputs");
            foreach (var one in list)
            {
                if (!(one is JObject output)) throw Wrong(name, "an output is not an object");
                outputs.Add(new Output
                {
                    Kind = Text(output, "kind", name),
                    File = Inside(Text(output, "file", name), name),
                    Format = Text(output, "format", name),
                });
            }
            var duration = root["duration_us"];
            if (duration == null || duration.Type != JTokenType.Integer) throw Wrong(name, "duration_us holds no number");
            var file = audio["file"] == null ? null : Inside(Text(audio, "file", name), name);
            var avatar = (root["avatar"] as JObject)?["name"];
            return new BakedManifest(
                Inside(Text(root, "id", name), name), (long)duration, Text(audio, "name", name), file, audio["sha256"]?.ToString(), avatar?.ToString(), outputs);
        }

        static string Text(JObject place, string field, string name)
        {
            var value = place[field];
            if (value == null || value.Type != JTokenType.String || ((string)value).Length == 0) throw Wrong(name, $"{field} is missing or no text");
            return (string)value;
        }

        /// <summary>A manifest may come from anywhere: it names nothing outside of its own folder.</summary>
        static string Inside(string path, string name)
        {
            var leaves = path.StartsWith("/", StringComparison.Ordinal) || path.Contains("\\") || path.Contains(":");
            foreach (var part in path.Split('/')) leaves |= part == "..";
            if (leaves) throw Wrong(name, $"{path} leaves its folder");
            return path;
        }

        static InvalidDataException Wrong(string name, string wrong) =>
            new InvalidDataException($"{name}: {wrong}; bake the line again, or update the FlashHead package.");
    }
}
