"""Talking heads through the C++ bridge: the frame path of an engine, for tools and bots in Python.

    with native.connect() as worker, worker.open("guard", video=True, blendshapes=False) as head:
        pixels = np.zeros((head.size, head.size, 4), np.uint8)
        line = head.speak(pcm, 48_000)
        while playing:                                       # audio that began when head.state(line) was "speaking"
            head.clock(line, audio_us)
            if head.acquire_video(line, audio_us, pixels):   # copied straight into the array
                show(pixels)

No Python runs between the worker's shared memory and `pixels`, and nothing waits: opening a head returns at once, its
events tell the rest. `flashhead_engine.client` is the same in Python, with frames as objects; docs/client.md compares
them. `python3 build.py native` builds what this needs; a plain installation is without it.
"""

import sys
from collections.abc import Sequence

from ..errors import MissingDependencyError

try:
    from flashhead_engine._bridge import Client, ClientInfo, Event, Frame, Head, HeadInfo, Weights
except ImportError as error:
    raise MissingDependencyError(
        "flashhead_engine.client.native needs the C++ bridge, which a plain installation is without: call "
        "`python3 build.py native` in a checkout, or use flashhead_engine.client, which does the same in Python."
    ) from error

__all__ = ["Client", "ClientInfo", "Event", "Frame", "Head", "HeadInfo", "Weights", "connect", "launch"]


def connect(endpoint: str = "", token: str = "", *, name: str = "") -> Client:
    """Begin to connect to the worker at this address, else to the one that FLASHHEAD_ENDPOINT and FLASHHEAD_TOKEN or
    `flashhead serve` name. Events `connected` or `not_connected` follow. `name`: for logs and `flashhead status`."""
    return Client(endpoint=endpoint, token=token, name=name)


def launch(program: Sequence[str] = (), *, name: str = "") -> Client:
    """Start a worker of one's own and connect to it; it ends with this process and is started again when it dies.
    `program`: the command that starts a worker; of this Python environment when it is not given."""
    return Client(program=list(program) or [sys.executable, "-m", "flashhead_engine.worker"], name=name)
