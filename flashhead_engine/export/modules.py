"""The computation behind each exported graph, as `runtimes/graphs.py` specifies it: the networks' own code, with what
the sampler and the runtime do around them, so that nothing is computed between graphs."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models import colour
from ..models.configs import CHUNK_FRAMES
from ..models.dit import WINDOW, Dit, Modulation, rotary_tables
from ..models.networks import Networks
from ..models.schedule import stepped
from ..models.wav2vec2 import CONTEXT_FEATURES, Wav2Vec2, window_indices
from .settings import ExportSettings


class AudioCond(nn.Module):
    """Normalised speech -> keys and values of every cross-attention."""

    def __init__(self, wav2vec2: Wav2Vec2, dit: Dit) -> None:
        super().__init__()
        self.wav2vec2, self.dit = wav2vec2, dit
        rows = window_indices(CONTEXT_FEATURES - CHUNK_FRAMES, CONTEXT_FEATURES, WINDOW)
        self.register_buffer("windows", rows, persistent=False)

    def forward(self, pcm: Tensor) -> Tensor:
        features = self.wav2vec2(pcm)[:, self.windows]
        return self.dit.audio_keys_values(self.dit.audio_tokens(features.to(_dtype(self.dit))))


class DitStep(nn.Module):
    """A whole step of the sampler. Its arithmetic is float32 at every precision: it is little, and errors add up."""

    def __init__(self, dit: Dit, grid: Sequence[int]) -> None:
        """`grid`: frames, rows and columns of tokens."""
        super().__init__()
        self.dit = dit
        # Kept for the trace, in which they would be made of tensors without values.
        rotary_tables(dit.config.dim // dit.config.heads, *grid, device=torch.device("cpu"))

    def forward(
        self,
        latent: Tensor,
        known: Tensor,
        motion: Tensor,
        reference_tokens: Tensor,
        heard: Tensor,
        block_modulation: Tensor,
        head_modulation: Tensor,
        fresh: Tensor,
        sigma: Tensor,
        next_sigma: Tensor,
    ) -> Tensor:
        dtype = _dtype(self.dit)
        given = functional.pad(motion, (0, 0, 0, 0, 0, latent.shape[2] - motion.shape[2]))
        latent = torch.where(known, given, latent)
        modulation = Modulation(block_modulation.to(dtype), head_modulation.to(dtype))
        flow = self.dit(latent.to(dtype), reference_tokens.to(dtype), modulation, heard).float()
        return torch.where(known, given, stepped(latent, flow, fresh, sigma, next_sigma))


class VaeDec(nn.Module):
    """A chunk's latent -> its new pictures with the portrait's colours, as shown and, the last ones, as they were."""

    def __init__(self, networks: Networks, settings: ExportSettings) -> None:
        super().__init__()
        self.vae = networks.vae
        self.motion_frames = networks.config.motion_frames
        self.settings = settings

    def forward(self, latent: Tensor, colour_mean: Tensor, colour_spread: Tensor) -> tuple[Tensor, Tensor]:
        pictures = self.vae.decode(latent.to(_dtype(self.vae)))[:, :, self.motion_frames :].float()
        wanted = colour.ColourStatistics(colour_mean, colour_spread)
        pictures = colour.matched(pictures, wanted, self.settings.colour_strength)
        shades = ((pictures + 1.0) / 2.0).clamp(0.0, 1.0) * 255.0
        if not self.settings.switches.truncated_shades:
            shades = shades.round()
        shown = torch.cat([shades, torch.full_like(shades[:, :1], 255.0)], 1).movedim(1, -1)
        # Last: TensorRT converts to uint8 at a network's outputs alone.
        return shown.to(torch.uint8), pictures[:, :, -self.motion_frames :]


class VaeEnc(nn.Module):
    """Pictures -> their latent; LTX's is drawn with the noise that is given."""

    def __init__(self, vae: nn.Module) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, pictures: Tensor, *noise: Tensor) -> Tensor:
        dtype = _dtype(self.vae)
        return self.vae.encode(pictures.to(dtype), *(drawn.to(dtype) for drawn in noise)).float()


class Reference(nn.Module):
    """What is kept of a portrait and of its latent."""

    def __init__(self, networks: Networks, motion_latents: int) -> None:
        super().__init__()
        self.dit = networks.dit
        self.motion_latents = motion_latents

    def forward(self, portrait: Tensor, latent: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        tokens = self.dit.reference_tokens(latent.to(_dtype(self.dit)))
        return tokens.float(), latent[:, :, : self.motion_latents], *colour.statistics(portrait)


def _dtype(network: nn.Module) -> torch.dtype:
    return next(network.parameters()).dtype
