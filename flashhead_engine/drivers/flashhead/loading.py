"""Loads a FlashHead tier: its weights from the folder that was added, onto the GPU where there is one."""

import torch

from ...models.configs import TINY
from ...models.networks import Networks
from ...models.registry import added_model
from ...runtimes.gpu import GpuBudget
from ...runtimes.torch_flashhead import TorchFlashHead
from ...runtimes.torch_loading import load_runtime
from ..nano.driver import NanoDriver
from . import UNTRAINED
from .driver import FlashHeadDriver


def load(tier: str, gpu: GpuBudget | None) -> FlashHeadDriver:
    """`gpu`: what the networks may take of the GPU; None: all of it. See `load_driver` for the errors."""
    if tier == UNTRAINED:
        return FlashHeadDriver(tier, TorchFlashHead(Networks.random(TINY)), NanoDriver(), "0" * 64, stamped=True)
    model = added_model(tier)
    if torch.cuda.is_available():
        device, dtype = "cuda", torch.bfloat16
        if gpu is not None:
            total = torch.cuda.get_device_properties(0).total_memory
            torch.cuda.set_per_process_memory_fraction(min(1.0, (gpu.memory_mib << 20) / total))
    else:
        device, dtype = "cpu", torch.float32  # far from real time, for a check or a night
    return FlashHeadDriver(tier, load_runtime(model.folder, tier, device, dtype), NanoDriver(), model.sha256)
