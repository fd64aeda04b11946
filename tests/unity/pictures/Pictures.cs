using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using FlashHead.Tests;
using Newtonsoft.Json.Linq;
using UnityEngine;
using UnityEngine.UI;

namespace FlashHead.Pictures
{
    /// <summary>Writes what is to be seen of a sample at a moment of its first line: places, texts, pictures and meshes of the
    /// objects that its script made. draw.py draws it. It is no picture of Unity.</summary>
    static class Program
    {
        static int Main(string[] arguments)
        {
            var sample = arguments[0];
            var seconds = double.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture);
            var folder = arguments[2];
            Application.isEditor = true;
            Engine.NowS = 100;
            using (SceneFile.Open(sample))
            {
                var watch = Stopwatch.StartNew();
                while (!IsReady(seconds))
                {
                    if (watch.Elapsed.TotalSeconds > 30) return 1;
                    Engine.Frame(Math.Max(1e-4, 100 + watch.Elapsed.TotalSeconds - Engine.NowS));
                    Thread.Sleep(5);
                }
                var seen = new JObject
                {
                    ["graphics"] = new JArray(Engine.Alive.OfType<Graphic>().Where(one => one.gameObject.activeInHierarchy).Select((one, i) => Drawn(one, i, folder))),
                    ["meshes"] = new JArray(Engine.Alive.OfType<FlashHeadNPC>().First().gameObject.transform
                        .GetComponentsInChildren<SkinnedMeshRenderer>().Select((one, i) => Drawn(one, i, folder))),
                };
                File.WriteAllText(Path.Combine(folder, "seen.json"), seen.ToString());
                Engine.Begin();
                FlashHeadWorker.Shutdown();
            }
            return 0;
        }

        static bool IsReady(double seconds)
        {
            var heads = Engine.Alive.OfType<FlashHeadNPC>().ToArray();
            if (heads.Length == 0 || heads.Any(one => one.Picture == null && !one.HasFace)) return false;
            return heads.Any(one => one.AudioTime >= seconds);
        }

        static JObject Drawn(Graphic one, int number, string folder)
        {
            var place = SceneFile.Window(one.transform);
            var drawn = new JObject
            {
                ["place"] = new JArray(place.x, place.y, place.width, place.height),
                ["color"] = new JArray(one.color.r, one.color.g, one.color.b, one.color.a),
            };
            if (one is Text text)
            {
                drawn["text"] = text.text;
                drawn["size"] = text.fontSize;
                drawn["middle"] = text.alignment == TextAnchor.MiddleCenter;
                drawn["top"] = text.alignment == TextAnchor.UpperLeft;
            }
            if (one is RawImage image && image.texture is Texture2D texture)
            {
                var name = "picture" + number + ".raw";
                File.WriteAllBytes(Path.Combine(folder, name), texture.Pixels());
                drawn["picture"] = name;
                drawn["side"] = texture.width;
                drawn["topFirst"] = image.uvRect.height < 0;
            }
            return drawn;
        }

        static JObject Drawn(SkinnedMeshRenderer one, int number, string folder)
        {
            var mesh = one.sharedMesh;
            var vertices = (Vector3[])mesh.vertices.Clone();
            var deltas = new Vector3[vertices.Length];
            for (var shape = 0; shape < mesh.blendShapeCount; shape++)
            {
                var share = one.GetBlendShapeWeight(shape) / 100f;
                mesh.GetBlendShapeFrameVertices(shape, 0, deltas, null, null);
                for (var i = 0; i < vertices.Length; i++)
                {
                    vertices[i].x += share * deltas[i].x;
                    vertices[i].y += share * deltas[i].y;
                    vertices[i].z += share * deltas[i].z;
                }
            }
            var name = "mesh" + number;
            using (var file = new BinaryWriter(File.Create(Path.Combine(folder, name))))
                for (var i = 0; i < vertices.Length; i++)
                    foreach (var value in new[] { vertices[i].x, vertices[i].y, vertices[i].z, mesh.normals[i].x, mesh.normals[i].y, mesh.normals[i].z, mesh.uv[i].x, mesh.uv[i].y })
                        file.Write(value);
            var parts = one.sharedMaterials.Select((material, part) =>
            {
                var texture = (Texture2D)material.mainTexture;
                var picture = texture != null && texture.height == 1 ? name + "ramp" + part : null;
                if (picture != null) File.WriteAllBytes(Path.Combine(folder, picture), texture.Pixels());
                return new JObject
                {
                    ["triangles"] = new JArray(mesh.GetTriangles(part)),
                    ["color"] = new JArray(material.color.r, material.color.g, material.color.b),
                    ["ramp"] = picture,
                };
            });
            return new JObject { ["file"] = name, ["parts"] = new JArray(parts) };
        }
    }
}
