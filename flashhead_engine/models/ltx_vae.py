"""The variational autoencoder of LTX-Video 0.9.0 (arXiv 2501.00103): lite's pictures as latents of 32 x 32 pixels and
8 frames, 128 channels.

Pictures are (B, 3, T, H, W) in -1..1, T = 8 n + 1; latents (B, 128, n + 1, H / 32, W / 32), each channel with zero
mean and unit spread over the data that the autoencoder was trained on.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configs import LtxVaeConfig

_PATCH = 4  # pixels in height and width that the first layer sees as one
_PIXEL_EPS, _NORM_EPS = 1e-8, 1e-6
_LOG_VARIANCE = (-30.0, 20.0)


class _Conv(nn.Module):
    """A convolution over time, rows and columns, padded with zeros in space. In time the first frame is repeated
    before (`causal`), or first and last at both ends."""

    def __init__(self, channels_in: int, channels: int, causal: bool, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.causal = causal
        self.reach = kernel // 2
        self.conv = nn.Conv3d(channels_in, channels, kernel, stride, padding=(0, self.reach, self.reach))

    def forward(self, x: Tensor) -> Tensor:
        before = [x[:, :, :1]] * (2 * self.reach if self.causal else self.reach)
        after = [] if self.causal else [x[:, :, -1:]] * self.reach
        return self.conv(torch.cat([*before, x, *after], 2))


def _pixel_norm(x: Tensor) -> Tensor:
    """Unit mean square over the channels of every pixel."""
    wide = x.float() if x.dtype == torch.float16 else x  # which has neither such squares nor the epsilon
    return (wide * torch.rsqrt((wide * wide).mean(1, keepdim=True) + _PIXEL_EPS)).to(x.dtype)


class _Residual(nn.Module):
    def __init__(self, channels_in: int, channels: int, causal: bool) -> None:
        super().__init__()
        self.conv1 = _Conv(channels_in, channels, causal)
        self.conv2 = _Conv(channels, channels, causal)
        self.changes = channels_in != channels
        if self.changes:
            self.norm3 = nn.LayerNorm(channels_in, _NORM_EPS)
            self.conv_shortcut = _Conv(channels_in, channels, causal, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.conv1(functional.silu(_pixel_norm(x)))
        hidden = self.conv2(functional.silu(_pixel_norm(hidden)))
        if self.changes:
            x = self.conv_shortcut(self.norm3(x.movedim(1, -1)).movedim(-1, 1))
        return x + hidden


class _Upsampler(nn.Module):
    """Twice the frames but one, rows and columns: channels become places."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = _Conv(channels, 8 * channels, causal=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).unflatten(1, (-1, 2, 2, 2))
        x = x.permute(0, 1, 5, 2, 6, 3, 7, 4).flatten(6).flatten(4, 5).flatten(2, 3)
        return x[:, :, 1:]


class _Level(nn.Module):
    """Residual blocks of one size, and how they are entered and left; names are those of the released file."""

    def __init__(
        self,
        channels: int,
        blocks: int,
        causal: bool,
        *,
        channels_in: int | None = None,
        channels_out: int | None = None,
        down: bool = False,
        up: bool = False,
    ) -> None:
        super().__init__()
        changes_in = channels_in is not None and channels_in != channels
        changes_out = channels_out is not None and channels_out != channels
        if changes_in:
            self.conv_in = _Residual(channels_in, channels, causal)
        if up:
            self.upsamplers = nn.ModuleList([_Upsampler(channels)])
        self.resnets = nn.ModuleList(_Residual(channels, channels, causal) for _ in range(blocks))
        if down:
            self.downsamplers = nn.ModuleList([_Conv(channels, channels, causal, stride=2)])
        if changes_out:
            self.conv_out = _Residual(channels, channels_out, causal)
        self._order = [name for name, there in (("conv_in", changes_in), ("upsamplers", up)) if there]
        self._order.append("resnets")
        self._order += [name for name, there in (("downsamplers", down), ("conv_out", changes_out)) if there]

    def forward(self, x: Tensor) -> Tensor:
        for name in self._order:
            part = getattr(self, name)
            for layer in part if isinstance(part, nn.ModuleList) else [part]:
                x = layer(x)
        return x


