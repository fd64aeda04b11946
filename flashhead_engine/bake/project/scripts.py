"""Lines of dialogue scripts: inkle's Ink and timelines of Dialogic 2. Only what has an id becomes a line.

Facts: Ink has no ids of its own; Ink-Localiser and others write them as a tag, `Halt! #id:gate_1`, and its compiler
reads what INCLUDE names relative to the folder of the story's main file. Dialogic writes
`guard (angry): Halt! #id:1f` when translation is switched on; its CSV tables have the keys `Text/1f/text` and a
column for each language.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .file import DialogicSource, InkSource, ProjectError
from .tables import Row, read_csv, read_text

_SPEAKER = re.compile(r"([\w .'-]{1,60}?)\s*:\s*(.*)", re.DOTALL)


def with_speaker(text: str) -> tuple[str, str]:
    """Who speaks and what, of "Guard: Halt!"; "" where nobody is named."""
    found = _SPEAKER.fullmatch(text)
    return (found[1].strip(), found[2].strip()) if found else ("", text)


@dataclass(frozen=True, slots=True)
class ScriptRow:
    file: Path
    row: Row


def read_script(folder: Path, source: InkSource | DialogicSource) -> Iterator[ScriptRow]:
    """The lines of a script that stands relative to `folder`. Raises ProjectError."""
    path = (folder / source.file).resolve()
    if isinstance(source, InkSource):
        return _read_ink(path, path.parent, (), set())
    return _read_dialogic(path, folder, source)


# --- Ink -----------------------------------------------------------------------------------------------------------

_INCLUDE = re.compile(r"\s*INCLUDE\s+(.+?)\s*")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_CHOICE = re.compile(r"\s*[*+]")
_GATHER = re.compile(r"\s*(?:-(?!>)\s*)+(?:\(\w+\)\s*)?")
_DIVERT = re.compile(r"\s*(?:->|<-|<>).*")
_TAG = re.compile(r"(?<!\\)#")


def _read_ink(path: Path, root: Path, way: tuple[Path, ...], seen: set[Path]) -> Iterator[ScriptRow]:
    if path in way:
        circle = " -> ".join(step.name for step in (*way[way.index(path) :], path))
        raise ProjectError(f"{way[-1]}: INCLUDE {path.name} goes round ({circle}). Remove one of these includes.")
    if path in seen:
        return
    seen.add(path)
    # A comment keeps its ends of lines, so that the numbers are those of an editor.
    text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), read_text(path))
    for number, line in enumerate(text.split("\n"), 1):
        if include := _INCLUDE.fullmatch(line):
            yield from _read_ink((root / include[1]).resolve(), root, (*way, path), seen)
        elif fields := _ink_line(line):
            yield ScriptRow(path, Row(number, fields))


def _ink_line(line: str) -> dict[str, str] | None:
    said, *tags = _TAG.split(line)
    ids = [tag.strip()[3:].strip() for tag in tags if tag.strip().startswith("id:")]
    # What the player chooses is not spoken.
    if not ids or _CHOICE.match(said):
        return None
    speaker, text = with_speaker(_DIVERT.sub("", _GATHER.sub("", said, count=1)).strip())
    return {"id": ids[0], "character": speaker, "text": _spoken(text.replace("\\", ""))}


def _spoken(text: str) -> str:
    """Nothing where the game decides what is said: the mouth follows the audio alone."""
    return "" if "{" in text else text


# --- Dialogic ------------------------------------------------------------------------------------------------------

_ID = re.compile(r"(.*)#id:(\w+)\s*", re.DOTALL)
_EVENT = re.compile(r"\s*(?:\[|-\s)")
_TEXT = re.compile(
    r"""\s*(?:(?:"(?P<quoted>[^"\n]*)"|(?P<name>[^(:\s"]+))\s*(?:\([^)\n]*\))?\s*(?<!\\):)?(?P<text>.*)""", re.DOTALL
)
_EFFECT = re.compile(r"\[[^\]]*\]")


def _read_dialogic(path: Path, folder: Path, source: DialogicSource) -> Iterator[ScriptRow]:
    translated = _translations(folder / source.translations, source.language) if source.translations else None
    first, event = 0, ""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        first, event = (first, f"{event}\n{line}") if event else (number, line)
        # A text goes on in the next line after a backslash.
        if line.endswith("\\"):
            event = event[:-1]
            continue
        if fields := _dialogic_line(event):
            if translated is not None:
                fields["text"] = _dialogic_text(translated.get(fields["id"], ""))
            yield ScriptRow(path, Row(first, fields))
        event = ""


def _dialogic_line(event: str) -> dict[str, str] | None:
    found = _ID.fullmatch(event)
    # Choices and events in brackets have ids too.
    if found is None or _EVENT.match(event):
        return None
    said = _TEXT.fullmatch(found[1])
    speaker = said["quoted"] or said["name"] or ""
    return {"id": found[2], "character": speaker if speaker != "_" else "", "text": _dialogic_text(said["text"])}


def _dialogic_text(text: str) -> str:
    return _spoken(" ".join(_EFFECT.sub(" ", text).replace("\\", "").split()))


def _translations(path: Path, language: str | None) -> dict[str, str]:
    """The texts of one language by id."""
    header, rows = read_csv(path)
    for name in ("keys", language):
        if name not in header:
            raise ProjectError(
                f"{path}: has no column '{name}'; it has {', '.join(filter(None, header))}. Give the source the "
                "`language` of one, and the table that Dialogic exported."
            )
    texts = {}
    for row in rows:
        kind, _, rest = row.fields.get("keys", "").partition("/")
        if kind == "Text" and rest.endswith("/text"):
            texts[rest.removesuffix("/text")] = row.fields[language]
    return texts
