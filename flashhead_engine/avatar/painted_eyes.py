"""Landmarks of eyes from their painted layers: drawn eyes are larger than those of people, whom detectors know."""

from typing import Any

import numpy as np

_COLUMNS = 9
_NEAR = 0.6
"""How far from a found eye its painted one may lie, in widths of the found one."""


def with_painted_eyes(marks: dict[str, Any], pictures: dict[str, np.ndarray]) -> dict[str, Any]:
    """Landmarks whose eyes are outlined by what is seen of the painted whites, whose irises are the painted ones.

    `pictures`: artwork by the names of `artwork.OTHER_NAMES`, of the same canvas as the landmarks.
    """
    if "eye_whites" not in pictures:
        return marks
    seen = pictures["eye_whites"][..., 3] > 128
    if "lids_open" in pictures:
        seen = seen & (pictures["lids_open"][..., 3] < 128)
    middle = (np.mean(marks["eye_left"], axis=0)[0] + np.mean(marks["eye_right"], axis=0)[0]) / 2
    columns = np.arange(seen.shape[1])
    changed = dict(marks)
    for own in ("left", "right"):
        half = (columns >= middle) == (own == "left")
        outline = _outline(seen & half)
        found = np.array(marks[f"eye_{own}"])
        if outline is None or np.linalg.norm(outline.mean(axis=0) - found.mean(axis=0)) > _NEAR * np.ptp(found[:, 0]):
            continue
        changed[f"eye_{own}"] = outline.tolist()
        iris = pictures["irises"][..., 3] > 128 if "irises" in pictures else np.zeros_like(seen)
        rows, places = np.nonzero(iris & half)
        if len(rows):
            centre = [float(places.mean()) + 0.5, float(rows.mean()) + 0.5]
            changed[f"iris_{own}"] = {"centre": centre, "radius": float(np.sqrt(len(rows) / np.pi))}
    return changed


def _outline(seen: np.ndarray) -> np.ndarray | None:
    """The closed outline (n, 2) of what is seen of one eye; None of next to nothing."""
    filled = np.flatnonzero(seen.any(axis=0))
    if len(filled) < _COLUMNS:
        return None
    x = np.unique(np.round(np.linspace(filled[0], filled[-1], _COLUMNS)).astype(int))
    x = x[seen[:, x].any(axis=0)]
    top = seen[:, x].argmax(axis=0)
    bottom = seen.shape[0] - seen[::-1, x].argmax(axis=0)
    upper, lower = np.stack([x + 0.5, top], axis=-1), np.stack([x + 0.5, bottom], axis=-1)
    return np.vstack([upper, lower[::-1]]).astype(float)
