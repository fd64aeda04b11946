"""Released checkpoints for tests: tiny ones with random weights, and full-size ones that have headers alone."""

import json
import math
import sys
from pathlib import Path

import torch

from .golden import DATA

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "flashhead"))

from random_checkpoint import SMALL, header, write_checkpoint

__all__ = ["RELEASED", "SMALL", "released_shapes", "write_checkpoint", "write_headers", "write_holes"]

RELEASED = json.loads((DATA / "released.json").read_text("utf-8"))
_FILES = {
    "dit_lite": "SoulX-FlashHead-1_3B/Model_Lite/diffusion_pytorch_model.safetensors",
    "dit_pro": "SoulX-FlashHead-1_3B/Model_Pro/diffusion_pytorch_model.safetensors",
    "vae_ltx": "SoulX-FlashHead-1_3B/VAE_LTX/diffusion_pytorch_model.safetensors",
    "vae_wan": "SoulX-FlashHead-1_3B/VAE_Wan/Wan2.1_VAE.pth",
    "wav2vec2": "wav2vec2-base-960h/model.safetensors",
}
_CONFIGS = {
    "dit_lite": "SoulX-FlashHead-1_3B/Model_Lite/config.json",
    "dit_pro": "SoulX-FlashHead-1_3B/Model_Pro/config.json",
    "vae_ltx": "SoulX-FlashHead-1_3B/VAE_LTX/config.json",
    "wav2vec2": "wav2vec2-base-960h/config.json",
    "preprocessor": "wav2vec2-base-960h/preprocessor_config.json",
}


def released_shapes(model: str) -> dict[str, tuple[int, ...]]:
    """Every weight of a released file; names of equal layers are folded in released.json."""
    shapes = {}
    for name, shape in RELEASED["weights"][model].items():
        before, brace, rest = name.partition("{")
        count, _, after = rest.partition("}")
        names = [f"{before}{number}{after}" for number in range(int(count))] if brace else [name]
        shapes |= dict.fromkeys(names, tuple(shape))
    return shapes


def write_holes(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    """A safetensors file with a header, and holes in the place of numbers: they take no room and read as zeros."""
    begin = header(shapes)
    with open(path, "wb") as file:
        file.write(begin)
        file.truncate(len(begin) + 4 * sum(map(math.prod, shapes.values())))


def write_headers(folder: Path) -> None:
    """Both tiers in their released sizes, without numbers."""
    for model, name in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shapes = released_shapes(model)
        if path.suffix == ".pth":
            torch.save({name: torch.zeros(1).expand(shape) for name, shape in shapes.items()}, path)
        else:
            write_holes(path, shapes)
    for model, name in _CONFIGS.items():
        (folder / name).write_text(json.dumps(RELEASED["configs"][model], indent=2) + "\n", "utf-8")
