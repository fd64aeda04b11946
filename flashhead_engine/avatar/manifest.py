"""Avatar bundle v1: the typed shape of `avatar.json` (see docs/avatar-format.md).

Points are [x, y] in pixels of `portrait.png`, x to the right, y down, origin at the top left corner.
Left and right are the face's own: `eye_left` lies on the right of the picture.
"""

import re
from typing import Annotated, Any, Literal

import msgspec

from ..blendshapes.emotions import EMOTIONS
from ..errors import AvatarError

SCHEMA = "flashhead-avatar"
VERSION = "1.0"
MAX_IMAGE_SIDE = 4096
MAX_TEXT = 200

Coordinate = Annotated[float, msgspec.Meta(ge=-MAX_IMAGE_SIDE, le=2 * MAX_IMAGE_SIDE)]
Point = tuple[Coordinate, Coordinate]
Curve = Annotated[list[Point], msgspec.Meta(min_length=4, max_length=256)]
Distance = Annotated[float, msgspec.Meta(gt=0, le=MAX_IMAGE_SIDE)]
Channel = Annotated[int, msgspec.Meta(ge=0, le=255)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]


class Header(msgspec.Struct):
    """What every version of the format has; read first."""

    schema: str
    version: str


class LayerFile(msgspec.Struct, frozen=True):
    """A PNG that is laid over the portrait with its top left corner at (x, y)."""

    file: Text
    x: Annotated[int, msgspec.Meta(ge=0, lt=MAX_IMAGE_SIDE)] = 0
    y: Annotated[int, msgspec.Meta(ge=0, lt=MAX_IMAGE_SIDE)] = 0


class LayerFiles(msgspec.Struct, frozen=True):
    """The painted parts. `base` is what lies under eyes, brows and jaw plate; `front` (hair, helmet, moustache)
    lies over everything. Mouth parts are painted for jawOpen = 1, the robot's teeth for jawOpen = 0."""

    base: LayerFile
    eye_whites: LayerFile
    irises: LayerFile
    lids_open: LayerFile
    lid_upper: LayerFile
    lid_lower: LayerFile
    brows: LayerFile
    mouth_cavity: LayerFile
    tongue: LayerFile
    teeth_lower: LayerFile
    teeth_upper: LayerFile
    front: LayerFile | None = None
    plate_upper: LayerFile | None = None
    plate_lower: LayerFile | None = None


class Iris(msgspec.Struct, frozen=True):
    centre: Point
    radius: Distance


class Landmarks(msgspec.Struct, frozen=True):
    """Where the parts of the face are while it rests with its mouth closed.

    Lip curves run from the left of the picture to its right; while the lips are closed the two inner curves
    coincide. Eye curves are closed outlines of the opening. `jaw_drop` is how far the lower lip moves down at
    jawOpen = 1. The head turns above `neck_top`, the body stays below `neck_bottom` (both y).
    """

    lip_upper_outer: Curve
    lip_upper_inner: Curve
    lip_lower_inner: Curve
    lip_lower_outer: Curve
    eye_left: Curve
    eye_right: Curve
    iris_left: Iris
    iris_right: Iris
    brow_left: Curve
    brow_right: Curve
    nose_tip: Point
    chin: Point
    face_oval: Curve
    jaw_drop: Distance
    jaw_half_width: Distance
    neck_top: Coordinate
    neck_bottom: Coordinate


MouthKind = Literal["lips", "jaw_plate"]
LowerLid = Literal["fade", "slide"]
Emotion = Literal[tuple(EMOTIONS)]


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """`avatar.json`. `portraits`: pictures of the same head, framed alike, in some emotions: what lite and pro
    generate from while a session is set to one of them."""

    schema: Literal["flashhead-avatar"]
    version: Annotated[str, msgspec.Meta(pattern=r"^1\.\d+$")]
    name: Text
    licence: Text
    background: tuple[Channel, Channel, Channel]
    mouth: MouthKind
    lower_lid: LowerLid
    portrait: Text
    layers: LayerFiles
    landmarks: Landmarks
    portraits: Annotated[dict[Emotion, Text], msgspec.Meta(min_length=1)] = {}


def parse(data: bytes, where: str) -> Manifest:
    """Read `avatar.json`. Raises AvatarError naming the field and what to do; `where` names the file."""
    try:
        raw = msgspec.json.decode(data)
        header = msgspec.convert(raw, Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AvatarError(
            f"{where}: not an avatar description ({error}). It must be a JSON object with "
            f'"schema": "{SCHEMA}" and "version": "{VERSION}"; see docs/avatar-format.md.'
        ) from error
    _check_version(header, where)
    try:
        manifest = msgspec.convert(raw, Manifest)
    except msgspec.ValidationError as error:
        raise AvatarError(f"{where}: {error}. Correct that field; docs/avatar-format.md describes it.") from error
    if _minor(header.version) <= _minor(VERSION):
        unknown = _unknown_field(raw, msgspec.to_builtins(manifest), "$")
        if unknown:
            raise AvatarError(f"{where}: the field {unknown} is unknown. Remove it or correct its name.")
    _check_mouth_layers(manifest, where)
    return manifest


def json_schema() -> dict[str, Any]:
    """JSON Schema of `avatar.json`, published as docs/avatar.schema.json."""
    return msgspec.json.schema(Manifest)


def _check_version(header: Header, where: str) -> None:
    if header.schema != SCHEMA:
        raise AvatarError(
            f'{where}: "schema" is "{header.schema}", this program needs "{SCHEMA}". Is it an avatar bundle?'
        )
    if not re.fullmatch(r"\d{1,6}\.\d{1,6}", header.version):
        raise AvatarError(f'{where}: "version" is "{header.version}"; it must look like "{VERSION}".')
    found, needed = header.version.split(".")[0], VERSION.split(".")[0]
    if int(found) != int(needed):
        advice = "Update FlashHead Engine" if int(found) > int(needed) else "Make the avatar again"
        raise AvatarError(
            f"{where}: the bundle has version {header.version}, this program reads version {needed}.x. {advice}."
        )


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _unknown_field(raw: Any, known: Any, path: str) -> str | None:
    """Path of the first field in `raw` that `known` lacks."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for key, value in raw.items():
            if key not in known:
                return f"{path}.{key}"
            unknown = _unknown_field(value, known[key], f"{path}.{key}")
            if unknown:
                return unknown
    return None


def _check_mouth_layers(manifest: Manifest, where: str) -> None:
    if manifest.mouth == "jaw_plate":
        for part in ("plate_upper", "plate_lower"):
            if getattr(manifest.layers, part) is None:
                raise AvatarError(f'{where}: a "jaw_plate" mouth needs the layer $.layers.{part}. Add it.')


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode())
