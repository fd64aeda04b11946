"""wav2vec2-base (arXiv 2006.11477) as FlashHead hears with it: speech features at exactly 25 a second.

Between its convolutions and its transformer the features are interpolated in time, from about 50 to 25 a second, so
every picture has one. Weights are those of facebook/wav2vec2-base-960h without the prefix "wav2vec2."; written here
because the interpolation lies in the middle of the kept library's forward pass, and so that it exports whole.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..audio.context_cache import CONTEXT_SAMPLES
from ..audio.pcm import SAMPLE_RATE_HZ
from .configs import FRAME_RATE_HZ, Wav2Vec2Config

KERNELS = (10, 3, 3, 3, 3, 2, 2)
STRIDES = (5, 2, 2, 2, 2, 2, 2)
CONTEXT_FEATURES = CONTEXT_SAMPLES * FRAME_RATE_HZ // SAMPLE_RATE_HZ
"""Speech features of all that a chunk hears."""
_EPS = 1e-5
_SILENCE = 1e-7  # added to the variance
_POSITIONS = "encoder.pos_conv_embed.conv.weight"


def normalised(pcm: Tensor) -> Tensor:
    """Zero mean and unit variance, each row (B, samples) as a whole: what the network was trained with."""
    variance = pcm.var(-1, correction=0, keepdim=True)
    return (pcm - pcm.mean(-1, keepdim=True)) / torch.sqrt(variance + _SILENCE)


def window_indices(first: int, end: int, window: int) -> Tensor:
    """Rows of speech features around each of the rows first..end - 1, int64 (end - first, window): rows beyond the
    ends are row 0 and row end - 1."""
    around = torch.arange(window) - window // 2
    return (torch.arange(first, end)[:, None] + around).clamp(0, end - 1)


class _Conv(nn.Module):
    def __init__(self, channels_in: int, channels: int, kernel: int, stride: int, norm: bool) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels_in, channels, kernel, stride, bias=False)
        # One group a channel: each is normalised over the whole time.
        self.layer_norm = nn.GroupNorm(channels, channels, _EPS) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return functional.gelu(self.layer_norm(self.conv(x)))


class _FeatureExtractor(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        shapes = zip((1, *[channels] * 6), KERNELS, STRIDES, strict=True)
        self.conv_layers = nn.ModuleList(
            _Conv(channels_in, channels, kernel, stride, norm=number == 0)
            for number, (channels_in, kernel, stride) in enumerate(shapes)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.conv_layers:
            x = layer(x)
        return x


class _FeatureProjection(nn.Module):
    def __init__(self, channels: int, dim: int) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(channels, _EPS)
        self.projection = nn.Linear(channels, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(self.layer_norm(x))


class _Positions(nn.Module):
    """What stands for positions: a wide convolution over time."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        taps = config.position_taps
        self.conv = nn.Conv1d(config.dim, config.dim, taps, padding=taps // 2, groups=config.position_groups)

    def forward(self, x: Tensor) -> Tensor:
        spread = self.conv(x.transpose(1, 2))[..., : x.shape[1]]  # an even kernel gives one more
        return x + functional.gelu(spread).transpose(1, 2)


class _SelfAttention(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        split = (part(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self._parts())
        return self.out_proj(functional.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2))

    def _parts(self) -> tuple[nn.Linear, nn.Linear, nn.Linear]:
        return self.q_proj, self.k_proj, self.v_proj


class _FeedForward(nn.Module):
    def __init__(self, dim: int, ffn_dim: int) -> None:
        super().__init__()
        self.intermediate_dense = nn.Linear(dim, ffn_dim)
        self.output_dense = nn.Linear(ffn_dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.output_dense(functional.gelu(self.intermediate_dense(x)))


class _Layer(nn.Module):
    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.attention = _SelfAttention(config.dim, config.heads)
        self.layer_norm = nn.LayerNorm(config.dim, _EPS)
        self.feed_forward = _FeedForward(config.dim, config.ffn_dim)
        self.final_layer_norm = nn.LayerNorm(config.dim, _EPS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer_norm(x + self.attention(x))
        return self.final_layer_norm(x + self.feed_forward(x))


class _Encoder(nn.Module):
    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.pos_conv_embed = _Positions(config)
        self.layer_norm = nn.LayerNorm(config.dim, _EPS)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer_norm(self.pos_conv_embed(x))
        hidden = []
        for layer in self.layers:
            x = layer(x)
            hidden.append(x)
        return torch.stack(hidden, 2)


class Wav2Vec2(nn.Module):
    """`forward`: normalised PCM (B, samples) at 16 kHz -> features of all layers, (B, samples / 640, layers, dim)."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.feature_extractor = _FeatureExtractor(config.conv_channels)
        self.feature_projection = _FeatureProjection(config.conv_channels, config.dim)
        self.encoder = _Encoder(config)

    def forward(self, pcm: Tensor) -> Tensor:
        frames = pcm.shape[-1] * FRAME_RATE_HZ // SAMPLE_RATE_HZ
        heard = self.feature_extractor(pcm[:, None])
        heard = functional.interpolate(heard, frames, mode="linear", align_corners=True)
        return self.encoder(self.feature_projection(heard.transpose(1, 2)))


def plain_weights(released: dict[str, Tensor]) -> dict[str, Tensor]:
    """Released weights as this module has them: the convolution of positions is stored as directions and lengths, one
    length for each tap (weight normalisation, arXiv 1602.07868); they are multiplied here, once."""
    weights = dict(released)
    length, direction = weights.pop(f"{_POSITIONS}_g"), weights.pop(f"{_POSITIONS}_v")
    weights[_POSITIONS] = length * direction / direction.norm(dim=(0, 1), keepdim=True)
    return weights


def released_shapes(plain: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """What `plain_weights` takes, of what it gives."""
    shapes = dict(plain)
    whole = shapes.pop(_POSITIONS)
    return shapes | {f"{_POSITIONS}_g": (1, 1, whole[2]), f"{_POSITIONS}_v": whole}
