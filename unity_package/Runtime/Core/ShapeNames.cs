using System;
using System.Collections.Generic;

namespace FlashHead
{
    /// <summary>Which weight a blend shape means, by its name, as exporters and avatar systems write it.</summary>
    /// <remarks>Known are ARKit's names in whatever case and with whatever underscores (so also VRM's "Perfect Sync" and Ready
    /// Player Me), with Left and Right or L and R, behind a mesh's name or a number (`blendShape2.eyeBlink_L` of Maya,
    /// `Head|jawOpen`, `A25_Jaw_Open` of ActorCore); and the fifteen visemes as `viseme_aa`, with the vowels of Ready Player
    /// Me, and as VRChat's `vrc.v_aa`. Sources: developer.apple.com ARFaceAnchor.BlendShapeLocation;
    /// docs.readyplayer.me/ready-player-me/api-reference/avatars/morph-targets/oculus-ovr-libsync; the naming conventions
    /// of help.liv.tv/hc/en-us/articles/7735955349906 (VRM) and of Meta's Movement SDK (the prefix).</remarks>
    public static class ShapeNames
    {
        /// <summary>Ready Player Me's names of three vowels.</summary>
        static readonly Dictionary<string, string> OtherVowels = new Dictionary<string, string> { { "ih", "I" }, { "oh", "O" }, { "ou", "U" } };
        static readonly Dictionary<string, int> Weights = new Dictionary<string, int>();
        static readonly Dictionary<string, int> Visemes = new Dictionary<string, int>();

        static ShapeNames()
        {
            for (var i = 0; i < Names.Arkit.Count; i++)
            {
                var plain = Plain(Names.Arkit[i]);
                Weights[plain] = i;
                if (plain.EndsWith("left", StringComparison.Ordinal)) Weights[plain.Substring(0, plain.Length - 3)] = i;
                if (plain.EndsWith("right", StringComparison.Ordinal)) Weights[plain.Substring(0, plain.Length - 4)] = i;
            }
            for (var i = 0; i < Names.Visemes.Count; i++)
            {
                var column = Names.Arkit.Count + i;
                var viseme = Names.Visemes[i];
                Visemes[Plain("viseme_" + viseme)] = column;
                Visemes[Plain("v_" + viseme)] = column;
                if (OtherVowels.TryGetValue(viseme, out var other)) Visemes[Plain("viseme_" + other)] = column;
            }
        }

        /// <summary>Place among the ARKit weights and then the visemes; -1 for another name.</summary>
        public static int ColumnOf(string shape)
        {
            var name = shape.Substring(shape.LastIndexOfAny(new[] { '.', '|', ':' }) + 1);
            if (Weights.TryGetValue(Plain(name), out var column) || Visemes.TryGetValue(Plain(name), out column)) return column;
            // Words before it: a mesh's name, a number.
            for (var at = name.IndexOf('_'); at >= 0; at = name.IndexOf('_', at + 1))
                if (Weights.TryGetValue(Plain(name.Substring(at + 1)), out column)) return column;
            return -1;
        }

        /// <summary>Whether a place is behind those of the ARKit weights.</summary>
        public static bool IsViseme(int column) => column >= Names.Arkit.Count;

        /// <summary>Without what stands before it, case and separators: equal for two spellings of one name.</summary>
        public static string Plain(string shape) =>
            shape.Substring(shape.LastIndexOfAny(new[] { '.', '|', ':' }) + 1)
                .Replace("_", "").Replace(" ", "").Replace("-", "").ToLowerInvariant();
    }
}
