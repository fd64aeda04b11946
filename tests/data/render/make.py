"""Makes the files of this folder again. See README.md.

.venv/bin/python tests/data/render/make.py pictures    # after a wanted change of the renderer or of an avatar
.venv/bin/python tests/data/render/make.py speech      # rarely: new weights mean new figures everywhere
"""

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
ROOT = TESTS.parent
sys.path.insert(0, str(TESTS))

from render.references import save  # noqa: E402

from flashhead_engine.audio.decode import open_audio  # noqa: E402
from flashhead_engine.avatar.bundle import SAMPLES, load_avatar  # noqa: E402
from flashhead_engine.drivers import load_driver  # noqa: E402
from flashhead_engine.drivers.base import Outputs, Performance, SessionSettings  # noqa: E402

FPS = 25
LINES = {
    "en-01": TESTS / "data" / "lipsync" / "en-01.flac",
    "en-02": TESTS / "data" / "lipsync" / "en-02.flac",
    "guard_en": ROOT / "examples" / "dialogue" / "guard_en.wav",
}


def make_pictures() -> None:
    for name in SAMPLES:
        print(save(load_avatar(name)).relative_to(ROOT))


def make_speech() -> None:
    """Weights (frames, 52) of the video frames of each line, as nano speaks them."""
    driver = load_driver("nano")
    settings = SessionSettings(Outputs.VIDEO, size=256, fps=FPS, performance=Performance.off())
    weights = {}
    for name, path in LINES.items():
        with open_audio(path) as audio:
            pcm = np.concatenate(list(audio.chunks()))
        session = driver.open(load_avatar("robot"), settings)
        session.push(pcm, end=True)
        driver.step([session])
        weights[name] = np.stack([frame.weights for frame in session.frames()]).astype(np.float16)
    np.savez_compressed(HERE / "speech.npz", **weights)


MADE = {"pictures": make_pictures, "speech": make_speech}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in MADE:
        sys.exit(f"usage: {Path(sys.argv[0]).name} {'|'.join(MADE)}")
    MADE[sys.argv[1]]()
