using System;
using System.Collections.Generic;
using System.IO;
using Newtonsoft.Json;

namespace FlashHead
{
    /// <summary>Reads `line.json`. Columns are found by name, so that a track of another order is right too; columns that
    /// are missing stay 0, those that nobody knows are left out.</summary>
    public static class BakedTrackJson
    {
        const int LargestFrames = 60 * 60 * 60 * 3;

        /// <summary>`name`: of the file, for messages. Throws InvalidDataException that says what is wrong.</summary>
        public static BakedTrack Read(TextReader text, string name)
        {
            try
            {
                using (var json = new JsonTextReader(text) { CloseInput = false, DateParseHandling = DateParseHandling.None })
                    return Read(json, name);
            }
            catch (JsonException broken)
            {
                throw new InvalidDataException($"{name} is not a whole JSON file ({broken.Message}); bake the line again.", broken);
            }
        }

        static BakedTrack Read(JsonReader json, string name)
        {
            Need(json.Read() && json.TokenType == JsonToken.StartObject, name, "it is not a track");
            string schema = null, version = null;
            double fps = 0;
            var columns = new List<int>();
            float[] rows = null;
            long announced = -1;
            while (json.Read() && json.TokenType == JsonToken.PropertyName)
            {
                var field = (string)json.Value;
                json.Read();
                switch (field)
                {
                    case "schema": schema = json.Value as string; break;
                    case "version": version = json.Value as string; break;
                    case "fps": fps = Number(json, name, field); break;
                    case "frame_count": announced = (long)Number(json, name, field); break;
                    case "blendshapes": AddColumns(json, name, Names.Arkit, 0, columns); break;
                    case "pose": AddColumns(json, name, Names.Pose, Names.Arkit.Count, columns); break;
                    case "visemes": AddColumns(json, name, Names.Visemes, Names.Arkit.Count + Names.Pose.Count, columns); break;
                    case "frames":
                        Check(schema, version, name);
                        rows = ReadRows(json, name, columns);
                        break;
                    default: json.Skip(); break;
                }
            }
            Need(json.TokenType == JsonToken.EndObject, name, "it ends early");
            Check(schema, version, name);
            Need(fps > 0 && fps <= 1000, name, $"fps {fps} is not a frame rate");
            Need(rows != null && rows.Length > 0, name, "it has no frames");
            Need(announced < 0 || announced * BakedTrack.Columns == rows.Length, name, "it has not as many frames as it says");
            return new BakedTrack(fps, rows);
        }

        static void Check(string schema, string version, string name)
        {
            Need(schema == "flashhead-track", name, $"its schema is {schema ?? "missing"}, not flashhead-track");
            Need(version != null && version.StartsWith("1.", StringComparison.Ordinal), name,
                $"its version is {version ?? "missing"}; this package reads 1.x");
        }

        static void AddColumns(JsonReader json, string name, IReadOnlyList<string> known, int first, List<int> columns)
        {
            Need(json.TokenType == JsonToken.StartArray, name, "names are not a list");
            while (json.Read() && json.TokenType == JsonToken.String)
            {
                var place = -1;
                for (var i = 0; i < known.Count; i++)
                    if (known[i] == (string)json.Value) place = first + i;
                columns.Add(place);
            }
            Need(json.TokenType == JsonToken.EndArray, name, "a name is not text");
        }

        static float[] ReadRows(JsonReader json, string name, List<int> columns)
        {
            Need(json.TokenType == JsonToken.StartArray, name, "frames are not a list");
            Need(columns.Count > 0, name, "frames come before the names of their columns");
            var rows = new List<float>();
            while (json.Read() && json.TokenType == JsonToken.StartArray)
            {
                var start = rows.Count;
                Need(start / BakedTrack.Columns < LargestFrames, name, "it is longer than three hours");
                for (var i = 0; i < BakedTrack.Columns; i++) rows.Add(0f);
                var column = 0;
                while (json.Read() && json.TokenType != JsonToken.EndArray)
                {
                    Need(column < columns.Count, name, "a frame has more values than there are names");
                    var value = (float)Number(json, name, "frames");
                    if (columns[column] >= 0) rows[start + columns[column]] = value;
                    column++;
                }
                Need(column == columns.Count, name, "a frame has fewer values than there are names");
            }
            Need(json.TokenType == JsonToken.EndArray, name, "a frame is not a list");
            return rows.ToArray();
        }

        static double Number(JsonReader json, string name, string field)
        {
            Need(json.TokenType == JsonToken.Integer || json.TokenType == JsonToken.Float, name, $"{field} holds no number");
            var value = Convert.ToDouble(json.Value, System.Globalization.CultureInfo.InvariantCulture);
            Need(!double.IsNaN(value) && !double.IsInfinity(value), name, $"{field} holds no number");
            return value;
        }

        static void Need(bool right, string name, string wrong)
        {
            if (!right) throw new InvalidDataException($"{name}: {wrong}; bake the line again, or update the FlashHead package.");
        }
    }
}
