"""docs/protocol.md says of every message what its class says, and stored bytes say it to other implementations.

`python tests/transport/test_protocol_document.py` writes both anew: the tables of docs/protocol.md, and
`tests/data/protocol/messages.json` with messages as fields and as bytes, good ones and bad ones.
"""

import contextlib
import inspect
import json
import re
import typing
from pathlib import Path

import msgspec
import pytest

from flashhead_engine.errors import TransportError
from flashhead_engine.transport import messages
from flashhead_engine.transport.messages import FromClient, FromWorker, decode_from_client, decode_from_worker, encode

_ROOT = Path(__file__).parents[2]
_DOCUMENT = _ROOT / "docs" / "protocol.md"
_VECTORS = _ROOT / "tests" / "data" / "protocol" / "messages.json"
_BEGIN, _END = "<!-- messages: begin -->", "<!-- messages: end -->"


# --- tables ---------------------------------------------------------------------------------------------------------


def _type(kind) -> tuple[str, str]:
    """msgpack's type and the range of a field."""
    match kind:
        case msgspec.inspect.IntType():
            low = "" if kind.ge is None else kind.ge
            high = kind.le if kind.lt is None else kind.lt - 1
            return "int", f"{_power(low)} to {_power(high)}" if high is not None else f"{low} or more"
        case msgspec.inspect.FloatType():
            return "float", "" if kind.ge is None else f"{kind.ge:g} to {kind.le:g}"
        case msgspec.inspect.StrType():
            return "str", "" if kind.max_length is None else f"at most {kind.max_length} characters"
        case msgspec.inspect.BoolType():
            return "bool", ""
        case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
            name, limits = _type(kind.item_type)
            return f"array of {name}", limits
        case msgspec.inspect.StructType():
            return f"map, see {kind.cls.__name__}", ""
        case msgspec.inspect.UnionType():
            (inner,) = [one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType)]
            return _type(inner)
    raise TypeError(f"{kind} has no words yet")


def _power(number) -> str:
    """Large bounds as people write them."""
    for bits in (32, 63, 64):
        for value, words in ((2**bits - 1, f"2^{bits} - 1"), (-(2**bits), f"-2^{bits}")):
            if number == value:
                return words
    return str(number)


def _section(cls: type, depth: str) -> str:
    struct = msgspec.inspect.type_info(cls)
    title = f"{depth} {cls.__name__}"
    if struct.tag_field:
        title += f" `{struct.tag}`"
    lines = [title, "", " ".join(inspect.cleandoc(cls.__doc__).split()), ""]
    if struct.fields:
        lines += ["| field | type | range | default |", "|---|---|---|---|"]
    for field in struct.fields:
        name, limits = _type(field.type)
        default = "must be there"
        if not field.required:
            default = "absent" if field.default is None else f"`{json.dumps(field.default)}`"
        lines.append(f"| {field.encode_name} | {name} | {limits} | {default} |")
    return "\n".join([*lines, ""] if struct.fields else lines)


def _tables() -> str:
    sections = ["### From the client", ""]
    sections += [_section(cls, "####") for cls in typing.get_args(FromClient)]
    sections += ["### From the worker", ""]
    sections += [_section(cls, "####") for cls in typing.get_args(FromWorker)]
    sections += ["### Maps inside messages", ""]
    sections += [_section(cls, "####") for cls in (messages.RingInfo, messages.SessionStatus)]
    return "\n".join(sections)


def _written(document: str) -> str:
    """The document with today's tables."""
    before, rest = document.split(_BEGIN)
    return f"{before}{_BEGIN}\n\n{_tables()}\n{_END}{rest.split(_END)[1]}"


def test_the_document_has_the_tables_of_the_classes():
    document = _DOCUMENT.read_text("utf-8")
    assert _written(document) == document, f"run python {Path(__file__).relative_to(_ROOT)}"


def test_a_changed_field_would_be_seen():
    class Ping(messages._Message):
        """Sent at least twice a second; a client that is silent for two seconds loses its sessions."""

        often: bool = False

    assert _section(Ping, "####") not in _tables()
    assert _section(messages.Ping, "####") in _tables()


def test_every_code_of_an_error_is_explained():
    sources = [*(_ROOT / "flashhead_engine" / "worker").glob("*.py")]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    told = set(
        re.findall(r'(?:Refused|Error|Warning|give_up)\(\s*(?:number, |self\._current\.number, )?"([a-z_]+)"', text)
    )
    told |= set(re.findall(r'Error: "([a-z_]+)"', text))
    assert {"bad_message", "too_much_audio", "unknown_avatar", "lower_tier", "bad_audio"} <= told
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", _DOCUMENT.read_text("utf-8"), re.MULTILINE))
    assert told == explained


# --- bytes ----------------------------------------------------------------------------------------------------------

