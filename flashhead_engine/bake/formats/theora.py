"""Find an `ffmpeg` program that writes Theora, which PyAV's FFmpeg leaves out."""

import shutil
import subprocess
from functools import cache

from ...errors import MissingDependencyError


@cache
def find_ffmpeg() -> str:
    """Path of an ffmpeg with libtheora and libvorbis: from PATH, else the one of the package imageio-ffmpeg.

    Raises MissingDependencyError.
    """
    found = [program for program in (shutil.which("ffmpeg"), _packaged_ffmpeg()) if program]
    for program in found:
        if _has_encoders(program):
            return program
    had = f"{', '.join(found)} cannot write it" if found else "no ffmpeg was found"
    raise MissingDependencyError(
        f"An .ogv file needs an ffmpeg program with libtheora and libvorbis; {had}. Install one "
        '("apt install ffmpeg", "brew install ffmpeg", "winget install Gyan.FFmpeg" or "pip install imageio-ffmpeg") '
        "or bake .webm or .mp4, which need none."
    )


def _packaged_ffmpeg() -> str | None:
    try:
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return None


def _has_encoders(program: str) -> bool:
    try:
        listed = subprocess.run(
            [program, "-hide_banner", "-encoders"], capture_output=True, text=True, timeout=30, check=True
        ).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return False
    return "libtheora" in listed and "libvorbis" in listed
