"""Mouth cues in the three formats of Rhubarb Lip Sync 1.x, for pipelines that read those.

Times are hundredths of a second, cut and not rounded, as in Rhubarb's files. The dialogue is named without its
folder, so that a line bakes to the same bytes everywhere; Rhubarb writes its full path.
"""

from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

from ...blendshapes.mouth_cues import MouthCue, mouth_cues
from ...drivers.base import WEIGHTS_HZ
from .base import BakeTarget
from .whole_track import Track, WholeTrackFormat, WholeTrackWriter

_REST = "X"


def _hundredths(seconds: float) -> str:
    # A sixtieth is no binary fraction: 0.35 must not become 0.34.
    return f"{int(seconds * 100 + 1e-6) / 100:.2f}"


def _cues(track: Track) -> list[MouthCue]:
    return mouth_cues(track.weights, track.visemes, WEIGHTS_HZ)


def _tsv(track: Track, target: BakeTarget) -> bytes:
    lines = [f"{_hundredths(cue.start_s)}\t{cue.shape}\n" for cue in _cues(track)]
    return "".join([*lines, f"{_hundredths(track.duration_s)}\t{_REST}\n"]).encode()


def _xml(track: Track, target: BakeTarget) -> bytes:
    cues = [
        f'    <mouthCue start="{_hundredths(cue.start_s)}" end="{_hundredths(cue.end_s)}">{cue.shape}</mouthCue>\n'
        for cue in _cues(track)
    ]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rhubarbResult>\n  <metadata>\n'
        f"    <soundFile>{escape(target.audio.name)}</soundFile>\n"
        f"    <duration>{_hundredths(track.duration_s)}</duration>\n  </metadata>\n"
        f"  <mouthCues>\n{''.join(cues)}  </mouthCues>\n</rhubarbResult>\n"
    ).encode()


def _json(track: Track, target: BakeTarget) -> bytes:
    cues = [
        f'    {{ "start": {_hundredths(cue.start_s)}, "end": {_hundredths(cue.end_s)}, "value": "{cue.shape}" }}'
        for cue in _cues(track)
    ]
    name = msgspec.json.encode(target.audio.name).decode()
    return (
        f'{{\n  "metadata": {{\n    "soundFile": {name},\n    "duration": {_hundredths(track.duration_s)}\n  }},\n'
        '  "mouthCues": [\n' + ",\n".join(cues) + "\n  ]\n}\n"
    ).encode()


class RhubarbTsvWriter(WholeTrackWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, target, WholeTrackFormat("mouth_cues", "rhubarb-tsv", _tsv, has_frames=False))


class RhubarbXmlWriter(WholeTrackWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, target, WholeTrackFormat("mouth_cues", "rhubarb-xml", _xml, has_frames=False))


class RhubarbJsonWriter(WholeTrackWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, target, WholeTrackFormat("mouth_cues", "rhubarb-json", _json, has_frames=False))
