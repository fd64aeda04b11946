"""Unity's scene files, as much of them as a sample's has: objects by their number, and what they refer to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

HEADER = "%YAML 1.1\n%TAG !u! tag:unity3d.com,2011:\n"
GAME_OBJECT, TRANSFORM, SCRIPT = 1, 4, 114
# The number under which an importer gives a file's main object.
MAIN_OBJECT = {".cs": 11500000, ".ogg": 8300000, ".png": 2800000, ".bytes": 4900000}
_BEGIN = re.compile(r"^--- !u!(\d+) &(-?\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class SceneObject:
    id: int
    class_id: int
    kind: str
    fields: dict

    def serialized(self) -> dict:
        """Of a script: the fields that are its own."""
        return {name: value for name, value in self.fields.items() if not name.startswith("m_")}


def read(path: Path) -> list[SceneObject]:
    """Raises ValueError or yaml.YAMLError where Unity would not take the file."""
    text = path.read_text("utf-8")
    if not text.startswith(HEADER):
        raise ValueError(f"{path.name} does not begin as Unity's files do")
    parts = _BEGIN.split(text[len(HEADER) :])
    if parts[0].strip():
        raise ValueError(f"{path.name}: {parts[0].strip()} is before the first object")
    objects = []
    for class_id, number, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        ((kind, fields),) = yaml.safe_load(body).items()
        objects.append(SceneObject(int(number), int(class_id), kind, fields))
    return objects


def references(value) -> Iterator[dict]:
    """All {fileID, guid, type} in a value."""
    if isinstance(value, dict) and "fileID" in value:
        yield value
        return
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from references(one)
