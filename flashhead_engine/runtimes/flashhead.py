"""The seam between FlashHead's chunks and what runs its networks.

Latents stay on the device: `Latent` is whatever the runtime has. Leading axes are sessions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..errors import FlashHeadError
from ..models.configs import FlashHeadConfig

Latent = Any


@dataclass(frozen=True, slots=True)
class Reference:
    """What the networks keep of one portrait, for all chunks. `tokens`: its share of the patch embedding. `first`:
    latents whose first frame is what a head begins with. `colours`: their statistics."""

    tokens: Latent
    first: Latent
    colours: Any


class OutOfMemory(FlashHeadError):
    """The device has not enough memory for this batch; one of fewer heads may fit."""


class FlashHeadRuntime(Protocol):
    """Any call may raise OutOfMemory; it changes nothing then."""

    name: str
    """What runs the networks: torch, onnxruntime or tensorrt."""
    device: str
    """Where, in words: CPU, or the GPU's name."""
    config: FlashHeadConfig
    steps: int
    """Denoising steps of a chunk."""

    def check_size(self, size: int) -> None:
        """Whether pictures of this height and width can be made. Raises SettingsError when not."""

    def reference(self, picture: np.ndarray, noise: np.ndarray | None) -> Reference:
        """Of a portrait, uint8 (H, W, 3). `noise`: of the posterior, for an autoencoder that has one."""

    def hear(self, contexts: np.ndarray, samples: Sequence[int]) -> Latent:
        """What the transformer attends to, of 8 s of PCM each, float32 (B, 128000). `samples`: how many of each were
        heard; before them lies silence."""

    def denoise(
        self, references: Sequence[Reference], motions: Sequence[Latent | None], heard: Latent, noise: np.ndarray
    ) -> Latent:
        """The latents of a chunk. `motions`: of what was shown last; None for a head that begins. `noise`: float32
        (B, steps, channels, frames, rows, columns)."""

    def show(self, latent: Latent, references: Sequence[Reference]) -> tuple[np.ndarray, Latent]:
        """New pictures, RGBA uint8 (B, new frames, H, W, 4), and the last motion frames as they were before that."""

    def tail_of(self, pictures: np.ndarray) -> Latent:
        """Pictures that were seen, RGB uint8 (B, motion frames, H, W, 3), in the place of `show`'s tail."""

    def remember(self, tail: Latent, noise: np.ndarray | None) -> list[Latent]:
        """Motion latents of each session, from the tail of `show`. `noise`: float32, of the posterior."""

    def to_host(self, latent: Latent) -> np.ndarray:
        """A latent as float32, to be stored."""

    def to_device(self, stored: np.ndarray) -> Latent:
        """What `to_host` gave, back."""

    def wait(self) -> None:
        """Until everything that was asked is computed; for measurements."""
