using System.Collections.Generic;
using FlashHead;
using UnityEngine;
using UnityEngine.Scripting;

// Nothing refers to it: the Dialogue System finds the class by its name.
[assembly: AlwaysLinkAssembly]

// Where the Dialogue System looks for commands.
namespace PixelCrushers.DialogueSystem.SequencerCommands
{
    /// <summary>Sequencer command FlashHead(line[, subject]): the FlashHead NPC of the subject, or of the speaker, speaks a
    /// baked line, or else an audio clip, of this name; the command ends with it. `FlashHead(entrytag)` speaks the line that
    /// is named like the dialogue entry. A command that is skipped silences what it began.</summary>
    /// <remarks>Relies on the Dialogue System's manual 2.x, "Sequencer Command Reference" and "Scripting", and on the public
    /// signatures of SequencerCommand and DialogueManager.LoadAsset.
    /// https://www.pixelcrushers.com/dialogue_system/manual2x/html/sequencer_command_reference.html</remarks>
    [AddComponentMenu("")]
    [Preserve]
    public sealed class SequencerCommandFlashHead : SequencerCommand
    {
        // A skipped command ends a frame later, when the next one may speak by the same head.
        static readonly Dictionary<FlashHeadNPC, SequencerCommandFlashHead> Speaking = new Dictionary<FlashHeadNPC, SequencerCommandFlashHead>();

        FlashHeadNPC _head;
        bool _ended;

        public void Start()
        {
            var subject = GetSubject(1, speaker);
            _head = subject != null ? subject.GetComponentInChildren<FlashHeadNPC>() : null;
            if (_head == null) Fail(subject != null ? subject.name + " has no FlashHead NPC" : "there is no object " + GetParameter(1));
            else DialogueManager.LoadAsset(GetParameter(0), typeof(FlashHeadBakedLine), SpeakLine);
        }

        public void Update()
        {
            if (Speaks && !_head.IsSpeaking) End();
        }

        public void OnDialogueSystemPause()
        {
            if (Speaks) _head.Pause(true);
        }

        public void OnDialogueSystemUnpause()
        {
            if (Speaks) _head.Pause(false);
        }

        public void OnDestroy()
        {
            _ended = true;
            if (!Speaks) return;
            Speaking.Remove(_head);
            if (_head != null) _head.Cancel();
        }

        bool Speaks => !ReferenceEquals(_head, null) && Speaking.TryGetValue(_head, out var command) && ReferenceEquals(command, this);

        void SpeakLine(Object asset)
        {
            if (_ended) return;
            var line = asset as FlashHeadBakedLine;
            if (line == null)
            {
                DialogueManager.LoadAsset(GetParameter(0), typeof(AudioClip), SpeakClip);
                return;
            }
            if (line.Audio == null)
            {
                Fail(line.name + " has no audio: import it again");
                return;
            }
            Speaking[_head] = this;
            _head.PlayBaked(line, true);
        }

        void SpeakClip(Object asset)
        {
            if (_ended) return;
            var clip = asset as AudioClip;
            if (clip == null)
            {
                Fail("there is neither a baked line nor an audio clip " + GetParameter(0));
                return;
            }
            Speaking[_head] = this;
            _head.Speak(clip, true);
        }

        void Fail(string reason)
        {
            Debug.LogWarning("FlashHead: Sequencer: FlashHead(" + GetParameters() + "): " + reason, this);
            End();
        }

        void End()
        {
            _ended = true;
            if (Speaks) Speaking.Remove(_head);
            Stop();
        }
    }
}
