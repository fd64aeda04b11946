"""The container of binary glTF (`.glb`): a JSON chunk and a binary chunk, both padded to four bytes.

The JSON stays as it is read, so that what this program does not know of is kept. (pygltflib 1.16.5 loses the weights
of nodes and writes offsets that glTF forbids.)
"""

import struct

import msgspec

_MAGIC, _VERSION = b"glTF", 2
_JSON, _BINARY = b"JSON", b"BIN\0"
_HEADER, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")
_ALIGNMENT = 4


class GlbError(ValueError):
    """The bytes are no binary glTF of version 2 with a binary chunk."""


def read_glb(data: bytes) -> tuple[dict, bytes]:
    """The JSON and the binary chunk; other chunks are left out. Raises GlbError."""
    if len(data) < _HEADER.size or _HEADER.unpack_from(data)[:2] != (_MAGIC, _VERSION):
        raise GlbError("it does not begin like one of version 2")
    chunks: dict[bytes, bytes] = {}
    at = _HEADER.size
    while at + _CHUNK.size <= len(data):
        length, kind = _CHUNK.unpack_from(data, at)
        at += _CHUNK.size
        if at + length > len(data):
            raise GlbError("its end is missing")
        chunks.setdefault(kind, data[at : at + length])
        at += length
    if not {_JSON, _BINARY} <= chunks.keys():
        raise GlbError("it has no binary part")
    try:
        return msgspec.json.decode(chunks[_JSON], type=dict), chunks[_BINARY]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GlbError(f"its JSON is damaged: {error}") from error


def write_glb(content: dict, binary: bytes) -> bytes:
    text = msgspec.json.encode(content)
    chunks = [(_JSON, text + b" " * (-len(text) % _ALIGNMENT)), (_BINARY, binary + bytes(-len(binary) % _ALIGNMENT))]
    parts = [part for kind, data in chunks for part in (_CHUNK.pack(len(data), kind), data)]
    return b"".join([_HEADER.pack(_MAGIC, _VERSION, _HEADER.size + sum(map(len, parts))), *parts])
