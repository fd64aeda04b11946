"""TensorRT's Python bindings, to hold our code against."""

import shutil

from shipping.errors import BuildError

from .environment import COMPILERS, compiler_environment, digest, pip, run
from .places import BUILD, ROOT, VENV

# Proprietary: installed to be looked at, never shipped.
TENSORRT_BINDINGS = ("tensorrt-cu13-bindings==11.4.0.106", "cuda-bindings>=13,<14")


def install_tensorrt_bindings() -> None:
    """For tests that hold our code against them, into a folder of their own: no NVIDIA library is there, and what is
    in their place answers nothing."""
    folder = BUILD / "tensorrt-bindings"
    absent = ROOT / "tests" / "runtimes" / "absent_tensorrt.cc"
    stamp, wanted = folder / "installed.txt", "\n".join([digest(absent), *TENSORRT_BINDINGS])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    print(f"Installing {' '.join(TENSORRT_BINDINGS)} into {folder.relative_to(ROOT)} ...", flush=True)
    pip(VENV, "--target", folder, *TENSORRT_BINDINGS)
    compiler = compiler_environment(needs_native=True).get("CXX") or next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        raise BuildError(f"there is no compiler ({', '.join(COMPILERS)})")
    for name in ("nvinfer", "nvinfer_plugin", "nvonnxparser"):
        library = f"lib{name}.so.11"
        to = folder / "tensorrt_bindings" / library
        run(compiler, "-shared", "-fPIC", absent, f"-Wl,-soname,{library}", "-o", to)
    stamp.write_text(wanted)
