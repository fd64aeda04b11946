"""Bundles from a single picture: the layers that nobody painted are made from its own colours, once."""

import itertools

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .images import bleed, grown
from .manifest import Landmarks
from .parts import Parts

_OVERSAMPLING = 4
_EYE_LAYERS = ("eye_whites", "irises", "lids_open", "lid_upper", "lid_lower")
_EYE_SQUARE = 3.2
"""Side of the square around an eye, in eye widths."""


def parts_from_portrait(portrait: np.ndarray, landmarks: Landmarks) -> Parts:
    """Make the layers of a portrait: straight-alpha RGBA, uint8 (side, side, 4)."""
    portrait = bleed(portrait)
    base = portrait.copy()
    layers = {name: np.zeros_like(portrait) for name in (*_EYE_LAYERS, "brows")}
    for own in ("left", "right"):
        outline = np.array(getattr(landmarks, f"eye_{own}"))
        iris = getattr(landmarks, f"iris_{own}")
        around, corner = _square_around(outline, portrait.shape[0])
        eye = _Eye(portrait[around], outline - corner, np.array(iris.centre) - corner, iris.radius)
        base[around] = eye.without(base[around])
        for name, pixels in eye.layers().items():
            np.copyto(layers[name][around], pixels, where=pixels[..., 3:] > 0)
    layers |= _mouth(portrait, landmarks)
    return Parts(portrait, layers | {"base": base}, landmarks, mouth="lips", lower_lid="fade")


def _square_around(outline: np.ndarray, side: int) -> tuple[tuple[slice, slice], np.ndarray]:
    """The part of a portrait that an eye's layers are made from, and its top left corner (x, y)."""
    length = min(side, int(_EYE_SQUARE * np.ptp(outline[:, 0])))
    corner = np.clip(outline.mean(axis=0) - length / 2, 0, side - length).astype(int)
    return (slice(corner[1], corner[1] + length), slice(corner[0], corner[0] + length)), corner


