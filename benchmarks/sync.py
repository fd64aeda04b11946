"""Lag between mouth and sound in finished MP4s, with the spoiled ones that the measure must refuse.

    python benchmarks/sync.py

The lines and the measure are those of tests/bake/test_sync.py.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "bake"))

from test_sync import SPOKEN, bake, in_sync, join, measure  # noqa: E402


def row(name: str, reports: list) -> str:
    lags = [report.lag_ms for report in reports]
    lowest = min(report.correlation for report in reports)
    verdict = "in sync" if in_sync(reports) else "refused"
    return f"| {name} | {np.median(lags):.0f} | {min(lags):.0f} to {max(lags):.0f} | {lowest:.2f} | {verdict} |"


def main() -> None:
    print("| video | lag ms, median | range | lowest correlation | verdict |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for fps in (24, 25, 30, 60):
            reports = [measure(bake(folder, line, "guard", fps), line, "guard") for line in SPOKEN]
            print(row(f"{fps} fps", reports), flush=True)
        videos = {line: bake(folder, line, "guard", 25) for line in SPOKEN}
        late = [measure(join(v, v, folder / f"late-{line}.mp4", 0.08), line, "guard") for line, v in videos.items()]
        print(row("25 fps, picture 80 ms late", late), flush=True)
        others = dict(zip(SPOKEN, [*SPOKEN[1:], SPOKEN[0]], strict=True))
        wrong = [
            measure(join(videos[other], videos[line], folder / f"other-{line}.mp4"), line, "guard")
            for line, other in others.items()
        ]
        print(row("25 fps, another line's mouth", wrong), flush=True)
        frozen = [measure(bake(folder, line, "guard", 25, mouth_strength=0.0), line, "guard") for line in SPOKEN]
        print(row("25 fps, frozen mouth", frozen), flush=True)


if __name__ == "__main__":
    main()
