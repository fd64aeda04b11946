"""Whether painted layers lie where the face of the portrait has them."""

import numpy as np

from ..errors import AvatarError
from .artwork import compose
from .manifest import Landmarks
from .single import line_mask, polygon_mask, soft_grown

_AT_REST = ("base", "eye_whites", "irises", "lids_open", "brows", "front")
"""What the renderer lays over each other around the eyes, bottom to top."""
_LARGEST_DIFFERENCE = 10.0
"""Mean difference, in levels of 255, up to which layers count as the portrait."""
_LEAST_COVERED = 0.85
"""The part of an eye's opening that its closed lids must cover."""

_BESIDE_MOUTH = 0.15
"""How far the middle of a mouth layer may lie beside the middle of the mouth, in its widths."""
_BELOW_LIPS = {
    "mouth_cavity": (0.0, 1.6),
    "tongue": (0.4, 2.6),
    "teeth_lower": (0.4, 2.6),
    "teeth_upper": (-0.6, 0.8),
}
"""From where to where the middle of a layer may lie below the closed lips, in jaw drops. Painters differ in this."""
_BESIDE_EYE = 0.2
"""How far the middle of a closed lid may lie beside the middle of its eye, in its widths."""


def check_rest(
    portrait: np.ndarray,
    layers: dict[str, np.ndarray],
    made: dict[str, np.ndarray],
    landmarks: Landmarks,
    painted: dict[str, str],
    where: str,
) -> None:
    """Refuse layers that at rest do not look like the portrait: each blink would show it.

    `layers`: of a bundle, full size. `made`: those made from the portrait alone, whose own faults nobody painted;
    empty where none had to be made. `painted`: layers that an artist painted, and what the artist calls them. Raises
    AvatarError that begins with `where`.
    """
    if not painted.keys() & set(_AT_REST):
        return
    layers = _at_rest(layers)
    difference = _from_portrait(layers, portrait)
    expected = _from_portrait(_at_rest(made), portrait) if made else np.zeros_like(difference)
    for place, region in _regions(layers.get("front"), landmarks, portrait.shape[0]).items():
        found = float(((difference - expected) * region).sum() / max(region.sum(), 1.0))
        if found > _LARGEST_DIFFERENCE:
            raise AvatarError(
                f"{where}: {_suspects(layers, difference, painted)}: not what the portrait shows around {place} "
                f"({found:.0f} levels of 255 apart). Layers must lie where the portrait shows them and have its "
                "colours. Was one moved, mirrored or taken from another version of the picture, or is one missing "
                "that lies over it?"
            )


def check_lids(layers: dict[str, np.ndarray], landmarks: Landmarks, painted: dict[str, str], where: str) -> None:
    """Refuse closed lids that do not cover the eyes, or lie beside them; as `check_rest`."""
    lids = [name for name in ("lid_upper", "lid_lower") if name in painted]
    if not lids:
        return
    side = layers["lid_upper"].shape[0]
    covered = np.maximum(layers["lid_upper"], layers["lid_lower"])[..., 3] / 255
    middle = (np.mean(landmarks.eye_left, axis=0)[0] + np.mean(landmarks.eye_right, axis=0)[0]) / 2
    for own in ("left", "right"):
        outline = np.array(getattr(landmarks, f"eye_{own}"))
        opening = polygon_mask(side, outline)
        share = float((covered * opening).sum() / opening.sum())
        if share < _LEAST_COVERED:
            raise AvatarError(
                f"{where}: '{painted[lids[0]]}': covers {share:.0%} of {_eye(own)}, so that it never closes. "
                "Paint the closed lids over the whole opening, where the portrait has it."
            )
        half = np.s_[:, int(middle) :] if own == "left" else np.s_[:, : int(middle)]
        start = half[1].start or 0
        # The lower lid may be a sliver at one corner.
        place = _middle(layers["lid_upper"][half]) if "lid_upper" in lids else None
        if place is not None:
            beside = (place[0] + start - outline[:, 0].mean()) / np.ptp(outline[:, 0])
            if abs(beside) > _BESIDE_EYE:
                raise AvatarError(
                    f"{where}: '{painted['lid_upper']}': lies {_aside(beside)} of {_eye(own)}. Move it to where the "
                    "eye is."
                )


