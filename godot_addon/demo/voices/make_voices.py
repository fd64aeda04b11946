"""Speak the lines of the demos' conversations: one Ogg file a line, beside this script.

    python godot_addon/demo/voices/make_voices.py FOLDER [gate_halt ...]

FOLDER keeps what is downloaded (Kokoro-82M, 100 MB). Needs the environment of `build.py test` and on PATH espeak-ng,
sox and ffmpeg. Without names every line is spoken.
"""

import argparse
import json
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flashhead_engine.training.nano.kokoro import PACKAGES, SAMPLE_RATE_HZ, Kokoro
from flashhead_engine.training.nano.recordings import fetch

FOLDER = Path(__file__).parent
CONVERSATIONS = ("dialogue_2d/gate.json", "room_3d/comet.json", "crowd/tavern.json")


@dataclass(frozen=True)
class Casting:
    """`voice`: of Kokoro. `tempo`: 1 is the voice's own. `effects`: of sox, what makes a character of a reader."""

    voice: str
    tempo: float = 1.0
    effects: tuple[str, ...] = ()


CAST = {
    "heroine": Casting("af_heart"),
    "guard": Casting("am_fenrir", 0.95, ("pitch", "-180")),
    "merchant": Casting("bf_emma", 1.05),
    "robot": Casting("am_michael", 0.95, ("flanger", "0", "3", "-40", "60", "0.3", "overdrive", "4", "10")),
    "fox": Casting("am_puck", 1.02, ("pitch", "120")),
    "scholar": Casting("bm_george", 0.9, ("pitch", "-60")),
}


def speak(kokoro: Kokoro, casting: Casting, text: str, target: Path) -> None:
    voice = next(voice for voice in kokoro.voices if voice.name == casting.voice)
    pcm = np.round(kokoro.speak(text, voice, casting.tempo).clip(-1, 1) * 32767).astype("<i2")
    with tempfile.TemporaryDirectory() as folder:
        spoken, shaped = Path(folder) / "spoken.wav", Path(folder) / "shaped.wav"
        with wave.open(str(spoken), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE_HZ)
            file.writeframes(pcm.tobytes())
        # A little silence at the ends, as recorded dialogue has it, and one common level.
        effects = [*casting.effects, "silence", "1", "0.02", "0.5%", "reverse", "silence", "1", "0.02", "0.5%"]
        effects += ["reverse", "pad", "0.15", "0.3", "gain", "-n", "-3"]
        subprocess.run(["sox", "-R", spoken, shaped, *effects], check=True)
        encode = ["ffmpeg", "-v", "error", "-y", "-bitexact", "-i", shaped, "-c:a", "libvorbis", "-q:a", "2", target]
        subprocess.run(encode, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for the downloaded packages")
    parser.add_argument("lines", nargs="*", help="names of files, without .ogg")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    fetch(PACKAGES, arguments.folder, print)
    kokoro = Kokoro(arguments.folder)
    for path in (FOLDER.parent / name for name in CONVERSATIONS):
        for name, line in json.loads(path.read_text("utf-8"))["lines"].items():
            target = FOLDER / f"{path.stem}_{name}.ogg"
            if not arguments.lines or target.stem in arguments.lines:
                speak(kokoro, CAST[line["speaker"]], line["text"], target)
                print(f"{target.name}: {line['text']}", flush=True)


if __name__ == "__main__":
    main()
