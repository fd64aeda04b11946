"""FlashHead's exported graphs, run by whatever can run them; of the host's packages it needs numpy alone."""

from collections.abc import Sequence

import numpy as np

from ..errors import SettingsError
from ..models.configs import CHUNK_FRAMES, LtxVaeConfig
from .exported import Export
from .flashhead import Latent, Reference
from .graphs import Array, GraphRunner

_QUIET = np.float32(1e-7)  # added to the variance, as wav2vec2 does


class ExportedFlashHead:
    """A `FlashHeadRuntime` over the graphs of an export."""

    def __init__(self, export: Export, runner: GraphRunner) -> None:
        manifest = export.manifest
        self.config = export.config
        self.steps = manifest.steps
        self.name, self.device = runner.name, runner.device
        self._size = manifest.size
        self._switches = manifest.switches
        self._runner = runner
        steps = export.steps()
        self._steps = [
            {
                "block_modulation": runner.to_device(steps.blocks[step]),
                "head_modulation": runner.to_device(steps.heads[step]),
                "sigma": runner.to_device(steps.sigmas[step : step + 1]),
                "next_sigma": runner.to_device(steps.sigmas[step + 1 : step + 2]),
            }
            for step in range(manifest.steps)
        ]

    def check_size(self, size: int) -> None:
        if size != self._size:
            raise SettingsError(
                f"size {size}: this export makes pictures of {self._size}. Ask for that size, or export the other: "
                f"flashhead export --size {size}."
            )

    def reference(self, picture: np.ndarray, noise: np.ndarray | None) -> Reference:
        still = np.moveaxis((np.float32(picture) / 255.0 - 0.5) * 2.0, -1, 0)[None, :, None]
        pictures = np.repeat(still, CHUNK_FRAMES, axis=2)
        latent = self._encode(self._runner.to_device(pictures), None if noise is None else noise[None])
        portrait = self._runner.to_device(np.ascontiguousarray(still))
        kept = self._runner.run("reference", {"portrait": portrait, "latent": latent})
        # What a head begins with is the first of these latent frames alone; see `denoise`.
        return Reference(kept["reference_tokens"], kept["motion"], (kept["colour_mean"], kept["colour_spread"]))

    def hear(self, contexts: np.ndarray, samples: Sequence[int]) -> Latent:
        if self._switches.loudness_of_silence:
            pcm = _normalised(contexts)
        else:
            pcm = contexts.copy()
            for row, count in zip(pcm, samples, strict=True):
                row[:-count], row[-count:] = _normalised(row[:-count]), _normalised(row[-count:])
        return self._runner.run("audio_cond", {"pcm": self._runner.to_device(pcm)})["heard"]

    def denoise(
        self, references: Sequence[Reference], motions: Sequence[Latent | None], heard: Latent, noise: np.ndarray
    ) -> Latent:
        run, to_device = self._runner.run, self._runner.to_device
        starts = [motion is None for motion in motions]
        known = np.zeros((len(noise), 1, noise.shape[3], 1, 1), np.bool_)
        moving = self.config.latent_frames(self.config.motion_frames)
        for row, starting in enumerate(starts):
            known[row, :, : 1 if starting else moving] = True
        shown = [
            reference.first if motion is None else motion
            for reference, motion in zip(references, motions, strict=True)
        ]
        same = {
            "known": to_device(known),
            "motion": self._joined(shown),
            "reference_tokens": self._joined([reference.tokens for reference in references]),
            "heard": heard,
        }
        latent = to_device(np.ascontiguousarray(noise[:, 0]))
        for step, tables in enumerate(self._steps):
            # After the last step no noise is left, so none is drawn for it.
            fresh = noise[:, step + 1] if step + 1 < self.steps else np.zeros_like(noise[:, 0])
            inputs = {"latent": latent, "fresh": to_device(np.ascontiguousarray(fresh)), **tables, **same}
            latent = run("dit", inputs)["next_latent"]
        return latent

    def show(self, latent: Latent, references: Sequence[Reference]) -> tuple[np.ndarray, Latent]:
        mean, spread = (
            self._joined(parts) for parts in zip(*(reference.colours for reference in references), strict=True)
        )
        shown = self._runner.run("vae_dec", {"latent": latent, "colour_mean": mean, "colour_spread": spread})
        return self._runner.to_host(shown["pictures"]), shown["tail"]

    def tail_of(self, pictures: np.ndarray) -> Latent:
        lost = 0.5 if self._switches.truncated_shades else 0.0  # in the mean
        tail = np.moveaxis((np.float32(pictures) + np.float32(lost)) / 255.0 * 2.0 - 1.0, -1, 1)
        return self._runner.to_device(np.ascontiguousarray(tail))

    def remember(self, tail: Latent, noise: np.ndarray | None) -> list[Latent]:
        return self._runner.rows(self._encode(tail, noise))

    def to_host(self, latent: Latent) -> np.ndarray:
        return self._runner.to_host(latent)

    def to_device(self, stored: np.ndarray) -> Latent:
        return self._runner.to_device(stored)

    def wait(self) -> None:
        self._runner.wait()

    def _joined(self, arrays: Sequence[Array]) -> Array:
        return arrays[0] if len(arrays) == 1 else self._runner.joined(arrays)

    def _encode(self, pictures: Array, noise: np.ndarray | None) -> Array:
        inputs = {"pictures": pictures}
        if isinstance(self.config.vae, LtxVaeConfig):
            drawn = noise if self._switches.sampled_posterior else np.zeros_like(noise)
            inputs["noise"] = self._runner.to_device(drawn)
        return self._runner.run("vae_enc", inputs)["latent"]


def _normalised(pcm: np.ndarray) -> np.ndarray:
    """Zero mean and unit variance, each row as a whole: what wav2vec2 was trained with."""
    if pcm.size == 0:
        return pcm
    return (pcm - pcm.mean(-1, keepdims=True)) / np.sqrt(pcm.var(-1, keepdims=True) + _QUIET)
