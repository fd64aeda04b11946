"""How much an installation takes on disk.

    python benchmarks/install_size.py

Installs this checkout into fresh virtual environments (a download each) and adds up site-packages, without pip and
setuptools, which the environment brings.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITS_MB = {"cpu": 220, "cpu,bake": 350}
NOT_OURS = ("pip", "setuptools", "pkg_resources", "_distutils_hack")


def measure(extras: str) -> tuple[float, float]:
    """Megabytes (10^6 bytes) and seconds of an installation with `extras`."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        begun = time.perf_counter()
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"{ROOT}[{extras}]"], check=True)
        seconds = time.perf_counter() - begun
        packages = next(Path(folder).rglob("site-packages"))
        files = (path for path in packages.rglob("*") if path.is_file() and not path.is_symlink())
        ours = (path for path in files if not path.relative_to(packages).parts[0].startswith(NOT_OURS))
        return sum(path.stat().st_size for path in ours) / 1e6, seconds


def main() -> int:
    print("| extras | MB | limit | seconds to install |\n|---|---|---|---|")
    too_large = False
    for extras, limit in LIMITS_MB.items():
        megabytes, seconds = measure(extras)
        too_large |= megabytes > limit
        print(f"| {extras} | {megabytes:.0f} | {limit} | {seconds:.0f} |")
    return int(too_large)


if __name__ == "__main__":
    sys.exit(main())
