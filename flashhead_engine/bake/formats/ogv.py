"""OGV: Theora and Vorbis for Godot's VideoStreamPlayer.

Theora has no alpha, so a transparent portrait is laid out as a frame of twice the width: colour at the left, its
alpha as grey at the right. A shader puts them together (docs/baked-files.md).
"""

import shutil
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from ...audio.container import average_mix, opened
from ...avatar.images import over_background
from ...drivers.base import Outputs, TimedFrame
from ...errors import OutputError
from ..manifest import Output
from ..outputs import PendingFile, explained
from .base import BakeTarget, FrameCounter
from .pixels import with_matte
from .theora import find_ffmpeg

_QUALITY = "9"
_AUDIO_QUALITY = "6"
# Theora decoders take BT.601 for granted.
_TO_BT601 = "scale=out_color_matrix=bt601:out_range=tv:flags=area+accurate_rnd+full_chroma_inp"
_WINDOWS_FLAGS = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)


class OgvWriter:
    needs = Outputs.VIDEO

    def __init__(self, path: Path, target: BakeTarget) -> None:
        program = find_ffmpeg()
        self._target = target
        self._width = 2 * target.size if target.alpha else target.size
        self._counter = FrameCounter(target.fps)
        self._output = PendingFile(path)
        command = self._command(program)
        # Not a pipe, which would stop ffmpeg when nobody empties it; open as long as ffmpeg runs.
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            # Ctrl-C is for this program, which then ends ffmpeg.
            start_new_session=True,
            creationflags=_WINDOWS_FLAGS,
        )
        self._storing_error: OSError | None = None
        self._storing = threading.Thread(target=self._store, daemon=True)
        self._storing.start()

    def _store(self) -> None:
        """Write what ffmpeg makes; left to itself it would take a full disk for a success."""
        try:
            with self._output.temporary.open("wb") as file:
                shutil.copyfileobj(self._process.stdout, file)
        except OSError as error:
            self._storing_error = error
            self._process.kill()

    def _command(self, program: str) -> list[str]:
        size, fps = f"{self._width}x{self._target.size}", str(self._target.fps)
        with opened(self._target.audio) as audio:
            mix = f"pan={average_mix(audio.info.channels, 1)}" if audio.info.channels > 2 else "anull"
        return [
            *(program, "-v", "error", "-nostdin", "-y"),
            *("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", size, "-framerate", fps, "-i", "pipe:0"),
            *("-protocol_whitelist", "file", "-i", f"file:{self._target.audio}", "-map", "0:v:0", "-map", "1:a:0"),
            *("-vf", f"{_TO_BT601},format=yuv420p"),
            *("-c:v", "libtheora", "-q:v", _QUALITY, "-g", fps),
            *("-af", f"{mix},aresample=async=1:first_pts=0", "-c:a", "libvorbis", "-q:a", _AUDIO_QUALITY),
            # No random stream numbers and no dates, so that the same line bakes to the same bytes.
            *("-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact"),
            *("-f", "ogg", "pipe:1"),
        ]

    def write(self, frame: TimedFrame) -> None:
        self._counter.add(frame)
        if self._target.alpha:
            picture = with_matte(frame.pixels)
        else:
            picture = over_background(frame.pixels, self._target.background)
        try:
            self._process.stdin.write(picture.tobytes())
        except OSError:
            self._raise_failure()

    def finish(self) -> Output:
        try:
            self._process.stdin.close()
        except OSError:
            self._raise_failure()
        self._storing.join()
        if self._process.wait() != 0 or self._storing_error:
            self._raise_failure()
        self._free()
        self._output.commit()
        return Output(
            kind="video",
            file=self._output.path.name,
            format="ogv",
            fps=self._target.fps,
            frames=self._counter.count,
            width=self._width,
            height=self._target.size,
            alpha="matte_right" if self._target.alpha else "none",
            video_codec="theora",
            audio_codec="vorbis",
        )

    def _raise_failure(self) -> NoReturn:
        """Say why the file ended too early."""
        self._storing.join()
        self._process.wait()
        if self._storing_error:
            with explained(self._output.path):
                raise self._storing_error
        self._messages.seek(0)
        lines = self._messages.read().decode(errors="replace").split("\n")
        reason = next((line for line in reversed(lines) if line), f"exit code {self._process.returncode}")
        raise OutputError(f"{self._output.path}: ffmpeg could not write it: {reason}")

    def abort(self) -> None:
        self._process.kill()
        self._process.wait()
        self._storing.join()
        self._free()
        self._output.discard()

    def _free(self) -> None:
        self._process.stdout.close()
        self._messages.close()
        with suppress(OSError):
            self._process.stdin.close()
