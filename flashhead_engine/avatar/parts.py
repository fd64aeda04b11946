"""What a bundle is written from: full-size layers and landmarks, whoever made them."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from ..errors import AvatarError
from .bundle import MANIFEST_NAME, SAMPLES, SAMPLES_FOLDER, check_landmarks
from .images import bleed, bounds, encode_png
from .manifest import MAX_TEXT, SCHEMA, VERSION, Landmarks, LayerFile, LayerFiles, LowerLid, Manifest, MouthKind

FACE_MARGIN = 80
"""Pixels of `base` and `front` kept around the moving parts of a portrait of 1024."""
_EYE_LAYERS = ("eye_whites", "irises", "lids_open", "lid_upper", "lid_lower", "brows")


@dataclass(frozen=True)
class Parts:
    """A portrait and its layers, all straight-alpha RGBA, uint8 (side, side, 4), registered to each other.

    `layers`: by name of `manifest.LayerFiles`; optional ones may be missing. `portraits`: of some emotions, by name.
    """

    portrait: np.ndarray
    layers: dict[str, np.ndarray]
    landmarks: Landmarks
    mouth: MouthKind
    lower_lid: LowerLid
    portraits: dict[str, np.ndarray] = field(default_factory=dict)


def write_bundle(parts: Parts, folder: Path, *, name: str, licence: str, background: tuple[int, int, int]) -> Path:
    """Write a bundle to `folder`, all or nothing. Returns the folder.

    An existing bundle is replaced. Raises AvatarError for any other folder that is not empty, for landmarks that no
    face can have, and when writing fails.
    """
    if name in SAMPLES and folder.resolve().parent != SAMPLES_FOLDER.resolve():
        raise AvatarError(f"name '{name}': taken by a sample avatar ({', '.join(SAMPLES)}). Choose another name.")
    for what, text in (("name", name), ("licence", licence)):
        if not 1 <= len(text) <= MAX_TEXT:
            raise AvatarError(f"{what}: has {len(text)} characters; 1 to {MAX_TEXT} are needed.")
    if folder.exists() and not (folder / MANIFEST_NAME).is_file() and (folder.is_file() or any(folder.iterdir())):
        raise AvatarError(f"{folder}: exists and is not an avatar bundle. Choose an empty or new folder.")
    check_landmarks(parts.landmarks, parts.portrait.shape[0], "landmarks")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _replaced(folder) as fresh:
            _write_files(parts, fresh, name, licence, background)
    except OSError as error:
        raise AvatarError(f"{folder}: cannot be written ({error.strerror}). Choose another folder.") from error
    return folder


@contextlib.contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """A fresh folder beside `folder` that takes its place when the block ends without an error."""
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        fresh = Path(scratch) / "new"
        fresh.mkdir()
        yield fresh
        if folder.exists():
            os.replace(folder, Path(scratch) / "old")
        shutil.move(fresh, folder)


def _write_files(parts: Parts, folder: Path, name: str, licence: str, background: tuple[int, int, int]) -> None:
    (folder / "layers").mkdir()
    (folder / "portrait.png").write_bytes(encode_png(bleed(parts.portrait)))
    needed = {"front": _moving_box(parts, parts.layers), "base": _moving_box(parts, _under(parts))}
    entries = {}
    for layer, pixels in parts.layers.items():
        box = _box(pixels[..., 3] > 0)
        if layer in needed:
            box = _intersection(box, needed[layer])
        if box is None:
            if layer == "front":
                continue
            box = (0, 0, 1, 1)
        left, top, right, bottom = box
        file = f"layers/{layer}.png"
        (folder / file).write_bytes(encode_png(bleed(pixels)[top:bottom, left:right]))
        entries[layer] = LayerFile(file, left, top)
    portraits = {}
    for emotion, pixels in parts.portraits.items():
        portraits[emotion] = f"portrait-{emotion}.png"
        (folder / portraits[emotion]).write_bytes(encode_png(bleed(pixels)))
    manifest = Manifest(
        schema=SCHEMA,
        version=VERSION,
        name=name,
        licence=licence,
        background=background,
        mouth=parts.mouth,
        lower_lid=parts.lower_lid,
        portrait="portrait.png",
        layers=LayerFiles(**entries),
        landmarks=parts.landmarks,
        portraits=portraits,
    )
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (folder / MANIFEST_NAME).write_bytes(text + b"\n")


Box = tuple[int, int, int, int]


def _box(mask: np.ndarray) -> Box | None:
    """Left, top, right, bottom of the True pixels, the last two exclusive."""
    part = bounds(mask)
    if part is None:
        return None
    rows, columns = part
    return columns.start, rows.start, columns.stop, rows.stop


def _intersection(first: Box | None, second: Box) -> Box | None:
    if first is None:
        return None
    box = (*np.maximum(first[:2], second[:2]).tolist(), *np.minimum(first[2:], second[2:]).tolist())
    return box if box[0] < box[2] and box[1] < box[3] else None


def _under(parts: Parts) -> Iterable[str]:
    """The layers that `base` is seen under: soft lips are bent out of the portrait itself."""
    return parts.layers if parts.mouth == "jaw_plate" else _EYE_LAYERS


def _moving_box(parts: Parts, layers: Iterable[str]) -> Box:
    """Where some of the layers, and the brows, are painted and may move to."""
    side = parts.portrait.shape[0]
    moving = np.zeros((side, side), bool)
    for layer in layers:
        if layer not in ("base", "front"):
            moving |= parts.layers[layer][..., 3] > 0
    for points in (parts.landmarks.brow_left, parts.landmarks.brow_right):
        x, y = np.array(points).clip(0, side - 1).astype(int).T
        moving[y, x] = True
    left, top, right, bottom = _box(moving)
    margin = round(FACE_MARGIN * side / 1024)
    # Below, the jaw plate and the lower lip reach further down while the mouth is open.
    drop = round(parts.landmarks.jaw_drop)
    return max(0, left - margin), max(0, top - margin), min(side, right + margin), min(side, bottom + margin + drop)
