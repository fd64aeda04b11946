"""FlashHead's networks run by torch: the reference that the exported ones are compared with."""

from collections.abc import Callable, Sequence
from functools import wraps

import numpy as np
import torch
from torch import Tensor

from ..models import colour
from ..models.configs import CHUNK_FRAMES
from ..models.dit import WINDOW, Modulation
from ..models.networks import Networks
from ..models.schedule import descended, guided, schedule, stepped
from ..models.switches import DEPLOYED, Switches
from ..models.wan_vae import WanVae
from ..models.wav2vec2 import CONTEXT_FEATURES, normalised, window_indices
from .flashhead import OutOfMemory, Reference


def _computing(call: Callable) -> Callable:
    """Without gradients; memory that runs out is said in our own words."""

    @wraps(call)
    @torch.inference_mode()
    def run(*arguments):
        try:
            return call(*arguments)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemory(f"The GPU's memory ran out: {str(error).partition('.')[0]}.") from error

    return run


class TorchFlashHead:
    """A `FlashHeadRuntime`. The networks' weights decide device and precision; wav2vec2 stays float32, as deployed.

    `guidance`: None for the released models, which were distilled to few steps. The teacher that they learnt from
    takes 20 steps and a guidance of 3: how far it goes beyond what it would show of silence, towards what it hears.
    Its weights are not released. `switches`: which oddities of the deployed model it follows, in whatever precision
    it runs. `colour_strength`: 0..1, how much of the reference's colours every picture gets. `compile_mode`: of
    `torch.compile`, such as "default", or "reduce-overhead", which records CUDA graphs; None: as they are written.
    """

    name = "torch"

    def __init__(
        self,
        networks: Networks,
        *,
        steps: int = 4,
        guidance: float | None = None,
        switches: Switches = DEPLOYED,
        colour_strength: float = 1.0,
        compile_mode: str | None = None,
    ) -> None:
        self.config = networks.config
        self.steps = steps
        self._dit, self._vae, self._wav2vec2 = networks.dit.eval(), networks.vae.eval(), networks.wav2vec2.eval()
        if compile_mode is not None:
            for network, method in ((self._dit, "forward"), (self._vae, "decode"), (self._vae, "encode")):
                setattr(network, method, torch.compile(getattr(network, method), mode=compile_mode, dynamic=False))
        weight = next(self._dit.parameters())
        self._device, self._dtype = weight.device, weight.dtype
        self.device = torch.cuda.get_device_name(weight.device) if weight.is_cuda else "CPU"
        self._switches = switches
        self._strength = colour_strength
        plan = schedule(steps, switches.rounded_timesteps)
        self._sigmas = plan.sigmas
        self._guidance = guidance
        with torch.inference_mode():
            self._modulations: list[Modulation] = [self._dit.modulation(timestep) for timestep in plan.timesteps]
            if guidance is not None:
                self._unheard = self._dit.audio_keys_values(self._dit.audio_tokens(self._no_windows()))
        rows = window_indices(CONTEXT_FEATURES - CHUNK_FRAMES, CONTEXT_FEATURES, WINDOW)
        self._windows = rows.to(self._device)

    def check_size(self, size: int) -> None:
        """Any that sessions may have."""

    @_computing
    def reference(self, picture: np.ndarray, noise: np.ndarray | None) -> Reference:
        still = torch.tensor(picture, device=self._device, dtype=self._dtype).movedim(-1, 0)[None, :, None]
        still = (still / 255.0 - 0.5) * 2.0
        latent = self._encode(still.expand(-1, -1, CHUNK_FRAMES, -1, -1), None if noise is None else noise[None])
        return Reference(self._dit.reference_tokens(latent), latent[:, :, :1], colour.statistics(still))

    @_computing
    def hear(self, contexts: np.ndarray, samples: Sequence[int]) -> Tensor:
        pcm = torch.from_numpy(contexts).to(self._device)
        if self._switches.loudness_of_silence:
            pcm = normalised(pcm)
        else:
            parts = [(row[:-count], normalised(row[-count:])) for row, count in zip(pcm, samples, strict=True)]
            pcm = torch.stack([torch.cat(part) for part in parts])
        heard = self._wav2vec2(pcm)
        tokens = self._dit.audio_tokens(heard[:, self._windows].to(self._dtype))
        return self._dit.audio_keys_values(tokens)

    @_computing
    def denoise(
        self, references: Sequence[Reference], motions: Sequence[Tensor | None], heard: Tensor, noise: np.ndarray
    ) -> Tensor:
        drawn = torch.from_numpy(noise).to(self._device, self._dtype)
        tokens = torch.cat([reference.tokens for reference in references])
        # Latent frames whose content is known: one when a head begins, two afterwards.
        known = torch.zeros(len(drawn), 1, drawn.shape[3], 1, 1, dtype=torch.bool, device=self._device)
        given = torch.zeros_like(drawn[:, 0])
        for row, (reference, motion) in enumerate(zip(references, motions, strict=True)):
            shown = reference.first if motion is None else motion
            known[row, :, : shown.shape[2]] = True
            given[row, :, : shown.shape[2]] = shown[0]
        latent = drawn[:, 0]
        for step, modulation in enumerate(self._modulations):
            latent = torch.where(known, given, latent)
            flow = self._dit(latent, tokens, modulation, heard)
            sigma, next_sigma = self._sigmas[step : step + 2]
            if self._guidance is not None:
                unheard = self._unheard.expand_as(heard)
                flow = guided(flow, self._dit(latent, tokens, modulation, unheard), self._guidance)
                latent = descended(latent, flow, sigma, next_sigma)
                continue
            # After the last step no noise is left, so none is drawn for it.
            fresh = drawn[:, step + 1] if step + 1 < self.steps else torch.zeros_like(latent)
            latent = stepped(latent, flow, fresh, sigma, next_sigma)
        return torch.where(known, given, latent)

    @_computing
    def show(self, latent: Tensor, references: Sequence[Reference]) -> tuple[np.ndarray, Tensor]:
        # The first pictures repeat the end of the chunk before.
        pictures = self._vae.decode(latent)[:, :, self.config.motion_frames :]
        colours = colour.ColourStatistics(
            *(torch.cat(parts) for parts in zip(*(reference.colours for reference in references), strict=True))
        )
        pictures = colour.matched(pictures, colours, self._strength)
        tail = pictures[:, :, -self.config.motion_frames :]
        shades = ((pictures.float() + 1.0) / 2.0).clamp(0.0, 1.0) * 255.0
        if not self._switches.truncated_shades:
            shades = shades.round()
        opaque = torch.full_like(shades[:, :1], 255.0)
        return torch.cat([shades, opaque], 1).to(torch.uint8).movedim(1, -1).contiguous().cpu().numpy(), tail

    @_computing
    def tail_of(self, pictures: np.ndarray) -> Tensor:
        shades = torch.tensor(pictures, device=self._device, dtype=self._dtype).movedim(-1, 1)
        lost = 0.5 if self._switches.truncated_shades else 0.0  # in the mean
        return (shades + lost) / 255.0 * 2.0 - 1.0

    @_computing
    def remember(self, tail: Tensor, noise: np.ndarray | None) -> list[Tensor]:
        return list(self._encode(tail, noise).split(1))

    def to_host(self, latent: Tensor) -> np.ndarray:
        return latent.float().cpu().numpy()

    def to_device(self, stored: np.ndarray) -> Tensor:
        return torch.from_numpy(stored).to(self._device, self._dtype)

    def wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _no_windows(self) -> Tensor:
        """The windows of speech features of a chunk, all zero."""
        audio = self.config.dit.audio
        return torch.zeros(
            1, CHUNK_FRAMES, WINDOW, audio.layers, audio.channels, device=self._device, dtype=self._dtype
        )

    def _encode(self, pictures: Tensor, noise: np.ndarray | None) -> Tensor:
        if isinstance(self._vae, WanVae):
            return self._vae.encode(pictures)
        drawn = torch.from_numpy(noise).to(self._device, self._dtype)
        return self._vae.encode(pictures, drawn if self._switches.sampled_posterior else torch.zeros_like(drawn))
