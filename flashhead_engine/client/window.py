"""A window that shows a head while its audio plays, as a game would."""

import os

import numpy as np

from ..drivers.base import TimedFrame
from ..errors import MissingDependencyError
from .head import Head
from .sound import AudioClock
from .starting import until_first_frame
from .utterance import Utterance

_REFRESH_HZ = 60
_AFTERWARDS_US = 500_000
"""The face comes to rest before the window closes."""


class Window:
    """`background`: sRGB 0..255, behind the transparent parts. Raises MissingDependencyError without pygame or a
    display. Use `with`."""

    def __init__(self, title: str, size: int, background: tuple[int, int, int]) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        try:
            import pygame
        except ImportError as error:
            raise MissingDependencyError(
                f'A window needs pygame ({error}). Install it with: pip install "flashhead-engine[window]", or write '
                "what would be shown with --record."
            ) from error
        self._pygame = pygame
        try:
            pygame.display.init()
            self._screen = pygame.display.set_mode((size, size))
        except pygame.error as error:
            raise MissingDependencyError(
                f"no window can be opened: {error}. Write what would be shown with --record."
            ) from error
        pygame.display.set_caption(title)
        self._clock = pygame.time.Clock()
        self._background = background
        self._screen.fill(background)
        self.closed = False

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *_) -> None:
        self._pygame.display.quit()

    def show(self, frame: TimedFrame | None) -> None:
        """Show this picture until the next refresh, None: the one before; sees whether the user closes the window."""
        if frame is not None:
            height, width = frame.pixels.shape[:2]
            picture = self._pygame.image.frombuffer(np.ascontiguousarray(frame.pixels), (width, height), "RGBA")
            self._screen.fill(self._background)
            self._screen.blit(picture, (0, 0))
            self._pygame.display.flip()
        for event in self._pygame.event.get():
            escape = event.type == self._pygame.KEYDOWN and event.key == self._pygame.K_ESCAPE
            self.closed |= escape or event.type == self._pygame.QUIT
        self._clock.tick(_REFRESH_HZ)


def play(head: Head, utterance: Utterance, duration_us: int, clock: AudioClock, window: Window) -> int:
    """Play an utterance of this length until it is over or the window is closed; returns how many pictures were
    shown. Raises TransportError when the worker could not speak it."""
    for _ in until_first_frame(head, utterance):
        window.show(head.newest())
    clock.start()
    shown, last = 0, None
    while not window.closed and (audio_us := clock.now_us()) < duration_us + _AFTERWARDS_US:
        frame = head.frame_at(utterance, audio_us) if audio_us < duration_us else head.newest()
        head.clock(utterance, audio_us)
        fresh = frame is not None and (last is None or _place(frame) != _place(last))
        window.show(frame if fresh else None)
        if fresh:
            last = frame
            shown += 1
    head.cancel()
    return shown


def _place(frame: TimedFrame) -> tuple[int, int, int]:
    return frame.epoch, frame.utterance, frame.index
