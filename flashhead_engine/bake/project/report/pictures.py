"""What the report shows of a line's mouth: a thumbnail at its widest, and how far it is open over time."""

import base64
import csv
import functools
import io
import string
from pathlib import Path

import av
import msgspec
import numpy as np
from PIL import Image

from ....avatar.bundle import Avatar, load_avatar
from ....blendshapes.aperture import lip_aperture
from ....blendshapes.arkit import ARKIT_52
from ....drivers.base import POSE, WEIGHTS_HZ
from ....render.portrait import SIZES, PortraitRenderer
from ...formats.track import COLUMNS, BlendshapeTrack
from ..file import Project
from ..run import avatar_of
from .rows import Found

CURVE_HZ = 30
_LEVELS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_WIDEST = 0.75  # aperture of the highest level

_THUMBNAIL_PX = 96
_AROUND_MOUTH = 1.1  # half a thumbnail, in widths of the mouth
_JPEG_QUALITY = 80


class Pictures:
    """Adds to the rows of a project what is seen of its lines."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def add(self, found: Found, with_thumbnail: bool) -> None:
        """Fill in `mouth` of a line that has a track and no video, and `thumbnail`. A file that cannot be read is
        noted in the row. Raises AvatarError."""
        row = found.row
        widest_s = (row.quality.get("widest_ms") or 0) / 1000
        try:
            if found.video is not None:
                picture = _video_frame(found.video, widest_s) if with_thumbnail else None
            else:
                track = _read_track([self._project.output / file for file in found.entry.files])
                if track is None:
                    return
                row.mouth = _curve(track)
                picture = self._drawn(found, track, widest_s) if with_thumbnail else None
        except (OSError, ValueError, av.FFmpegError) as error:
            row.notes.append(f"What was baked cannot be read ({error}). Bake the line again.")
            return
        if picture is not None:
            row.thumbnail = _thumbnail(picture, _load(self._avatar(found)))

    def _avatar(self, found: Found) -> str:
        return avatar_of(self._project, self._project.characters[found.line.character])

    def _drawn(self, found: Found, track: np.ndarray, time_s: float) -> Image.Image:
        avatar = self._avatar(found)
        frame = track[min(round(time_s * WEIGHTS_HZ), len(track) - 1)].astype(np.float32)
        weights, pose = np.split(frame[: len(ARKIT_52) + len(POSE)], [len(ARKIT_52)])
        pixels = Image.fromarray(_renderer(avatar).render(weights, pose), "RGBA")
        shown = Image.new("RGB", pixels.size, _load(avatar).background)
        shown.paste(pixels, mask=pixels)
        return shown


@functools.cache
def _load(avatar: str) -> Avatar:
    return load_avatar(avatar)


@functools.cache
def _renderer(avatar: str) -> PortraitRenderer:
    return PortraitRenderer(_load(avatar), SIZES[0])


def _video_frame(video: Path, time_s: float) -> Image.Image:
    """The last frame that begins at or before `time_s`."""
    shown = None
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        container.seek(round(time_s * av.time_base))
        for frame in container.decode(stream):
            if shown is not None and frame.time > time_s + 1e-3:
                break
            shown = frame
    if shown is None:
        raise ValueError("a video without frames")
    return shown.to_image()


def _read_track(files: list[Path]) -> np.ndarray | None:
    """Rows of the first blendshape track among `files`, columns as in formats/track.py; None without one.
    Raises ValueError for a file that is none."""
    for file in files:
        if file.name.endswith(".csv") and not file.name.endswith((".visemes.csv", ".livelink.csv")):
            with file.open(newline="", encoding="utf-8") as lines:
                rows = list(csv.reader(lines))[1:]
            track = np.array(rows, np.float64)[:, 1:]
        elif file.name.endswith(".json") and not file.name.endswith((".flashhead.json", ".rhubarb.json")):
            track = np.array(msgspec.json.decode(file.read_bytes(), type=BlendshapeTrack).frames)
        else:
            continue
        if track.ndim != 2 or track.shape[1] != COLUMNS or not len(track):
            raise ValueError(f"{file.name}: no blendshape track")
        return track
    return None


def _curve(track: np.ndarray) -> str:
    """The lip aperture at `CURVE_HZ`, a letter each: of two frames the one that is more closed."""
    aperture = lip_aperture(track[:, : len(ARKIT_52)])
    step = WEIGHTS_HZ // CURVE_HZ
    least = np.minimum.reduceat(aperture, np.arange(0, len(aperture), step))
    levels = np.clip(least / _WIDEST * (len(_LEVELS) - 1), 0, len(_LEVELS) - 1).round().astype(int)
    return "".join(_LEVELS[level] for level in levels)


def _thumbnail(picture: Image.Image, avatar: Avatar) -> str:
    """A data address of the mouth and what is around it."""
    scale = picture.height / avatar.side
    lips = np.concatenate([avatar.landmarks.lip_upper_outer, avatar.landmarks.lip_lower_outer]) * scale
    x, y = (lips.min(axis=0) + lips.max(axis=0)) / 2
    half = min(_AROUND_MOUTH * float(np.ptp(lips[:, 0])), x, y, picture.height - x, picture.height - y)
    mouth = picture.crop((round(x - half), round(y - half), round(x + half), round(y + half)))
    file = io.BytesIO()
    mouth.resize((_THUMBNAIL_PX, _THUMBNAIL_PX), Image.Resampling.LANCZOS).save(file, "JPEG", quality=_JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
