"""Opening heads: wishes are checked at once; avatars and drivers are loaded on threads of their own."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..avatar.bundle import SAMPLES, load_avatar
from ..drivers import TIERS, UNTRAINED, check_available, load_driver
from ..drivers.base import Driver, DriverSession, Outputs, SessionSettings
from ..errors import AvatarError, FlashHeadError, SettingsError
from ..transport import messages
from ..transport.rings import RingWriter
from .files import ReadableFiles
from .generating import GeneratingSession
from .limits import MAX_SIZE, Limits
from .refusals import Refused

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A driver's session and its rings by track, or why there are none."""

    client: bytes
    asked: messages.Open
    tier: str
    settings: SessionSettings
    session: DriverSession | GeneratingSession | None
    rings: dict[str, RingWriter]
    error: FlashHeadError | None

    def close(self) -> None:
        for ring in self.rings.values():
            ring.close()
        if self.session:
            self.session.close()


class Opener:
    """`done`: called on a loading thread with what it brings."""

    def __init__(self, limits: Limits, files: ReadableFiles, threads: int, done: Callable[[Loaded], None]) -> None:
        self._limits = limits
        self._files = files
        self._done = done
        self.drivers: dict[str, Driver] = {"nano": load_driver("nano", limits.gpu)}
        """By tier, those that a head asked for; nano's is always there."""
        self._loading = threading.Lock()
        self._loader = ThreadPoolExecutor(threads, thread_name_prefix="flashhead-load")

    def close(self) -> None:
        self._loader.shutdown(cancel_futures=True)

    def begin(self, client: bytes, asked: messages.Open) -> None:
        """Have a head loaded; raises FlashHeadError for what is refused before."""
        tier = self._tier(asked)
        settings = self._settings(asked)
        if asked.frames not in ("shared_memory", "messages"):
            raise SettingsError(f"frames '{asked.frames}': must be shared_memory or messages.")
        avatar = asked.avatar
        if avatar and avatar not in SAMPLES:
            avatar = str(self._files.path(avatar, AvatarError))

        def load() -> None:
            session, rings, failed = None, {}, None
            try:
                looks = load_avatar(avatar) if avatar and Outputs.VIDEO in settings.outputs else None
                # Weights are nano's in every tier.
                session = self._driver(tier if looks else "nano").open(looks, settings)
                if session.chunk_s:
                    session = GeneratingSession(session)
                rings = _rings(asked, settings)
            except FlashHeadError as error:
                failed = error
            except Exception as error:
                _log.exception("avatar=%s failed to open", avatar)
                failed = AvatarError(f"{avatar}: the worker failed to open it: {error!r}")
            self._done(Loaded(client, asked, tier, settings, session, rings, failed))

        self._loader.submit(load)

    def _tier(self, asked: messages.Open) -> str:
        if asked.tier not in (*TIERS, UNTRAINED):
            raise Refused("unknown_tier", f"tier '{asked.tier}': must be {', '.join(TIERS)}.")
        try:
            check_available(asked.tier, self._limits.runtime)
        except FlashHeadError as error:
            if asked.lower_tier:
                return "nano"
            raise Refused("tier_unavailable", f"tier {asked.tier}: {error}") from error
        return asked.tier

    def _driver(self, tier: str) -> Driver:
        with self._loading:
            if tier not in self.drivers:
                self.drivers[tier] = load_driver(tier, self._limits.gpu, self._limits.runtime)
            return self.drivers[tier]

    def _settings(self, asked: messages.Open) -> SessionSettings:
        settings = asked.session_settings()
        if Outputs.VIDEO in settings.outputs and asked.size > self._limits.size:
            raise Refused(
                "too_large",
                f"size {asked.size}: this worker draws up to {self._limits.size}: "
                f"ask for less, or start the worker with a higher {MAX_SIZE}.",
            )
        return settings


def _rings(asked: messages.Open, settings: SessionSettings) -> dict[str, RingWriter]:
    """By track; none when frames come as messages."""
    rings: dict[str, RingWriter] = {}
    if asked.frames != "shared_memory":
        return rings
    try:
        if Outputs.BLENDSHAPES in settings.outputs:
            rings["weights"] = RingWriter()
        if Outputs.VIDEO in settings.outputs:
            rings["video"] = RingWriter(settings.size)
    except FlashHeadError as error:
        for ring in rings.values():
            ring.close()
        raise Refused("no_shared_memory", f'{error} Open with frames = "messages" instead.') from error
    return rings
