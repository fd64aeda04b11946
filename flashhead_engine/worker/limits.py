"""What a worker takes at most, from its clients and of the GPU, and what it runs generated heads with."""

from dataclasses import dataclass

from ..errors import SettingsError
from ..runtimes.gpu import GpuBudget
from ..runtimes.names import RUNTIME, RUNTIMES

MAX_SESSIONS, MAX_AUDIO_S, MAX_SIZE = "--max-sessions", "--max-audio-s", "--max-size"
"""Options of a worker that set its limits; errors name them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`sessions`: open at once, of all clients, 1..1000. `audio_s`: seconds of audio that wait in one session,
    1..36000. `size`: pixels of a video frame's side, 256..1024. `gpu`: None leaves the GPU alone. `runtime`: of lite
    and pro; None: the fastest that is there. Raises SettingsError for a value outside its range.

    The largest message is fixed by the protocol, so that clients know it.
    """

    sessions: int = 64
    audio_s: float = 600.0
    size: int = 1024
    gpu: GpuBudget | None = None
    runtime: str | None = None

    def __post_init__(self) -> None:
        for option, value, low, high in (
            (MAX_SESSIONS, self.sessions, 1, 1000),
            (MAX_AUDIO_S, self.audio_s, 1, 36_000),
            (MAX_SIZE, self.size, 256, 1024),
        ):
            if not low <= value <= high:
                raise SettingsError(f"{option} {value:g}: must be from {low} to {high}.")
        if self.runtime is not None and self.runtime not in RUNTIMES:
            raise SettingsError(f"{RUNTIME} {self.runtime}: must be {', '.join(RUNTIMES)}.")

    def options(self) -> tuple[str, ...]:
        """Of the command line of another worker that has these limits."""
        return (
            *(MAX_SESSIONS, str(self.sessions)),
            *(MAX_AUDIO_S, str(self.audio_s)),
            *(MAX_SIZE, str(self.size)),
            *(self.gpu.options() if self.gpu else ()),
            *((RUNTIME, self.runtime) if self.runtime else ()),
        )