class _Encoder(nn.Module):
    def __init__(self, config: LtxVaeConfig) -> None:
        super().__init__()
        widths, blocks = config.widths, config.blocks
        self.conv_in = _Conv(3 * _PATCH**2, widths[0], causal=True)
        self.down_blocks = nn.ModuleList(
            _Level(width, count, True, channels_out=wider, down=True)
            for width, count, wider in zip(widths[:3], blocks[:3], widths[1:], strict=True)
        )
        self.down_blocks.append(_Level(widths[3], blocks[3], True))
        self.mid_block = _Level(widths[3], blocks[4], True)
        self.conv_out = _Conv(widths[3], config.latent_channels + 1, causal=True)

    def forward(self, pictures: Tensor) -> Tensor:
        x = pictures.unflatten(4, (-1, _PATCH)).unflatten(3, (-1, _PATCH))
        x = self.conv_in(x.permute(0, 1, 6, 4, 2, 3, 5).flatten(1, 3))  # columns of a patch before its rows
        for level in self.down_blocks:
            x = level(x)
        return self.conv_out(functional.silu(_pixel_norm(self.mid_block(x))))


class _Decoder(nn.Module):
    def __init__(self, config: LtxVaeConfig) -> None:
        super().__init__()
        widths, blocks = config.widths[::-1], config.blocks[::-1]
        self.conv_in = _Conv(config.latent_channels, widths[0], causal=False)
        self.mid_block = _Level(widths[0], blocks[0], False)
        self.up_blocks = nn.ModuleList([_Level(widths[0], blocks[1], False)])
        for wider, width, count in zip(widths[:3], widths[1:], blocks[2:], strict=True):
            self.up_blocks.append(_Level(width, count, False, channels_in=wider, up=True))
        self.conv_out = _Conv(widths[3], 3 * _PATCH**2, causal=False)

    def forward(self, latent: Tensor) -> Tensor:
        x = self.mid_block(self.conv_in(latent))
        for level in self.up_blocks:
            x = level(x)
        x = self.conv_out(functional.silu(_pixel_norm(x))).unflatten(1, (3, _PATCH, _PATCH))
        return x.permute(0, 1, 4, 5, 3, 6, 2).flatten(5).flatten(3, 4)


class LtxVae(nn.Module):
    """See the module. Weights have the names of the released file."""

    def __init__(self, config: LtxVaeConfig) -> None:
        super().__init__()
        self.encoder = _Encoder(config)
        self.decoder = _Decoder(config)
        self.register_buffer("latents_mean", torch.zeros(config.latent_channels))
        self.register_buffer("latents_std", torch.ones(config.latent_channels))

    def posterior(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (B, C, F, h, w) and log-variance (B, 1, F, h, w) of the latent, not normalised."""
        answer = self.encoder(pictures)
        return answer[:, :-1], answer[:, -1:].clamp(*_LOG_VARIANCE)

    def encode(self, pictures: Tensor, noise: Tensor) -> Tensor:
        """A normalised latent. `noise`: standard normal of the latent's shape; the published pipeline always samples,
        so zeros give another latent than it ever uses."""
        mean, log_variance = self.posterior(pictures)
        sample = mean + torch.exp(0.5 * log_variance) * noise
        return (sample - _by_channel(self.latents_mean)) / _by_channel(self.latents_std)

    def decode(self, latent: Tensor) -> Tensor:
        """Pictures of a normalised latent; values a little outside -1..1 come."""
        return self.decoder(latent * _by_channel(self.latents_std) + _by_channel(self.latents_mean))


def _by_channel(values: Tensor) -> Tensor:
    return values[:, None, None, None]
