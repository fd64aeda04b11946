"""Landmarks of a picture found by MediaPipe, which lives in an environment of its own."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import AvatarError, MissingDependencyError

_REPOSITORY = Path(__file__).parents[2]
DETECTOR_PYTHON = _REPOSITORY / ".venv-avatar" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
"""Python of the environment that `build.py avatar-tools` makes."""

_SCRIPT = Path(__file__).with_name("face_mesh_script.py")
_TIMEOUT_S = 120
_MOST_TURNED = 30.0
"""Degrees by which a head may lean to one side."""

# Point numbers of MediaPipe's face mesh, from the left of the picture to its right where a curve is open.
_UPPER_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
_LOWER_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
_UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
_EYE_RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
_EYE_LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
_BROW_RIGHT = ((70, 46), (63, 53), (105, 52), (66, 65), (107, 55))
_BROW_LEFT = ((300, 276), (293, 283), (334, 282), (296, 295), (336, 285))
_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
_NOSE_TIP, _CHIN = 4, 152
_IRIS_RIGHT, _IRIS_LEFT = (468, 469, 470, 471, 472), (473, 474, 475, 476, 477)


@dataclass(frozen=True)
class FoundFace:
    """The largest face of a picture.

    `marks`: landmarks in pixels, of a closed mouth. `opening`: the true gap between the lips, closed outline (n, 2).
    `faces`: how many faces the picture shows.
    """

    marks: dict[str, Any]
    opening: np.ndarray
    faces: int

    @property
    def lips_apart(self) -> float:
        """How far the lips are parted in their middle, in widths of the mouth."""
        upper = self.marks["lip_upper_outer"]
        width = np.linalg.norm(np.subtract(upper[0], upper[-1]))
        middle = len(_UPPER_INNER) // 2
        gap = np.linalg.norm(self.opening[middle] - self.opening[len(_UPPER_INNER) + middle])
        return float(gap / max(width, 1e-6))


def find_face(picture: np.ndarray, where: str) -> FoundFace:
    """The largest face in an upright RGBA picture; `where` names it in errors.

    Raises MissingDependencyError without MediaPipe, AvatarError when no face is found.
    """
    faces = _face_meshes(picture, where)
    if not faces:
        raise AvatarError(
            f"{where}: no face found. Use a picture of one face seen from the front, with nothing in front of it; "
            "for anime, animals and masks give the landmarks with --landmarks FILE.json (docs/avatar-format.md)."
        )
    points = faces[0]
    # A closed mouth has one line, which reaches into its corners.
    inner = (points[list(_UPPER_INNER)] + points[list(_LOWER_INNER)]) / 2
    inner = np.vstack([points[61], inner[1:-1], points[291]])
    marks = {
        "lip_upper_outer": points[list(_UPPER_OUTER)].tolist(),
        "lip_upper_inner": inner.tolist(),
        "lip_lower_inner": inner.tolist(),
        "lip_lower_outer": points[list(_LOWER_OUTER)].tolist(),
        "eye_left": points[list(_EYE_LEFT)].tolist(),
        "eye_right": points[list(_EYE_RIGHT)].tolist(),
        "iris_left": _iris(points[list(_IRIS_LEFT)]),
        "iris_right": _iris(points[list(_IRIS_RIGHT)]),
        "brow_left": [points[list(pair)].mean(axis=0).tolist() for pair in _BROW_LEFT],
        "brow_right": [points[list(pair)].mean(axis=0).tolist() for pair in _BROW_RIGHT],
        "nose_tip": points[_NOSE_TIP].tolist(),
        "chin": points[_CHIN].tolist(),
        "face_oval": points[list(_OVAL)].tolist(),
    }
    _refuse_turned(marks, where)
    opening = np.vstack([points[list(_UPPER_INNER)], points[list(_LOWER_INNER[::-1])]])
    return FoundFace(marks, opening, len(faces))


def _refuse_turned(marks: dict[str, Any], where: str) -> None:
    """Raise AvatarError for a face that lies on its side: MediaPipe finds it, but its mouth cannot open downwards."""
    x, y = np.mean(marks["eye_left"], axis=0) - np.mean(marks["eye_right"], axis=0)
    degrees = float(np.degrees(np.arctan2(y, x)))
    if abs(degrees) > _MOST_TURNED:
        way = "left" if degrees > 0 else "right"
        raise AvatarError(f"{where}: the head leans by {abs(degrees):.0f} degrees. Turn the picture to the {way}.")


def _iris(points: np.ndarray) -> dict[str, Any]:
    radius = float(np.linalg.norm(points[1:] - points[0], axis=1).mean())
    return {"centre": points[0].tolist(), "radius": radius}


def _face_meshes(picture: np.ndarray, where: str) -> list[np.ndarray]:
    """The 478 mesh points (478, 2) in pixels of every face, the largest first."""
    if not DETECTOR_PYTHON.is_file():
        raise MissingDependencyError(
            f"{where}: finding a face needs MediaPipe, which is not installed. Run `python3 build.py avatar-tools` "
            "in the FlashHead Engine checkout (Python 3.9 to 3.12), or give --landmarks FILE.json."
        )
    alpha = picture[..., 3:] / 255.0
    opaque = (picture[..., :3] * alpha + 128 * (1 - alpha)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.png"
        Image.fromarray(opaque).save(file)
        command = [str(DETECTOR_PYTHON), str(_SCRIPT), str(file)]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
            faces = json.loads(run.stdout.splitlines()[-1])["faces"]
        except subprocess.TimeoutExpired as error:
            raise AvatarError(
                f"{where}: finding the face took over {_TIMEOUT_S} s. Use a smaller picture."
            ) from error
        except (subprocess.CalledProcessError, OSError, ValueError, LookupError) as error:
            print(getattr(error, "stderr", "") or "", file=sys.stderr)
            raise MissingDependencyError(
                f"{DETECTOR_PYTHON}: MediaPipe does not run ({error}). Make the environment again with "
                "`python3 build.py avatar-tools`, or give --landmarks FILE.json."
            ) from error
    return [np.array(points) for points in faces]
