"""Where the time of FlashHead's chunks goes."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..runtimes.flashhead import FlashHeadRuntime

STAGES: Mapping[str, str] = MappingProxyType(
    {
        "hear": "audio: wav2vec2, tokens, keys and values",
        "denoise": "all steps of the transformer",
        "show": "decoder, colours, copy to the host",
        "remember": "encoder of the motion frames",
    }
)
"""Calls of a `FlashHeadRuntime` that every chunk makes, in this order."""


class TimedRuntime:
    """A runtime that notes how long each stage takes, the device's work included, which is waited for around each:
    what cannot overlap any more makes the whole a little slower.

    `seconds`: of each call, by stage.
    """

    def __init__(self, inner: FlashHeadRuntime) -> None:
        self._inner = inner
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def __getattr__(self, name: str):
        found = getattr(self._inner, name)
        return self._timed(name, found) if name in STAGES else found

    def _timed(self, name: str, stage: Callable) -> Callable:
        def run(*arguments):
            self._inner.wait()
            begun = time.perf_counter()
            answer = stage(*arguments)
            self._inner.wait()
            self.seconds[name].append(time.perf_counter() - begun)
            return answer

        return run
