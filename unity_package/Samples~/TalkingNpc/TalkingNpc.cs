using System;
using UnityEngine;
using UnityEngine.Rendering;
using UnityEngine.UI;

namespace FlashHead.Samples
{
    /// <summary>A 3D head whose 52 blend shapes follow its speech. The head is a glTF file, built here when Play is pressed;
    /// in a game an importer package would do that (com.unity.cloud.gltfast), or the head comes as FBX.</summary>
    public sealed class TalkingNpc : MonoBehaviour
    {
        [Serializable]
        public sealed class Answer
        {
            public string Question;
            public string Emotion = "neutral";
            [TextArea] public string Text;
            public AudioClip Voice;
        }

        [Tooltip("A .glb file with blend shapes by ARKit's names; Unity takes it as bytes.")]
        [SerializeField] TextAsset _headFile;
        [Tooltip("Copied for each part of the head. Empty: the lit shader of the project's pipeline, which is found in the editor only.")]
        [SerializeField] Material _material;
        [SerializeField] Answer[] _answers = new Answer[0];

        FlashHeadNPC _npc;
        GltfHead _head;
        Material _ownMaterial;
        Text _text, _worker;

        void Start()
        {
            var camera = SampleUi.AddCamera(transform, new Color(0.09f, 0.08f, 0.12f));
            camera.fieldOfView = 28f;
            camera.nearClipPlane = 0.1f;
            camera.transform.localPosition = new Vector3(0f, -0.07f, 0.92f);
            camera.transform.localRotation = Quaternion.Euler(0f, 180f, 0f);
            AddLight(new Color(1f, 0.96f, 0.9f), 1f, Quaternion.Euler(30f, 145f, 0f));
            AddLight(new Color(0.6f, 0.7f, 1f), 0.4f, Quaternion.Euler(10f, 230f, 0f));
            var ui = new SampleUi(transform);
            _worker = ui.AddText(ui.Root, "Worker", new Rect(0.05f, 0.95f, 0.9f, 0.05f), 16, TextAnchor.MiddleLeft);

            var body = new GameObject("Scholar");
            body.transform.SetParent(transform, false);
            _head = new GltfHead(_headFile.bytes, _headFile.name, body.transform, _material != null ? _material : OfThePipeline());
            AddVoice(body);

            var box = ui.AddPlate(ui.Root, "Box", new Rect(0.05f, 0.03f, 0.9f, 0.22f)).transform;
            _text = ui.AddText(box, "Text", new Rect(0.03f, 0.5f, 0.94f, 0.42f), 24, TextAnchor.UpperLeft);
            for (var i = 0; i < _answers.Length; i++)
            {
                var answer = _answers[i];
                var width = 0.94f / _answers.Length;
                ui.AddButton(box, answer.Question, new Rect(0.03f + width * i, 0.1f, width - 0.01f, 0.36f), () => Say(answer));
            }
            if (_answers.Length > 0) Say(_answers[0]);
        }

        void AddVoice(GameObject body)
        {
            body.SetActive(false); // so that its head is opened once, when it has been told all
            _npc = body.AddComponent<FlashHeadNPC>();
            _npc.AudioSource = body.AddComponent<AudioSource>();
            var target = body.AddComponent<FlashHeadBlendShapeTarget>();
            target.Head = _npc;
            target.Meshes = _head.Faces;
            body.SetActive(true);
        }

        void AddLight(Color color, float share, Quaternion rotation)
        {
            var lamp = new GameObject("Light");
            lamp.transform.SetParent(transform, false);
            lamp.transform.localRotation = rotation;
            var light = lamp.AddComponent<Light>();
            light.type = LightType.Directional;
            light.color = color;
            // HDRP counts in lux, where a cloudy day has some ten thousand.
            var pipeline = GraphicsSettings.currentRenderPipeline;
            light.intensity = share * (pipeline != null && pipeline.GetType().Name.StartsWith("HD", StringComparison.Ordinal) ? 10000f : 1f);
        }

        Material OfThePipeline()
        {
            var pipeline = GraphicsSettings.currentRenderPipeline;
            var shader = pipeline != null ? pipeline.defaultShader : Shader.Find("Standard");
            if (shader == null)
                throw new InvalidOperationException(
                    "The lit shader of this project's pipeline is not in the build: put a material of your pipeline into the sample's field Material.");
            _ownMaterial = new Material(shader);
            return _ownMaterial;
        }

        void Update()
        {
            _worker.text = FlashHeadWorker.Failure;
        }

        void Say(Answer answer)
        {
            _text.text = answer.Text;
            _npc.SetEmotion(answer.Emotion);
            _npc.Speak(answer.Voice, true);
        }

        void OnDestroy()
        {
            if (_head != null) _head.Dispose();
            if (_ownMaterial != null) Destroy(_ownMaterial);
        }
    }
}
