"""Make the eight sample lines of this folder from their texts.

    python examples/dialogue/make_lines.py

Needs pico2wave (Debian: libttspico-utils), espeak-ng and sox on PATH. The texts are ours and the recordings are
CC0. A deeper voice is the same speech spoken faster and played slower, which also lengthens the vocal tract.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Line:
    file: str
    voice: str
    text: str
    playback_speed: float = 1.0


LINES = (
    Line(
        "heroine_en.flac",
        "en-GB",
        "They sealed the gate before sunrise. If we follow the river, we reach the bridge by morning.",
        1.04,
    ),
    Line(
        "guard_en.wav",
        "en-US",
        "Halt! Nobody passes after dark. Put the weapon down.",
        0.83,
    ),
    Line(
        "guard_de.mp3",
        "de-DE",
        "Bleib stehen, Fremder. Bei Nebel verlässt niemand die Burg.",
        0.82,
    ),
    Line(
        "robot_de.flac",
        "espeak:de+m3",
        "Warnung. Energie bei fünf Prozent. Bitte bring mich zur Ladestation.",
    ),
    Line(
        "merchant_fr.ogg",
        "fr-FR",
        "Bienvenue, mon ami ! Une bonne épée, ou bien une potion pour la route ?",
    ),
    Line("heroine_fr.flac", "fr-FR", "Je me souviens de cette chanson. Ma mère la fredonnait chaque soir.", 1.06),
    Line(
        "merchant_es.opus",
        "es-ES",
        "¡Mira qué maravilla! Para ti, solo veinte monedas.",
    ),
    Line(
        "robot_es.wav",
        "espeak:es+m3",
        "Piloto, nuestro mapa no muestra ningún puente. Propongo volver.",
    ),
)


def speak(line: Line, target: Path) -> None:
    """Synthesise one line into `target`, a WAV file."""
    if line.voice.startswith("espeak:"):
        voice = line.voice.removeprefix("espeak:")
        subprocess.run(["espeak-ng", "-v", voice, "-s", "145", "-w", target, line.text], check=True)
        return
    text = f'<speed level="{round(92 / line.playback_speed)}">{line.text}</speed>'
    subprocess.run(["pico2wave", "-l", line.voice, "-w", target, text], check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for line in LINES:
            spoken = Path(folder) / "spoken.wav"
            speak(line, spoken)
            # Each line keeps a little silence at its ends, as recorded dialogue does, and one common level.
            shaped = Path(folder) / "shaped.wav"
            effects = ["speed", str(line.playback_speed), "silence", "1", "0.02", "0.2%", "reverse"]
            effects += ["silence", "1", "0.02", "0.2%", "reverse", "pad", "0.15", "0.3", "gain", "-n", "-3"]
            subprocess.run(["sox", "-R", spoken, "-r", "24000", shaped, *effects], check=True)
            encode = ["ffmpeg", "-v", "error", "-y", "-bitexact", "-i", shaped, FOLDER / line.file]
            subprocess.run(encode, check=True)


if __name__ == "__main__":
    main()
