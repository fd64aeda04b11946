using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Newtonsoft.Json.Linq;
using UnityEngine;

namespace FlashHead.Samples
{
    /// <summary>Meshes, blend shapes, colours and pictures of a binary glTF 2.0 file, as much of it as a head of
    /// examples/art3d uses: floats, indices of 16 bits, sparse morph targets, embedded JPEG; no node has a place of its own.
    /// Reason: Unity has no importer for glTF, and this sample is to run without another package.</summary>
    sealed class GltfHead : IDisposable
    {
        const uint Magic = 0x46546C67, JsonChunk = 0x4E4F534A;
        const int Floats = 5126, UnsignedShorts = 5123;
        const int RampWidth = 64;

        readonly byte[] _file;
        readonly string _name;
        readonly JObject _root;
        readonly int _binary;
        readonly List<UnityEngine.Object> _made = new List<UnityEngine.Object>();
        readonly Dictionary<int, Texture2D> _pictures = new Dictionary<int, Texture2D>();

        /// <summary>The parts that have blend shapes.</summary>
        public readonly SkinnedMeshRenderer[] Faces;

        /// <summary>Puts the parts of `file` below `parent`. `name`: of the file, for messages. `material`: copied for each part.
        /// Throws InvalidDataException.</summary>
        public GltfHead(byte[] file, string name, Transform parent, Material material)
        {
            _file = file;
            _name = name;
            if (file.Length < 28 || BitConverter.ToUInt32(file, 0) != Magic || BitConverter.ToUInt32(file, 16) != JsonChunk)
                throw Wrong("it is no binary glTF file");
            var length = BitConverter.ToUInt32(file, 12);
            if (length > file.Length - 28) throw Wrong("it ends early");
            _binary = 20 + (int)length + 8;
            try
            {
                _root = JObject.Parse(Encoding.UTF8.GetString(file, 20, (int)length));
                Faces = _root["meshes"].Select(mesh => Add(mesh, parent, material)).Where(one => one.sharedMesh.blendShapeCount > 0).ToArray();
            }
            catch (Exception broken)
            {
                Dispose();
                if (broken is InvalidDataException) throw;
                throw new InvalidDataException(name + ": it is no glTF file that this sample reads (" + broken.Message + ")", broken);
            }
        }

        public void Dispose()
        {
            foreach (var one in _made) UnityEngine.Object.Destroy(one);
            _made.Clear();
        }

        SkinnedMeshRenderer Add(JToken source, Transform parent, Material material)
        {
            var primitives = source["primitives"].ToArray();
            var count = primitives.Sum(one => (int)Accessor(one["attributes"]["POSITION"])["count"]);
            var mesh = Keep(new Mesh());
            var materials = new Material[primitives.Length];
            var vertices = new Vector3[count];
            var normals = new Vector3[count];
            var uv = new Vector2[count];
            var triangles = new int[primitives.Length][];
            var first = 0;
            for (var i = 0; i < primitives.Length; i++)
            {
                var attributes = primitives[i]["attributes"];
                var added = Fill(attributes["POSITION"], vertices, first);
                Fill(attributes["NORMAL"], normals, first);
                triangles[i] = Triangles(primitives[i], first);
                materials[i] = Paint(Keep(new Material(material)), primitives[i], uv, first);
                first += added;
            }
            mesh.vertices = vertices;
            mesh.normals = normals;
            mesh.uv = uv;
            mesh.subMeshCount = primitives.Length;
            for (var i = 0; i < primitives.Length; i++) mesh.SetTriangles(triangles[i], i);
            AddBlendShapes(mesh, source, primitives);
            mesh.RecalculateBounds();

            var part = new GameObject((string)source["name"]);
            part.transform.SetParent(parent, false);
            var renderer = part.AddComponent<SkinnedMeshRenderer>();
            renderer.sharedMesh = mesh;
            renderer.sharedMaterials = materials;
            renderer.localBounds = mesh.bounds;
            return renderer;
        }

        void AddBlendShapes(Mesh mesh, JToken source, JToken[] primitives)
        {
            var names = source["extras"] != null ? source["extras"]["targetNames"] : null;
            if (names == null) return;
            for (var shape = 0; shape < names.Count(); shape++)
            {
                var vertices = new Vector3[mesh.vertexCount];
                var normals = new Vector3[mesh.vertexCount];
                var first = 0;
                foreach (var primitive in primitives)
                {
                    var target = primitive["targets"][shape];
                    Fill(target["POSITION"], vertices, first);
                    if (target["NORMAL"] != null) Fill(target["NORMAL"], normals, first);
                    first += (int)Accessor(primitive["attributes"]["POSITION"])["count"];
                }
                mesh.AddBlendShapeFrame((string)names[shape], 100f, vertices, normals, null);
            }
        }

        /// <summary>glTF's x points to the other side than Unity's. Returns how many were read.</summary>
        int Fill(JToken accessor, Vector3[] vectors, int first)
        {
            var values = Values(accessor, 3);
            for (var i = 0; i < values.Length / 3; i++) vectors[first + i] = new Vector3(-values[3 * i], values[3 * i + 1], values[3 * i + 2]);
            return values.Length / 3;
        }

        /// <summary>Mirrored, so the other way round; where both sides are seen the second side is added, for Unity's lit
        /// shaders show one.</summary>
        int[] Triangles(JToken primitive, int first)
        {
            var accessor = Accessor(primitive["indices"]);
            var indices = Indices(accessor, (int)accessor["count"]);
            var bothSides = (bool?)MaterialOf(primitive)["doubleSided"] == true;
            var triangles = new int[indices.Length * (bothSides ? 2 : 1)];
            for (var i = 0; i < indices.Length; i++)
            {
                triangles[i] = first + indices[i / 3 * 3 + 2 - i % 3];
                if (bothSides) triangles[indices.Length + i] = first + indices[i];
            }
            return triangles;
        }

