"""The three networks of a model together: made empty, or with random weights."""

from dataclasses import dataclass

import torch
from torch import nn

from .configs import FlashHeadConfig, LtxVaeConfig
from .dit import Dit
from .ltx_vae import LtxVae
from .wan_vae import WanVae
from .wav2vec2 import Wav2Vec2


@dataclass(frozen=True, slots=True)
class Networks:
    config: FlashHeadConfig
    dit: Dit
    vae: LtxVae | WanVae
    wav2vec2: Wav2Vec2

    @classmethod
    def of(cls, config: FlashHeadConfig) -> "Networks":
        """With torch's own first weights; under `torch.device("meta")` with none."""
        vae = LtxVae(config.vae) if isinstance(config.vae, LtxVaeConfig) else WanVae(config.vae)
        return cls(config, Dit(config.dit), vae, Wav2Vec2(config.wav2vec2))

    @classmethod
    def random(cls, config: FlashHeadConfig, seed: int = 0) -> "Networks":
        """Weights of an untrained model, the same for the same seed and version of torch."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            made = cls.of(config)
            # Zero by design in training; here every input shall have an effect.
            for name, weight in made.dit.named_parameters():
                if name.endswith("modulation"):
                    nn.init.normal_(weight, std=0.2)
        return made
