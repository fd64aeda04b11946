using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using FlashHead.Editor;
using NUnit.Framework;
using UnityEditor;
using UnityEngine;

namespace FlashHead.Tests
{
    /// <summary>The inspectors: choices, presets, buttons, and a head that speaks in edit mode.</summary>
    [TestFixture]
    public class InspectorTests : Scene
    {
        [SetUp]
        public void Clean()
        {
            AssetDatabase.Assets.Clear();
            GUILayout.Pressed = null;
            EditorGUILayout.Choice = -1;
            EditorGUILayout.Offered = null;
        }

        [TearDown]
        public void Play()
        {
            Application.isPlaying = true;
            GUILayout.Pressed = null;
        }

        static void Draw(UnityEditor.Editor inspector, string press = null)
        {
            EditorGUILayout.Drawn.Clear();
            GUILayout.Buttons.Clear();
            GUILayout.Pressed = press;
            inspector.OnInspectorGUI();
            GUILayout.Pressed = null;
        }

        static bool Said(string words) => EditorGUILayout.Drawn.Any(line => line.Contains(words));

        static SkinnedMeshRenderer Mesh(GameObject on, string name, params string[] shapes)
        {
            var mesh = on.AddComponent<SkinnedMeshRenderer>();
            mesh.name = name;
            mesh.sharedMesh = new Mesh(shapes);
            return mesh;
        }

        // Which one a material of each pipeline's lit shader is painted with.
        [TestCase("_BaseMap", "_MainTex", "_BumpMap", "_BaseMap")]
        [TestCase("_BaseColorMap", "_MainTex", "_MaskMap", "_BaseColorMap")]
        [TestCase("_MainTex", "_BumpMap", "_MainTex")]
        [TestCase("_Face", "_Face")]
        public void TheTextureThatShowsAPictureIsOfferedFirst(string first, params string[] textures)
        {
            var renderer = new Renderer { sharedMaterial = new Material(textures) };
            var offered = FlashHeadVideoTargetEditor.PropertiesOf(renderer);
            Assert.That(offered[0], Is.EqualTo(first));
            Assert.That(offered, Is.EquivalentTo(textures));
        }

        [Test]
        public void ATexturePropertyIsChosenOfThoseThatTheMaterialHas()
        {
            var target = new FlashHeadVideoTarget { Renderer = new Renderer { name = "quad", sharedMaterial = new Material("_BumpMap", "_BaseMap") } };
            var inspector = new FlashHeadVideoTargetEditor { target = target };
            Draw(inspector);
            Assert.That(Said("no texture _MainTex"), "what is set and does nothing is said");
            Assert.That(target.TextureProperty, Is.EqualTo("_MainTex"), "and stays until a person chooses");
            Assert.That(EditorGUILayout.Offered, Is.EqualTo(new[] { "_MainTex", "_BaseMap", "_BumpMap" }));
            EditorGUILayout.Choice = 1;
            Draw(inspector);
            Assert.That(target.TextureProperty, Is.EqualTo("_BaseMap"));
            EditorGUILayout.Choice = -1;
            Draw(inspector);
            Assert.That(EditorGUILayout.Offered, Is.EqualTo(new[] { "_BaseMap", "_BumpMap" }));
            Assert.That(Said("no texture"), Is.False);
        }

        [Test]
        public void ATargetThatShowsNothingIsSaid()
        {
            var target = new FlashHeadVideoTarget();
            Draw(new FlashHeadVideoTargetEditor { target = target });
            Assert.That(Said("No head") && Said("Nowhere to show"));
            target.Renderer = new Renderer { name = "quad" };
            Draw(new FlashHeadVideoTargetEditor { target = target });
            Assert.That(Said("quad has no material with a texture"));
        }

