using System;
using System.Collections.Generic;

namespace FlashHead.Editor
{
    /// <summary>How a kind of heads names its blend shapes, where that is not ARKit's way; and name matching itself, written out
    /// so that it can be changed.</summary>
    public sealed class BlendShapePreset
    {
        /// <summary>In the order in which an inspector offers them.</summary>
        public static readonly IReadOnlyList<BlendShapePreset> All = new[]
        {
            new BlendShapePreset("Names as they are matched", ByName),
            new BlendShapePreset("Visemes", VisemesByName),
            new BlendShapePreset("Character Creator 4", shapes => FromTable(CharacterCreator(), shapes)),
            new BlendShapePreset("VRoid", shapes => FromTable(VRoid(), shapes)),
        };

        readonly Func<IReadOnlyList<string>, List<FlashHeadBlendShapeMapping.Entry>> _entries;

        BlendShapePreset(string name, Func<IReadOnlyList<string>, List<FlashHeadBlendShapeMapping.Entry>> entries)
        {
            Name = name;
            _entries = entries;
        }

        /// <summary>For a person.</summary>
        public string Name { get; }

        /// <summary>The mapping of a head with these blend shapes; empty where it is none of this kind.</summary>
        public List<FlashHeadBlendShapeMapping.Entry> EntriesFor(IReadOnlyList<string> shapes) => _entries(shapes);

        static FlashHeadBlendShapeMapping.Entry Entry(string source, string shape, float factor) =>
            new FlashHeadBlendShapeMapping.Entry { Source = source, BlendShape = shape, Factor = factor };

        static List<FlashHeadBlendShapeMapping.Entry> ByName(IReadOnlyList<string> shapes)
        {
            var entries = new List<FlashHeadBlendShapeMapping.Entry>();
            foreach (var shape in shapes)
            {
                var column = ShapeNames.ColumnOf(shape);
                if (column >= 0 && !ShapeNames.IsViseme(column)) entries.Add(Entry(Names.Arkit[column], shape, 1f));
            }
            return entries;
        }

        static List<FlashHeadBlendShapeMapping.Entry> VisemesByName(IReadOnlyList<string> shapes)
        {
            var entries = new List<FlashHeadBlendShapeMapping.Entry>();
            foreach (var shape in shapes)
            {
                var column = ShapeNames.ColumnOf(shape);
                if (ShapeNames.IsViseme(column)) entries.Add(Entry("viseme_" + Names.Visemes[column - Names.Arkit.Count], shape, 1f));
            }
            return entries;
        }

        static List<FlashHeadBlendShapeMapping.Entry> FromTable(
            List<FlashHeadBlendShapeMapping.Entry> table, IReadOnlyList<string> shapes)
        {
            var there = new HashSet<string>();
            foreach (var shape in shapes) there.Add(ShapeNames.Plain(shape));
            table.RemoveAll(entry => !there.Contains(ShapeNames.Plain(entry.BlendShape)));
            return table;
        }

        /// <summary>Reallusion's Character Creator 4, "extended" facial profile: the names in Convai's table
        /// ARKIT_TO_CC4_EXTENDED for web avatars, and in EchoFace for Unity, which agree. Its jaw and tongue are moved by bones
        /// besides, which no blend shape moves.</summary>
        static List<FlashHeadBlendShapeMapping.Entry> CharacterCreator()
        {
            var entries = new List<FlashHeadBlendShapeMapping.Entry>();
            var sided = new[]
            {
                "browDown? Brow_Drop_?", "browOuterUp? Brow_Raise_Outer_?", "cheekSquint? Cheek_Raise_?", "noseSneer? Nose_Sneer_?",
                "eyeBlink? Eye_Blink_?", "eyeSquint? Eye_Squint_?", "eyeWide? Eye_Wide_?", "eyeLookDown? Eye_?_Look_Down",
                "eyeLookUp? Eye_?_Look_Up", "jaw? Jaw_?", "mouth? Mouth_?", "mouthDimple? Mouth_Dimple_?", "mouthFrown? Mouth_Frown_?",
                "mouthPress? Mouth_Press_?", "mouthSmile? Mouth_Smile_?", "mouthStretch? Mouth_Stretch_?",
                "mouthLowerDown? Mouth_Down_Lower_?", "mouthUpperUp? Mouth_Up_Upper_?",
                "browInnerUp Brow_Raise_Inner_?", "cheekPuff Cheek_Puff_?", "mouthFunnel Mouth_Funnel_Up_?", "mouthFunnel Mouth_Funnel_Down_?",
                "mouthPucker Mouth_Pucker_Up_?", "mouthPucker Mouth_Pucker_Down_?", "mouthRollLower Mouth_Roll_In_Lower_?",
                "mouthRollUpper Mouth_Roll_In_Upper_?",
            };
            foreach (var pair in sided)
            {
                var words = pair.Split(' ');
                entries.Add(Entry(words[0].Replace("?", "Left"), words[1].Replace("?", "L"), 1f));
                entries.Add(Entry(words[0].Replace("?", "Right"), words[1].Replace("?", "R"), 1f));
            }
            var single = new[]
            {
                "eyeLookInLeft Eye_L_Look_R", "eyeLookInRight Eye_R_Look_L", "eyeLookOutLeft Eye_L_Look_L", "eyeLookOutRight Eye_R_Look_R",
                "jawForward Jaw_Forward", "jawOpen Jaw_Open", "mouthClose Mouth_Close", "mouthShrugLower Mouth_Shrug_Lower",
                "mouthShrugUpper Mouth_Shrug_Upper", "tongueOut Tongue_Out",
            };
            foreach (var pair in single)
            {
                var words = pair.Split(' ');
                entries.Add(Entry(words[0], words[1], 1f));
            }
            return entries;
        }

        /// <summary>VRoid Studio's mouths for five vowels and its eyelids, as its VRM files and UniVRM name them. That the tongue
        /// and teeth consonants open the mouth a little is our choice.</summary>
        static List<FlashHeadBlendShapeMapping.Entry> VRoid()
        {
            var entries = new List<FlashHeadBlendShapeMapping.Entry>
            {
                Entry("viseme_aa", "Fcl_MTH_A", 1f), Entry("viseme_ih", "Fcl_MTH_I", 1f), Entry("viseme_ou", "Fcl_MTH_U", 1f),
                Entry("viseme_E", "Fcl_MTH_E", 1f), Entry("viseme_oh", "Fcl_MTH_O", 1f),
                Entry("eyeBlinkLeft", "Fcl_EYE_Close_L", 1f), Entry("eyeBlinkRight", "Fcl_EYE_Close_R", 1f),
            };
            foreach (var consonant in new[] { "TH", "DD", "kk", "CH", "SS", "nn", "RR" })
                entries.Add(Entry("viseme_" + consonant, "Fcl_MTH_I", 0.3f));
            return entries;
        }
    }
}
