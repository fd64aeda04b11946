using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Newtonsoft.Json.Linq;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.Rendering;
using UnityEngine.UI;
using Text = UnityEngine.UI.Text;

namespace FlashHead.Tests
{
    /// <summary>The samples as a user meets them: their scene files are opened, Play is pressed, and a real worker draws what is
    /// shown. In the engine of tests/unity/fake.</summary>
    [TestFixture]
    public class SampleTests
    {
        const int Pictures = 10; // different ones, of a face that is drawn while it is heard

        readonly Stopwatch _watch = new Stopwatch();
        SceneFile _scene;
        int[] _alive;

        [SetUp]
        public void Begin()
        {
            _alive = Alive;
            Application.isEditor = true;
            Engine.Begin();
            var words = Environment.GetEnvironmentVariable("FLASHHEAD_TEST_WORKER").Split('|');
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", words[0]);
            Environment.SetEnvironmentVariable("FLASHHEAD_TOKEN", words[1]);
            _watch.Restart();
            Engine.NowS = 100;
        }

        [TearDown]
        public void End()
        {
            Engine.Begin();
            FlashHeadWorker.Shutdown();
            _scene.Dispose();
            GraphicsSettings.currentRenderPipeline = null;
            Assert.That(Alive, Is.EqualTo(_alive), "textures, meshes and materials that were left alive");
        }

        static int[] Alive => new[] { Engine.TexturesAlive, Engine.MeshesAlive, Engine.MaterialsAlive };

        void Play(string sample)
        {
            _scene = SceneFile.Open(sample);
            Engine.Frame(0.001);
        }

        bool Until(Func<bool> condition, double seconds, Action each = null)
        {
            var end = _watch.Elapsed.TotalSeconds + seconds;
            while (_watch.Elapsed.TotalSeconds < end)
            {
                Engine.Frame(Math.Max(1e-4, 100 + _watch.Elapsed.TotalSeconds - Engine.NowS));
                if (each != null) each();
                if (condition()) return true;
                Thread.Sleep(10);
            }
            return condition();
        }

        static FlashHeadNPC Head(string name) => Engine.Alive.OfType<FlashHeadNPC>().Single(one => one.gameObject.name == name);

        static Button Labelled(string label) => Engine.Alive.OfType<Button>()
            .Single(one => one.gameObject.activeInHierarchy && one.GetComponentInChildren<Text>().text == label);

        static bool Shows(string text) => Engine.Alive.OfType<Text>().Any(one => one.text == text);

        static RawImage ImageOf(string name) => Engine.Alive.OfType<RawImage>().Single(one => one.transform.parent.gameObject.name == name);

        /// <summary>What is wrong with what is seen: each character is to talk, in its own place, and to look like itself. On a
        /// busy machine a worker draws few pictures a second, so `seconds` is how long they have.</summary>
        List<string> Wrong(string[] names, double seconds)
        {
            var seen = names.ToDictionary(name => name, name => new HashSet<int>());
            Until(() => seen.Values.All(one => one.Count >= Pictures), seconds, () =>
            {
                foreach (var name in names)
                    if (Head(name).AudioSource.isPlaying && ImageOf(name).texture is Texture2D shown && shown != _scene.Stills[name])
                        seen[name].Add(Number(shown));
            });
            var wrong = new List<string>();
            foreach (var name in names)
            {
                if (seen[name].Count < Pictures) wrong.Add(name + " shows " + seen[name].Count + " pictures");
                var image = ImageOf(name);
                if (ReferenceEquals(image.texture, _scene.Stills[name]) || image.texture == null)
                {
                    wrong.Add(name + " is a still");
                    continue;
                }
                if (image.uvRect.height != -1) wrong.Add(name + " stands on its head");
                var alike = names.OrderBy(other => Difference((Texture2D)image.texture, _scene.Stills[other])).First();
                if (alike != name) wrong.Add("where " + name + " should be is " + alike);
            }
            return wrong;
        }

        /// <summary>A number of the lower half of a picture, where the mouth is; another one for another picture.</summary>
        static int Number(Texture2D picture)
        {
            var pixels = picture.Pixels();
            var number = 17;
            for (var i = pixels.Length / 2; i < pixels.Length; i += 4) number = number * 31 + pixels[i];
            return number;
        }

