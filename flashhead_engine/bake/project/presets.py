"""Tables as dialogue tools export them: their columns, and what their ids and texts have around them.

Facts: Ink-Localiser's strings files have ID,Text, and by custom a text begins with who says it ("Guard: Halt!").
Yarn Spinner's have language,id,text,file,node,lineNumber,lock,comment, ids begin with "line:", and texts are as
before. Dialogue Manager for Godot exports keys, a column for each locale, and where its settings say so _character,
which is "(response)" for what the player chooses.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from .file import Columns, CsvSource
from .scripts import with_speaker


@dataclass(frozen=True, slots=True)
class Preset:
    """`columns`: where the source does not name others. `row`: changes the fields of a row; False: it is no line."""

    columns: Callable[[CsvSource], dict[str, str]]
    row: Callable[[dict[str, str]], bool]


def with_preset(source: CsvSource) -> tuple[Columns, Callable[[dict[str, str]], bool]]:
    """The columns of a source and what is done to its rows."""
    if source.preset is None:
        return source.columns, lambda fields: True
    preset = _PRESETS[source.preset]
    named = {field: name for field, name in msgspec.structs.asdict(source.columns).items() if name is not None}
    return Columns(**(preset.columns(source) | named)), preset.row


def _yarn_spinner_columns(_source: CsvSource) -> dict[str, str]:
    return {"id": "id", "language": "language", "text": "text"}


def _yarn_spinner_row(fields: dict[str, str]) -> bool:
    fields["id"] = fields["id"].removeprefix("line:")
    return _speaker_from_text(fields)


def _speaker_from_text(fields: dict[str, str]) -> bool:
    speaker, fields["text"] = with_speaker(fields["text"])
    fields["character"] = fields["character"] or speaker
    return True


def _ink_localiser_columns(source: CsvSource) -> dict[str, str]:
    return {"id": "ID", "text": "Text"}


def _dialogue_manager_columns(source: CsvSource) -> dict[str, str]:
    columns = {"id": "keys", "character": "_character"}
    return columns | ({"text": source.language} if source.language else {})


def _dialogue_manager_row(fields: dict[str, str]) -> bool:
    return fields["character"] != "(response)"


_PRESETS = {
    "ink-localiser": Preset(_ink_localiser_columns, _speaker_from_text),
    "yarn-spinner": Preset(_yarn_spinner_columns, _yarn_spinner_row),
    "dialogue-manager": Preset(_dialogue_manager_columns, _dialogue_manager_row),
}
