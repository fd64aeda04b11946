"""From what a person typed to one request for each line; everything that can be refused early is refused here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..drivers.base import SessionSettings
from ..errors import SettingsError
from .formats import EXTENSIONS


@dataclass(frozen=True, slots=True)
class LineRequest:
    """One utterance to bake: its audio, the files to make, and how. Small and picklable."""

    audio: Path
    outputs: tuple[Path, ...]
    avatar: str
    tier: str
    settings: SessionSettings


def plan_lines(
    audio: Sequence[Path],
    outputs: Sequence[Path],
    formats: Sequence[str],
    avatar: str,
    tier: str,
    settings: SessionSettings,
) -> list[LineRequest]:
    """Requests for `audio` files. `outputs` are files (for a single line), or one folder that gets a file of each of
    `formats` (mp4 when none is given) for each line, named like its audio.

    Raises SettingsError when the outputs do not fit the inputs.
    """
    files = [output for output in outputs if output.suffix.lower() in EXTENSIONS]
    if files and (len(files) < len(outputs) or formats):
        raise SettingsError("give either output files, or one folder with --format; not both.")
    if files:
        if len(audio) > 1:
            raise SettingsError(f"{len(audio)} audio files cannot become one {files[0]}: give a folder with -o.")
        if len(set(files)) < len(files):
            raise SettingsError(f"the output {files[0]} is named twice.")
        if len({file.parent for file in files}) > 1 or len({file.stem for file in files}) > 1:
            raise SettingsError(
                "the outputs of one line must share a folder and a name: their manifest stands there."
            )
        return [LineRequest(audio[0], tuple(files), avatar, tier, settings)]

    if len(outputs) != 1:
        raise SettingsError("give one output folder.")
    folder = outputs[0]
    if folder.suffix and not folder.is_dir():
        raise SettingsError(f"{folder}: unknown extension '{folder.suffix}'; known are {', '.join(EXTENSIONS)}.")
    extensions = [_extension(name) for name in dict.fromkeys(formats or ["mp4"])]
    by_stem: dict[str, Path] = {}
    for path in audio:
        # Two lines that differ only in case would overwrite each other on Windows and macOS.
        twin = by_stem.setdefault(path.stem.casefold(), path)
        if twin is not path:
            raise SettingsError(f"{twin} and {path} would both become {folder / path.stem}: rename one of them.")
    return [
        LineRequest(
            path, tuple(folder / f"{path.stem}{extension}" for extension in extensions), avatar, tier, settings
        )
        for path in audio
    ]


def _extension(name: str) -> str:
    extension = "." + name.lower().removeprefix(".")
    if extension not in EXTENSIONS:
        raise SettingsError(f"unknown format '{name}': known are {', '.join(e[1:] for e in EXTENSIONS)}.")
    return extension
