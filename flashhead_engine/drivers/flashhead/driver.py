"""The tiers lite and pro behind the common seam: FlashHead generates the pictures, nano beside it the weights."""

import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from weakref import WeakValueDictionary

import numpy as np

from ...avatar.bundle import Avatar
from ...avatar.images import over_background
from ...errors import SettingsError
from ...runtimes.flashhead import FlashHeadRuntime, OutOfMemory
from ..base import AlignedWords, Outputs, SessionSettings
from ..nano.driver import NanoDriver
from .generation import HeadState, Portrait, next_chunk, portrait, recalled
from .idle import IdleClip, idle_clip
from .keying import Keyer, key_colour, over_key
from .session import FlashHeadSession, Likeness, Look
from .stamp import stamp

_AT_ONCE = 8  # heads of one batch; exported graphs take as many
_RECENT_LOOKS = 4

_log = logging.getLogger(__name__)


class FlashHeadDriver:
    """`Driver` of a FlashHead model. `model_sha256`: of its released files. `stamped`: whether its pictures are
    marked as those of an untrained model."""

    def __init__(
        self, tier: str, runtime: FlashHeadRuntime, nano: NanoDriver, model_sha256: str, stamped: bool = False
    ) -> None:
        self.tier = tier
        self.model_sha256 = model_sha256
        self.runtime = runtime
        self._nano = nano
        self._stamped = stamped
        self._at_once = _AT_ONCE
        # Kept by the heads that have them, and the last ones for the next head: a worker lives long, and a look is
        # up to a hundred megabytes.
        self._looks: WeakValueDictionary[Likeness, Look] = WeakValueDictionary()
        self._recent: deque[Look] = deque(maxlen=_RECENT_LOOKS)

    def open(self, avatar: Avatar | None, settings: SessionSettings) -> FlashHeadSession:
        """Open a talking head. Raises SettingsError when video is asked for without an avatar."""
        if Outputs.VIDEO in settings.outputs and avatar is None:
            raise SettingsError("video needs an avatar: give one, or ask for blendshapes only.")
        if Outputs.VIDEO in settings.outputs:
            self.runtime.check_size(settings.size)
        return FlashHeadSession(avatar, settings, self._nano, self.runtime.config, self._stamped)

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
                self._generate(alike)

    def _generate(self, sessions: Sequence[FlashHeadSession]) -> None:
        looks = [self._look(session) for session in sessions]
        before = [self._ready_state(*pair) for pair in zip(sessions, looks, strict=True)]
        portraits = [look.portrait for look in looks]
        heard = [session.next_pcm() for session in sessions]
        for start, states, pictures in self._chunks(portraits, before, heard):
            for row, (state, shown) in enumerate(zip(states, pictures, strict=True), start):
                if looks[row].keyer is not None:
                    looks[row].keyer.key(shown)
                sessions[row].accept(before[row].context, state, shown)

    def _chunks(
        self, portraits: Sequence[Portrait], states: Sequence[HeadState], heard: Sequence[np.ndarray]
    ) -> Iterator[tuple[int, list[HeadState], np.ndarray]]:
        """Chunks of all heads, in as few batches as fit the memory: number of the first head, states, pictures."""
        start = 0
        while start < len(states):
            batch = slice(start, start + self._at_once)
            try:
                following, pictures = next_chunk(self.runtime, portraits[batch], states[batch], heard[batch])
            except OutOfMemory as error:
                if self._at_once == 1:
                    raise OutOfMemory(
                        f"{error} One head of tier {self.tier} does not fit: close other programs that use the GPU, "
                        "choose a smaller size, or use nano."
                    ) from error
                self._at_once = max(1, min(self._at_once, len(states)) // 2)
                _log.warning("tier=%s memory ran out: from now on %d heads at once", self.tier, self._at_once)
                continue
            yield start, following, pictures
            start += len(following)

    def _ready_state(self, session: FlashHeadSession, look: Look) -> HeadState:
        """Where pictures were dropped or others shown, a head goes on from what was seen."""
        seen = session.take_seen()
        if seen is None:
            return session.state
        rgb = seen[..., :3] if look.keyer is None else over_key(seen, look.keyer.colour)
        return recalled(self.runtime, session.state, rgb)

    def _look(self, session: FlashHeadSession) -> Look:
        """Of the emotion that the session is set to now, for an avatar that has a portrait of it."""
        likeness = session.likeness
        if session.look is None or session.look.likeness != likeness:
            session.look = self._looks.get(likeness)
        if session.look is None:
            session.look = self._looks[likeness] = self._new_look(session.avatar, likeness)
        if session.look not in self._recent:
            self._recent.append(session.look)
        return session.look

    def _new_look(self, avatar: Avatar, likeness: Likeness) -> Look:
        pixels = avatar.portraits.get(likeness.emotion, avatar.portrait)
        # One key for all portraits of a head: pictures of one are what those of the next go on from.
        key = key_colour([avatar.portrait, *avatar.portraits.values()])
        keyer = None if key is None else Keyer.of(pixels, key, likeness.size)
        laid = over_background(pixels, avatar.background if key is None else key)
        size = (likeness.size, likeness.size)
        return Look(likeness, portrait(self.runtime, laid, size, likeness.seed), keyer)

    def _idle_clip(self, session: FlashHeadSession) -> IdleClip:
        look = self._look(session)
        if look.idle_clip is None:
            look.idle_clip = idle_clip(self.runtime, look.portrait, session.state.seed)
            if look.keyer is not None:
                look.keyer.key(look.idle_clip.pictures)
            if self._stamped:
                stamp(look.idle_clip.pictures)
        return look.idle_clip
