"""The exported graphs of FlashHead: names, dtypes and shapes of all that goes in and comes out, and what runs them.

    pcm ─► audio_cond ─► heard ──────────────────────────────────────┐
    pictures ─► vae_enc ─► latent ─► reference ─► reference tokens ──┤
                              └─► motion ────────────────────────────┤
    noise ─────────────────────────────────────────────────────────► dit, every step ─► vae_dec ─► pictures, tail

The one source for export, for building engines, for checks and for runtimes. Imports nothing that computes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..audio.context_cache import CONTEXT_SAMPLES
from ..models.configs import CHUNK_FRAMES, FlashHeadConfig, LtxVaeConfig

PRECISIONS = ("float32", "float16", "bfloat16")
"""What a graph may compute in."""

EIGHT_BIT = ("int8", "fp8")
"""What the linear layers of the transformer may be quantised to; all else computes in the graph's precision."""

MOST_AT_ONCE = 8
"""Heads of one batch."""

BATCH, FRAMES, LATENT_FRAMES = "batch", "frames", "latent_frames"
"""Axes whose length is chosen at every run."""

Array = Any
"""Whatever a runner has: numpy's, ONNX Runtime's, a buffer on a GPU."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """`dtype`: numpy's name, or "bfloat16". `shape`: of each axis its length or its name."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def sized(self, lengths: Mapping[str, int]) -> tuple[int, ...]:
        """Its shape with these lengths of the named axes."""
        return tuple(lengths.get(axis, axis) for axis in self.shape)


@dataclass(frozen=True, slots=True)
class Range:
    """Lengths of an axis: the least, the usual, the most."""

    least: int
    usual: int
    most: int


Profile = Mapping[str, Range]
"""Of each named axis."""


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """`profiles`: lengths of the named axes that are run together; engines are built for each."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    profiles: tuple[Profile, ...]

    def lengths(self, shapes: Mapping[str, Sequence[int]]) -> dict[str, int]:
        """Of the named axes, when the inputs have these shapes. Raises ValueError for shapes that do not fit."""
        found: dict[str, int] = {}
        for tensor in self.inputs:
            shape = tuple(shapes[tensor.name])
            if len(shape) == len(tensor.shape):
                for axis, length in zip(tensor.shape, shape, strict=True):
                    if isinstance(axis, str):
                        found.setdefault(axis, length)
            if shape != tensor.sized(found):
                raise ValueError(f"{tensor.name} of {self.name} has the shape {shape}, must be {tensor.shape}")
        return found

    def profile(self, lengths: Mapping[str, int]) -> int:
        """The number of the one that these lengths belong to. Raises ValueError for lengths of none."""
        for number, profile in enumerate(self.profiles):
            if all(allowed.least <= lengths[axis] <= allowed.most for axis, allowed in profile.items()):
                return number
        raise ValueError(f"{self.name} cannot be run with {dict(lengths)}")


class GraphRunner(Protocol):
    """Runs the graphs of one export. Any call may raise OutOfMemory; it changes nothing then."""

    name: str
    """Of the runtime: "onnxruntime", "tensorrt"."""
    device: str
    """What it computes on, in words."""

    def run(self, graph: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """All outputs by name. They stay as they are until nobody has them any more."""

    def to_device(self, values: np.ndarray) -> Array: ...

    def to_host(self, values: Array) -> np.ndarray: ...

    def joined(self, arrays: Sequence[Array]) -> Array:
        """Along the first axis."""

    def rows(self, values: Array) -> list[Array]:
        """Each of the first axis, which stays with length 1."""

    def wait(self) -> None:
        """Until everything that was asked is computed; for measurements."""


def graph_specs(config: FlashHeadConfig, height: int, width: int, precision: str) -> tuple[GraphSpec, ...]:
    """Of pictures of one size. `precision`: see `PRECISIONS`.

    At every precision all but `heard`, which only goes from one graph to the next and is large, is float32: so no
    host needs to know bfloat16. Nothing random happens inside.
    """
    dit, vae = config.dit, config.vae
    frames, moving = config.latent_frames(CHUNK_FRAMES), config.latent_frames(config.motion_frames)
    cells = (height // config.latent_stride, width // config.latent_stride)
    channels = vae.latent_channels

    def latent(name: str, count: int | str) -> TensorSpec:
        return TensorSpec(name, "float32", (BATCH, channels, count, *cells))

    def pictures(name: str, count: int | str) -> TensorSpec:
        return TensorSpec(name, "float32", (BATCH, 3, count, height, width))

    grid = (frames, *cells)
    tokens = 1
    for size, patch in zip(grid, dit.patch, strict=True):
        tokens *= size // patch
    head_dim = dit.dim // dit.heads
    heard = TensorSpec("heard", precision, (dit.layers, 2, BATCH, frames, dit.heads, dit.audio.tokens, head_dim))
    reference_tokens = TensorSpec("reference_tokens", "float32", (BATCH, tokens, dit.dim))
    motion = latent("motion", moving)
    colours = tuple(TensorSpec(name, "float32", (BATCH, 1, 1, 1, 3)) for name in ("colour_mean", "colour_spread"))
    # The posterior of Wan's autoencoder is not drawn from.
    noise = (latent("noise", LATENT_FRAMES),) if isinstance(vae, LtxVaeConfig) else ()

    batch = {BATCH: Range(1, 1, MOST_AT_ONCE)}
    shown, still = (
        {
            BATCH: Range(1, 1, most),
            FRAMES: Range(count, count, count),
            LATENT_FRAMES: Range(*[config.latent_frames(count)] * 3),
        }
        for count, most in ((config.motion_frames, MOST_AT_ONCE), (CHUNK_FRAMES, 1))
    )
    return (
        GraphSpec("audio_cond", (TensorSpec("pcm", "float32", (BATCH, CONTEXT_SAMPLES)),), (heard,), (batch,)),
        GraphSpec(
            "dit",
            (
                latent("latent", frames),
                # Which latent frames are known already, and what they are.
                TensorSpec("known", "bool", (BATCH, 1, frames, 1, 1)),
                motion,
                reference_tokens,
                heard,
                TensorSpec("block_modulation", "float32", (dit.layers, 6, dit.dim)),
                TensorSpec("head_modulation", "float32", (2, dit.dim)),
                latent("fresh", frames),
                TensorSpec("sigma", "float32", (1,)),
                TensorSpec("next_sigma", "float32", (1,)),
            ),
            (latent("next_latent", frames),),
            (batch,),
        ),
        GraphSpec(
            "vae_dec",
            (latent("latent", frames), *colours),
            (
                TensorSpec("pictures", "uint8", (BATCH, config.new_frames, height, width, 4)),
                pictures("tail", config.motion_frames),
            ),
            (batch,),
        ),
        GraphSpec(
            "vae_enc", (pictures("pictures", FRAMES), *noise), (latent("latent", LATENT_FRAMES),), (shown, still)
        ),
        GraphSpec(
            "reference",
            (TensorSpec("portrait", "float32", (BATCH, 3, 1, height, width)), latent("latent", frames)),
            (reference_tokens, motion, *colours),
            ({BATCH: Range(1, 1, 1)},),
        ),
    )
