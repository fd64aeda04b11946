"""Bake the sample dialogue with the sample avatars, draw a contact sheet and print a table.

python3 build.py demo
"""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from flashhead_engine.audio.decode import SAMPLE_RATE_HZ, open_audio
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.bake.line import BakedLine
from flashhead_engine.bake.plan import LineRequest
from flashhead_engine.bake.pool import bake_lines
from flashhead_engine.drivers.base import SessionSettings
from flashhead_engine.errors import FlashHeadError

DIALOGUE = Path(__file__).parent / "dialogue"
OUT = Path(__file__).parent.parent / "out" / "demo"

PICTURES = 6
TILE = 176
WAVE = 34
LABEL = 22
GAP = 16
PAPER, INK, PALE = (24, 26, 32), (236, 238, 242), (96, 150, 214)


@dataclass(frozen=True)
class Line:
    file: str
    avatar: str
    emotion: str = "neutral"

    @property
    def audio(self) -> Path:
        return DIALOGUE / self.file

    @property
    def video(self) -> Path:
        return OUT / f"{Path(self.file).stem}.mp4"


LINES = (
    Line("heroine_en.flac", "heroine", "afraid"),
    Line("guard_en.wav", "guard", "angry"),
    Line("guard_de.mp3", "guard"),
    Line("robot_de.flac", "robot"),
    Line("merchant_fr.ogg", "merchant", "happy"),
    Line("heroine_fr.flac", "heroine", "sad"),
    Line("merchant_es.opus", "merchant", "surprised"),
    Line("robot_es.wav", "robot"),
)


def request(line: Line, seed: int) -> LineRequest:
    settings = SessionSettings(seed=seed, emotion=line.emotion, emotion_intensity=0.9)
    return LineRequest(line.audio, (line.video,), line.avatar, "nano", settings)


def face_crop(avatar_name: str, size: int) -> tuple[int, int, int, int]:
    """The square around the face in a video of `size` pixels."""
    avatar = load_avatar(avatar_name)
    oval = np.asarray(avatar.landmarks.face_oval) * size / avatar.side
    half = 0.56 * np.ptp(oval[:, 1])
    x, y = (oval.min(0) + oval.max(0)) / 2
    half = min(half, x, y, size - x, size - y)
    return round(x - half), round(y - half), round(x + half), round(y + half)


def strip(line: Line) -> Image.Image:
    """One line as a row of pictures taken at even times from its finished video, over its sound."""
    with av.open(str(line.video)) as container:
        frames = [frame.to_image() for frame in container.decode(video=0)]
    with open_audio(line.audio) as audio:
        sound = np.concatenate(list(audio.chunks()))
    tile = Image.new("RGB", (PICTURES * TILE, LABEL + TILE + WAVE), PAPER)
    draw = ImageDraw.Draw(tile)
    label = f"{Path(line.file).stem}   {line.emotion}   {len(sound) / SAMPLE_RATE_HZ:.1f} s"
    draw.text((2, 2), label, INK, ImageFont.load_default(14))
    crop = face_crop(line.avatar, frames[0].width)
    for number in range(PICTURES):
        frame = frames[round((number + 0.5) / PICTURES * len(frames))]
        picture = frame.crop(crop).resize((TILE, TILE), Image.Resampling.LANCZOS)
        tile.paste(picture, (number * TILE, LABEL))
    columns = np.array_split(np.abs(sound), tile.width)
    for x, column in enumerate(columns):
        height = column.max() * WAVE / 2
        middle = LABEL + TILE + WAVE / 2
        draw.line((x, middle - height, x, middle + height), PALE)
    return tile


def contact_sheet() -> Path:
    strips = [strip(line) for line in LINES]
    width, height = strips[0].size
    sheet = Image.new("RGB", (2 * width + 3 * GAP, 4 * (height + GAP) + GAP), PAPER)
    for number, picture in enumerate(strips):
        row, column = divmod(number, 2)
        sheet.paste(picture, (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    path = OUT / "contact_sheet.png"
    sheet.save(path)
    return path


def table(baked: dict[Path, BakedLine], jobs: int, elapsed_s: float) -> Table:
    columns = ("line", "avatar", "duration", "frames", "frames/s", "x real time", "file")
    drawn = Table(*columns, box=None, pad_edge=False)
    for line in LINES:
        result = baked[line.audio]
        frames = result.video_frames
        drawn.add_row(
            Path(line.file).stem,
            line.avatar,
            f"{result.duration_us / 1e6:.1f} s",
            str(frames),
            f"{frames / result.elapsed_s:.0f}",
            f"{result.speed:.1f}",
            line.video.name,
        )
    seconds = sum(result.duration_us for result in baked.values()) / 1e6
    frames = sum(result.video_frames for result in baked.values())
    together = (f"{jobs} at a time", "", f"{seconds:.1f} s", str(frames), f"{frames / elapsed_s:.0f}")
    drawn.add_section()
    drawn.add_row(*together, f"{seconds / elapsed_s:.1f}", "")
    return drawn


def main() -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    console = Console()
    baked: dict[Path, BakedLine] = {}
    requests = [request(line, seed) for seed, line in enumerate(LINES)]
    jobs = os.cpu_count() or 1
    begun = time.perf_counter()
    with Progress(console=console) as progress:
        task = progress.add_task("baking 8 lines", total=float(len(LINES)))
        for result in bake_lines(requests, jobs, lambda share: progress.advance(task, share)):
            if isinstance(result, FlashHeadError):
                console.print(f"[red]error:[/] {result}")
                return 1
            baked[result.audio] = result
    console.print(table(baked, jobs, time.perf_counter() - begun))
    sheet = contact_sheet()
    console.print(f"The files are in {OUT}; look at {sheet.name} first.", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