        /// <summary>Of a picture whose first row is the top, and a still as Unity keeps it, whose first row is the bottom.</summary>
        static double Difference(Texture2D picture, Texture2D still)
        {
            var (a, b) = (picture.Pixels(), still.Pixels());
            double sum = 0;
            for (var y = 0; y < still.height; y++)
                for (var x = 0; x < still.width; x++)
                {
                    var from = 4 * (y * picture.height / still.height * picture.width + x * picture.width / still.width);
                    var to = 4 * ((still.height - 1 - y) * still.width + x);
                    for (var c = 0; c < 3; c++) sum += Math.Abs(a[from + c] * a[from + 3] / 255 - b[to + c] * b[to + 3] / 255);
                }
            return sum;
        }

        [Test]
        public void TheVisualNovelTalksAndAChoiceCutsALineShort()
        {
            Play("VisualNovel");
            var (guard, fox) = (Head("Bertram"), Head("Rusk"));
            var cancelled = 0;
            guard.Cancelled.AddListener(() => cancelled++);
            Assert.That(Until(() => guard.AudioTime > 0.5 && guard.Picture != null, 10));
            Assert.That(Shows("Halt! Nobody passes the north gate after dark. What is your business here?"));
            Assert.That(string.Join("; ", Wrong(new[] { "Bertram" }, 3).ToArray()), Is.EqualTo(""));
            Assert.That(fox.IsSpeaking, Is.False);

            Labelled("Is that fox with you?").onClick.Invoke();
            Assert.That(cancelled, Is.EqualTo(1));
            Assert.That(guard.AudioSource.isPlaying, Is.False, "silence at once");
            Assert.That(Shows("With him? No, no. He is with me. I find the travellers, and he shouts at them."));
            Assert.That(Until(() => fox.AudioTime > 0.5 && fox.Picture != null, 10));
            Assert.That(string.Join("; ", Wrong(new[] { "Rusk" }, 3).ToArray()), Is.EqualTo(""));
            Assert.That(ImageOf("Bertram").color, Is.Not.EqualTo(ImageOf("Rusk").color), "who listens is darker");

            foreach (var choice in new[] { "Go on", "Then announce me. I carry a letter.", "Go on", "From the beginning" }) Labelled(choice).onClick.Invoke();
            Assert.That(Shows("Halt! Nobody passes the north gate after dark. What is your business here?"));
            Assert.That(Until(() => guard.AudioSource.isPlaying, 5));
            Assert.That(fox.IsSpeaking, Is.False);
        }

        [Test]
        public void SixTalkAtOnceEachWithItsOwnFace()
        {
            Play("CrowdOfSix");
            var names = new[] { "Elin", "Bertram", "Zuri", "Unit Seven", "Rusk", "Master Oswin" };
            Assert.That(Until(() => names.All(name => Head(name).Picture != null), 30), "six avatars are loaded one after the other");
            Labelled("Everybody").onClick.Invoke();
            Assert.That(Until(() => names.All(name => Head(name).AudioSource.isPlaying), 10), "all are heard at the same time");
            Assert.That(string.Join("; ", Wrong(names, 3).ToArray()), Is.EqualTo(""));
            Labelled("Silence").onClick.Invoke();
            Assert.That(names.Any(name => Head(name).IsSpeaking), Is.False);
            Labelled("Zuri").onClick.Invoke();
            Assert.That(names.Where(name => Head(name).IsSpeaking).ToArray(), Is.EqualTo(new[] { "Zuri" }));
        }

        [Test]
        public void ThatTestFindsExchangedFacesAndOneThatIsNotShown()
        {
            Play("CrowdOfSix");
            var names = new[] { "Rusk", "Zuri", "Elin" };
            var (first, second) = (Head("Rusk").GetComponent<FlashHeadVideoTarget>(), Head("Zuri").GetComponent<FlashHeadVideoTarget>());
            var image = first.RawImage;
            first.RawImage = second.RawImage;
            second.RawImage = image;
            Assert.That(Until(() => names.All(name => Head(name).Picture != null), 10));
            Labelled("Everybody").onClick.Invoke();
            Head("Elin").GetComponent<FlashHeadVideoTarget>().enabled = false;
            var wrong = Wrong(names, 2);
            Assert.That(wrong, Has.Member("where Rusk should be is Zuri"));
            Assert.That(wrong, Has.Member("where Zuri should be is Rusk"));
            Assert.That(wrong, Has.Member("Elin shows 0 pictures"));
            Assert.That(wrong, Has.Member("Elin is a still"));
        }

