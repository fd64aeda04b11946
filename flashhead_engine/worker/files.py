"""The files that clients may name: those in folders which the worker was allowed to read."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..audio.pcm import checked_pcm
from ..errors import AudioError, MissingDependencyError


class ReadableFiles:
    def __init__(self, allowed: Iterable[Path]) -> None:
        self._allowed = tuple(path.resolve() for path in allowed)

    def path(self, name: str, error: type[Exception]) -> Path:
        """A path inside an allowed folder, links resolved. Raises `error` for all others."""
        try:
            path = Path(name).resolve()
            exists = path.exists()
        except (OSError, ValueError, RuntimeError) as reason:  # too long a name, a zero in it, links in a circle
            raise error(f"{name[:100]!r}: is no path: {reason.__class__.__name__}.") from reason
        if not any(path.is_relative_to(folder) for folder in self._allowed):
            raise error(
                f"{name}: is in no folder that this worker may read; start it with --allow-path {path.parent}."
            )
        if not exists:
            raise error(f"{name}: does not exist.")
        return path

    def audio(self, name: str) -> Iterator[np.ndarray]:
        """Pieces of an audio file, float32 mono at 16 kHz. The file is opened when the first is asked for; raises
        AudioError and MissingDependencyError before."""
        path = self.path(name, AudioError)
        if not path.is_file():
            # A pipe would keep every head waiting for who writes into it.
            raise AudioError(f"{name}: is not a file; name an audio file.")
        if find_spec("av") is None:
            raise MissingDependencyError(
                "the worker cannot read audio files: install flashhead-engine[bake], or send the samples."
            )

        def chunks() -> Iterator[np.ndarray]:
            # Here, because importing FFmpeg's libraries takes longer than a frame.
            from ..audio.decode import open_audio

            with open_audio(path) as audio:
                yield from map(checked_pcm, audio.chunks())

        return chunks()
