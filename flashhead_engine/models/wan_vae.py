"""The variational autoencoder of Wan 2.1 (arXiv 2503.20314): pro's pictures as latents of 8 x 8 pixels and 4 frames,
16 channels.

Pictures are (B, 3, T, H, W) in -1..1, T = 4 n + 1; latents (B, 16, n + 1, H / 8, W / 8), normalised. Every layer
looks back in time only. The published code goes through time piece by piece with a memory of the last frames; here a
whole sequence is one pass, which gives the same numbers.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configs import WanVaeConfig

_LEVELS = (1, 2, 4, 4)
_BLOCKS = 2
_HALVES_TIME = (False, True, True)  # which of the encoder's three steps down halve the frames too
_EPS = 1e-12

# Mean and spread of the latent's channels, as published with Wan 2.1.
_MEAN = (
    *(-0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508),
    *(0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921),
)
_SPREAD = (
    *(2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743),
    *(3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160),
)


class _CausalConv(nn.Conv3d):
    """Looks at frames before only; there are zeros before the first."""

    def __init__(self, channels_in: int, channels: int, kernel: tuple[int, int, int] = (3, 3, 3)) -> None:
        super().__init__(channels_in, channels, kernel, padding=(0, kernel[1] // 2, kernel[2] // 2))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(functional.pad(x, (0, 0, 0, 0, self.kernel_size[0] - 1, 0)))


class _Norm(nn.Module):
    """Unit mean square over the channels, scaled. `axes`: of space and time."""

    def __init__(self, channels: int, axes: int = 3) -> None:
        super().__init__()
        self.scale = channels**0.5
        self.gamma = nn.Parameter(torch.ones(channels, *[1] * axes))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float() if x.dtype == torch.float16 else x  # which has neither such squares nor the epsilon
        return functional.normalize(wide, dim=1, eps=_EPS).to(x.dtype) * self.scale * self.gamma


class _Residual(nn.Module):
    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            _Norm(channels_in),
            nn.SiLU(),
            _CausalConv(channels_in, channels),
            _Norm(channels),
            nn.SiLU(),
            nn.Identity(),  # dropout, in training
            _CausalConv(channels, channels),
        )
        same = channels_in == channels
        self.shortcut = nn.Identity() if same else _CausalConv(channels_in, channels, (1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.residual(x)


class _Attention(nn.Module):
    """All pixels of a frame attend to each other; one head."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _Norm(channels, axes=2)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.proj = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        frames = _as_images(x)
        parts = self.to_qkv(self.norm(frames)).flatten(2).transpose(1, 2)[:, None].chunk(3, 3)
        seen = functional.scaled_dot_product_attention(*parts)[:, 0]
        seen = seen.transpose(1, 2).unflatten(2, frames.shape[2:])
        return x + _as_video(self.proj(seen), x.shape[2])


class _Down(nn.Module):
    """Half the rows and columns; with `time`, half the frames after the first too."""

    def __init__(self, channels: int, time: bool) -> None:
        super().__init__()
        self.resample = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(channels, channels, 3, 2))
        self.time_conv = nn.Conv3d(channels, channels, (3, 1, 1), (2, 1, 1)) if time else None

    def forward(self, x: Tensor) -> Tensor:
        x = _as_video(self.resample(_as_images(x)), x.shape[2])
        if self.time_conv is None or x.shape[2] == 1:
            return x
        return torch.cat([x[:, :, :1], self.time_conv(x)], 2)


