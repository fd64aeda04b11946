using System;
using UnityEngine;
using UnityEngine.UI;

namespace FlashHead.Samples
{
    /// <summary>A dialogue box with two talking portraits. Whoever is answered falls silent at once: Speak and Cancel are all
    /// that it needs. What is said is set in the inspector.</summary>
    public sealed class VisualNovel : MonoBehaviour
    {
        [Serializable]
        public sealed class Character
        {
            public string Name;
            [Tooltip("A sample's name or the folder of an avatar bundle.")]
            public string Avatar;
            [Tooltip("Shown until the first frame comes.")]
            public Texture2D Still;
        }

        [Serializable]
        public sealed class Choice
        {
            public string Text;
            [Tooltip("Number of the line that follows.")]
            public int Line;
        }

        [Serializable]
        public sealed class Line
        {
            [Tooltip("Number of the character who speaks.")]
            public int Character;
            public string Emotion = "neutral";
            [TextArea] public string Text;
            public AudioClip Voice;
            [Tooltip("At most three.")]
            public Choice[] Choices = new Choice[0];
        }

        const int MostChoices = 3;
        static readonly Color Listening = new Color(0.5f, 0.5f, 0.55f);

        [SerializeField] Character[] _characters = new Character[0];
        [SerializeField] Line[] _lines = new Line[0];

        readonly GameObject[] _buttons = new GameObject[MostChoices];
        readonly Text[] _labels = new Text[MostChoices];
        FlashHeadNPC[] _heads;
        RawImage[] _pictures;
        Text _name, _text, _worker;
        int _line;

        void Start()
        {
            SampleUi.AddCamera(transform, new Color(0.05f, 0.07f, 0.12f));
            var ui = new SampleUi(transform);
            _heads = new FlashHeadNPC[_characters.Length];
            _pictures = new RawImage[_characters.Length];
            for (var i = 0; i < _characters.Length; i++)
            {
                var place = new Rect((i + 0.5f) / _characters.Length - 0.2f, 0.3f, 0.4f, 0.65f);
                _pictures[i] = ui.AddPicture(ui.Root, _characters[i].Name, place, _characters[i].Still);
                _heads[i] = AddHead(_characters[i], _pictures[i]);
            }
            var box = ui.AddPlate(ui.Root, "Box", new Rect(0.05f, 0.03f, 0.9f, 0.3f)).transform;
            _name = ui.AddText(box, "Name", new Rect(0.03f, 0.78f, 0.9f, 0.2f), 24, TextAnchor.MiddleLeft);
            _name.fontStyle = FontStyle.Bold;
            _text = ui.AddText(box, "Text", new Rect(0.03f, 0.4f, 0.94f, 0.38f), 24, TextAnchor.UpperLeft);
            for (var i = 0; i < MostChoices; i++)
            {
                var choice = i;
                var button = ui.AddButton(box, "Choice", new Rect(0.03f + 0.315f * i, 0.06f, 0.3f, 0.28f), () => Choose(choice));
                _buttons[i] = button.gameObject;
                _labels[i] = button.GetComponentInChildren<Text>();
            }
            _worker = ui.AddText(ui.Root, "Worker", new Rect(0.05f, 0.95f, 0.9f, 0.05f), 16, TextAnchor.MiddleLeft);
            if (_lines.Length > 0) Say(0);
        }

        FlashHeadNPC AddHead(Character character, RawImage picture)
        {
            var body = new GameObject(character.Name);
            body.transform.SetParent(transform, false);
            body.SetActive(false); // so that its head is opened once, when it has been told all
            var head = body.AddComponent<FlashHeadNPC>();
            head.Avatar = character.Avatar;
            head.Blendshapes = false;
            head.Patience = 2f; // its avatar is loaded while it is asked for the first line
            head.AudioSource = body.AddComponent<AudioSource>();
            var target = body.AddComponent<FlashHeadVideoTarget>();
            target.Head = head;
            target.RawImage = picture;
            body.SetActive(true);
            return head;
        }

        void Update()
        {
            _worker.text = FlashHeadWorker.Failure;
        }

        void Choose(int choice)
        {
            var choices = _lines[_line].Choices;
            Say(choices.Length > 0 ? choices[choice].Line : 0);
        }

        void Say(int number)
        {
            _line = number;
            var line = _lines[number];
            foreach (var head in _heads) head.Cancel();
            for (var i = 0; i < _pictures.Length; i++) _pictures[i].color = i == line.Character ? Color.white : Listening;
            _name.text = _characters[line.Character].Name;
            _text.text = line.Text;
            for (var i = 0; i < MostChoices; i++)
            {
                _buttons[i].SetActive(i < Math.Max(1, line.Choices.Length));
                _labels[i].text = i < line.Choices.Length ? line.Choices[i].Text : "From the beginning";
            }
            _heads[line.Character].SetEmotion(line.Emotion);
            _heads[line.Character].Speak(line.Voice);
        }
    }
}
