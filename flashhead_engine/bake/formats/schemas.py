"""Write the JSON Schemas of baked files: python -m flashhead_engine.bake.formats.schemas docs"""

import sys
from pathlib import Path

import msgspec

from ..manifest import BakedLine
from ..outputs import write_whole
from .track import BlendshapeTrack

SCHEMAS = {"baked-line.schema.json": BakedLine, "track.schema.json": BlendshapeTrack}


def schema_text(struct: type[msgspec.Struct]) -> bytes:
    """The JSON Schema (2020-12) of a struct, indented, with a line end."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(struct)}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def main(folder: str) -> None:
    for name, struct in SCHEMAS.items():
        write_whole(Path(folder) / name, schema_text(struct))


if __name__ == "__main__":
    main(sys.argv[1])
