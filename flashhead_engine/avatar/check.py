"""Scores what will look bad in an avatar, before thousands of lines are baked with it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .bundle import Avatar
from .check_pixels import Seen, edge_dirt, edge_width, front_cover, line_found, lip_contrast, teeth_shown
from .manifest import Landmarks
from .source import LARGEST_GAP, FacePicture

_BAD_BELOW = 50
_GOOD_FROM = 75
_GREY = (128, 128, 128)
"""Behind pictures that have alpha; the colour that an avatar gets is chosen later."""


@dataclass(frozen=True)
class Finding:
    """One measure of an avatar. `score`: 0 (looks bad) to 100 (good). `advice`: what to do; empty if nothing."""

    name: str
    score: int
    advice: str

    @property
    def bad(self) -> bool:
        """Whether it will be seen in every line that the avatar speaks."""
        return self.score < _BAD_BELOW


def check_avatar(avatar: Avatar) -> list[Finding]:
    """Every measure that fits the avatar; one with a jaw plate has no lips to look at."""
    seen = Seen.of(avatar.portrait, avatar.landmarks, avatar.background, avatar.layers.get("front"))
    return list(_measures(seen, lips=avatar.mouth == "lips"))


def check_picture(face: FacePicture) -> list[Finding]:
    """Every measure for the avatar that a picture would become. Raises AvatarError when it cannot become one."""
    seen = Seen.of(*face.framed(), _GREY, None)
    closed = _score(face.lips_apart, bad=LARGEST_GAP, good=0.0)
    mouth_open = _finding("mouth closed", closed, "The lips are apart; use a picture with closed lips.")
    return [*_measures(seen, lips=True), mouth_open]


def _measures(seen: Seen, *, lips: bool) -> Iterator[Finding]:
    yield _finding(
        "facing front",
        min(
            _score(_nose_offset(seen.landmarks), bad=0.15, good=0.05),
            _score(_oval_balance(seen.landmarks), bad=0.6, good=0.85),
        ),
        "The head is turned away; use a picture from the front.",
    )
    yield _finding(
        "mouth size",
        _score(seen.mouth_width, bad=20, good=40),
        f"The mouth is {seen.mouth_width:.0f} px wide at 512 px; crop closer to the face.",
    )
    if lips:
        yield from _lip_measures(seen)
    yield _finding(
        "eyes open",
        _score(min(_opening(seen.landmarks, own) for own in ("left", "right")), bad=0.12, good=0.22),
        "An eye is closed or nearly so; use a picture with open eyes, or correct its landmarks.",
    )
    width = edge_width(seen)
    yield _finding(
        "sharp",
        _score(width, bad=3.0, good=1.5),
        f"Edges are {width:.1f} px wide at 512 px; use a sharper or larger picture.",
    )
    yield _finding(
        "clean edges",
        _score(edge_dirt(seen), bad=0.3, good=0.1),
        "Soft edges keep the colour of an old background; cut the figure out again, or give the picture opaque.",
    )


def _lip_measures(seen: Seen) -> Iterator[Finding]:
    # Either sign is enough: a fox has a line without lips, and soft painted lips may have no line.
    found = max(_score(line_found(seen), bad=0.35, good=0.7), _score(lip_contrast(seen), bad=0.06, good=0.12))
    yield _finding(
        "mouth visible",
        min(found, _score(front_cover(seen), bad=0.6, good=0.3)),
        "Something hides the mouth, or its landmarks lie elsewhere; uncover it or correct them.",
    )
    yield _finding(
        "teeth hidden",
        _score(teeth_shown(seen), bad=0.3, good=0.12),
        "Teeth show at rest and would stretch with the lips; use a picture with closed lips.",
    )


def _finding(name: str, score: int, advice: str) -> Finding:
    return Finding(name, score, advice if score < _GOOD_FROM else "")


def _score(value: float, *, bad: float, good: float) -> int:
    """100 at `good` and beyond, 50 at `bad`, on a straight line that ends at 0."""
    return int(np.clip(round(_BAD_BELOW * (1 + (value - bad) / (good - bad))), 0, 100))


def _nose_offset(landmarks: Landmarks) -> float:
    """How far the nose lies beside the middle of the eyes, in distances of the eyes; tilting the head is free."""
    left, right = np.mean(landmarks.eye_left, axis=0), np.mean(landmarks.eye_right, axis=0)
    across = left - right
    return float(abs((np.array(landmarks.nose_tip) - (left + right) / 2) @ across) / (across @ across))


def _oval_balance(landmarks: Landmarks) -> float:
    """The narrower half of the face, seen from the nose, as a part of the wider one: 0..1."""
    across = np.mean(landmarks.eye_left, axis=0) - np.mean(landmarks.eye_right, axis=0)
    reach = (np.array(landmarks.face_oval) - landmarks.nose_tip) @ across
    halves = np.abs([reach.min(), reach.max()])
    return float(halves.min() / max(halves.max(), 1e-6))


def _opening(landmarks: Landmarks, own: str) -> float:
    """Height of an eye's opening as a part of its width."""
    width, height = np.ptp(getattr(landmarks, f"eye_{own}"), axis=0)
    return float(height / max(width, 1e-6))