        [Test]
        public void MyFaceIsFoundAmongTheMeshesOfACharacter()
        {
            var body = new GameObject();
            Mesh(body, "body", "Fat");
            Mesh(body, "cloak");
            var face = Mesh(body.Child(), "face", "head.jawOpen", "head.eyeBlink_L", "smirk");
            var teeth = Mesh(body.Child().Child(), "teeth", "Jaw_Open");
            var target = body.AddComponent<FlashHeadBlendShapeTarget>();
            var inspector = new FlashHeadBlendShapeTargetEditor { target = target };
            Draw(inspector);
            Assert.That(Said("No meshes") && Said("No head"));
            Draw(inspector, "Find my face");
            Assert.That(target.Meshes, Is.EqualTo(new[] { face, teeth }));
            Draw(inspector);
            Assert.That(Said("face: 2 of 3 blend shapes are driven"));
            Assert.That(Said("teeth: 1 of 1"));
        }

        [Test]
        public void ACharacterWithoutAFaceIsSaid()
        {
            var body = new GameObject();
            Mesh(body, "body", "Fat");
            var target = body.AddComponent<FlashHeadBlendShapeTarget>();
            target.name = "npc";
            Draw(new FlashHeadBlendShapeTargetEditor { target = target }, "Find my face");
            Assert.That(Engine.Warnings.Single(), Is.StringContaining("npc"));
            Assert.That(target.Meshes, Is.Empty);
        }

