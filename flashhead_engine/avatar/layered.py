"""Bundles from layered artwork: what was painted is used, the rest is made from its portrait."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image, ImageFilter

from ..errors import AvatarError
from .artwork import Artwork, compose, read_artwork, told
from .bundle import SMALLEST_PORTRAIT
from .expressions import closed_lids, inside_of_open_mouth
from .framing import Framing
from .images import bleed
from .landmarks import complete, read_landmarks
from .manifest import Landmarks
from .painted_eyes import with_painted_eyes
from .parts import Parts
from .registration import check_lids, check_mouth, check_rest, clipped
from .single import mixed, parts_from_portrait, soft_grown
from .source import FacePicture, Note, cut_out, found_face, refuse_open_mouth

_SEEN_AT_REST = (
    *("base", "mouth_closed", "lip_lower", "lip_upper", "eye_whites", "irises", "lids_open", "brows", "hair_front"),
)
"""Bottom to top: together they are the portrait."""

_LAYERS = {
    **{"base": "base", "eye_whites": "eye_whites", "irises": "irises", "lids_open": "lids_open"},
    **{"lid_upper_closed": "lid_upper", "lid_lower_closed": "lid_lower", "brows": "brows"},
    **{"mouth_cavity": "mouth_cavity", "tongue": "tongue", "teeth_lower": "teeth_lower"},
    **{"teeth_upper": "teeth_upper", "hair_front": "front"},
}
"""The layer of a bundle that a picture becomes as it is."""

_PLATES = {"lip_upper": "plate_upper", "lip_lower": "plate_lower"}
_NEVER_MADE = ("brows", "front")
"""A brow or hair that is no layer moves with the skin that it is painted on."""
_HAIR_BLUR, _LASHES_EDGE = 4.0, 2.5
_SHINES_THROUGH = 0.9
"""Alpha of hair up to which the colours below it can be told from the picture."""


def parts_from_layers(folder: Path) -> Parts:
    """The parts of a folder that has landmarks of its own. Raises AvatarError naming what is missing or wrong."""
    return parts_from_artwork(read_artwork(folder), None, keep_background=True)


def parts_from_artwork(
    artwork: Artwork, landmarks: Path | None, *, keep_background: bool, note: Note = lambda _: None
) -> Parts:
    """Use the painted pictures, and make the missing ones from the portrait.

    `landmarks`: a file as for a single picture; without it, and without one of the artwork's own, MediaPipe finds
    them. A square canvas stays as it is, another one is cropped to the face. Raises AvatarError or
    MissingDependencyError.
    """
    if artwork.ignored:
        note(f"{artwork.source}: not used, as their names mean nothing here: {told(artwork.ignored)}.")
    whole = _portrait(artwork)
    face, rigid = _face(artwork, whole, landmarks, note)
    refuse_open_mouth(face)
    if not keep_background:
        face = cut_out(face, note)
    height, width = whole.shape[:2]
    framing = Framing(0, 0, width, width)
    if height != width or width < SMALLEST_PORTRAIT:
        framing = Framing.around_face(face.picture, face.marks, face.where)
    portrait, marks = framing.picture(face.picture), framing.landmarks(face.marks, face.where)
    painted = {name: framing.picture(pixels) for name, pixels in artwork.pictures.items()}
    called = {layer: name for name, layer in (_LAYERS | _PLATES if rigid else _LAYERS).items() if name in painted}
    layers = {layer: painted[name] for layer, name in called.items()}
    where = str(artwork.source)
    if rigid:
        _refuse_missing_plates(artwork)
        check_rest(portrait, layers, {}, marks, called, where)
        check_lids(layers, marks, called, where)
        return Parts(portrait, layers, marks, mouth="jaw_plate", lower_lid="slide")
    if "mouth_open" in painted:
        inside = inside_of_open_mouth(painted["mouth_open"], portrait, marks, artwork.where("mouth_open"))
        nothing = np.zeros_like(portrait)
        layers = {"tongue": nothing, "teeth_lower": nothing, "teeth_upper": nothing} | layers
        layers["mouth_cavity"], called["mouth_cavity"] = inside.pixels, "mouth_open"
        if "jaw_drop" not in face.marks:
            marks = msgspec.structs.replace(marks, jaw_drop=inside.depth)
    made = {}
    if artwork.one_sided or not set(_LAYERS.values()) <= layers.keys():
        made = parts_from_portrait(portrait, marks).layers
    if "eyes_closed" in painted:
        for lid, pixels in closed_lids(
            painted["eyes_closed"], portrait, made, marks, artwork.where("eyes_closed")
        ).items():
            if lid not in layers:
                layers[lid], called[lid] = pixels, "eyes_closed"
    layers |= _other_sides(artwork, layers, made, marks, called)
    missing = [layer for layer in made if layer not in layers and layer not in _NEVER_MADE]
    if missing:
        note(f"{artwork.source}: made from the portrait: {', '.join(missing)}.")
    if "base" in missing:
        layers["base"] = _skin(portrait, layers, made)
    layers = made | layers
    check_rest(portrait, layers, made, marks, called, where)
    check_lids(layers, marks, called, where)
    check_mouth(layers, marks, called, where)
    return Parts(portrait, layers, marks, mouth="lips", lower_lid="fade")


def _portrait(artwork: Artwork) -> np.ndarray:
    pictures = artwork.pictures
    if "portrait" in pictures:
        return pictures["portrait"]
    if "base" not in pictures:
        raise AvatarError(
            f"{artwork.source}: has neither a 'portrait' (the face at rest: lips closed, eyes open) nor a 'base' "
            "that the other pictures lie on. Add one of them."
        )
    shown = {name: pictures[name] for name in _SEEN_AT_REST if name in pictures}
    if "irises" in shown and "eye_whites" in shown:
        shown["irises"] = clipped(shown["irises"], shown["eye_whites"][..., 3])
    return compose(list(shown.values()))


def _face(artwork: Artwork, portrait: np.ndarray, landmarks: Path | None, note: Note) -> tuple[FacePicture, bool]:
    """The portrait with its landmarks, and whether its jaw is a rigid plate."""
    if landmarks is not None and artwork.landmarks is not None:
        raise AvatarError(f"{artwork.landmarks}: the artwork has its own landmarks; leave out --landmarks.")
    file = landmarks or artwork.landmarks
    if file is None:
        face = found_face(portrait, artwork.where("portrait"), note)
        return dataclasses.replace(face, marks=with_painted_eyes(face.marks, artwork.pictures)), False
    raw = read_landmarks(file)
    marks = raw if landmarks else _faces_own(raw)
    known = complete(marks, portrait.shape[0], str(file))
    if file == artwork.landmarks and np.mean(known.eye_left, axis=0)[0] < np.mean(known.eye_right, axis=0)[0]:
        raise AvatarError(
            f"{file}: eye_left lies right of eye_right. In artwork left and right are those of the picture; swap "
            "the sides of all landmarks."
        )
    return FacePicture(portrait, marks, 0.0, str(file)), "mechanism" in raw


def _faces_own(raw: dict[str, Any]) -> dict[str, Any]:
    """Landmarks of artwork, whose left is the picture's, with the face's own sides."""
    mirrored = {"left": "right", "right": "left"}
    return {"_".join(mirrored.get(word, word) for word in name.split("_")): value for name, value in raw.items()}


def _refuse_missing_plates(artwork: Artwork) -> None:
    missing = [name for name in (*_LAYERS, *_PLATES) if name not in artwork.pictures]
    if missing:
        raise AvatarError(
            f'{artwork.source}: {", ".join(missing)} missing. A jaw plate ("mechanism" in the landmarks) needs all '
            "pictures, as nothing of it can be made from its portrait; one may be empty."
        )


def _other_sides(
    artwork: Artwork,
    layers: dict[str, np.ndarray],
    made: dict[str, np.ndarray],
    marks: Landmarks,
    called: dict[str, str],
) -> dict[str, np.ndarray]:
    """The layers of which only one side was painted, with the made one on the other."""
    middle = int(marks.iris_left.centre[0] + marks.iris_right.centre[0]) // 2
    filled = {}
    for layer, name in called.items():
        side = artwork.one_sided.get(name)
        if side and layer in made:
            other = np.s_[:, middle:] if side == "left" else np.s_[:, :middle]
            filled[layer] = layers[layer].copy()
            filled[layer][other] = made[layer][other]
    return filled


def _skin(portrait: np.ndarray, painted: dict[str, np.ndarray], made: dict[str, np.ndarray]) -> np.ndarray:
    """The base below painted layers: skin under the eyes where they lie, and under hair."""
    base = made["base"]
    if "lids_open" in painted or "eye_whites" in painted:
        eyes = np.maximum(*((made | painted)[layer][..., 3] for layer in ("lids_open", "eye_whites")))
        base = mixed(portrait, base, soft_grown(eyes / 255, _LASHES_EDGE))
    return _under(painted["front"], base) if "front" in painted else base


def _under(front: np.ndarray, base: np.ndarray) -> np.ndarray:
    """What hair hangs over: unmixed where it shines through, else filled from what surrounds the hair."""
    alpha = front[..., 3:] / np.float32(255)
    bare = base.copy()
    unmixed = (base[..., :3] - alpha * front[..., :3]) / np.maximum(1 - alpha, 1 - _SHINES_THROUGH)
    np.copyto(bare[..., :3], unmixed.clip(0, 255).astype(np.uint8), where=alpha > 0)
    hidden = alpha > _SHINES_THROUGH
    bare[hidden[..., 0]] = 0
    filled = Image.fromarray(np.ascontiguousarray(bleed(bare)[..., :3]))
    soft = np.asarray(filled.filter(ImageFilter.GaussianBlur(_HAIR_BLUR)))
    colours = np.where(hidden, soft, bare[..., :3])
    return np.dstack([colours, base[..., 3]])
