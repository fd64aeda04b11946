"""Straight alpha for pictures of a model that knows none: a portrait lies on a key colour when the model takes it in,
and the colour is taken out of every picture that comes back (chroma keying)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...avatar.background import is_opaque
from ...avatar.images import bleed, grown, over_background, resize_portrait

_Colour = tuple[int, int, int]

# Away from the ends of the scale: matching of colours then moves the key without cutting it off.
_KEYS: tuple[_Colour, ...] = ((24, 208, 40), (32, 48, 224), (216, 32, 200), (24, 200, 208))
_PLAIN = 0.08
"""How much of the key's excess noise makes, on either side."""
_LARGEST_OWN = 0.3
_EDGE = 1 / 128
"""Width of the soft edge of a head, in parts of the picture's side."""
_UNLIKE = 60.0
"""How far a pixel of the edge may be from the mix of the key and the head nearby, in levels of 255, to be one."""
_CLEAN = 0.03
_FAINT = 0.2
"""Alpha below which what is left of a pixel tells little of its colour."""
_HEAD_MOVES = 0.12
"""How far a head moves at most, in parts of the picture's side: what lies deeper in the portrait stays opaque."""
_APART = 0.04
"""How far from the portrait a pixel surely is background, in parts of the picture's side."""
_SAMPLES = 2000
_LEAST_SEEN = 0.05


def key_colour(portraits: Sequence[np.ndarray]) -> _Colour | None:
    """The key that is least like anything in the portraits of one head, straight-alpha RGBA uint8; None where one is
    opaque: its background is part of the picture."""
    if any(is_opaque(portrait) for portrait in portraits):
        return None
    return min(_KEYS, key=lambda key: max(_own_share(portrait, key) for portrait in portraits))


@dataclass(frozen=True, slots=True, eq=False)
class Keyer:
    """Takes one key colour out of the pictures of one portrait.

    `own`: how far the portrait's own colours go towards the key, 0..1. `inside`: bool (H, W), what no background
    reaches. `beyond`: RGBA (H, W, 4), what transparent pixels are, in the colours of the head nearby. `outside`: flat
    indices of some pixels that surely are background.
    """

    colour: _Colour
    own: float
    inside: np.ndarray
    beyond: np.ndarray
    outside: np.ndarray

    @classmethod
    def of(cls, portrait: np.ndarray, colour: _Colour, size: int) -> "Keyer":
        """For a square portrait, straight-alpha RGBA uint8, and pictures of this size."""
        portrait = bleed(resize_portrait(portrait, size))
        alpha = portrait[..., 3]
        beyond = portrait.copy()
        beyond[..., 3] = 0
        background = np.flatnonzero(~grown(alpha > 0, round(_APART * size)))
        if not len(background):
            background = np.flatnonzero(alpha == 0)
        return cls(
            colour,
            min(_LARGEST_OWN, _own_share(portrait, colour)),
            ~grown(alpha < 250, round(_HEAD_MOVES * size)),
            beyond,
            background[:: max(1, len(background) // _SAMPLES)],
        )

    def key(self, pictures: np.ndarray) -> None:
        """Give pictures, RGBA uint8 (..., H, W, 4), their straight alpha and clean colours, in place."""
        for picture in pictures.reshape(-1, *pictures.shape[-3:]):
            self._key(picture)

    def _key(self, picture: np.ndarray) -> None:
        channels = np.stack([picture[..., channel].astype(np.int16) for channel in range(3)])
        key = self._seen_key(channels)
        most = _excess(key, self.colour)
        excess = _excess(channels, self.colour)
        background = (excess > (1 - _PLAIN) * most) & ~self.inside
        near = (grown(background, round(_EDGE * len(picture))) | (excess > (self.own + _PLAIN) * most)) & ~self.inside
        picture[near, 3] = 0
        np.copyto(_packed(picture), _packed(self.beyond), where=background)

        # Between the two, the mix of the key and of the head's own colour nearby.
        edge = near & ~background
        figure = bleed(picture)[..., :3][edge].astype(np.float32)
        seen = picture[..., :3][edge].astype(np.float32)
        share = excess[edge] / most
        alpha = ((1 - _PLAIN - share) / (1 - 2 * _PLAIN - self.own)).clip(0, 1)
        across = figure - key
        mixed = (((seen - key) * across).sum(1) / np.maximum((across**2).sum(1), 1)).clip(0, 1)
        unlike = np.linalg.norm(seen - (key + mixed[:, None] * across), axis=1)
        alpha += (1 - unlike / _UNLIKE).clip(0, 1) * (np.minimum(mixed, alpha) - alpha)
        alpha[alpha < _CLEAN] = 0
        alpha[alpha > 1 - _CLEAN] = 1

        # What is left without the key, and without its light on hair and shoulders.
        alpha = alpha[:, None]
        clean = (seen - (1 - alpha) * key) / np.maximum(alpha, _FAINT)
        spill = (_excess(clean.T, self.colour) - self.own * most).clip(0)
        clean -= spill[:, None] * np.array(_raised(self.colour))
        clean += (1 - np.minimum(alpha / _FAINT, 1)) * (figure - clean.clip(0, 255))
        picture[edge] = np.rint(np.hstack([clean.clip(0, 255), 255 * alpha]))

    def _seen_key(self, channels: np.ndarray) -> np.ndarray:
        """The key as this picture has it: the model and the matching of colours move it. float32 (3,)."""
        key = np.array(self.colour, np.float32)
        seen = channels.reshape(3, -1)[:, self.outside]
        seen = seen[:, _excess(seen, self.colour) > 0.5 * _excess(key, self.colour)]
        if seen.shape[1] <= _LEAST_SEEN * len(self.outside):
            return key
        return np.median(seen, axis=1).astype(np.float32)


def over_key(pictures: np.ndarray, colour: _Colour) -> np.ndarray:
    """Pictures as the model had made them, RGB uint8 (n, H, W, 3), from keyed ones (n, H, W, 4)."""
    return np.stack([over_background(picture, colour) for picture in pictures])


def _own_share(portrait: np.ndarray, key: _Colour) -> float:
    """How far the colours of a portrait go towards a key, where it may be keyed: 0..1, but for single pixels."""
    seen = portrait[portrait[..., 3] > 250][:, :3].T.astype(np.float32)
    if not seen.size:
        return 0.0
    own = np.percentile(_excess(seen, key), 99.5) / _excess(np.array(key, np.float32), key)
    return float(np.clip(own, 0, 1))


def _packed(picture: np.ndarray) -> np.ndarray:
    return picture.view(np.uint32)[..., 0]


def _raised(key: _Colour) -> list[bool]:
    return [value > 128 for value in key]


def _excess(channels: np.ndarray, key: _Colour) -> np.ndarray:
    """How much the least of the channels that are high in the key exceeds the greatest of the others: of channels
    (3, ...), the rest of the shape."""
    raised = _raised(key)
    high = [channel for channel, is_raised in zip(channels, raised, strict=True) if is_raised]
    low = [channel for channel, is_raised in zip(channels, raised, strict=True) if not is_raised]
    return np.minimum.reduce(high) - np.maximum.reduce(low)
