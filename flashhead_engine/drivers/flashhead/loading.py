"""Loads a FlashHead tier by the runtime that was chosen: from its export, or its weights by torch. Imports torch only
where torch is what runs."""

from ...models.configs import TINY
from ...models.registry import added_model
from ...runtimes.added_exports import verify_where_changed
from ...runtimes.exported_flashhead import ExportedFlashHead
from ...runtimes.flashhead import FlashHeadRuntime
from ...runtimes.gpu import GpuBudget
from ...runtimes.graphs import GraphRunner
from ..nano.driver import NanoDriver
from . import UNTRAINED
from .choice import Choice, choose
from .driver import FlashHeadDriver


def load(tier: str, gpu: GpuBudget | None, runtime: str | None = None) -> FlashHeadDriver:
    """`gpu`: what the networks may take of the GPU; None: all of it. `runtime`: see `choose`. See `load_driver` for
    the errors."""
    choice = choose(tier, runtime)
    if choice.export is None:
        return _by_torch(tier, gpu)
    verify_where_changed(choice.export)
    return _driver(tier, ExportedFlashHead(choice.export, _runner(choice, gpu)), choice.export.manifest.model_sha256)


def _runner(choice: Choice, gpu: GpuBudget | None) -> GraphRunner:
    if choice.engines is not None:
        from ...runtimes import tensorrt_runner

        return tensorrt_runner.open_runner(choice.export, choice.engines, gpu)
    from ...runtimes import onnx_runner

    return onnx_runner.open_runner(choice.export, choice.on_gpu, gpu)


def _by_torch(tier: str, gpu: GpuBudget | None) -> FlashHeadDriver:
    import torch

    from ...models.networks import Networks
    from ...runtimes.torch_flashhead import TorchFlashHead
    from ...runtimes.torch_loading import load_runtime

    if tier == UNTRAINED:
        return _driver(tier, TorchFlashHead(Networks.random(TINY)), "0" * 64)
    model = added_model(tier)
    if torch.cuda.is_available():
        device, dtype = "cuda", torch.bfloat16
        if gpu is not None:
            total = torch.cuda.get_device_properties(0).total_memory
            torch.cuda.set_per_process_memory_fraction(min(1.0, (gpu.memory_mib << 20) / total))
    else:
        device, dtype = "cpu", torch.float32  # far from real time, for a check or a night
    return _driver(tier, load_runtime(model.folder, tier, device, dtype), model.sha256)


def _driver(tier: str, runtime: FlashHeadRuntime, model_sha256: str) -> FlashHeadDriver:
    return FlashHeadDriver(tier, runtime, NanoDriver(), model_sha256, stamped=tier == UNTRAINED)
