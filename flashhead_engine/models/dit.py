"""FlashHead's diffusion transformer: a noisy latent, the reference latent and speech -> the flow towards the picture.

    windows of speech ─► audio_tokens ─► audio_keys_values ─┐ once a chunk
    reference latent  ─► reference_tokens ──────────────────┤ once a session
    timestep          ─► modulation ────────────────────────┤ once a model: the steps are fixed
    noisy latent      ─► forward ◄──────────────────────────┘ every step

Layers: self-attention over all tokens with rotary positions in time, rows and columns (3-D RoPE); cross-attention of
each latent frame with its own audio tokens; a feed-forward part; each but the cross-attention shifted, scaled and
gated by the timestep. The architecture is Wan 2.1's with audio in the place of text.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configs import CHUNK_FRAMES, AudioConfig, DitConfig

_ROTARY_BASE = 10_000.0
_TIME_BASE = 10_000.0
WINDOW = 5
"""Speech features around a picture: its own, two before and two after."""


class Modulation(NamedTuple):
    """What a timestep does. `blocks` (layers, 6, dim): shift, scale and gate of the self-attention, then of the
    feed-forward part. `head` (2, dim): shift and scale."""

    blocks: Tensor
    head: Tensor


class _RmsNorm(nn.Module):
    """Root mean square over all channels, before heads are split; summed in float32."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x.float(), (x.shape[-1],), eps=self.eps).to(x.dtype) * self.weight


