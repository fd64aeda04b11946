"""Sizes of the networks. The released ones are LITE and PRO; tests build smaller ones."""

from dataclasses import dataclass

CHUNK_FRAMES = 33
"""Pictures that one chunk generates; the first ones, the motion frames, repeat the end of the chunk before."""
FRAME_RATE_HZ = 25


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """What the transformer makes of speech features. `layers`, `channels`: of wav2vec2. `hidden`: of the projection.
    `tokens`: audio tokens for each latent frame."""

    layers: int = 12
    channels: int = 768
    hidden: int = 512
    tokens: int = 32


@dataclass(frozen=True, slots=True)
class DitConfig:
    """`in_channels`: of the noisy latent and the reference latent together. `patch`: frames, rows and columns of a
    token. `frames_per_latent`: pictures that one latent frame after the first stands for."""

    in_channels: int
    out_channels: int
    patch: tuple[int, int, int]
    frames_per_latent: int
    dim: int = 1536
    heads: int = 12
    layers: int = 30
    ffn_dim: int = 8960
    time_dim: int = 256
    eps: float = 1e-6
    audio: AudioConfig = AudioConfig()


@dataclass(frozen=True, slots=True)
class Wav2Vec2Config:
    """Sizes of wav2vec2-base."""

    conv_channels: int = 512
    dim: int = 768
    heads: int = 12
    layers: int = 12
    ffn_dim: int = 3072
    position_taps: int = 128
    position_groups: int = 16


@dataclass(frozen=True, slots=True)
class LtxVaeConfig:
    """LTX-Video 0.9.0. `widths`: channels of the four levels, finest first. `blocks`: residual blocks of each level
    and of the middle."""

    widths: tuple[int, int, int, int] = (128, 256, 512, 512)
    blocks: tuple[int, int, int, int, int] = (4, 3, 3, 3, 4)
    latent_channels: int = 128


@dataclass(frozen=True, slots=True)
class WanVaeConfig:
    """Wan 2.1. `width`: channels of the finest level."""

    width: int = 96
    latent_channels: int = 16


@dataclass(frozen=True, slots=True)
class FlashHeadConfig:
    """One model. `latent_stride`: pixels that a latent cell is wide. `motion_frames`: pictures of a chunk's end that
    condition the next chunk."""

    dit: DitConfig
    vae: LtxVaeConfig | WanVaeConfig
    latent_stride: int
    wav2vec2: Wav2Vec2Config = Wav2Vec2Config()

    @property
    def motion_frames(self) -> int:
        return self.dit.frames_per_latent + 1

    @property
    def new_frames(self) -> int:
        """Pictures that a chunk adds."""
        return CHUNK_FRAMES - self.motion_frames

    def latent_frames(self, pictures: int) -> int:
        """Latent frames of so many pictures."""
        return 1 + (pictures - 1) // self.dit.frames_per_latent

    def latent_shape(self, height: int, width: int, pictures: int) -> tuple[int, int, int, int]:
        """(channels, frames, rows, columns) of so many pictures."""
        stride = self.latent_stride
        return self.vae.latent_channels, self.latent_frames(pictures), height // stride, width // stride


LITE = FlashHeadConfig(
    DitConfig(in_channels=256, out_channels=128, patch=(1, 1, 1), frames_per_latent=8),
    LtxVaeConfig(),
    latent_stride=32,
)
PRO = FlashHeadConfig(
    DitConfig(in_channels=32, out_channels=16, patch=(1, 2, 2), frames_per_latent=4), WanVaeConfig(), latent_stride=8
)
TINY = FlashHeadConfig(
    DitConfig(
        **dict(in_channels=16, out_channels=8, patch=(1, 1, 1), frames_per_latent=8),
        **dict(dim=32, heads=2, layers=2, ffn_dim=64, time_dim=32),
        audio=AudioConfig(layers=2, channels=16, hidden=16, tokens=4),
    ),
    LtxVaeConfig(widths=(4, 4, 8, 8), blocks=(1, 1, 1, 1, 1), latent_channels=8),
    latent_stride=32,
    wav2vec2=Wav2Vec2Config(
        conv_channels=8, dim=16, heads=2, layers=2, ffn_dim=32, position_taps=16, position_groups=4
    ),
)
"""Built like lite and small enough for a test on any machine. There are no trained weights of it."""
TINY_PRO = FlashHeadConfig(
    DitConfig(
        **dict(in_channels=32, out_channels=16, patch=(1, 2, 2), frames_per_latent=4),
        **dict(dim=32, heads=2, layers=2, ffn_dim=64, time_dim=32),
        audio=AudioConfig(layers=2, channels=16, hidden=16, tokens=4),
    ),
    WanVaeConfig(width=2),
    latent_stride=8,
    wav2vec2=TINY.wav2vec2,
)
"""The same, built like pro."""
