"""Whose turn it is: pure decisions from deadlines and measured costs, without clocks, threads or numerics.

A turn makes one frame of one head. The earliest deadline goes first, so a head that falls behind comes first and
none starves another. When there is more to draw than the cores can, every head draws the same share of its frames.
"""

from collections.abc import Iterable
from dataclasses import dataclass

_SLICE_S = 0.02  # longest time that one batch should take, so that what comes meanwhile does not wait long
SLACK_S = 0.004
"""Turns that are due so soon come along: heads that are computed together are cheaper."""
_MOST_LOAD = 0.85  # of the cores; the rest is for sockets, clients and the game


@dataclass(frozen=True, slots=True)
class Turn:
    """`due_s`: not before. `deadline_s`: when its frame is to be seen. `cost_s`: of one core."""

    head: int
    due_s: float
    deadline_s: float
    cost_s: float


def batch(turns: Iterable[Turn], now_s: float, cores: int) -> list[int]:
    """The heads to compute now, most urgent first."""
    ready = sorted((turn for turn in turns if turn.due_s <= now_s + SLACK_S), key=lambda turn: turn.deadline_s)
    chosen, cost_s = [], 0.0
    for turn in ready:
        if chosen and cost_s + turn.cost_s > _SLICE_S * cores:
            break
        chosen.append(turn.head)
        cost_s += turn.cost_s
    return chosen


def video_share(video: float, others: float, cores: int, ease: float = 1.0) -> float:
    """The share of the video frames that every head draws, 0.05..1. `video`: cores that drawing all of them would
    take. `others`: cores that heads without video take; they keep them. `ease`: see `eased`."""
    room = max(0.0, _MOST_LOAD * cores - others)
    share = ease * min(1.0, room / video) if video > 0 else 1.0
    # In steps, so that a noisy measurement does not change it all the time.
    return max(0.05, int(20 * share) / 20)


def eased(ease: float, late: bool) -> float:
    """The next factor of `video_share`, after a batch: less as long as heads are late, then more again.

    Measured costs alone do not see what else runs on the machine, and heads that are late must catch up. It is the
    same for all of them, so that all draw the same.
    """
    return max(0.1, 0.97 * ease) if late else min(1.0, 1.02 * ease)