_RING = messages.RingInfo("/flashhead-0123456789abcdef", 2**64 - 1)
_GOOD = (
    messages.Hello("secret", client="game"),
    messages.Hello("", protocol=2),
    messages.Open(1),
    messages.Open(
        2**32 - 1,
        avatar="guard",
        tier="lite",
        outputs=("video", "blendshapes"),
        size=1024,
        fps=60,
        seed=2**63 - 1,
        emotion="happy",
        emotion_intensity=0.5,
        mouth_strength=2.0,
        frames="messages",
        lower_tier=True,
    ),
    messages.Speak(1, 1),
    messages.Speak(1, 2, 48_000, 2, "s16", False, "", True, -1),
    messages.Speak(1, 3, path="/game/dialogue/Grüße.wav"),
    messages.Audio(1, 2),
    messages.Audio(1, 2, end=True),
    messages.Cancel(1),
    messages.Cancel(1, 2**63 - 1),
    messages.Clock(1, 1, 0, True),
    messages.Clock(1, 1, -(2**63), False),
    messages.Set(1),
    messages.Set(1, "sad", 0.25, 1.5),
    messages.Look(1, -1.0, 1.0),
    messages.Look(1, free=True),
    messages.Pause(0, True),
    messages.Close(1),
    messages.Status(7),
    messages.Ping(),
    messages.Welcome("0123456789abcdef", 1, "0.1.0", 4242, ["nano"]),
    messages.Opened(1, 1, "nano", _RING),
    messages.Opened(1, 1, "nano", _RING, _RING),
    messages.Opened(1, 1, "nano"),
    messages.Started(1, 1, 0),
    messages.FirstFrame(1, 1, 0, 4600),
    messages.Finished(1, 1, 0),
    messages.Cancelled(1, 1, [1, 2, 3]),
    messages.Cancelled(1, 2, []),
    messages.Underrun(1, 1, 16_667, "audio"),
    messages.Warning(1, "lower_tier", "tier pro cannot run here; nano stands in for it."),
    messages.Error("bad_message", "not a message"),
    messages.Error("too_much_audio", "send it later", request=0, session=1, utterance=2),
    messages.Closed(1, "client"),
    messages.Frame(1, "weights", 1, 0, 59, 983_333, 16_667, 4),
    messages.Statistics(
        7, 1.5, 0.25, 2**40, 4.5, 7.25, [messages.SessionStatus(1, "game", "guard", "nano", "idle", 25.0, 0, 1.0)]
    ),
    messages.Pong(),
)
_OPEN = encode(messages.Open(1))
_BAD = {
    "nothing": b"",
    "text": b"hello",
    "an array": msgspec.msgpack.encode(["ping"]),
    "no type": msgspec.msgpack.encode({"request": 1}),
    "an unknown type": msgspec.msgpack.encode({"type": "dance"}),
    "a type that is a number": msgspec.msgpack.encode({"type": 1}),
    "the type of another direction": encode(messages.Pong()),
    "a field is missing": msgspec.msgpack.encode({"type": "open"}),
    "a field of another type": msgspec.msgpack.encode({"type": "open", "request": "1"}),
    "a number below its range": msgspec.msgpack.encode({"type": "close", "session": -1}),
    "a number above its range": msgspec.msgpack.encode({"type": "close", "session": 2**32}),
    "utterance 0": msgspec.msgpack.encode({"type": "speak", "session": 1, "utterance": 0}),
    "a share above 1": msgspec.msgpack.encode({"type": "set", "session": 1, "emotion_intensity": 1.5}),
    "not a number": msgspec.msgpack.encode({"type": "set", "session": 1, "mouth_strength": float("nan")}),
    "too long a name": msgspec.msgpack.encode({"type": "open", "request": 1, "emotion": "x" * 65}),
    "cut short": _OPEN[:-1],
    "something after the end": _OPEN + b"\xc0",
    "text that is not UTF-8": _OPEN.replace(b"open", b"\xff\xfe\xfd\xfc"),
    "a map of 4294967295 entries": b"\xdf\xff\xff\xff\xff" + _OPEN,
    "text of 4294967295 bytes": b"\x81\xa4type\xdb\xff\xff\xff\xff",
    "5000 arrays in each other": b"\x91" * 5000,
}


def _fields(message) -> dict:
    """As JSON has them."""
    return json.loads(msgspec.json.encode(message))


def _vectors() -> dict:
    good = [{"fields": _fields(message), "bytes": encode(message).hex()} for message in _GOOD]
    bad = [{"what": what, "bytes": data.hex()} for what, data in _BAD.items()]
    return {"protocol": messages.PROTOCOL, "good": good, "bad": bad}


_STORED = json.loads(_VECTORS.read_text("utf-8")) if _VECTORS.exists() else {"good": [], "bad": []}


def _decode(data: bytes):
    try:
        return decode_from_client(data)
    except TransportError:
        return decode_from_worker(data)


def test_every_message_has_vectors():
    stored = {vector["fields"]["type"] for vector in _STORED["good"]}
    known = {
        msgspec.inspect.type_info(cls).tag for union in (FromClient, FromWorker) for cls in typing.get_args(union)
    }
    assert stored == known
    assert _STORED["protocol"] == messages.PROTOCOL


@pytest.mark.parametrize("vector", _STORED["good"], ids=lambda vector: vector["fields"]["type"])
def test_stored_messages_are_read_and_written(vector):
    data = bytes.fromhex(vector["bytes"])
    message = _decode(data)
    assert _fields(message) == vector["fields"]
    assert encode(message) == data
    assert msgspec.msgpack.decode(data).items() <= vector["fields"].items(), "a plain reader sees the same"


def test_one_changed_byte_is_another_message():
    for vector in _STORED["good"]:
        data = bytearray.fromhex(vector["bytes"])
        data[-1] ^= 1
        with contextlib.suppress(TransportError):
            assert _fields(_decode(bytes(data))) != vector["fields"]


@pytest.mark.parametrize("vector", _STORED["bad"], ids=lambda vector: vector["what"])
def test_stored_bad_messages_are_refused(vector):
    with pytest.raises(TransportError, match="not a message of protocol 1"):
        decode_from_client(bytes.fromhex(vector["bytes"]))


if __name__ == "__main__":
    _DOCUMENT.write_text(_written(_DOCUMENT.read_text("utf-8")), "utf-8")
    _VECTORS.write_text(json.dumps(_vectors(), indent=1, ensure_ascii=False) + "\n", "utf-8")