class _Eye:
    """One eye, taken apart: a square picture with its outline and iris. Masks are float32 (side, side), 0..1."""

    def __init__(self, picture: np.ndarray, outline: np.ndarray, iris: np.ndarray, iris_radius: float) -> None:
        self._picture = picture
        side = picture.shape[0]
        self._outline = outline
        self._left, self._right = outline[:, 0].min(), outline[:, 0].max()
        self._height = float(np.ptp(outline[:, 1]))
        self._width = float(self._right - self._left)
        self._opening = polygon_mask(side, outline)
        self._around = np.maximum(soft_grown(self._opening, 0.35 * self._height), self._lashes())
        centre, radius = _fitted_iris(picture, self._opening, iris, iris_radius)
        self._iris_disc = ellipse_mask(side, centre, radius * 1.06)
        self._skin = self._filled(self._around, ignored=self._far_from_skin(0.28, 1.2, 1.6))

    def _lashes(self) -> np.ndarray:
        """Dark pixels that hang together with the opening: lashes and lines that a closing lid takes along."""
        dark = self._far_from_skin(0.3, 1.1, 1.0, darker_only=True) > 0.5
        found = dark & (soft_grown(self._opening, 0.2 * self._height) > 0.1)
        while True:
            wider = dark & (grown(found, 2))
            if np.array_equal(wider, found):
                return soft_grown(found.astype(np.float32), 2.5)
            found = wider

    def _far_from_skin(
        self, tolerance: float, across: float, down: float, *, darker_only: bool = False
    ) -> np.ndarray:
        """1 where an ellipse around the eye (of so many eye widths and heights) is not lit like its skin."""
        side = self._picture.shape[0]
        near = ellipse_mask(side, self._outline.mean(axis=0), across * self._width, down * self._height)
        brightness = self._picture[..., :3].mean(axis=2)
        skin = np.median(brightness[(near > 0.5) & (soft_grown(self._opening, 2.0) < 0.5)])
        difference = skin - brightness if darker_only else np.abs(brightness - skin)
        return near * (difference > tolerance * skin)

    def without(self, base: np.ndarray) -> np.ndarray:
        """`base` with skin where the eye was."""
        return mixed(base, self._skin, self._around)

    def layers(self) -> dict[str, np.ndarray]:
        iris_seen = self._iris_disc * self._opening
        iris_rim = soft_grown(self._iris_disc, 2.5)
        sclera = self._filled(iris_rim, ignored=1 - self._white())
        iris = self._filled(1 - _shrunk(iris_seen, 1.0))
        iris = np.where(_shrunk(iris_seen, 1.0)[..., None] > 0.5, self._picture, iris)
        # The ring around the opening holds lashes and lid edges as they are painted.
        ring = self._around * (1 - _shrunk(self._opening, 1.0))
        closed = self._closed_line()
        return {
            "eye_whites": _with_alpha(sclera, soft_grown(self._opening, 0.5)),
            "irises": _with_alpha(iris, self._iris_disc),
            "lids_open": _with_alpha(self._picture, ring),
            "lid_upper": self._upper_lid(closed),
            "lid_lower": self._lower_lid(closed),
        }

    def _white(self) -> np.ndarray:
        """1 on the brighter half of what is seen of the eyeball beside its iris."""
        beside = self._opening * (1 - soft_grown(self._iris_disc, 1.5)) > 0.9
        if not beside.any():
            return self._opening
        brightness = self._picture[..., :3].mean(axis=2)
        return (beside & (brightness >= np.median(brightness[beside]))).astype(np.float32)

    def _filled(self, hidden: np.ndarray, ignored: np.ndarray | None = None) -> np.ndarray:
        """The portrait with the hidden part filled from what surrounds it, but for what is to be ignored."""
        pixels = self._picture.copy()
        pixels[..., 3] = 255
        pixels[hidden > 0.02] = 0
        if ignored is not None:
            pixels[ignored > 0.5] = 0
        filled = bleed(pixels)
        filled[..., 3] = 255
        soft = np.asarray(Image.fromarray(filled).filter(ImageFilter.GaussianBlur(0.12 * self._height)))
        result = self._picture.copy()
        result[..., :3] = mixed(self._picture, soft, soft_grown(hidden, 1.0))[..., :3]
        return result

    def _closed_line(self) -> np.ndarray:
        """Where the lids meet: points (n, 2) near the lower edge of the opening, from left to right."""
        x = np.linspace(self._left - 0.02 * self._width, self._right + 0.02 * self._width, 48)
        lower = _edge(self._outline, x, lower=True)
        upper = _edge(self._outline, x, lower=False)
        return np.stack([x, lower - 0.12 * (lower - upper)], axis=-1)

    def _upper_lid(self, closed: np.ndarray) -> np.ndarray:
        side = self._picture.shape[0]
        x = closed[:, 0]
        crease = _edge(self._outline, x, lower=False) - 0.32 * self._height * _arch(x, self._left, self._right)
        shape = polygon_mask(side, np.vstack([np.stack([x, crease], axis=-1), closed[::-1]]))
        shape = np.maximum(shape, soft_grown(self._opening, 2.0) * _above(side, closed))
        lid = self._skin.copy()
        rows = np.arange(side)[:, None]
        depth = np.clip((rows - crease.min()) / (closed[:, 1].max() - crease.min()), 0, 1)
        shading = 1.0 + 0.05 * np.sin(np.pi * depth) - 0.10 * depth**3
        lid[..., :3] = np.clip(lid[..., :3] * shading[..., None], 0, 255)
        lashes = line_mask(side, closed, 0.05 * self._width)
        dark = self._lash_colour()
        lid[..., :3] = lid[..., :3] * (1 - lashes[..., None]) + dark * lashes[..., None]
        return _with_alpha(lid, np.maximum(shape, lashes))

    def _lower_lid(self, closed: np.ndarray) -> np.ndarray:
        side = self._picture.shape[0]
        return _with_alpha(self._skin, soft_grown(self._opening, 2.0) * (1 - _above(side, closed)))

    def _lash_colour(self) -> np.ndarray:
        """Colour of the darkest part of the lids' edges."""
        ring = (self._around > 0.5) & (self._opening < 0.5)
        colours = self._picture[ring][:, :3].astype(float)
        brightness = colours.mean(axis=1)
        return colours[brightness <= np.percentile(brightness, 4)].mean(axis=0)


