"""The moving picture of the README: the six sample avatars, each with a line of its own.

python examples/cast.py docs/images/cast.webp
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.avatar.bundle import SAMPLES, load_avatar
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import Outputs, SessionSettings

DIALOGUE = Path(__file__).parent / "dialogue"
LINES = dict(
    heroine="heroine_en.flac",
    guard="guard_en.wav",
    merchant="merchant_es.opus",
    robot="robot_de.flac",
    fox="heroine_fr.flac",
    scholar="guard_de.mp3",
)
SIZE, FPS, EVERY, SECONDS = 256, 25, 2, 4.0
COLUMNS, GAP, PAPER = 3, 8, (255, 255, 255)


def pictures(name: str) -> list[Image.Image]:
    """What this avatar shows while it says its line, on its own background."""
    driver, avatar = load_driver("nano"), load_avatar(name)
    session = driver.open(
        avatar,
        SessionSettings(Outputs.VIDEO, SIZE, FPS, seed=SAMPLES.index(name), emotion="happy", emotion_intensity=0.3),
    )
    with open_audio(DIALOGUE / LINES[name]) as audio:
        pcm = np.concatenate(list(audio.chunks()))[: round(SECONDS * 16_000)]
    session.push(pcm, end=True)
    driver.step([session])
    shown = []
    for frame in list(session.frames())[::EVERY]:
        face = Image.fromarray(frame.pixels)
        shown.append(Image.alpha_composite(Image.new("RGBA", face.size, (*avatar.background, 255)), face))
    return shown


def sheets() -> list[Image.Image]:
    casts = [pictures(name) for name in SAMPLES]
    rows = -(-len(casts) // COLUMNS)
    side = SIZE + GAP
    made = []
    for faces in zip(*casts, strict=False):
        sheet = Image.new("RGB", (COLUMNS * side - GAP, rows * side - GAP), PAPER)
        for number, face in enumerate(faces):
            sheet.paste(face.convert("RGB"), (number % COLUMNS * side, number // COLUMNS * side))
        made.append(sheet)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output
    first, *others = sheets()
    first.save(
        output, save_all=True, append_images=others, duration=1000 * EVERY // FPS, loop=0, quality=60, method=6
    )


if __name__ == "__main__":
    main()
