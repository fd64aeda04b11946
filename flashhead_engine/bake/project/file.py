"""The project file, `dialogue.toml`: what `flashhead bake-project` bakes, from what and how.

Keys are explained in docs/bake-project.md; docs/bake-project.schema.json is made from these structs by
`python -m flashhead_engine.bake.project.schema docs`. Paths in a project file are relative to its folder.
"""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from ...drivers.base import Performance, SessionSettings
from ...errors import FlashHeadError, SettingsError
from ..formats import FORMATS
from ..gate import QualityLimits

VERSION = "1.0"
_LARGEST_BYTES = 16 * 1024 * 1024

Name = Annotated[str, Meta(min_length=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Version = Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]+$")]


class ProjectError(FlashHeadError):
    """A project cannot be baked: its file or a source is missing, damaged or says what cannot be."""


class Columns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which column (CSV) or key (JSON Lines) holds what. One that is not named here is looked for by the name that
    it has here, and may be missing, but for `id`."""

    id: Name | None = None
    character: Name | None = None
    language: Name | None = None
    audio: Name | None = None
    emotion: Name | None = None
    text: Name | None = None


class _Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    character: Name | None = None
    language: Name | None = None


class _Table(_Source, frozen=True, kw_only=True):
    file: Name
    columns: Columns = Columns()
    audio: Name | None = None


class CsvSource(_Table, frozen=True, kw_only=True, tag="csv"):
    """A table with a header row. `audio`: a rule such as "voice/{language}/{id}.wav", where no column says it.
    `character` and `language`: of rows that do not say it. `preset`: columns as a dialogue tool exports them."""

    preset: Literal["ink-localiser", "yarn-spinner", "dialogue-manager"] | None = None


class JsonLinesSource(_Table, frozen=True, kw_only=True, tag="jsonl"):
    """A JSON object in each line of a file; otherwise as a table."""


class FolderSource(_Source, frozen=True, kw_only=True, tag="folder"):
    """Audio files below a folder. `rule`: what their paths in it say, such as "{language}/{character}/{id}.wav"."""

    folder: Name
    rule: Name


class InkSource(_Source, frozen=True, kw_only=True, tag="ink"):
    """A story of Ink with a tag such as #id:gate_1 at each line, and what it includes. `audio`: a rule."""

    file: Name
    audio: Name


class DialogicSource(_Source, frozen=True, kw_only=True, tag="dialogic"):
    """A timeline of Dialogic 2 with the ids that it gives for translation. `translations`: the CSV table with the
    text in the source's `language`, where it is not the timeline's. `audio`: a rule."""

    file: Name
    translations: Name | None = None
    audio: Name


Source = CsvSource | JsonLinesSource | FolderSource | InkSource | DialogicSource


class Character(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a character is baked. `avatar`: a sample's name, or a folder. `head`: the .glb file of its 3D head, for
    the format glb. Both are relative to the project file."""

    avatar: Name = "guard"
    head: Name | None = None
    tier: Literal["nano", "lite", "pro", "tiny-random"] = "nano"
    emotion: Name = "neutral"
    emotion_intensity: Share = 1.0
    mouth_strength: Annotated[float, Meta(ge=0, le=2)] = 1.0
    formats: Annotated[tuple[Name, ...], Meta(min_length=1)] | None = None


class PerformanceChosen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    blinks: bool = True
    saccades: bool = True
    head_sway: bool = True
    breath: bool = True
    brows: bool = True


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of every line. `follow_text`: let the mouth follow the text of a line, which needs espeak-ng."""

    fps: int = 25
    size: int = 512
    seed: Annotated[int, Meta(ge=0)] = 0
    follow_text: bool = True
    performance: PerformanceChosen = PerformanceChosen()


class ProjectFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`include`: further files, with sources and characters alone. `checkout`: a command that is called with the
    read-only files that a run will replace."""

    version: Version
    output: Name
    checkout: Annotated[tuple[Name, ...], Meta(min_length=1)] | None = None
    formats: Annotated[tuple[Name, ...], Meta(min_length=1)] = ("json",)
    characters: dict[Name, Character] = {}
    sources: list[Source] = []
    include: list[Name] = []
    settings: Settings = Settings()
    quality: QualityLimits = QualityLimits()


class IncludedFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: Version
    characters: dict[Name, Character] = {}
    sources: list[Source] = []
    include: list[Name] = []


_File = TypeVar("_File", ProjectFile, IncludedFile)


class Project(Struct, frozen=True, kw_only=True):
    """A project with its includes. Paths are absolute; `sources` stand with the file that names them."""

    path: Path
    output: Path
    checkout: tuple[str, ...] | None
    formats: tuple[str, ...]
    characters: dict[str, Character]
    sources: list[tuple[Path, Source]]
    settings: Settings
    quality: QualityLimits

    def formats_of(self, character: Character) -> tuple[str, ...]:
        return self.formats if character.formats is None else character.formats

    def session_settings(self, character: Character, seed: int, emotion: str) -> SessionSettings:
        """Raises SettingsError for an unknown emotion."""
        return SessionSettings(
            size=self.settings.size,
            fps=self.settings.fps,
            seed=seed,
            emotion=emotion,
            emotion_intensity=character.emotion_intensity,
            mouth_strength=character.mouth_strength,
            performance=Performance(**msgspec.structs.asdict(self.settings.performance)),
        )


def load_project(path: Path) -> Project:
    """Read a project file of version 1.x and what it includes. Raises ProjectError."""
    path = path.resolve()
    main = _read(path, ProjectFile)
    characters, sources = dict(main.characters), [(path, source) for source in main.sources]
    _include(path, main.include, (path,), characters, sources)
    project = Project(
        path=path,
        output=(path.parent / main.output).resolve(),
        checkout=main.checkout,
        formats=main.formats,
        characters=characters,
        sources=sources,
        settings=main.settings,
        quality=main.quality,
    )
    _check(project)
    return project


def _include(
    file: Path, names: list[str], way: tuple[Path, ...], characters: dict[str, Character], sources: list
) -> None:
    for name in names:
        included = (file.parent / name).resolve()
        if included in way:
            circle = " -> ".join(step.name for step in (*way[way.index(included) :], included))
            raise ProjectError(f"{file}: include: '{name}' includes itself ({circle}). Remove one of these includes.")
        content = _read(included, IncludedFile)
        for character, entry in content.characters.items():
            if characters.setdefault(character, entry) != entry:
                raise ProjectError(
                    f"{included}: characters.{character}: stands with other values in another file of the project. "
                    "Keep one of them."
                )
        sources += [(included, source) for source in content.sources]
        _include(included, content.include, (*way, included), characters, sources)


def _read(path: Path, kind: type[_File]) -> _File:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ProjectError(f"{path}: larger than {_LARGEST_BYTES >> 20} MiB, so it is no project file.")
        data = path.read_bytes()
    except OSError as error:
        raise ProjectError(f"{path}: cannot be read ({error.strerror}). Give the path of a project file.") from error
    try:
        content = msgspec.toml.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path}: is not TOML ({error}). Correct it there.") from error
    version = content.get("version")
    if isinstance(version, str) and version.split(".")[0] != VERSION.split(".")[0]:
        raise ProjectError(
            f"{path}: has version {version}, this program reads {VERSION.split('.')[0]}.x. Use the version of "
            "flashhead that it was written for, or change it as docs/bake-project.md says."
        )
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise ProjectError(f"{path}: {_in_words(error)} Keys are explained in docs/bake-project.md.") from error


def _in_words(error: msgspec.ValidationError) -> str:
    """msgspec says "Expected `int`, got `str` - at `$.settings.fps`"; the key belongs to the front."""
    what, _, where = str(error).partition(" - at `$")
    key = where.strip("`.")
    return f"{key}: {what}." if key else f"{what}."


def _check(project: Project) -> None:
    """What the structs cannot say. All that is wrong is said together."""
    problems = []
    try:
        project.session_settings(Character(), project.settings.seed, "neutral")
    except SettingsError as error:
        problems.append(f"settings: {error}")
    if not project.sources:
        problems.append('sources: there is none. Add one, such as [[sources]] kind = "csv".')
    if not project.characters:
        problems.append("characters: there is none. Add one, such as [characters.guard].")
    formats = [("formats", project.formats)]
    for name, character in project.characters.items():
        formats.append((f"characters.{name}.formats", character.formats or ()))
        try:
            project.session_settings(character, 0, character.emotion)
        except SettingsError as error:
            problems.append(f"characters.{name}: {error}")
    for key, chosen in formats:
        problems += [
            f"{key}: '{name}' is no output format; known are {', '.join(FORMATS)}."
            for name in chosen
            if name not in FORMATS
        ]
        if len(set(chosen)) < len(chosen):
            problems.append(f"{key}: names a format twice.")
    if problems:
        raise ProjectError("\n".join(f"{project.path}: {problem}" for problem in problems))
