"""From the sources of a project to its lines; all that is wrong with them is said together, with file and row."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from ...audio.files import AUDIO_SUFFIXES, audio_files
from ...blendshapes.emotions import EMOTIONS
from ...errors import OutputError
from ..outputs import check_name
from .file import (
    Columns,
    CsvSource,
    DialogicSource,
    FolderSource,
    InkSource,
    JsonLinesSource,
    Project,
    ProjectError,
    Source,
)
from .presets import with_preset
from .scripts import read_script
from .tables import Row, read_csv, read_json_lines

_LONGEST_ID_BYTES = 200
"""So that what is added to it, such as ".flashhead.json", stays below the 255 bytes that file systems allow."""

_FIELDS = Columns.__struct_fields__
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_IN_RULES = ("id", "character", "language", "emotion")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of dialogue. `name` identifies it in its project: "<language>/<id>", or the id alone.
    `where`: its file and row, for people."""

    name: str
    where: str
    character: str
    language: str
    audio: Path
    emotion: str
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row does not become a line. `name`: of the line that it would have been, "" where there is none."""

    name: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class _Found:
    """A row by the names of `Columns`; `audio` absolute."""

    where: str
    fields: dict[str, str]
    audio: Path | None
    problem: str | None = None


def collect_lines(project: Project) -> tuple[list[Line], list[Problem]]:
    """The lines of all sources in their order, and the rows that are none.

    Raises ProjectError when a source as a whole cannot be read: then nobody knows which lines there are.
    """
    found, broken = [], []
    for file, source in project.sources:
        try:
            found += _read_source(file, source)
        except ProjectError as error:
            broken.append(str(error))
    if broken:
        raise ProjectError("\n".join(broken))
    rows: dict[str, list[_Found]] = defaultdict(list)
    for row in found:
        rows[_same_file(_name(row.fields))].append(row)
    lines, problems = [], []
    for row in found:
        name = _name(row.fields)
        twins = [other for other in rows[_same_file(name)] if other is not row] if row.fields.get("id") else []
        what = row.problem or _twin(name, twins) or _wrong(row, project)
        if what is not None:
            problems.append(Problem(name, row.where, what))
            continue
        fields = row.fields
        lines.append(
            Line(
                name=name,
                where=row.where,
                character=fields["character"],
                language=fields["language"],
                audio=row.audio,
                emotion=fields["emotion"] or project.characters[fields["character"]].emotion,
                text=fields["text"],
            )
        )
    return lines, problems


def _name(fields: dict[str, str]) -> str:
    return "/".join(part for part in (fields.get("language"), fields.get("id")) if part)


def _same_file(name: str) -> str:
    """Equal for names that are one file on Windows or macOS."""
    return unicodedata.normalize("NFC", name).casefold()


def _twin(name: str, twins: list[_Found]) -> str | None:
    if not twins:
        return None
    other = twins[0]
    if _name(other.fields) == name:
        return f"the line '{name}' stands also in {other.where}. Give each line an id of its own."
    return (
        f"the line '{name}' would be the same file as '{_name(other.fields)}' in {other.where} on Windows and macOS. "
        "Rename one of them."
    )


def _wrong(row: _Found, project: Project) -> str | None:
    fields = row.fields
    if not fields["id"]:
        return "has no id. Give the line one."
    for key in ("id", "language"):
        if fields[key] and (what := _no_file_name(key, fields[key])):
            return what
    if not fields["character"]:
        return "names no character. Give the row one, or its source a `character`."
    if fields["character"] not in project.characters:
        known = ", ".join(sorted(project.characters))
        return (
            f"the character '{fields['character']}' is not in the project; known are {known}. Add it or correct it."
        )
    if fields["emotion"] and fields["emotion"] not in EMOTIONS:
        return f"the emotion '{fields['emotion']}' is not known; known are {', '.join(EMOTIONS)}."
    if row.audio is None:
        return "names no audio file. Fill the column, or give the source an `audio` rule."
    if not row.audio.is_file():
        return f"its audio {row.audio} is missing. Record it, or correct the path."
    return None


def _no_file_name(key: str, value: str) -> str | None:
    if what := _path_or_hidden(key, value):
        return what
    if len(value.encode()) > _LONGEST_ID_BYTES:
        return f"the {key} '{value[:40]}...' is longer than {_LONGEST_ID_BYTES} bytes. Choose a shorter one."
    try:
        check_name(Path(value))
    except OutputError as error:
        return f"the {key} {error}"
    return None


def _path_or_hidden(key: str, value: str) -> str | None:
    if value.startswith(".") or "/" in value or "\\" in value:
        return f"the {key} '{value}' is a path or hidden; it becomes a file name. Choose one without slashes."
    return None


def _read_source(file: Path, source: Source) -> Iterator[_Found]:
    if isinstance(source, FolderSource):
        return _read_folder(file.parent, source)
    if isinstance(source, InkSource | DialogicSource):
        return _read_script(file, source)
    return _read_table(file, source)


def _row(file: Path, path: Path, source: Source, row: Row, fields: dict[str, str]) -> _Found:
    """A row of `path` that a source in the project file `file` names; its audio by the source's rule."""
    fields["character"] = fields["character"] or source.character or ""
    fields["language"] = fields["language"] or source.language or ""
    audio, problem = fields["audio"], row.problem
    if problem is None and not audio and source.audio is not None:
        audio, problem = _by_rule(source.audio, fields)
    folder = path.parent if fields["audio"] else file.parent
    return _Found(f"{path}: row {row.number}", fields, folder / audio if audio else None, problem)


