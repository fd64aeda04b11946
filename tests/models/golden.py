"""Reference vectors of the published implementation, and the random weights that it had when it made them.

tests/data/flashhead/index.json says how a weight is made from its name alone.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import Tensor

from flashhead_engine.models.configs import (
    AudioConfig,
    DitConfig,
    FlashHeadConfig,
    LtxVaeConfig,
    WanVaeConfig,
    Wav2Vec2Config,
)

DATA = Path(__file__).parents[1] / "data" / "flashhead"
UNUSED = ("text_embedding.", "audio_emb.")


@cache
def index() -> dict:
    return json.loads((DATA / "index.json").read_text("utf-8"))


@dataclass(frozen=True)
class Case:
    name: str

    @property
    def about(self) -> dict:
        return index()["cases"][self.name]

    @property
    def tolerance(self) -> float:
        """Relative L2 error that an independent implementation may have."""
        suggested = index()["tolerances"]["suggested"]
        return next(value for key, value in suggested.items() if self.name.startswith(key.rstrip("*")))["rel_l2"]

    def tensors(self) -> dict[str, Tensor]:
        """Stored ones, and inputs that are made by rule."""
        found = {name: torch.from_numpy(value) for name, value in load_file(DATA / self.about["file"]).items()}
        for name, rule in self.about.get("inputs_by_recipe", {}).items():
            value = made(rule["tag"], rule["name"], rule["shape"], rule["scale"], rule["offset"])
            value = np.clip(value, *rule["clip"]) if rule["clip"] else value
            assert hashlib.sha256(value.tobytes()).hexdigest() == rule["sha256"], (self.name, name)
            found[name] = torch.from_numpy(value)
        return found


def made(tag: str, name: str, shape: list[int], scale: float, offset: float) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(f"{tag}|{name}".encode()).digest()[:8], "little")
    values = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape, dtype=np.float32)
    return values * np.float32(scale) + np.float32(offset)


def weights(rule: dict) -> dict[str, Tensor]:
    """All weights of a case, checked against its hash."""
    values = {name: made(rule["tag"], name, *shape) for name, shape in rule["tensors"].items()}
    digest = hashlib.sha256()
    for name in sorted(values):
        digest.update(name.encode() + values[name].tobytes())
    assert digest.hexdigest() == rule["sha256"], rule["tag"]
    return {name: torch.from_numpy(value) for name, value in values.items()}


def dit_config(about: dict) -> DitConfig:
    config, audio = about["config"], about.get("audio_proj_overrides")
    return DitConfig(
        in_channels=config["in_dim"],
        out_channels=config["out_dim"],
        patch=tuple(config["patch_size"]),
        frames_per_latent=config["vae_stride"][0],
        dim=config["dim"],
        heads=config["num_heads"],
        layers=config["num_layers"],
        ffn_dim=config["ffn_dim"],
        time_dim=config["freq_dim"],
        eps=config["eps"],
        audio=AudioConfig(audio["blocks"], audio["channels"], audio["intermediate_dim"], audio["context_tokens"])
        if audio
        else AudioConfig(),
    )


TINY_WAV2VEC2 = Wav2Vec2Config(
    conv_channels=8, dim=16, heads=2, layers=3, ffn_dim=40, position_taps=16, position_groups=4
)
TINY_LTX = LtxVaeConfig(widths=(8, 16, 32, 32), latent_channels=6)
TINY_WAN = WanVaeConfig(width=12)


def generate_config(tier: str) -> FlashHeadConfig:
    dit = dit_config(index()["cases"][f"generate_{tier}_tiny"]["models"]["dit"])
    vae, stride = (TINY_LTX, 32) if tier == "lite" else (TINY_WAN, 8)
    return FlashHeadConfig(dit, vae, stride, TINY_WAV2VEC2)


def used(released: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the weights that no forward pass reads."""
    return {name: value for name, value in released.items() if not name.startswith(UNUSED)}


def relative_error(answer: Tensor, expected: Tensor) -> float:
    """Relative L2 error."""
    assert answer.shape == expected.shape, (answer.shape, expected.shape)
    return float((answer - expected).double().norm() / expected.double().norm())
