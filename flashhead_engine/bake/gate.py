"""The quality gate: what of a line is outside the limits of its project.

    verdict = judge(quality, limits)
    if verdict.beyond: ...
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from .quality import Quality

_Share = Annotated[float, Meta(ge=0, le=1)]
_NotNegative = Annotated[float, Meta(ge=0)]


class QualityLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line outside one of these is named; see quality.py for what is measured. `min_closures`: share of the
    closures that are made. `max_lag_ms`: early or late."""

    max_silence: _Share = 0.9
    max_clipping: _Share = 0.01
    min_mouth_motion: _NotNegative = 0.01
    min_confidence: _Share = 0.25
    min_correlation: Annotated[float, Meta(ge=-1, le=1)] = 0.3
    max_lag_ms: _NotNegative = 60.0
    min_closures: _Share = 0.6
    max_sounds_per_s: _NotNegative = 22.0
    text_must_fit: bool = True


_LIVELY = 0.1  # standard deviation of the aperture of a mouth that speaks
_UNHURRIED = 12.0  # sounds a second


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score`: of the worst measure; 1: as good as can be, 0.5: at its limit, 0: far beyond. `beyond`: measures that
    are outside their limits, with what to say of them."""

    score: float
    beyond: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Measured:
    """`way`: how much of the way from the ideal value, 0, to the limit, 1. `words`: what to say beyond it."""

    measure: str
    way: float
    beyond: bool
    words: str


def judge(quality: Quality, limits: QualityLimits) -> Verdict:
    measured = list(_measured(quality, limits))
    worst = max(entry.way for entry in measured)
    beyond = {entry.measure: f"{entry.measure}: {entry.words}" for entry in measured if entry.beyond}
    return Verdict(round(min(1.0, max(0.0, 1 - worst / 2)), 3), beyond)


def _measured(quality: Quality, limits: QualityLimits) -> Iterator[_Measured]:
    if limits.text_must_fit and quality.text_fits is False:
        yield _Measured("text_fits", 2.0, True, "what is heard is not the text of this line")
    if quality.closures:
        share = quality.closures_made / quality.closures
        words = f"the lips close for {quality.closures_made} of {quality.closures} p, b, m; {share:.2f}"
        yield _at_least(limits.min_closures, 1.0, "closures", share, words)
    if (lag_ms := quality.lag_ms) is not None:
        words = f"the mouth is {'late' if lag_ms > 0 else 'early'}; {abs(lag_ms)}"
        yield _at_most(limits.max_lag_ms, 0.0, "lag_ms", abs(lag_ms), words)
    if (correlation := quality.correlation) is not None:
        yield _at_least(limits.min_correlation, 1.0, "correlation", correlation, f"{correlation:.2f}")
    if (confidence := quality.confidence) is not None:
        yield _at_least(limits.min_confidence, 1.0, "confidence", confidence, f"{confidence:.2f}")
    motion, silence, clipping = quality.mouth_motion, quality.silence, quality.clipping
    yield _at_least(limits.min_mouth_motion, _LIVELY, "mouth_motion", motion, f"{motion:.4f}")
    yield _at_most(limits.max_silence, 0.0, "silence", silence, f"{silence:.2f}")
    yield _at_most(limits.max_clipping, 0.0, "clipping", clipping, f"{clipping:.4f}")
    if (sounds_per_s := quality.sounds_per_s) is not None:
        yield _at_most(limits.max_sounds_per_s, _UNHURRIED, "sounds_per_s", sounds_per_s, f"{sounds_per_s:.1f}")


def _at_least(limit: float, ideal: float, measure: str, value: float, words: str) -> _Measured:
    beyond = value < limit
    return _Measured(measure, _way(ideal - value, ideal - limit, beyond), beyond, f"{words} is below {limit:g}")


def _at_most(limit: float, ideal: float, measure: str, value: float, words: str) -> _Measured:
    beyond = value > limit
    return _Measured(measure, _way(value - ideal, limit - ideal, beyond), beyond, f"{words} is above {limit:g}")


def _way(distance: float, room: float, beyond: bool) -> float:
    """`room`: from the ideal to the limit; none is left where a project asks for the ideal or more."""
    way = distance / room if room > 0 else 2.0 * beyond
    return max(1.0, way) if beyond else min(1.0, way)
