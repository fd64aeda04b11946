"""From what a person typed to one request for each line; everything that can be refused early is refused here."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..drivers.base import SessionSettings
from ..errors import SettingsError
from ..transcript.phonemes import LONGEST_TEXT, phonemise
from .formats import EXTENSIONS, FORMATS, extension_of, line_name
from .formats.base import DEFAULT_RIG, Rig


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a line says. `words`: as `transcript.phonemes.phonemise` gives them."""

    language: str
    words: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class LineRequest:
    """One utterance to bake: its audio, the files to make, and how. `runtime`: see `load_driver`. `rig`: what
    animations move. `key`: of a line of a project, whose manifest keeps it together with the line's quality. Small
    and picklable."""

    audio: Path
    outputs: tuple[Path, ...]
    avatar: str
    tier: str
    settings: SessionSettings
    transcript: Transcript | None = None
    runtime: str | None = None
    rig: Rig = DEFAULT_RIG
    key: str | None = None


def plan_lines(
    audio: Sequence[Path],
    outputs: Sequence[Path],
    formats: Sequence[str],
    avatar: str,
    tier: str,
    settings: SessionSettings,
    runtime: str | None = None,
    rig: Rig = DEFAULT_RIG,
) -> list[LineRequest]:
    """Requests for `audio` files. `outputs` are files (for a single line), or one folder that gets a file of each of
    `formats` (mp4 when none is given) for each line, named like its audio. `rig`: what animations move.

    Raises SettingsError when the outputs do not fit the inputs.
    """
    files = [output for output in outputs if extension_of(output)]
    if files and (len(files) < len(outputs) or formats):
        raise SettingsError("give either output files, or one folder with --format; not both.")
    if files:
        if len(audio) > 1:
            raise SettingsError(f"{len(audio)} audio files cannot become one {files[0]}: give a folder with -o.")
        if len(set(files)) < len(files):
            raise SettingsError(f"the output {files[0]} is named twice.")
        if len({file.parent for file in files}) > 1 or len({line_name(file) for file in files}) > 1:
            raise SettingsError(
                "the outputs of one line must share a folder and a name: their manifest stands there."
            )
        return [LineRequest(audio[0], tuple(files), avatar, tier, settings, runtime=runtime, rig=rig)]

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
            path,
            tuple(output_of(folder, path.stem, extension, path) for extension in extensions),
            avatar,
            tier,
            settings,
            runtime=runtime,
            rig=rig,
        )
        for path in audio
    ]


def output_of(folder: Path, name: str, extension: str, audio: Path) -> Path:
    """The file of a line. Raises SettingsError, naming its audio, where it would be known by another extension."""
    output = folder / f"{name}{extension}"
    if extension_of(output) != extension:
        raise SettingsError(
            f"{audio}: its {extension} would be called {output.name}, which is the name of another format. Rename it."
        )
    return output


def _extension(name: str) -> str:
    extension = FORMATS.get(name.lower().removeprefix(".").replace(".", "-"))
    if extension is None:
        raise SettingsError(f"unknown format '{name}': known are {', '.join(FORMATS)}.")
    return extension


def with_transcripts(lines: Sequence[LineRequest], text: str, language: str) -> list[LineRequest]:
    """The lines with their words. `text`: the words of a single line, the path of a .txt file with them, or a folder
    with `<name of the audio>.txt` for each line; a line without such a file stays without a transcript.

    Raises SettingsError for a text that cannot be read or spoken, several lines without a folder and a folder without
    any line's text; MissingDependencyError without espeak-ng.
    """
    if not os.path.isdir(text):
        if len(lines) > 1:
            raise SettingsError(f"{len(lines)} lines need a folder as --text, with <line>.txt for each of them.")
        spoken = _read_text(Path(text)) if text.lower().endswith(".txt") else text
        return [replace(lines[0], transcript=Transcript(language, tuple(phonemise(spoken, language))))]
    files = [Path(text) / f"{line.audio.stem}.txt" for line in lines]
    if not any(file.exists() for file in files):
        raise SettingsError(f"{text}: has no text of any line, such as {files[0].name}.")
    return [
        replace(line, transcript=_transcript_of(file, language)) if file.exists() else line
        for line, file in zip(lines, files, strict=True)
    ]


def _transcript_of(file: Path, language: str) -> Transcript:
    try:
        return Transcript(language, tuple(phonemise(_read_text(file), language)))
    except SettingsError as error:
        raise SettingsError(f"{file}: {error}") from error


def _read_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(LONGEST_TEXT + 1)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text ({error.reason} at byte {error.start}).") from error