def _fitted_iris(
    portrait: np.ndarray, opening: np.ndarray, centre: np.ndarray, radius: float
) -> tuple[np.ndarray, float]:
    """The circle near the given one over whose rim the picture brightens most, as an iris against the white.

    Painted irises are often larger than those of people, whom face detectors know.
    """
    side = portrait.shape[0]
    brightness = portrait[..., :3].astype(np.float32).mean(axis=2)
    # The sides of an iris: lids cover it above and below.
    angles = np.deg2rad(np.concatenate([np.arange(-50, 51, 5), np.arange(130, 231, 5)]))
    radii = radius * np.arange(0.8, 1.9, 0.04)
    best, fitted = 0.0, (centre, radius)
    for dx in np.linspace(-0.3, 0.3, 7):
        for dy in np.linspace(-0.2, 0.4, 7):
            middle = centre + radius * np.array([dx, dy])
            x = np.rint(middle[0] + radii[:, None] * np.cos(angles)).astype(int).clip(0, side - 1)
            y = np.rint(middle[1] + radii[:, None] * np.sin(angles)).astype(int).clip(0, side - 1)
            seen = opening[y, x] > 0.9
            counts = seen.sum(axis=1)
            rings = (brightness[y, x] * seen).sum(axis=1) / np.maximum(counts, 1)
            steps = (rings[2:] - rings[:-2]) * (np.minimum(counts[2:], counts[:-2]) > 0.3 * len(angles))
            if steps.max(initial=0.0) > best:
                best, fitted = float(steps.max()), (middle, float(radii[steps.argmax() + 1]))
    return fitted


def _mouth(portrait: np.ndarray, landmarks: Landmarks) -> dict[str, np.ndarray]:
    """Cavity, tongue and teeth for a wide open mouth, in the light of the face."""
    side = portrait.shape[0]
    line = np.array(landmarks.lip_upper_inner)
    middle, half_width = (line[0] + line[-1]) / 2, (line[-1, 0] - line[0, 0]) / 2
    x, y, drop = float(middle[0]), float(middle[1]), landmarks.jaw_drop
    oval = polygon_mask(side, np.array(landmarks.face_oval)) > 0.5
    light = float(np.percentile(portrait[oval][:, :3].mean(axis=1), 80)) / 255
    rows = np.arange(side)[:, None]
    deep = np.clip((rows - y) / (1.1 * drop), 0, 1)[..., None]
    cavity = (np.array([46, 14, 16]) * (1 - deep) + np.array([26, 6, 9]) * deep) * (0.5 + 0.6 * light)

    def painted(colour: np.ndarray, mask: np.ndarray) -> np.ndarray:
        pixels = np.zeros((side, side, 4), np.uint8)
        pixels[..., :3] = np.clip(colour, 0, 255)
        return _with_alpha(pixels, mask)

    enamel = np.array([240, 233, 222]) * (0.6 + 0.4 * light)
    cavity_mask = ellipse_mask(side, np.array([x, y + 0.4 * drop]), 1.25 * half_width, 1.3 * drop)
    tongue_mask = ellipse_mask(side, np.array([x, y + 1.16 * drop]), 0.66 * half_width, 0.52 * drop)
    tongue = np.array([176, 78, 80]) * (0.45 + 0.6 * light) * (1.08 - 0.25 * deep)
    upper = _teeth(side, x, y - 0.3 * drop, y + 0.36 * drop, 0.86 * half_width, bend=-0.16 * drop)
    lower = _teeth(side, x, y + 0.95 * drop, y + 1.35 * drop, 0.7 * half_width, bend=0.08 * drop)
    return {
        "mouth_cavity": painted(cavity, cavity_mask),
        "tongue": painted(tongue, tongue_mask),
        "teeth_upper": painted(enamel * upper[1][..., None], upper[0]),
        "teeth_lower": painted(0.9 * enamel * lower[1][..., None], lower[0]),
    }


