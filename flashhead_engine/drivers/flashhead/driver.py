"""The tiers lite and pro behind the common seam: FlashHead generates the pictures, nano beside it the weights."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from ...avatar.bundle import Avatar
from ...errors import SettingsError
from ...runtimes.flashhead import FlashHeadRuntime
from ..base import AlignedWords, Outputs, SessionSettings
from ..nano.driver import NanoDriver
from .generation import HeadState, Portrait, next_chunk, portrait, recalled
from .idle import IdleClip, idle_clip
from .session import FlashHeadSession
from .stamp import stamp

_AT_ONCE = 8
"""Heads of one batch; exported graphs take as many."""


class FlashHeadDriver:
    """`Driver` of a FlashHead model. `model_sha256`: of its released files. `stamped`: whether its pictures are
    marked as those of an untrained model."""

    def __init__(
        self, tier: str, runtime: FlashHeadRuntime, nano: NanoDriver, model_sha256: str, stamped: bool = False
    ) -> None:
        self.tier = tier
        self.model_sha256 = model_sha256
        self._runtime = runtime
        self._nano = nano
        self._stamped = stamped
        self._portraits: dict[tuple[str, int, int], Portrait] = {}
        self._idle_clips: dict[tuple[str, int, int], IdleClip] = {}

    def open(self, avatar: Avatar | None, settings: SessionSettings) -> FlashHeadSession:
        """Open a talking head. Raises SettingsError when video is asked for without an avatar."""
        if Outputs.VIDEO in settings.outputs and avatar is None:
            raise SettingsError("video needs an avatar: give one, or ask for blendshapes only.")
        return FlashHeadSession(avatar, settings, self._nano, self._runtime.config, self._stamped)

    def align(self, pcm: np.ndarray, words: Sequence[Sequence[str]]) -> AlignedWords:
        """For the weights, which are nano's; the pictures follow the sound alone."""
        return self._nano.align(pcm, words)

    def step(self, sessions: Iterable[FlashHeadSession]) -> None:
        """Compute all weights and all whole chunks of pictures that the stored audio allows. Heads of one size share
        a batch."""
        sessions = list(sessions)
        self._nano.step([session.track for session in sessions])
        for session in sessions:
            session.take_track()
        while True:
            for session in sessions:
                session.give_out(partial(self._idle_clip, session))
            by_size = defaultdict(list)
            for session in sessions:
                if session.wants_chunk():
                    by_size[session.size].append(session)
            if not by_size:
                return
            for alike in by_size.values():
                for start in range(0, len(alike), _AT_ONCE):
                    self._generate(alike[start : start + _AT_ONCE])

    def _generate(self, sessions: Sequence[FlashHeadSession]) -> None:
        before = [self._ready_state(session) for session in sessions]
        portraits = [self._portrait(session) for session in sessions]
        states, pictures = next_chunk(self._runtime, portraits, before, [session.next_pcm() for session in sessions])
        for session, earlier, state, shown in zip(sessions, before, states, pictures, strict=True):
            session.accept(earlier.context, state, shown)

    def _ready_state(self, session: FlashHeadSession) -> HeadState:
        """Where pictures were dropped or others shown, a head goes on from what was seen."""
        seen = session.take_seen()
        return session.state if seen is None else recalled(self._runtime, session.state, seen)

    def _portrait(self, session: FlashHeadSession) -> Portrait:
        """Taken in once for all heads that look and begin alike."""
        if session.look not in self._portraits:
            size = (session.size, session.size)
            self._portraits[session.look] = portrait(self._runtime, session.picture(), size, session.state.seed)
        return self._portraits[session.look]

    def _idle_clip(self, session: FlashHeadSession) -> IdleClip:
        if session.look not in self._idle_clips:
            clip = idle_clip(self._runtime, self._portrait(session), session.state.seed)
            if self._stamped:
                stamp(clip.pictures)
            self._idle_clips[session.look] = clip
        return self._idle_clips[session.look]
