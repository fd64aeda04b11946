"""What the report says of each line: the project and the ledger joined, the worst first."""

import os
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from ..file import Project
from ..ledger import DONE, FAILED, PENDING, Entry, Ledger
from ..run import verdict
from ..sources import Line, collect_lines

BEYOND = "beyond"
"""State of a line that is baked and outside a limit of [quality]; beside DONE, FAILED and PENDING of the ledger."""

STATES = {FAILED: "failed", BEYOND: "beyond the limits", PENDING: "waiting", DONE: "good"}
"""As the page calls them, in its order."""

_PLAYED_BY_BROWSERS = (".mp4", ".webm")


class Row(Struct, kw_only=True, omit_defaults=True):
    """A line. `beyond`: by measure, see gate.py; `notes`: errors and warnings. `audio`, `video`: addresses relative
    to the page. `thumbnail`: a data address. `mouth`: lip aperture, see pictures.py."""

    name: str
    state: str
    character: str = ""
    language: str = ""
    text: str = ""
    score: float | None = None
    quality: dict[str, float | bool] = {}
    beyond: dict[str, str] = {}
    notes: list[str] = []
    audio: str | None = None
    video: str | None = None
    thumbnail: str | None = None
    mouth: str | None = None


class Found(Struct, frozen=True):
    """A row with what it was made of. `line`: None for a row of a source that is no line. `video`: what the player
    shows, None without one."""

    row: Row
    line: Line | None
    entry: Entry
    video: Path | None = None


def collect_rows(project: Project, ledger: Ledger, page: Path) -> list[Found]:
    """All lines of the project, the worst first. Reads nothing of what was baked but whether it is there.

    Raises ProjectError when a source cannot be read.
    """
    lines, problems = collect_lines(project)
    entries = ledger.entries()
    found = []
    for line in lines:
        entry = entries.get(line.name) or Entry(line.name, PENDING)
        video = _video(project.output, entry.files) if entry.state == DONE else None
        found.append(Found(_row(project, line, entry, video, page), line, entry, video))
    for problem in problems:
        row = Row(name=problem.name or problem.where, state=FAILED, notes=[_short(project, str(problem))])
        found.append(Found(row, None, Entry(row.name, FAILED)))
    return sorted(found, key=lambda one: _how_bad(one.row))


def _how_bad(row: Row) -> tuple:
    return list(STATES).index(row.state), not row.notes, row.score if row.score is not None else 1.0, row.name


def _row(project: Project, line: Line, entry: Entry, video: Path | None, page: Path) -> Row:
    judged = verdict(entry, project.quality)
    measured = entry.quality if judged is not None else {}
    return Row(
        name=line.name,
        state=BEYOND if judged is not None and judged.beyond else entry.state,
        character=line.character,
        language=line.language,
        text=line.text,
        score=judged.score if judged is not None else None,
        quality={name: value for name, value in measured.items() if value is not None},
        beyond=judged.beyond if judged is not None else {},
        notes=[_short(project, note, line.audio) for note in (entry.error, entry.warning) if note],
        audio=_address(line.audio, page),
        video=_address(video, page) if video is not None else None,
    )


def _short(project: Project, note: str, audio: Path | None = None) -> str:
    """Without the line's own audio file in front, and with paths from the project's folder on."""
    return note.removeprefix(f"{audio}: ").replace(f"{project.path.parent}{os.sep}", "")


def _video(output: Path, files: tuple[str, ...]) -> Path | None:
    for suffix in _PLAYED_BY_BROWSERS:
        for file in files:
            if file.endswith(suffix) and (output / file).exists():
                return output / file
    return None


def _address(file: Path, page: Path) -> str:
    try:
        relative = os.path.relpath(file, page.parent)
    except ValueError:  # another drive of Windows
        return file.as_uri()
    # quote() leaves no colon, so that no name is taken for a scheme.
    return quote(Path(relative).as_posix())
