"""Random weights in the layout of the released checkpoints, for tests and measurements without the released ones.

    python benchmarks/flashhead/random_checkpoint.py out/models --tier lite     8.2 GB, of the released sizes
    python benchmarks/flashhead/random_checkpoint.py out/models --tiny          both tiers, a few MB

Scaled so that activations stay of the order of one; what comes out of such a model is noise. Written weight by
weight: a file of 6 GB needs the memory of its largest weight. A .pth is made in memory whole.
"""

import argparse
import json
import math
import zlib
from pathlib import Path

import numpy as np
import torch

from flashhead_engine.models import config_files
from flashhead_engine.models.checkpoints import CONFIGS, shapes_in_files
from flashhead_engine.models.configs import TINY, TINY_PRO, FlashHeadConfig
from flashhead_engine.models.released import NETWORKS

SMALL = {"lite": TINY, "pro": TINY_PRO}


def write_checkpoint(folder: Path, tier: str, config: FlashHeadConfig, seed: int = 0) -> None:
    """All files of a tier, under the names of the hub's two repositories."""
    shapes_of = shapes_in_files(config)
    for network in NETWORKS[tier]:
        shapes = shapes_of[network.name]
        path = folder / network.weights.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".pth":
            torch.save({name: torch.from_numpy(values(name, shape, seed)) for name, shape in shapes.items()}, path)
        else:
            _write_safetensors(path, shapes, seed)
        for file in network.configs:
            fields = config_files.expected(network.name, Path(file.path).name, config)
            (folder / file.path).write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n", "utf-8")


def values(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Random numbers that depend on seed and name alone."""
    random = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(name.encode())]))
    drawn = random.standard_normal(shape, dtype=np.float32)
    if name == "latents_std":
        return 1.0 + 0.1 * np.abs(drawn)
    if name.endswith("modulation"):
        return drawn * np.float32(shape[-1] ** -0.5)
    if name.endswith((".gamma", "weight_g")) or (name.endswith("weight") and len(shape) == 1):
        return 1.0 + np.float32(0.02) * drawn
    if len(shape) == 1:
        return np.float32(0.02) * drawn
    return drawn * np.float32(math.prod(shape[1:]) ** -0.5)


def header(shapes: dict[str, tuple[int, ...]]) -> bytes:
    """What a safetensors file of float32 begins with: its format is described at huggingface.co/docs/safetensors."""
    about: dict[str, dict] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in sorted(shapes.items()):
        begin, end = end, end + 4 * math.prod(shape)
        about[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(about, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _write_safetensors(path: Path, shapes: dict[str, tuple[int, ...]], seed: int) -> None:
    with open(path, "wb") as file:
        file.write(header(shapes))
        for name, shape in sorted(shapes.items()):
            file.write(values(name, shape, seed).data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tier", choices=tuple(CONFIGS), action="append", help="may be repeated; both if not given")
    parser.add_argument("--tiny", action="store_true", help="small networks, for tests")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for tier in arguments.tier or CONFIGS:
        write_checkpoint(arguments.folder, tier, (SMALL if arguments.tiny else CONFIGS)[tier], arguments.seed)


if __name__ == "__main__":
    main()
