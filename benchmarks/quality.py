"""How often the quality gate of a project names a line that is as it was baked, and one that is spoiled.

    python benchmarks/quality.py [--pieces 200]

Pieces of the held-out test lines (tests/data/lipsync), baked with nano: as they are, with the mouth 80 ms late, with
the mouth of another line, and with a mouth that stands still; with their text and from the audio alone. With a text,
its sounds are those that are spoken in the piece. Needs espeak-ng.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from flashhead_engine.audio.decode import SAMPLE_RATE_HZ, open_audio
from flashhead_engine.bake.gate import QualityLimits, judge
from flashhead_engine.bake.quality import QualityMeter
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import WEIGHTS_HZ, AlignedWords, Outputs, SessionSettings, TimedFrame
from flashhead_engine.transcript.phonemes import phonemise

LINES = Path(__file__).parents[1] / "tests" / "data" / "lipsync"
LENGTHS_S = (1.5, 2.5, 3.5)
LATE_FRAMES = round(0.080 * WEIGHTS_HZ)
TITLES = ("as baked", "80 ms late", "another's mouth", "still")


class Line:
    def __init__(self, driver, truth: dict, audio: Path) -> None:
        with open_audio(audio) as file:
            self.pcm = np.concatenate(list(file.chunks()))
        self.aligned = driver.align(self.pcm, phonemise(truth["text"], truth["lang"].split("-")[0]))
        self.frames = {text: self._bake(driver, text) for text in (False, True)}

    def _bake(self, driver, with_text: bool) -> list[TimedFrame]:
        session = driver.open(None, SessionSettings())
        if with_text and self.aligned.fits:
            session.follow(self.aligned.alignment)
        session.push(self.pcm, end=True)
        driver.step([session])
        return session.frames()

    def piece_of_text(self, start_s: float, length_s: float) -> AlignedWords:
        """Where the sounds of the text lie in a piece."""
        segments = tuple(
            replace(segment, start=max(0.0, segment.start - start_s), end=min(length_s, segment.end - start_s))
            for segment in self.aligned.alignment.segments
            if segment.end > start_s and segment.start < start_s + length_s
        )
        return AlignedWords(replace(self.aligned.alignment, segments=segments), self.aligned.fits)


def is_named(line: Line, mouths: list[TimedFrame], first: int, length_s: float, with_text: bool) -> bool:
    """Whether the gate names a piece of a line that shows `mouths`, one for each of its frames."""
    meter = QualityMeter(Outputs.BLENDSHAPES)
    start = first * SAMPLE_RATE_HZ // WEIGHTS_HZ
    meter.hear(line.pcm[start : start + round(length_s * SAMPLE_RATE_HZ)])
    for index, mouth in enumerate(mouths):
        meter.see(replace(mouth, pts_us=index * 1_000_000 // WEIGHTS_HZ))
    aligned = line.piece_of_text(first / WEIGHTS_HZ, length_s) if with_text else None
    return bool(judge(meter.result(aligned=aligned), QualityLimits()).beyond)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=200)
    pieces = parser.parse_args().pieces
    driver = load_driver("nano")
    lines = [
        Line(driver, json.loads(path.read_text("utf-8")), path.with_suffix(".flac"))
        for path in sorted(LINES.glob("*.json"))
    ]
    random = np.random.default_rng(0)
    print(f"| named, of {pieces} pieces | {' | '.join(TITLES)} |\n|---|{'---|' * len(TITLES)}")
    for with_text in (False, True):
        for length_s in LENGTHS_S:
            count = round(length_s * WEIGHTS_HZ)
            named = np.zeros(len(TITLES))
            for _ in range(pieces):
                one, other = random.choice(len(lines), 2, replace=False)
                line, frames = lines[one], lines[one].frames[with_text]
                others = lines[other].frames[with_text]
                first = int(random.integers(LATE_FRAMES, len(frames) - count))
                elsewhere = int(random.integers(0, len(others) - count))
                shown = (
                    frames[first : first + count],
                    frames[first - LATE_FRAMES : first - LATE_FRAMES + count],
                    others[elsewhere : elsewhere + count],
                    [frames[first + count // 2]] * count,
                )
                named += [is_named(line, mouths, first, length_s, with_text) for mouths in shown]
            cells = " | ".join(f"{100 * share:.0f} %" for share in named / pieces)
            print(f"| {'text' if with_text else 'audio alone'}, {length_s:g} s | {cells} |")


if __name__ == "__main__":
    main()
