"""Write the small held-out set that the tests read: FLAC audio and truth, two lines of each synthetic voice whose
times no network of this project found.

python benchmarks/lipsync/make_test_lines.py
"""

from pathlib import Path

import av
import numpy as np

from flashhead_engine.training.nano import held_out

_FOLDER = Path(__file__).parents[2] / "tests" / "data" / "lipsync"
_LINES_PER_VOICE = 2


def _write_flac(pcm: np.ndarray, path: Path) -> None:
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=16_000, layout="mono", format="s16")
        samples = (np.clip(pcm, -1, 1) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 16_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def main() -> None:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    lines = held_out.espeak_lines(_LINES_PER_VOICE) + held_out.pico_lines(lines_per_voice=_LINES_PER_VOICE)
    for example in lines:
        example.truth.save(_FOLDER / f"{example.truth.id}.json")
        _write_flac(example.pcm, _FOLDER / f"{example.truth.id}.flac")


if __name__ == "__main__":
    main()
