"""Which runtime runs a tier on this machine, and why. Imports no torch."""

from dataclasses import dataclass
from importlib.util import find_spec

from ...errors import FlashHeadError, MissingDependencyError, ModelError, SettingsError
from ...models.registry import added_model
from ...runtimes.added_exports import added_export
from ...runtimes.engines import Engines, has_engines
from ...runtimes.exported import Export
from ...runtimes.gpu import has_nvidia_driver
from ...runtimes.names import RUNTIME, RUNTIMES
from . import UNTRAINED


@dataclass(frozen=True, slots=True)
class Choice:
    """`export`: None for torch. `engines`: of TensorRT, where it is what runs. `why`: in words."""

    runtime: str
    export: Export | None
    on_gpu: bool
    why: str
    engines: Engines | None = None


def choose(tier: str, wanted: str | None = None) -> Choice:
    """`wanted`: one of RUNTIMES; None: the fastest that this machine has for what was exported or added.

    Raises SettingsError for another name, ModelError where weights or the export are missing or damaged,
    MissingDependencyError where a package is.
    """
    if wanted is not None and wanted not in RUNTIMES:
        raise SettingsError(f"{RUNTIME} {wanted}: must be {', '.join(RUNTIMES)}.")
    if wanted == "torch":
        return _torch(tier, "as was asked for")
    export = added_export(tier)
    if export is None:
        if wanted is None:
            return _torch(tier, "the tier was not exported")
        raise ModelError(f"{RUNTIME} {wanted}: the tier {tier} was not exported: `flashhead export --tier {tier}`.")
    if wanted == "tensorrt":
        return _tensorrt(export)
    driver = has_nvidia_driver()
    not_by_tensorrt = ""
    if wanted is None and driver and has_engines(export):
        try:
            return _tensorrt(export)
        except FlashHeadError as error:
            not_by_tensorrt = f"; not by TensorRT: {error}"
    from ...runtimes.onnx_runner import sees_gpu

    on_gpu = driver and sees_gpu()
    if wanted is None and driver and not on_gpu:
        try:
            why = "there is a GPU, and the ONNX Runtime that is installed cannot use it"
            return _torch(tier, why + not_by_tensorrt)
        except FlashHeadError:
            pass  # slowly is better than not at all
    place = "on the GPU" if on_gpu else "on the CPU"
    why = f"{place}, {export.manifest.computes_in}, from {export.folder}{not_by_tensorrt}"
    return Choice("onnxruntime", export, on_gpu, why)


def _tensorrt(export: Export) -> Choice:
    from ...runtimes.tensorrt_runner import usable_engines

    engines = usable_engines(export)
    why = f"on the GPU, {export.manifest.computes_in}, by the engines in {engines.folder}"
    return Choice("tensorrt", export, True, why, engines)


def _torch(tier: str, why: str) -> Choice:
    if tier != UNTRAINED:
        added_model(tier)
    for package in ("torch", "safetensors"):
        if find_spec(package) is None:
            raise MissingDependencyError(
                f'The tier {tier} needs {package}, which is not there: pip install "flashhead-engine[flashhead]"; '
                "or add an export that was made elsewhere: `flashhead models add DIR`."
            )
    return Choice("torch", None, False, why)
