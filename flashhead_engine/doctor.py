"""Looks at this machine: which parts of FlashHead Engine can run on it, and what would make the others run."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version

from .errors import FlashHeadError, MissingDependencyError

_NEVER_RUN = "not run on a GPU by us yet"


class Status(Enum):
    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    status: Status
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Every finding, tiers last."""
    runtime = _onnxruntime()
    return [
        Finding(
            "machine", Status.OK, f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        ),
        runtime,
        _package("audio and video files", "av", 'pip install "flashhead-engine[bake]"'),
        _theora(),
        _landmarks(),
        _package("layered PSD files (avatar create)", "psd-tools", 'pip install "flashhead-engine[psd]"'),
        _gpu(),
        _tensorrt(),
        _rtx(runtime),
        _nano(runtime),
        _generated("lite"),
        _generated("pro"),
    ]


def installed(package: str) -> str | None:
    """Version of an installed distribution, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _package(what: str, package: str, command: str) -> Finding:
    found = installed(package)
    if found:
        return Finding(what, Status.OK, f"{package} {found}")
    return Finding(what, Status.MISSING, f"no {package}", command)


def _onnxruntime() -> Finding:
    found = {name: installed(name) for name in ("onnxruntime", "onnxruntime-gpu")}
    present = {name: number for name, number in found.items() if number}
    text = ", ".join(f"{name} {number}" for name, number in present.items())
    if len(present) == 2:
        return Finding(
            "ONNX Runtime",
            Status.BROKEN,
            f"{text}: both write into the same folder, so one has overwritten the other",
            "pip uninstall onnxruntime onnxruntime-gpu, then install flashhead-engine[cpu] or flashhead-engine[gpu]",
        )
    if not present:
        advice = 'pip install "flashhead-engine[cpu]", or [gpu] with an NVIDIA card'
        return Finding("ONNX Runtime", Status.MISSING, "neither onnxruntime nor onnxruntime-gpu", advice)
    try:
        import onnxruntime
    except ImportError as error:
        return Finding("ONNX Runtime", Status.BROKEN, f"{text} cannot be imported: {error}", "install it again")
    return Finding("ONNX Runtime", Status.OK, f"{text} with {', '.join(onnxruntime.get_available_providers())}")


def _theora() -> Finding:
    from .bake.formats.theora import find_ffmpeg

    try:
        return Finding("Theora (.ogv for Godot)", Status.OK, find_ffmpeg())
    except MissingDependencyError as error:
        return Finding("Theora (.ogv for Godot)", Status.MISSING, "no ffmpeg with libtheora", str(error))


def _landmarks() -> Finding:
    from .avatar.face_mesh import DETECTOR_PYTHON

    if DETECTOR_PYTHON.is_file():
        return Finding("face landmarks (avatar create)", Status.OK, str(DETECTOR_PYTHON))
    advice = "python3 build.py avatar-tools, or give `flashhead avatar create` a --landmarks file"
    return Finding("face landmarks (avatar create)", Status.MISSING, "no mediapipe environment", advice)


def _gpu() -> Finding:
    program = shutil.which("nvidia-smi")
    if program is None:
        return Finding("GPU", Status.MISSING, "no NVIDIA driver", "not needed for nano")
    query = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, timeout=20)
    if answer.returncode != 0:
        return Finding("GPU", Status.BROKEN, f"nvidia-smi failed: {answer.stderr.strip()}", "reinstall the driver")
    return Finding("GPU", Status.OK, answer.stdout.strip().replace("\n", "; "))


def _tensorrt() -> Finding:
    from .runtimes.cuda import this_gpu
    from .runtimes.tensorrt import INSTALL, tensorrt_module

    found = installed("tensorrt")
    if found is None:
        return Finding("TensorRT", Status.MISSING, "no tensorrt", f"{INSTALL}, for an NVIDIA GPU; {_NEVER_RUN}")
    try:
        tensorrt_module()
        gpu = this_gpu()
    except FlashHeadError as error:
        return Finding("TensorRT", Status.MISSING, f"tensorrt {found}", str(error))
    return Finding("TensorRT", Status.OK, f"tensorrt {found} for {gpu.name}; {_NEVER_RUN}")


def _rtx(runtime: Finding) -> Finding:
    """NVIDIA's plug-in for ONNX Runtime."""
    from .runtimes.rtx import PACKAGE, rtx_devices

    what, found = "TensorRT for RTX", installed(PACKAGE)
    if found is None:
        advice = f"pip install {PACKAGE}, for a GeForce RTX; {_NEVER_RUN}"
        return Finding(what, Status.MISSING, f"no {PACKAGE}", advice)
    if runtime.status is not Status.OK or not rtx_devices():
        advice = "it needs an RTX card with its driver, and onnxruntime 1.24 or newer without onnxruntime-gpu"
        return Finding(what, Status.MISSING, f"{PACKAGE} {found} finds no card", advice)
    return Finding(what, Status.OK, f"{PACKAGE} {found}; {_NEVER_RUN}")


def _nano(runtime: Finding) -> Finding:
    if runtime.status is not Status.OK:
        return Finding("tier nano", Status.BROKEN, "needs ONNX Runtime", runtime.advice)
    from .drivers import load_driver

    try:
        load_driver("nano")
    except FlashHeadError as error:
        return Finding("tier nano", Status.BROKEN, str(error), "install flashhead-engine again")
    return Finding("tier nano", Status.OK, "runs on this CPU")


def _generated(tier: str) -> Finding:
    """Of a tier whose pictures are generated."""
    from .drivers.flashhead.choice import choose
    from .models.registry import added_model

    try:
        choice = choose(tier)
    except FlashHeadError as error:
        unusable = str(error)
    else:
        if choice.runtime != "torch":
            return Finding(f"tier {tier}", Status.OK, f"{choice.runtime} {choice.why}", "real time needs a GPU")
        unusable = ""
    absent = [package for package in ("torch", "safetensors") if installed(package) is None]
    found, advice = [f"no {package}" for package in absent], []
    if absent:
        advice.append('pip install "flashhead-engine[flashhead]"')
    try:
        model = added_model(tier)
    except FlashHeadError as error:
        found.append("no weights that can be used")
        advice.append(str(error))
    else:
        found.append(f"weights in {model.folder}")
    if unusable and not advice:
        found.append("an export that cannot be used")
        advice.append(unusable)
    if advice:
        return Finding(f"tier {tier}", Status.MISSING, ", ".join(found), "\n".join(advice))
    found.append(f"torch {installed('torch')}: {choice.why}")
    return Finding(f"tier {tier}", Status.OK, ", ".join(found), "real time needs a GPU")