class _Up(nn.Module):
    """Twice the rows and columns, half the channels; with `time`, twice the frames after the first too."""

    def __init__(self, channels: int, time: bool) -> None:
        super().__init__()
        self.time_conv = _CausalConv(channels, 2 * channels, (3, 1, 1)) if time else None
        self.resample = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(channels, channels // 2, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        if self.time_conv is not None and x.shape[2] > 1:
            # The frames after the first are a sequence of their own, before which there are zeros.
            pairs = self.time_conv(x[:, :, 1:]).unflatten(1, (2, -1))
            x = torch.cat([x[:, :, :1], pairs.movedim(1, 3).flatten(2, 3)], 2)
        return _as_video(self.resample(_as_images(x)), x.shape[2])


class _Encoder(nn.Module):
    def __init__(self, config: WanVaeConfig) -> None:
        super().__init__()
        widths = [config.width * level for level in (1, *_LEVELS)]
        self.conv1 = _CausalConv(3, widths[0])
        layers: list[nn.Module] = []
        for level, (channels_in, channels) in enumerate(pairwise(widths)):
            layers += [_Residual(channels_in, channels), *(_Residual(channels, channels) for _ in range(_BLOCKS - 1))]
            if level < len(_HALVES_TIME):
                layers.append(_Down(channels, _HALVES_TIME[level]))
        self.downsamples = nn.Sequential(*layers)
        self.middle = _middle(widths[-1])
        self.head = _head(widths[-1], 2 * config.latent_channels)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.middle(self.downsamples(self.conv1(pictures))))


class _Decoder(nn.Module):
    def __init__(self, config: WanVaeConfig) -> None:
        super().__init__()
        widths = [config.width * level for level in (_LEVELS[-1], *_LEVELS[::-1])]
        self.conv1 = _CausalConv(config.latent_channels, widths[0])
        self.middle = _middle(widths[0])
        layers: list[nn.Module] = []
        for level, (channels_in, channels) in enumerate(pairwise(widths)):
            entered = channels_in if level == 0 else channels_in // 2  # the step up before halved them
            layers += [_Residual(entered, channels), *(_Residual(channels, channels) for _ in range(_BLOCKS))]
            if level < len(_HALVES_TIME):
                layers.append(_Up(channels, _HALVES_TIME[::-1][level]))
        self.upsamples = nn.Sequential(*layers)
        self.head = _head(widths[-1], 3)

    def forward(self, latent: Tensor) -> Tensor:
        return self.head(self.upsamples(self.middle(self.conv1(latent))))


class WanVae(nn.Module):
    """See the module. Weights have the names of the released file."""

    def __init__(self, config: WanVaeConfig) -> None:
        super().__init__()
        channels = config.latent_channels
        self.encoder = _Encoder(config)
        self.conv1 = nn.Conv3d(2 * channels, 2 * channels, 1)
        self.conv2 = nn.Conv3d(channels, channels, 1)
        self.decoder = _Decoder(config)
        # Constants of the model, not weights of the file: real ones even where the weights are placeholders still.
        for name, values in (("mean", _MEAN), ("spread", _SPREAD)):
            constant = torch.tensor(values[:channels], device="cpu")[:, None, None, None]
            self.register_buffer(name, constant, persistent=False)

    def encode(self, pictures: Tensor) -> Tensor:
        """The mean of the normalised latent: always the same."""
        mean, _ = self.conv1(self.encoder(pictures)).chunk(2, 1)
        return (mean - self.mean) / self.spread

    def decode(self, latent: Tensor) -> Tensor:
        """Pictures of a normalised latent, cut to -1..1."""
        return self.decoder(self.conv2(latent * self.spread + self.mean)).clamp(-1.0, 1.0)


def _middle(channels: int) -> nn.Sequential:
    return nn.Sequential(_Residual(channels, channels), _Attention(channels), _Residual(channels, channels))


def _head(channels: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(_Norm(channels), nn.SiLU(), _CausalConv(channels, channels_out))


def _as_images(x: Tensor) -> Tensor:
    """(B, C, T, H, W) -> (B * T, C, H, W)."""
    return x.transpose(1, 2).flatten(0, 1)


def _as_video(images: Tensor, frames: int) -> Tensor:
    """(B * T, C, H, W) -> (B, C, T, H, W)."""
    return images.unflatten(0, (-1, frames)).transpose(1, 2)