def _teeth(
    side: int, x: float, top: float, bottom: float, half_width: float, bend: float
) -> tuple[np.ndarray, np.ndarray]:
    """A row of teeth: its mask and the light on it. `bend` lifts (< 0) or lowers its ends."""
    at = np.linspace(-1, 1, 41)
    edge_top = np.stack([x + half_width * at, np.full(41, top)], axis=-1)
    edge_bottom = np.stack([x + half_width * at, bottom + bend * at**2], axis=-1)
    mask = polygon_mask(side, np.vstack([edge_top, edge_bottom[::-1]]))
    columns = (np.arange(side) - x) / half_width
    light = 1 - 0.5 * np.clip(np.abs(columns), 0, 1) ** 2.5
    # Teeth get narrower towards the sides; the gaps between them are only hinted at.
    for boundary in np.sin(np.linspace(-1, 1, 9)[1:-1] * np.pi / 2 * 0.92):
        light = light * (1 - 0.16 * np.exp(-0.5 * ((columns - boundary) * half_width / 0.9) ** 2))
    return mask, np.broadcast_to(light, (side, side))


def polygon_mask(side: int, points: np.ndarray) -> np.ndarray:
    """Anti-aliased filled polygon: float32 (side, side), 0..1."""
    canvas = Image.new("L", (side * _OVERSAMPLING,) * 2)
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in points * _OVERSAMPLING], fill=255)
    return np.asarray(canvas.reduce(_OVERSAMPLING), np.float32) / 255


def ellipse_mask(side: int, centre: np.ndarray, radius: float, radius_y: float | None = None) -> np.ndarray:
    """Anti-aliased filled ellipse: float32 (side, side), 0..1."""
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    rim = np.stack([radius * np.cos(angle), (radius_y or radius) * np.sin(angle)], axis=-1)
    return polygon_mask(side, centre + rim)


def line_mask(side: int, points: np.ndarray, width: float) -> np.ndarray:
    """Anti-aliased line, tapered towards its ends: float32 (side, side), 0..1."""
    taper = width / 2 * np.sin(np.linspace(0.12, np.pi - 0.12, len(points))) ** 0.5
    lower, upper = points.copy(), points.copy()
    lower[:, 1] += 0.6 * taper
    upper[:, 1] -= 1.4 * taper
    return polygon_mask(side, np.vstack([lower, upper[::-1]]))


def _edge(outline: np.ndarray, x: np.ndarray, *, lower: bool) -> np.ndarray:
    """y of the upper or lower edge of a closed outline at x; level beyond its corners."""
    closed = np.vstack([outline, outline[:1]])
    steps = np.linspace(0, 1, 16, endpoint=False)[:, None]
    dense = np.vstack([a + steps * (b - a) for a, b in itertools.pairwise(closed)])
    corners = dense[np.argmin(dense[:, 0])], dense[np.argmax(dense[:, 0])]
    chord = np.interp(dense[:, 0], [corners[0][0], corners[1][0]], [corners[0][1], corners[1][1]])
    half = dense[(dense[:, 1] >= chord - 1e-9) if lower else (dense[:, 1] <= chord + 1e-9)]
    order = np.argsort(half[:, 0])
    return np.interp(x, half[order, 0], half[order, 1])


def _arch(x: np.ndarray, left: float, right: float) -> np.ndarray:
    return np.sqrt(np.clip(1 - ((2 * x - left - right) / (right - left)) ** 2, 0, 1))


def _above(side: int, line: np.ndarray) -> np.ndarray:
    height = np.interp(np.arange(side), line[:, 0], line[:, 1])
    return np.clip(height[None] - np.arange(side)[:, None] + 0.5, 0, 1).astype(np.float32)


def soft_grown(mask: np.ndarray, pixels: float) -> np.ndarray:
    """A mask grown by about so many pixels, with a soft edge."""
    image = Image.fromarray((mask * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(max(0.6, pixels)))
    return np.clip(np.asarray(image, np.float32) / 255 * 4.0 - 0.2, 0, 1)


def _shrunk(mask: np.ndarray, pixels: float) -> np.ndarray:
    return 1 - soft_grown(1 - mask, pixels)


def mixed(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    mixed = first + (second.astype(np.float32) - first) * share[..., None]
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def _with_alpha(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    result = pixels.copy()
    result[..., 3] = np.rint(np.clip(mask, 0, 1) * 255)
    return result
