"""Tables of dialogue as files hold them: rows with their numbers, whatever the file's dialect.

CSV as spreadsheets and dialogue tools write it: UTF-8 with and without a byte order mark, UTF-16 with one,
Windows-1252; commas, semicolons or tabs.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from .file import ProjectError

_LARGEST_BYTES = 256 * 1024 * 1024
_LONGEST_FIELD = 1024 * 1024
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """`number`: of its line in the file, as an editor shows it. `problem`: why there are no fields."""

    number: int
    fields: dict[str, str]
    problem: str | None = None


def read_csv(path: Path) -> tuple[list[str], Iterator[Row]]:
    """The header and the rows that are not empty. Raises ProjectError when the file cannot be read as a table."""
    text = read_text(path)
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header = [name.strip() for name in _next(reader, path) or []]
    if not any(header):
        raise ProjectError(f"{path}: has no header row. Name its columns in the first row.")
    twice = {name for name in header if name and header.count(name) > 1}
    if twice:
        raise ProjectError(f"{path}: row 1: the column '{min(twice)}' stands there twice. Rename one of them.")
    return header, _csv_rows(reader, header, path)


def _csv_rows(reader, header: list[str], path: Path) -> Iterator[Row]:
    number = reader.line_num + 1
    while (values := _next(reader, path)) is not None:
        if any(value.strip() for value in values):
            if len(values) > len(header) and any(value.strip() for value in values[len(header) :]):
                problem = f"has {len(values)} fields, but the header {len(header)}; quote what has a delimiter in it."
                yield Row(number, {}, problem)
            else:
                fields = zip(header, values, strict=False)
                yield Row(number, {name: value.strip() for name, value in fields if name})
        number = reader.line_num + 1


def _next(reader, path: Path) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise ProjectError(f"{path}: row {reader.line_num}: is no CSV ({error}). Export the table again.") from error


def read_json_lines(path: Path) -> Iterator[Row]:
    """The objects of a JSON Lines file; numbers and missing values as text. Raises ProjectError."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = msgspec.json.decode(line, type=dict[str, str | int | float | bool | list | dict | None])
        except msgspec.DecodeError as error:
            yield Row(number, {}, f"is no JSON object ({error})")
            continue
        yield Row(number, {key: _as_text(value) for key, value in entry.items()})


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else str(value)


def read_text(path: Path) -> str:
    """A text file in any of the encodings above. Raises ProjectError."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ProjectError(f"{path}: larger than {_LARGEST_BYTES >> 20} MiB. Split it into several sources.")
        data = path.read_bytes()
    except OSError as error:
        raise ProjectError(f"{path}: cannot be read ({error.strerror}). Check the path in the project.") from error
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        pass
    try:
        # What spreadsheets in Western Windows write; other 8-bit encodings cannot be told from it.
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"{path}: is neither UTF-8 nor Windows-1252 (byte {error.start}). Export it as UTF-8."
        ) from error


def _delimiter(text: str) -> str:
    """The one that parts the header; a header's names hold none of them."""
    header = text.lstrip().partition("\n")[0]
    return max(_DELIMITERS, key=header.count)
