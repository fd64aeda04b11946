"""Talking heads from a worker: open one, push dialogue audio, show the frame that belongs to the audio that is heard.

    with connect() as worker:                          # or launch(): a private worker that ends with this process
        with worker.open("guard", outputs=Outputs.VIDEO) as head:
            utterance = head.speak(pcm, 16_000)
            for frame in head.frames(utterance):       # in real time; or, from a render loop of one's own:
                show(frame.pixels)                     # head.clock(...), head.frame_at(...)

One background thread owns the socket. Nothing but `connect`, `launch`, `open` and `status` waits for the worker, and
nothing raises because it died: the connection comes back by itself. docs/client.md tells the whole story.
`flashhead_engine.client.native` is the C++ bridge's own client, for programs that want no Python on the frame path.
"""

from .connection import Connection, connect, connect_or_launch, launch
from .events import Lost, Reconnected, Reopened
from .head import Head
from .utterance import Utterance

__all__ = [
    "Connection",
    "Head",
    "Lost",
    "Reconnected",
    "Reopened",
    "Utterance",
    "connect",
    "connect_or_launch",
    "launch",
]
