"""What a client says of itself, beside the messages of the worker that it hands on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lost:
    """The worker died, hangs or went away; the client tries to get it back. Pictures stay as they are."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reconnected:
    """A worker answers again; its heads follow with `Reopened`. `after_s`: since `Lost`."""

    pid: int
    after_s: float


@dataclass(frozen=True, slots=True)
class Reopened:
    """A head has a session again, with the settings that it had, and speaks on at the present audio time."""

    after_s: float
