using System;
using UnityEngine;
using UnityEngine.UI;

namespace FlashHead.Samples
{
    /// <summary>Six heads at once, each with a line, an emotion and a face of its own. All share one worker.</summary>
    public sealed class CrowdOfSix : MonoBehaviour
    {
        [Serializable]
        public sealed class Guest
        {
            public string Name;
            [Tooltip("A sample's name or the folder of an avatar bundle.")]
            public string Avatar;
            public string Emotion = "neutral";
            public AudioClip Voice;
            [Tooltip("Shown until the first frame comes.")]
            public Texture2D Still;
        }

        const int Columns = 3;
        const int Side = 256; // a third of the window needs no more

        [SerializeField] Guest[] _guests = new Guest[0];

        FlashHeadNPC[] _heads;
        Text _worker;

        void Start()
        {
            SampleUi.AddCamera(transform, new Color(0.12f, 0.08f, 0.06f));
            var ui = new SampleUi(transform);
            _heads = new FlashHeadNPC[_guests.Length];
            var rows = (_guests.Length + Columns - 1) / Columns;
            for (var i = 0; i < _guests.Length; i++)
            {
                var guest = i;
                var left = (i % Columns + 0.05f) / Columns;
                var bottom = 0.1f + 0.85f * (rows - 1 - i / Columns) / rows;
                var picture = ui.AddPicture(ui.Root, _guests[i].Name, new Rect(left, bottom + 0.07f, 0.9f / Columns, 0.85f / rows - 0.09f), _guests[i].Still);
                ui.AddButton(ui.Root, _guests[i].Name, new Rect(left + 0.08f, bottom, 0.9f / Columns - 0.16f, 0.06f), () => Speak(guest));
                _heads[i] = AddHead(_guests[i], i, picture);
            }
            ui.AddButton(ui.Root, "Everybody", new Rect(0.3f, 0.02f, 0.19f, 0.06f), Everybody);
            ui.AddButton(ui.Root, "Silence", new Rect(0.51f, 0.02f, 0.19f, 0.06f), Silence);
            _worker = ui.AddText(ui.Root, "Worker", new Rect(0.02f, 0.95f, 0.96f, 0.05f), 16, TextAnchor.MiddleLeft);
            Everybody();
        }

        FlashHeadNPC AddHead(Guest guest, int seed, RawImage picture)
        {
            var body = new GameObject(guest.Name);
            body.transform.SetParent(transform, false);
            body.SetActive(false); // so that its head is opened once, when it has been told all
            var head = body.AddComponent<FlashHeadNPC>();
            head.Avatar = guest.Avatar;
            head.Blendshapes = false;
            head.Patience = 2f; // its avatar is loaded while it is asked for the first line
            head.Size = Side;
            head.Seed = seed; // no two blink together
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

        void Speak(int guest)
        {
            _heads[guest].SetEmotion(_guests[guest].Emotion);
            _heads[guest].Speak(_guests[guest].Voice, true);
        }

        void Everybody()
        {
            for (var i = 0; i < _heads.Length; i++) Speak(i);
        }

        void Silence()
        {
            foreach (var head in _heads) head.Cancel();
        }
    }
}
