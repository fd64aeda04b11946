"""From one chunk of pictures to the next, for several heads at once.

A chunk hears the last 8 s, begins with the motion frames that the chunk before ended with, and adds 24 (lite) or 28
(pro) pictures at 25 a second. All that a head remembers between chunks is a `HeadState`, a value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...audio.context_cache import CONTEXT_SAMPLES, appended, empty_context
from ...audio.pcm import SAMPLE_RATE_HZ
from ...models.configs import CHUNK_FRAMES, FRAME_RATE_HZ, FlashHeadConfig, LtxVaeConfig
from ...runtimes.flashhead import FlashHeadRuntime, Latent, Reference
from .noise import MOTION, RECALLED, REFERENCE, noise
from .picture import framed

_SAMPLES_PER_PICTURE = SAMPLE_RATE_HZ // FRAME_RATE_HZ

Noise = Callable[[int, int, int, tuple[int, ...]], np.ndarray]
"""(seed, chunk, purpose, shape) -> float32; see `noise.noise`."""


@dataclass(frozen=True, slots=True)
class HeadState:
    """What a head remembers. `context`: the last 8 s of audio. `heard`: samples so far. `chunk`: number of the next
    chunk. `motion`: latents of the motion frames; None before the first chunk and after a reset."""

    seed: int
    context: np.ndarray = field(default_factory=empty_context)
    heard: int = 0
    chunk: int = 0
    motion: Latent | None = None


@dataclass(frozen=True, slots=True)
class Portrait:
    """A portrait that a runtime has taken in. `size`: height and width of the pictures that it generates."""

    reference: Reference
    size: tuple[int, int]


def chunk_samples(config: FlashHeadConfig) -> int:
    """Samples at 16 kHz that a chunk adds to the context: 15360 for lite, 17920 for pro."""
    return config.new_frames * _SAMPLES_PER_PICTURE


def portrait(
    runtime: FlashHeadRuntime, picture: np.ndarray, size: tuple[int, int], seed: int, draw: Noise = noise
) -> Portrait:
    """Take in a portrait, RGB uint8 (H, W, 3) of any size; once for all chunks."""
    posterior = None
    if isinstance(runtime.config.vae, LtxVaeConfig):
        posterior = draw(seed, 0, REFERENCE, runtime.config.latent_shape(*size, CHUNK_FRAMES))
    return Portrait(runtime.reference(framed(picture, *size), posterior), size)


def next_chunk(
    runtime: FlashHeadRuntime,
    portraits: Sequence[Portrait],
    states: Sequence[HeadState],
    pcm: Sequence[np.ndarray],
    draw: Noise = noise,
) -> tuple[list[HeadState], np.ndarray]:
    """Generate one chunk of every head. `portraits`: all of one size. `pcm`: float32 mono at 16 kHz, `chunk_samples`
    of each.

    Returns the heads' next states, and pictures, RGBA uint8 (B, new frames, height, width, 4). A head's pictures do
    not depend on which others are generated with it, but for rounding.
    """
    (size,) = {one.size for one in portraits}
    contexts = [appended(state.context, piece) for state, piece in zip(states, pcm, strict=True)]
    shape = runtime.config.latent_shape(*size, CHUNK_FRAMES)
    drawn = [[draw(state.seed, state.chunk, step, shape) for step in range(runtime.steps)] for state in states]
    references = [one.reference for one in portraits]
    counts = [state.heard + len(piece) for state, piece in zip(states, pcm, strict=True)]
    heard = runtime.hear(np.stack(contexts), [min(count, CONTEXT_SAMPLES) for count in counts])
    latent = runtime.denoise(references, [state.motion for state in states], heard, np.array(drawn))
    pictures, tail = runtime.show(latent, references)
    motions = runtime.remember(tail, _posterior_noise(runtime, states, MOTION, size, draw))
    following = [
        replace(state, context=context, heard=count, chunk=state.chunk + 1, motion=motion)
        for state, context, count, motion in zip(states, contexts, counts, motions, strict=True)
    ]
    return following, pictures


def recalled(runtime: FlashHeadRuntime, state: HeadState, seen: np.ndarray) -> HeadState:
    """The state of a head that goes on from pictures that were seen instead of from those that it generated last.
    `seen`: RGB uint8 (motion frames, H, W, 3)."""
    drawn = _posterior_noise(runtime, [state], RECALLED, seen.shape[1:3], noise)
    (motion,) = runtime.remember(runtime.tail_of(seen[None]), drawn)
    return replace(state, motion=motion)


def _posterior_noise(
    runtime: FlashHeadRuntime, states: Sequence[HeadState], purpose: int, size: tuple[int, int], draw: Noise
) -> np.ndarray | None:
    """Of motion frames; None where the autoencoder has no posterior."""
    if not isinstance(runtime.config.vae, LtxVaeConfig):
        return None
    shape = runtime.config.latent_shape(*size, runtime.config.motion_frames)
    return np.stack([draw(state.seed, state.chunk, purpose, shape) for state in states])