# --- Scripts ----------------------------------------------------------------------------------------------------


def _read_script(file: Path, source: InkSource | DialogicSource) -> Iterator[_Found]:
    _check_rule(file, "audio", source.audio)
    for found in read_script(file.parent, source):
        yield _row(file, found.file, source, found.row, dict.fromkeys(_FIELDS, "") | found.row.fields)


# --- Tables -----------------------------------------------------------------------------------------------------


def _read_table(file: Path, source: CsvSource | JsonLinesSource) -> Iterator[_Found]:
    path = file.parent / source.file
    if isinstance(source, CsvSource):
        columns, change = with_preset(source)
        header, rows = read_csv(path)
        _check_columns(path, header, columns)
    else:
        columns, change = source.columns, None
        rows = read_json_lines(path)
    if source.audio is not None:
        _check_rule(file, "audio", source.audio)
    named = {field: getattr(columns, field) or field for field in _FIELDS}
    for row in rows:
        fields = {field: row.fields.get(column, "") for field, column in named.items()}
        if change is not None and row.problem is None and not change(fields):
            continue
        yield _row(file, path, source, row, fields)


def _check_columns(path: Path, header: list[str], columns: Columns) -> None:
    asked = {field: name for field, name in msgspec.structs.asdict(columns).items() if name is not None}
    asked.setdefault("id", "id")
    for field, name in asked.items():
        if name not in header:
            raise ProjectError(
                f"{path}: has no column '{name}' for columns.{field}; it has {', '.join(filter(None, header))}. "
                "Name the right one in the project."
            )


def _check_rule(file: Path, key: str, rule: str) -> None:
    names = _PLACEHOLDER.findall(rule)
    unknown = [name for name in names if name not in _IN_RULES]
    if unknown or re.search(r"[{}]", _PLACEHOLDER.sub("", rule)):
        known = ", ".join(f"{{{name}}}" for name in _IN_RULES)
        raise ProjectError(f"{file}: the rule {key} = '{rule}' may hold {known} and no other braces.")
    if "id" not in names:
        raise ProjectError(f"{file}: the rule {key} = '{rule}' has no {{id}}. Say where the id of a line stands.")


def _by_rule(rule: str, fields: dict[str, str]) -> tuple[str, str | None]:
    for name in _PLACEHOLDER.findall(rule):
        value = fields[name]
        if not value:
            return "", f"has no {name}, which the audio rule '{rule}' needs. Fill it in."
        if what := _path_or_hidden(name, value):
            return "", what
    return _PLACEHOLDER.sub(lambda match: fields[match[1]], rule), None


# --- Folders ----------------------------------------------------------------------------------------------------


def _read_folder(base: Path, source: FolderSource) -> Iterator[_Found]:
    folder = base / source.folder
    if not folder.is_dir():
        raise ProjectError(f"{folder}: is no folder. Check the path in the project.")
    _check_rule(folder, "rule", source.rule)
    pattern = _rule_pattern(folder, source.rule)
    for path in audio_files(folder):
        inside = path.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts):
            continue
        match = pattern.fullmatch(inside.as_posix())
        fields = dict.fromkeys(_FIELDS, "")
        if match is None:
            yield _Found(
                str(path), fields, path, f"its path does not fit the rule '{source.rule}'. Move or rename it."
            )
            continue
        fields |= match.groupdict()
        fields["character"] = fields["character"] or source.character or ""
        fields["language"] = fields["language"] or source.language or ""
        yield _Found(str(path), fields, path)


def _rule_pattern(folder: Path, rule: str) -> re.Pattern[str]:
    """A rule without an extension takes every one; `*` stands for anything within a folder's name."""
    if PurePosixPath(rule).suffix.lower() not in AUDIO_SUFFIXES:
        rule += ".*"
    names = _PLACEHOLDER.findall(rule)
    if len(set(names)) < len(names):
        raise ProjectError(f"{folder}: the rule '{rule}' names a placeholder twice. Use * for the second.")
    parts = re.split(r"(\{\w+\}|\*)", rule)
    return re.compile("".join(_part_pattern(part) for part in parts))


def _part_pattern(part: str) -> str:
    if part == "*":
        return "[^/]*"
    if placeholder := _PLACEHOLDER.fullmatch(part):
        # What comes before the id takes as little as fits: "guard_door_01" of "{character}_{id}" is the guard's.
        return f"(?P<{placeholder[1]}>[^/]+)" if placeholder[1] == "id" else f"(?P<{placeholder[1]}>[^/]+?)"
    return re.escape(part)
