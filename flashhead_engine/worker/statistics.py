"""What `flashhead status` tells: counted where it happens, summed up when somebody asks."""

import time
from collections import deque

import numpy as np

_UTTERANCES = 1000
_WINDOW_S = 1.0


class Rate:
    """Events a second, over the last second."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def count(self, now_s: float) -> None:
        self._times.append(now_s)
        self._forget(now_s)

    def per_second(self, now_s: float) -> float:
        self._forget(now_s)
        return len(self._times) / _WINDOW_S

    def _forget(self, now_s: float) -> None:
        while self._times and self._times[0] < now_s - _WINDOW_S:
            self._times.popleft()


class WorkerStatistics:
    """Of all heads together."""

    def __init__(self) -> None:
        self._started_s = time.monotonic()
        self._latencies_ms: deque[float] = deque(maxlen=_UTTERANCES)
        self._busy: deque[tuple[float, float]] = deque()

    def first_frame(self, latency_s: float) -> None:
        self._latencies_ms.append(1000 * latency_s)

    def computed(self, now_s: float, seconds: float) -> None:
        self._busy.append((now_s, seconds))
        self._forget(now_s)

    def uptime_s(self) -> float:
        return time.monotonic() - self._started_s

    def load(self, now_s: float) -> float:
        """Share of the last second that was spent computing."""
        self._forget(now_s)
        return min(1.0, sum(seconds for _, seconds in self._busy) / _WINDOW_S)

    def latency_ms(self, percentile: float) -> float:
        """0 when nobody spoke yet."""
        return float(np.percentile(self._latencies_ms, percentile)) if self._latencies_ms else 0.0

    def _forget(self, now_s: float) -> None:
        while self._busy and self._busy[0][0] < now_s - _WINDOW_S:
            self._busy.popleft()