        [Test]
        public void TheHeadOfTheNpcIsTheOneOfItsFile()
        {
            Play("TalkingNpc");
            var meshes = Head("Scholar").gameObject.transform.GetComponentsInChildren<SkinnedMeshRenderer>();
            var expected = _scene.Expected["meshes"].ToArray();
            Assert.That(meshes.Length, Is.EqualTo(expected.Length));
            for (var i = 0; i < meshes.Length; i++)
            {
                var mesh = meshes[i];
                Assert.That(Sum(mesh.sharedMesh.vertices), Is.EqualTo(expected[i]["positions"].ToObject<double[]>()).Within(0.01));
                Assert.That(mesh.sharedMaterials.Length, Is.EqualTo(mesh.sharedMesh.subMeshCount));
                Assert.That(Outwards(mesh.sharedMesh), Is.GreaterThan(0.9), "the first triangle of each pair looks along its normals");
            }
            var face = Head("Scholar").GetComponent<FlashHeadBlendShapeTarget>().Meshes.Single().sharedMesh;
            var names = Enumerable.Range(0, face.blendShapeCount).Select(face.GetBlendShapeName).ToArray();
            Assert.That(names, Is.EqualTo(Names.Arkit));
            var deltas = new Vector3[face.vertexCount];
            for (var i = 0; i < names.Length; i++)
            {
                face.GetBlendShapeFrameVertices(i, 0, deltas, null, null);
                Assert.That(Sum(deltas), Is.EqualTo(_scene.Expected["shapes"][i].ToObject<double[]>()).Within(1e-4), names[i]);
            }
        }

        /// <summary>x the other way, as Unity has it.</summary>
        static double[] Sum(Vector3[] vectors) => new[] { -vectors.Sum(v => (double)v.x), vectors.Sum(v => (double)v.y), vectors.Sum(v => (double)v.z) };

        /// <summary>Share of triangles whose front, clockwise in Unity, looks to where their vertices' normals do.</summary>
        static double Outwards(Mesh mesh)
        {
            double right = 0, all = 0;
            for (var part = 0; part < mesh.subMeshCount; part++)
            {
                var triangles = mesh.GetTriangles(part);
                for (var i = 0; i < triangles.Length / 2; i += 3)
                {
                    var (a, b, c) = (mesh.vertices[triangles[i]], mesh.vertices[triangles[i + 1]], mesh.vertices[triangles[i + 2]]);
                    var normal = mesh.normals[triangles[i]];
                    var (u, v) = (new Vector3(b.x - a.x, b.y - a.y, b.z - a.z), new Vector3(c.x - a.x, c.y - a.y, c.z - a.z));
                    // In a left-handed space u x v of a clockwise triangle looks to its viewer.
                    var dot = (u.y * v.z - u.z * v.y) * normal.x + (u.z * v.x - u.x * v.z) * normal.y + (u.x * v.y - u.y * v.x) * normal.z;
                    if (dot > 0) right++;
                    all++;
                }
            }
            return right / all;
        }

        [Test]
        public void TheNpcTalksWithItsBlendShapesAndAQuestionInterrupts()
        {
            Play("TalkingNpc");
            var npc = Head("Scholar");
            var face = npc.GetComponent<FlashHeadBlendShapeTarget>().Meshes.Single();
            Assert.That(Until(() => npc.AudioTime > 0.3 && npc.HasFace, 10));
            Assert.That(Jaws(npc, face, 2).Distinct().Count(), Is.GreaterThan(20));
            Assert.That(face.Weights.Count, Is.EqualTo(52), "all shapes are driven");
            Labelled("Your comet is eleven minutes late.").onClick.Invoke();
            Assert.That(Shows("Eleven minutes, in three hundred years! I must have forgotten to carry the one."));
            Assert.That(Until(() => npc.AudioSource.isPlaying && npc.AudioSource.clip.name == "comet_late", 10));
        }

        [Test]
        public void ThatTestFindsAFaceThatStandsStill()
        {
            Play("TalkingNpc");
            var npc = Head("Scholar");
            var face = npc.GetComponent<FlashHeadBlendShapeTarget>().Meshes.Single();
            npc.GetComponent<FlashHeadBlendShapeTarget>().enabled = false;
            Assert.That(Until(() => npc.AudioTime > 0.3 && npc.HasFace, 10));
            Assert.That(Jaws(npc, face, 1).Distinct().Count(), Is.EqualTo(1));
        }

        List<float> Jaws(FlashHeadNPC npc, SkinnedMeshRenderer face, double seconds)
        {
            var jaws = new List<float>();
            Until(() => false, seconds, () =>
            {
                face.Weights.TryGetValue("jawOpen", out var jaw);
                if (face.Weights.Count > 0) Assert.That(jaw, Is.EqualTo(100 * npc.Face.Arkit[17]).Within(0.01));
                jaws.Add(jaw);
            });
            return jaws;
        }