class _Attention(nn.Module):
    def __init__(self, dim: int, heads: int, eps: float) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))
        self.norm_q, self.norm_k = _RmsNorm(dim, eps), _RmsNorm(dim, eps)

    def split(self, x: Tensor) -> Tensor:
        """(..., L, dim) -> (..., heads, L, dim / heads)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.split(self.norm_k(self.k(x))), self.split(self.v(x))

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        # ONNX's Attention has one leading axis.
        seen = functional.scaled_dot_product_attention(*(part.flatten(0, -4) for part in (queries, keys, values)))
        return self.o(seen.transpose(-3, -2).flatten(-2).unflatten(0, queries.shape[:-3]))


class _Block(nn.Module):
    def __init__(self, config: DitConfig) -> None:
        super().__init__()
        dim, eps = config.dim, config.eps
        self.eps = eps
        self.modulation = nn.Parameter(torch.zeros(1, 6, dim))
        self.self_attn = _Attention(dim, config.heads, eps)
        self.cross_attn = _Attention(dim, config.heads, eps)
        self.norm3 = nn.LayerNorm(dim, eps)
        self.ffn = nn.Sequential(nn.Linear(dim, config.ffn_dim), nn.GELU("tanh"), nn.Linear(config.ffn_dim, dim))

    def _shifted(self, x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
        return functional.layer_norm(x, (x.shape[-1],), eps=self.eps) * (1 + scale) + shift

    def forward(
        self, x: Tensor, modulation: Tensor, cos: Tensor, sin: Tensor, keys: Tensor, values: Tensor
    ) -> Tensor:
        """x (B, L, dim), modulation (6, dim), cos and sin (L, half of a head), keys and values of the audio
        (B, F, heads, tokens, dim / heads) -> (B, L, dim)."""
        shift, scale, gate, ffn_shift, ffn_scale, ffn_gate = modulation
        attention = self.self_attn
        seen = self._shifted(x, shift, scale)
        queries = _rotated(attention.split(attention.norm_q(attention.q(seen))), cos, sin)
        own_keys, own_values = attention.keys_values(seen)
        x = x + attention.attend(queries, _rotated(own_keys, cos, sin), own_values) * gate

        frames = keys.shape[1]
        attention = self.cross_attn
        seen = self.norm3(x).unflatten(1, (frames, -1))
        queries = attention.split(attention.norm_q(attention.q(seen)))
        x = x + attention.attend(queries, keys, values).flatten(1, 2)
        return x + self.ffn(self._shifted(x, ffn_shift, ffn_scale)) * ffn_gate


class _AudioProjection(nn.Module):
    """Windows of speech features -> audio tokens for each latent frame."""

    def __init__(self, config: AudioConfig, dim: int, frames_per_latent: int) -> None:
        super().__init__()
        self.tokens = config.tokens
        self.group = frames_per_latent
        row = config.layers * config.channels
        self.proj1 = nn.Linear(WINDOW * row, config.hidden)
        self.proj1_vf = nn.Linear((frames_per_latent + WINDOW - 1) * row, config.hidden)
        self.proj2 = nn.Linear(config.hidden, config.hidden)
        self.proj3 = nn.Linear(config.hidden, config.tokens * dim)
        self.norm = nn.LayerNorm(dim, 1e-5)  # the published default; all other norms have 1e-6

    def forward(self, windows: Tensor) -> Tensor:
        """(B, 33, 5, layers, channels) -> (B, F, tokens, dim)."""
        windows = windows.flatten(3)
        first = self.proj1(windows[:, 0].flatten(1))[:, None]
        groups = windows[:, 1:].unflatten(1, (-1, self.group))
        # The group's own pictures, and beyond them what the windows of its first and last see.
        centre = WINDOW // 2
        rows = [groups[:, :, 0, : centre + 1], groups[:, :, 1:-1, centre], groups[:, :, -1, centre:]]
        later = self.proj1_vf(torch.cat(rows, 2).flatten(2))
        hidden = torch.relu(self.proj2(torch.relu(torch.cat([first, later], 1))))
        tokens = self.proj3(hidden).unflatten(2, (self.tokens, -1))
        return self.norm(tokens)


class _Head(nn.Module):
    def __init__(self, config: DitConfig) -> None:
        super().__init__()
        self.eps = config.eps
        self.modulation = nn.Parameter(torch.zeros(1, 2, config.dim))
        self.head = nn.Linear(config.dim, math.prod(config.patch) * config.out_channels)

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        shift, scale = modulation
        return self.head(functional.layer_norm(x, (x.shape[-1],), eps=self.eps) * (1 + scale) + shift)


class Dit(nn.Module):
    """See the module. Latents are (B, channels, F, rows, columns)."""

    def __init__(self, config: DitConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.patch_embedding = nn.Conv3d(config.in_channels, dim, config.patch, config.patch)
        self.time_embedding = nn.Sequential(nn.Linear(config.time_dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.time_projection = nn.Sequential(nn.SiLU(), nn.Linear(dim, 6 * dim))
        self.audio_proj = _AudioProjection(config.audio, dim, config.frames_per_latent)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.head = _Head(config)

    def audio_tokens(self, windows: Tensor) -> Tensor:
        """Speech features around each picture of a chunk, (B, 33, 5, layers, channels) -> (B, F, tokens, dim)."""
        if windows.shape[1:3] != (CHUNK_FRAMES, WINDOW):
            raise ValueError(f"windows are {tuple(windows.shape)}: must be (B, {CHUNK_FRAMES}, {WINDOW}, ...).")
        return self.audio_proj(windows)

    def audio_keys_values(self, tokens: Tensor) -> Tensor:
        """What the cross-attentions of all layers make of it: (layers, 2, B, F, heads, tokens, dim / heads)."""
        return torch.stack([torch.stack(block.cross_attn.keys_values(tokens)) for block in self.blocks])

    def reference_tokens(self, latent: Tensor) -> Tensor:
        """The reference latent's share of the patch embedding, (B, L, dim)."""
        weight = self.patch_embedding.weight[:, self.config.out_channels :]
        return functional.linear(self._patches(latent), weight.flatten(1), self.patch_embedding.bias)

    def modulation(self, timestep: float) -> Modulation:
        """What a timestep, 0..1000, does in every layer."""
        half = self.config.time_dim // 2
        weight = self.time_embedding[0].weight
        steps = torch.arange(half, dtype=torch.float64, device=weight.device)
        angles = timestep * _TIME_BASE ** (-steps / half)
        waves = torch.cat([angles.cos(), angles.sin()]).to(weight.dtype)
        embedded = self.time_embedding(waves)
        shared = self.time_projection(embedded).unflatten(0, (6, -1))
        blocks = torch.stack([block.modulation[0] + shared for block in self.blocks])
        return Modulation(blocks, self.head.modulation[0] + embedded)

    def forward(
        self, noisy: Tensor, reference_tokens: Tensor, modulation: Modulation, audio_keys_values: Tensor
    ) -> Tensor:
        """The flow of a noisy latent, of its shape (B, out_channels, F, rows, columns)."""
        weight = self.patch_embedding.weight[:, : self.config.out_channels]
        x = functional.linear(self._patches(noisy), weight.flatten(1)) + reference_tokens
        grid = [size // patch for size, patch in zip(noisy.shape[2:], self.config.patch, strict=True)]
        cos, sin = rotary_tables(self.config.dim // self.config.heads, *grid, device=noisy.device)
        for block, block_modulation, (keys, values) in zip(
            self.blocks, modulation.blocks, audio_keys_values, strict=True
        ):
            x = block(x, block_modulation, cos, sin, keys, values)
        return self._unpatched(self.head(x, modulation.head), grid)

    def _patches(self, latent: Tensor) -> Tensor:
        """(B, C, F, H, W) -> (B, L, C * patch), in the order of the convolution's weights."""
        frames, rows, columns = self.config.patch
        cut = latent.unflatten(4, (-1, columns)).unflatten(3, (-1, rows)).unflatten(2, (-1, frames))
        return cut.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4).flatten(1, 3)

    def _unpatched(self, tokens: Tensor, grid: list[int]) -> Tensor:
        """(B, L, patch * C) -> (B, C, F, H, W)."""
        cut = tokens.unflatten(2, (*self.config.patch, -1)).unflatten(1, grid)
        return cut.permute(0, 7, 1, 4, 2, 5, 3, 6).flatten(6).flatten(4, 5).flatten(2, 3)


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn neighbouring channels of a head, taken as pairs, by their angles; in float32."""
    if torch.compiler.is_exporting():  # one node of ONNX
        tables = (table.expand(x.shape[0], -1, -1) for table in (cos, sin))
        return torch.onnx.ops.rotary_embedding(x.float(), *tables, interleaved=True).to(x.dtype)
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2).to(x.dtype)


@lru_cache(maxsize=8)  # for each size of picture that is open; not to be made anew in every step
@torch.inference_mode(False)  # so that training may use them too
def rotary_tables(head_dim: int, frames: int, rows: int, columns: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the positions' angles, float32 (frames * rows * columns, head_dim / 2): a share of the
    pairs turns with the frame, one with the row, one with the column."""
    pairs = head_dim // 2
    place = pairs // 3
    shares = (pairs - 2 * place, place, place)
    axes = []
    for axis, (count, share) in enumerate(zip((frames, rows, columns), shares, strict=True)):
        frequencies = _ROTARY_BASE ** (-torch.arange(share, dtype=torch.float64, device=device) / share)
        angles = torch.arange(count, dtype=torch.float64, device=device)[:, None] * frequencies
        shape = [1, 1, 1, share]
        shape[axis] = count
        axes.append(angles.reshape(shape).expand(frames, rows, columns, share))
    angles = torch.cat(axes, 3).flatten(0, 2)
    return angles.cos().float(), angles.sin().float()