        [Test]
        public void APresetMakesAMappingThatDrivesTheHead()
        {
            var mesh = Mesh(new GameObject(), "CC_Base_Body", "Jaw_Open", "Mouth_Funnel_Up_L", "Brow_Drop_R", "Neck_Tighten_L");
            var head = Head();
            var target = Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { mesh }; });
            var inspector = new FlashHeadBlendShapeTargetEditor { target = target };
            Draw(inspector);
            Draw(inspector, GUILayout.Buttons.Single(text => text.Contains("Character Creator 4 (3)")));
            Assert.That(target.Mapping.Entries.Select(entry => entry.Source + " " + entry.BlendShape), Is.EquivalentTo(new[]
            {
                "jawOpen Jaw_Open", "mouthFunnel Mouth_Funnel_Up_L", "browDownRight Brow_Drop_R",
            }));
            Assert.That(AssetDatabase.Assets.Values.Single(), Is.SameAs(target.Mapping));
            head.Speak(Clip(1));
            Assert.That(Until(() => head.HasFace && head.Face.Frame.Index > 10, 3));
            Engine.Frame(0.001);
            Assert.That(mesh.Weights["Jaw_Open"], Is.EqualTo(head.Face.Frame.Index % 100).Within(0.01));
            Draw(inspector, "Without a mapping: match names");
            Assert.That(target.Mapping == null);
        }

        [Test]
        public void EverySourceOfEveryPresetIsAWeight()
        {
            var shapes = new List<string>
            {
                "Jaw_Open", "Brow_Drop_L", "Brow_Raise_Outer_R", "Cheek_Raise_L", "Nose_Sneer_L", "Eye_Blink_L", "Eye_Squint_R", "Eye_Wide_L",
                "Eye_L_Look_Down", "Eye_R_Look_Up", "Eye_L_Look_R", "Eye_R_Look_L", "Eye_L_Look_L", "Eye_R_Look_R", "Jaw_L", "Mouth_R",
                "Mouth_Dimple_L", "Mouth_Frown_L", "Mouth_Press_L", "Mouth_Smile_L", "Mouth_Stretch_L", "Mouth_Down_Lower_L",
                "Mouth_Up_Upper_R", "Brow_Raise_Inner_L", "Cheek_Puff_L", "Mouth_Funnel_Down_L", "Mouth_Pucker_Up_L",
                "Mouth_Roll_In_Lower_L", "Mouth_Roll_In_Upper_R", "Jaw_Forward", "Mouth_Close", "Mouth_Shrug_Lower", "Mouth_Shrug_Upper",
                "Tongue_Out", "Fcl_MTH_A", "Fcl_MTH_I", "Fcl_MTH_U", "Fcl_MTH_E", "Fcl_MTH_O", "Fcl_EYE_Close_L", "viseme_aa", "vrc.v_pp",
            };
            var reached = new HashSet<string>();
            foreach (var preset in BlendShapePreset.All)
                foreach (var entry in preset.EntriesFor(shapes))
                {
                    Assert.That(ShapeNames.ColumnOf(entry.Source), Is.GreaterThanOrEqualTo(0), entry.Source);
                    reached.Add(entry.BlendShape);
                }
            Assert.That(reached, Is.EquivalentTo(shapes));
        }

        /// <summary>A baked line that holds one viseme and the jaw at fixed weights.</summary>
        static FlashHeadBakedLine Line(string viseme, float weight)
        {
            var rows = new float[71 * 120];
            for (var row = 0; row < 120; row++)
            {
                rows[row * 71 + ShapeNames.ColumnOf("jawOpen")] = 0.25f;
                rows[row * 71 + ShapeNames.ColumnOf("viseme_" + viseme) + 4] = weight; // behind the pose
            }
            return FlashHeadBakedLine.Create(Clip(2), new BakedTrack(60, rows), null);
        }

        SkinnedMeshRenderer Spoken(string viseme, FlashHeadBlendShapeMapping mapping, params string[] shapes)
        {
            var mesh = Mesh(new GameObject(), "face", shapes);
            var head = Head();
            Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { mesh }; it.Mapping = mapping; });
            head.PlayBaked(Line(viseme, 0.8f));
            Assert.That(Until(() => head.AudioTime > 0.2, 3));
            return mesh;
        }

        [Test]
        public void AHeadThatOnlyHasVisemesIsMovedByThem()
        {
            var mesh = Spoken("oh", null, "viseme_O", "viseme_aa", "eyeBlinkLeft");
            Assert.That(mesh.Weights["viseme_O"], Is.EqualTo(80).Within(0.01));
            Assert.That(mesh.Weights["viseme_aa"], Is.EqualTo(0));
        }

        [Test]
        public void AHeadWithArkitsMouthAndVisemesIsNotMovedTwice()
        {
            var mesh = Spoken("aa", null, "jawOpen", "viseme_aa");
            Assert.That(mesh.Weights["jawOpen"], Is.EqualTo(25).Within(0.01));
            Assert.That(mesh.Weights.ContainsKey("viseme_aa"), Is.False);
        }

        [TestCase("aa", "Fcl_MTH_A", 80f)]
        [TestCase("nn", "Fcl_MTH_I", 24f)]
        [TestCase("PP", "Fcl_MTH_A", 0f)]
        public void AVRoidMouthIsMovedByItsVowels(string viseme, string shape, float percent)
        {
            var shapes = new[] { "Fcl_MTH_A", "Fcl_MTH_I", "Fcl_MTH_U", "Fcl_MTH_E", "Fcl_MTH_O" };
            var mapping = ScriptableObject.CreateInstance<FlashHeadBlendShapeMapping>();
            mapping.Entries = BlendShapePreset.All.Single(preset => preset.Name == "VRoid").EntriesFor(shapes).ToArray();
            Assert.That(Spoken(viseme, mapping, shapes).Weights[shape], Is.EqualTo(percent).Within(0.01));
        }

        [Test]
        public void TheInspectorSaysThatNoWorkerRunsAndWhatToDo()
        {
            Worker("tcp://127.0.0.1:9|x");
            var head = Head();
            var inspector = new FlashHeadNPCEditor { target = head };
            Assert.That(Until(() => FlashHeadWorker.Failure.Length > 0, 10));
            Draw(inspector);
            Assert.That(Said(FlashHeadWorker.Failure) && Said("pip install") && Said("flashhead serve"));
            Draw(inspector, "Look for it again");
            Assert.That(FlashHeadWorker.Failure, Is.EqualTo(""));
        }

        [Test]
        public void TheInspectorShowsTheFaceAndThePictureOfAHeadThatSpeaks()
        {
            var head = Head();
            var clip = Clip(2);
            AssetDatabase.Assets["line.wav"] = clip;
            var inspector = new FlashHeadNPCEditor { target = head };
            Engine.Send(inspector, "OnEnable");
            Draw(inspector, "Test");
            Assert.That(_source.clip == null && head.IsSpeaking);
            Assert.That(Until(() => head.Picture != null && head.HasFace && head.Face.Frame.Index > 5, 5));
            Draw(inspector);
            Assert.That(Said("Worker: connected"));
            Assert.That(Said(string.Format("jawOpen {0:0.00}", head.Face.Arkit[17])));
            Assert.That(inspector.RequiresConstantRepaint() && inspector.HasPreviewGUI());
            inspector.OnPreviewGUI(new Rect(0, 0, 200, 100), new GUIStyle());
            Assert.That(GUI.Drawn, Is.SameAs(head.Picture));
            Assert.That(GUI.DrawnCoords.height, Is.EqualTo(-1), "its first row is the top");
            Draw(inspector, "Stop");
            Assert.That(head.IsSpeaking, Is.False);
        }

        [Test]
        public void AMissingAudioSourceIsAdded()
        {
            var head = new GameObject().AddComponent<FlashHeadNPC>();
            Draw(new FlashHeadNPCEditor { target = head }, "Add an Audio Source");
            Assert.That(head.AudioSource, Is.SameAs(head.gameObject.GetComponent<AudioSource>()));
            Assert.That(head.AudioSource != null);
        }

        /// <summary>In edit mode Unity calls no component; the editor updates.</summary>
        bool Edit(Func<bool> condition, double seconds)
        {
            var end = Now() + seconds;
            while (!condition() && Now() < end)
            {
                Engine.NowS = Now();
                if (EditorApplication.update != null) EditorApplication.update();
                Thread.Sleep(10);
            }
            return condition();
        }

        FlashHeadNPC InEditMode(out SkinnedMeshRenderer mesh)
        {
            Application.isPlaying = false;
            var character = new GameObject();
            var head = character.AddComponent<FlashHeadNPC>();
            head.Avatar = "guard";
            head.Size = Side;
            head.AudioSource = character.AddComponent<AudioSource>();
            mesh = Mesh(character.Child(), "face", "jawOpen", "smirk");
            mesh.SetBlendShapeWeight(0, 7f);
            var target = character.AddComponent<FlashHeadBlendShapeTarget>();
            target.Head = head;
            target.Meshes = new[] { mesh };
            AssetDatabase.Assets["line.wav"] = Clip(0.6);
            return head;
        }

        [Test]
        public void AHeadSpeaksInEditModeAndLeavesTheSceneAsItWas()
        {
            var head = InEditMode(out var mesh);
            var inspector = new FlashHeadNPCEditor { target = head };
            Engine.Send(inspector, "OnEnable");
            Draw(inspector, "Test");
            Assert.That(inspector.RequiresConstantRepaint());
            Assert.That(Edit(() => mesh.Weights["jawOpen"] > 10 && inspector.HasPreviewGUI(), 5), "face and picture move");
            Assert.That(head.AudioSource.clip == null && !head.IsSpeaking, "the head of the scene does nothing itself");
            Assert.That(Edit(() => !inspector.RequiresConstantRepaint(), 5));
            Assert.That(mesh.Weights["jawOpen"], Is.EqualTo(7));
            Assert.That(Engine.TexturesAlive, Is.EqualTo(0));
            Assert.That(EditorApplication.update, Is.Null);
        }

        [TestCase("inspector")]
        [TestCase("play")]
        [TestCase("reload")]
        [TestCase("stop")]
        public void WhateverEndsThePreviewNothingOfItIsLeft(string end)
        {
            var head = InEditMode(out var mesh);
            var inspector = new FlashHeadNPCEditor { target = head };
            Engine.Send(inspector, "OnEnable");
            Draw(inspector, "Test");
            Assert.That(Edit(() => mesh.Weights["jawOpen"] > 10, 5));
            if (end == "inspector") Engine.Send(inspector, "OnDisable");
            else if (end == "play") EditorApplication.ChangePlayMode(PlayModeStateChange.ExitingEditMode);
            else if (end == "reload") AssemblyReloadEvents.Reload();
            else
            {
                Draw(inspector, "Stop");
                EditorApplication.update();
            }
            Assert.That(mesh.Weights["jawOpen"], Is.EqualTo(7));
            Assert.That(Engine.TexturesAlive, Is.EqualTo(0));
            Assert.That(EditorApplication.update, Is.Null);
        }
    }
}