def check_mouth(layers: dict[str, np.ndarray], landmarks: Landmarks, painted: dict[str, str], where: str) -> None:
    """Refuse an inside of the mouth that lies elsewhere; as `check_rest`."""
    line = np.array(landmarks.lip_upper_inner)
    corner, width = (line[0] + line[-1]) / 2, line[-1, 0] - line[0, 0]
    for name, (highest, lowest) in _BELOW_LIPS.items():
        place = _middle(layers[name]) if name in painted else None
        if place is None:
            continue
        beside = (place[0] - corner[0]) / width
        below = (place[1] - corner[1]) / landmarks.jaw_drop
        if abs(beside) > _BESIDE_MOUTH:
            raise AvatarError(
                f"{where}: '{painted[name]}': lies {_aside(beside)} of the mouth. Move it to where the lips are."
            )
        if not highest <= below <= lowest:
            raise AvatarError(
                f"{where}: '{painted[name]}': its middle lies {below:+.1f} jaw drops below the closed lips; "
                f"{highest:+.1f} to {lowest:+.1f} fit. Move it, or correct the landmark jaw_drop: how far the "
                "lower lip moves down when the jaw is wide open."
            )


def clipped(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """A straight-alpha picture seen through alpha, uint8 (height, width)."""
    result = picture.copy()
    result[..., 3] = (picture[..., 3].astype(np.uint16) * alpha + 127) // 255
    return result


def _at_rest(layers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What is seen of them at rest, bottom to top."""
    shown = {name: layers[name] for name in _AT_REST if name in layers}
    shown["irises"] = clipped(shown["irises"], shown["eye_whites"][..., 3])
    return shown


def _from_portrait(shown: dict[str, np.ndarray], portrait: np.ndarray) -> np.ndarray:
    """How far layers over each other are from the portrait: levels of 255, (side, side)."""
    return np.abs(over_grey(compose(list(shown.values()))) - over_grey(portrait)).mean(axis=-1)


def _regions(front: np.ndarray | None, landmarks: Landmarks, side: int) -> dict[str, np.ndarray]:
    """Where the layers at rest are compared: float32 (side, side), 0..1, by words for the place."""
    regions = {}
    for own in ("left", "right"):
        outline = np.array(getattr(landmarks, f"eye_{own}"))
        width, height = np.ptp(outline, axis=0)
        regions[_eye(own)] = soft_grown(polygon_mask(side, outline), 0.3 * float(height))
        brow = np.array(getattr(landmarks, f"brow_{own}"))
        regions[_eye(own).replace("eye", "brow")] = line_mask(side, brow[np.argsort(brow[:, 0])], 0.25 * float(width))
    if front is not None:
        (left, top), (right, bottom) = np.min(landmarks.face_oval, axis=0), np.max(landmarks.face_oval, axis=0)
        inside = np.zeros((side, side), np.float32)
        inside[int(max(0, top)) : int(bottom), int(max(0, left)) : int(right)] = 1
        regions["what lies in front"] = inside * (front[..., 3] / 255)
    return regions


def _suspects(layers: dict[str, np.ndarray], difference: np.ndarray, painted: dict[str, str]) -> str:
    """The painted layers whose own pixels differ most from the portrait."""
    apart = {
        painted[name]: float((share * difference).sum() / max(share.sum(), 1.0))
        for name, share in _visible(layers).items()
        if name in painted
    }
    worst = max(apart.values())
    return " or ".join(f"'{name}'" for name, value in apart.items() if value >= 0.5 * worst)


def _visible(layers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """How much of each layer is seen past those above it, 0..1."""
    seen, free = {}, np.ones(next(iter(layers.values())).shape[:2], np.float32)
    for name, pixels in reversed(layers.items()):
        alpha = pixels[..., 3] / np.float32(255)
        seen[name] = alpha * free
        free = free * (1 - alpha)
    return seen


def over_grey(rgba: np.ndarray) -> np.ndarray:
    """Colours, float32 (..., 3), that are compared where alpha counts as well."""
    alpha = rgba[..., 3:] / np.float32(255)
    return rgba[..., :3] * alpha + 128 * (1 - alpha)


def _middle(pixels: np.ndarray) -> tuple[float, float] | None:
    """The centre of what is painted: x, y; None where nothing is."""
    alpha = pixels[..., 3].astype(np.float64)
    total = alpha.sum()
    if not total:
        return None
    x, y = (float(alpha.sum(axis=axis) @ np.arange(alpha.shape[1 - axis]) / total) for axis in (0, 1))
    return x, y


def _eye(own: str) -> str:
    """In words of the picture, as painters speak."""
    return f"the eye on the {'right' if own == 'left' else 'left'} of the picture"


def _aside(beside: float) -> str:
    return f"{abs(beside):.0%} of a width {'right' if beside > 0 else 'left'}"
