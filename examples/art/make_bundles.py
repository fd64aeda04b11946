"""Turn the layered artwork into the sample avatars of the package.

Run in the environment of FlashHead Engine (the artwork itself needs its own, see requirements.txt):
    python examples/art/make_bundles.py [FOLDER with heroine/, dwarf/, vector/, robot/, fox/; default: out]
"""

import sys
from pathlib import Path

from flashhead_engine.avatar.bundle import SAMPLES_FOLDER
from flashhead_engine.avatar.layered import parts_from_layers
from flashhead_engine.avatar.parts import write_bundle

ARTWORK = {
    "heroine": ("heroine", (206, 219, 232)),
    "guard": ("dwarf", (58, 50, 48)),
    "merchant": ("vector", (246, 214, 150)),
    "robot": ("robot", (40, 58, 78)),
    "fox": ("fox", (44, 62, 66)),
}


def main() -> None:
    source = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    for name, (artwork, background) in ARTWORK.items():
        folder = write_bundle(
            parts_from_layers(source / artwork),
            SAMPLES_FOLDER / name,
            name=name,
            licence="CC0-1.0",
            background=background,
        )
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"{folder}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
