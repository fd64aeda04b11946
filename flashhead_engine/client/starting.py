"""When the audio may begin: with the first frame, or after a while without one."""

import time
from collections.abc import Iterator

from ..errors import TransportError
from ..transport.messages import Error
from .head import Head
from .utterance import Utterance

LIMIT_S = 2.0
"""Dialogue is not held up longer than this by its picture."""
_POLL_S = 0.005


def until_first_frame(head: Head, utterance: Utterance) -> Iterator[None]:
    """Yield again and again until the audio may begin. Raises TransportError when the worker could not speak it."""
    end = time.monotonic() + LIMIT_S
    while utterance.state == "waiting" and time.monotonic() < end:
        yield
        time.sleep(_POLL_S)
    if utterance.state == "failed":
        reasons = [event.message for event in head.events() if isinstance(event, Error)]
        raise TransportError("; ".join(reasons) or "the worker could not speak it.")