        Material Paint(Material material, JToken primitive, Vector2[] uv, int first)
        {
            var look = MaterialOf(primitive)["pbrMetallicRoughness"];
            var factor = look["baseColorFactor"];
            if (factor != null) material.color = new Color((float)factor[0], (float)factor[1], (float)factor[2]).gamma;
            var attributes = primitive["attributes"];
            if (look["baseColorTexture"] != null)
            {
                var places = Values(attributes["TEXCOORD_0"], 2);
                for (var i = 0; i < places.Length / 2; i++) uv[first + i] = new Vector2(places[2 * i], 1f - places[2 * i + 1]);
                material.mainTexture = Picture((int)_root["textures"][(int)look["baseColorTexture"]["index"]]["source"]);
            }
            else if (attributes["COLOR_0"] != null) material.mainTexture = Ramp(Values(attributes["COLOR_0"], 3), uv, first);
            return material;
        }

        /// <summary>Unity's lit shaders show no colours of vertices. So these become a ramp from dark to bright, and a vertex
        /// has its place on it.</summary>
        Texture2D Ramp(float[] colours, Vector2[] uv, int first)
        {
            var bright = new float[colours.Length / 3];
            for (var i = 0; i < bright.Length; i++) bright[i] = (colours[3 * i] + colours[3 * i + 1] + colours[3 * i + 2]) / 3f;
            var low = bright.Min();
            var span = Math.Max(1e-6f, bright.Max() - low);
            var sums = new Color[RampWidth];
            var counts = new int[RampWidth];
            for (var i = 0; i < bright.Length; i++)
            {
                var place = (bright[i] - low) / span * (RampWidth - 1);
                uv[first + i] = new Vector2((place + 0.5f) / RampWidth, 0.5f);
                var cell = (int)(place + 0.5f);
                sums[cell].r += colours[3 * i];
                sums[cell].g += colours[3 * i + 1];
                sums[cell].b += colours[3 * i + 2];
                counts[cell]++;
            }
            var pixels = new Color[RampWidth];
            for (var i = 0; i < RampWidth; i++)
                pixels[i] = counts[i] > 0 ? new Color(sums[i].r / counts[i], sums[i].g / counts[i], sums[i].b / counts[i]).gamma : pixels[Math.Max(0, i - 1)];
            var ramp = Keep(new Texture2D(RampWidth, 1, TextureFormat.RGBA32, false, false));
            ramp.wrapMode = TextureWrapMode.Clamp;
            ramp.SetPixels(pixels);
            ramp.Apply();
            return ramp;
        }

        Texture2D Picture(int image)
        {
            if (_pictures.TryGetValue(image, out var known)) return known;
            var view = _root["bufferViews"][(int)_root["images"][image]["bufferView"]];
            var bytes = new byte[(int)view["byteLength"]];
            Buffer.BlockCopy(_file, Place(view, 0, bytes.Length), bytes, 0, bytes.Length);
            var picture = Keep(new Texture2D(2, 2));
            if (!picture.LoadImage(bytes)) throw Wrong("picture " + image + " is neither JPEG nor PNG");
            _pictures[image] = picture;
            return picture;
        }

        float[] Values(JToken index, int width)
        {
            var accessor = Accessor(index);
            if ((int)accessor["componentType"] != Floats || (string)accessor["type"] != "VEC" + width)
                throw Wrong("accessor " + index + " is not of " + width + " floats");
            var values = new float[(int)accessor["count"] * width];
            if (accessor["bufferView"] != null) Read(accessor, values);
            var sparse = accessor["sparse"];
            if (sparse == null) return values;
            var changed = Indices(sparse["indices"], (int)sparse["count"]);
            var to = new float[changed.Length * width];
            Read(sparse["values"], to);
            for (var i = 0; i < changed.Length; i++) Array.Copy(to, i * width, values, changed[i] * width, width);
            return values;
        }

        void Read(JToken source, float[] values)
        {
            var view = _root["bufferViews"][(int)source["bufferView"]];
            if (view["byteStride"] != null) throw Wrong("its values are interleaved");
            Buffer.BlockCopy(_file, Place(view, (int?)source["byteOffset"] ?? 0, values.Length * 4), values, 0, values.Length * 4);
        }

        int[] Indices(JToken source, int count)
        {
            if ((int)source["componentType"] != UnsignedShorts) throw Wrong("its indices have not 16 bits");
            var place = Place(_root["bufferViews"][(int)source["bufferView"]], (int?)source["byteOffset"] ?? 0, count * 2);
            var indices = new int[count];
            for (var i = 0; i < count; i++) indices[i] = BitConverter.ToUInt16(_file, place + 2 * i);
            return indices;
        }

        /// <summary>Where in the file `length` bytes of a view begin.</summary>
        int Place(JToken view, int offset, int length)
        {
            var place = _binary + ((int?)view["byteOffset"] ?? 0) + (long)offset;
            if (offset < 0 || length < 0 || place < _binary || place + length > _file.Length) throw Wrong("it ends early");
            return (int)place;
        }

        JToken Accessor(JToken index) => _root["accessors"][(int)index];
        JToken MaterialOf(JToken primitive) => _root["materials"][(int)primitive["material"]];

        T Keep<T>(T made) where T : UnityEngine.Object
        {
            _made.Add(made);
            return made;
        }

        InvalidDataException Wrong(string wrong) => new InvalidDataException(_name + ": " + wrong + ".");
    }
}