        sealed class HDPipeline : RenderPipelineAsset
        {
            public override Shader defaultShader => new Shader { name = "HDRP/Lit" };
        }

        sealed class UniversalPipeline : RenderPipelineAsset
        {
            public override Shader defaultShader => new Shader { name = "Universal Render Pipeline/Lit" };
        }

        [TestCase(null, "Standard", 1f)]
        [TestCase(typeof(UniversalPipeline), "Universal Render Pipeline/Lit", 1f)]
        [TestCase(typeof(HDPipeline), "HDRP/Lit", 10000f)]
        public void EachPipelineHasItsOwnShaderAndLight(Type pipeline, string shader, float intensity)
        {
            GraphicsSettings.currentRenderPipeline = pipeline != null ? (RenderPipelineAsset)Activator.CreateInstance(pipeline) : null;
            Play("TalkingNpc");
            var below = Head("Scholar").gameObject.transform.parent;
            var materials = below.GetComponentsInChildren<SkinnedMeshRenderer>().SelectMany(one => one.sharedMaterials).ToArray();
            Assert.That(materials.Length, Is.EqualTo(11));
            foreach (var material in materials) Assert.That(material.shader.name, Is.EqualTo(shader));
            Assert.That(materials.Count(one => one.mainTexture != null), Is.EqualTo(11), "each is painted");
            Assert.That(below.GetComponentsInChildren<Light>().Max(one => one.intensity), Is.EqualTo(intensity));
        }

        sealed class StrippedPipeline : RenderPipelineAsset { }

        [Test]
        public void AShaderThatIsNotInTheBuildIsSaidWithWhatToDo()
        {
            GraphicsSettings.currentRenderPipeline = new StrippedPipeline();
            _scene = SceneFile.Open("TalkingNpc");
            var error = Assert.Throws<Exception>(() => Engine.Frame(0.001)).InnerException;
            Assert.That(error.Message, Is.StringContaining("put a material of your pipeline into the sample's field Material"));
        }

        [TestCase(0, "no binary glTF file")]
        [TestCase(27, "no binary glTF file")]
        [TestCase(5000, "ends early")]
        [TestCase(200000, "ends early")]
        [TestCase(3900000, "ends early")]
        public void AHeadThatIsCutSaysSo(int length, string said)
        {
            _scene = SceneFile.Open("TalkingNpc", fields =>
            {
                var file = (TextAsset)fields["_headFile"];
                file.bytes = file.bytes.Take(length).ToArray();
            });
            var error = Assert.Throws<Exception>(() => Engine.Frame(0.001)).InnerException;
            Assert.That(error, Is.InstanceOf<InvalidDataException>());
            Assert.That(error.Message, Is.StringContaining("scholar.glb").And.StringContaining(said));
            Engine.Frame(0.001); // and says it once, not in every frame
        }

        [Test]
        public void WithoutAWorkerASampleStillTalksAndSaysWhatIsMissing()
        {
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", "tcp://127.0.0.1:9");
            Play("VisualNovel");
            var guard = Head("Bertram");
            Assert.That(Until(() => guard.AudioSource.isPlaying, 5));
            Assert.That(ImageOf("Bertram").texture, Is.SameAs(_scene.Stills["Bertram"]));
            Assert.That(Until(() => FlashHeadWorker.Failure.Length > 0 && Shows(FlashHeadWorker.Failure), 10));
        }

        [TestCase("VisualNovel")]
        [TestCase("TalkingNpc")]
        [TestCase("CrowdOfSix")]
        public void NothingLeavesTheWindowAndNoTwoButtonsCoverEachOther(string sample)
        {
            Play(sample);
            var buttons = Engine.Alive.OfType<Button>().Select(one => SceneFile.Window(one.transform)).ToArray();
            Assert.That(buttons.Length, Is.GreaterThan(2));
            foreach (var place in Engine.Alive.OfType<Graphic>().Select(one => SceneFile.Window(one.transform)))
                Assert.That(place.x >= 0 && place.y >= 0 && place.x + place.width <= 1.0001 && place.y + place.height <= 1.0001, place.x + " " + place.y);
            for (var i = 0; i < buttons.Length; i++)
                for (var j = 0; j < i; j++)
                    Assert.That(Covers(buttons[i], buttons[j]), Is.False);
        }

        static bool Covers(Rect a, Rect b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
    }
}
