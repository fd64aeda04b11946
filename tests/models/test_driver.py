"""lite and pro behind the common seam, with tiny random networks: order, times and pictures of what comes out."""

from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import pytest

from flashhead_engine.avatar.bundle import Avatar, load_avatar
from flashhead_engine.avatar.images import over_background
from flashhead_engine.drivers.base import FrameFlags, Outputs, SessionSettings, TimedFrame
from flashhead_engine.drivers.flashhead.driver import FlashHeadDriver
from flashhead_engine.drivers.flashhead.generation import HeadState, chunk_samples, next_chunk
from flashhead_engine.drivers.flashhead.session import FlashHeadSession, Look
from flashhead_engine.drivers.nano.driver import NanoDriver
from flashhead_engine.errors import FlashHeadError, SettingsError
from flashhead_engine.models.configs import TINY, TINY_PRO
from flashhead_engine.models.networks import Networks
from flashhead_engine.runtimes.flashhead import OutOfMemory
from flashhead_engine.runtimes.torch_flashhead import TorchFlashHead

SIZE = 256
BOTH = Outputs.BLENDSHAPES | Outputs.VIDEO


@pytest.fixture(scope="module", params=[TINY, TINY_PRO], ids=["lite", "pro"])
def driver(request) -> FlashHeadDriver:
    return FlashHeadDriver("tiny", _runtime(request.param), NanoDriver(), "none", stamped=True)


@pytest.fixture(scope="module")
def lite() -> FlashHeadDriver:
    return FlashHeadDriver("tiny", _runtime(TINY), NanoDriver(), "none")


def _runtime(config) -> TorchFlashHead:
    return TorchFlashHead(Networks.random(config))


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """1.5 s: more than a chunk, less than two."""
    return np.random.default_rng(0).uniform(-0.3, 0.3, 24_000).astype(np.float32)


def _open(driver: FlashHeadDriver, fps: int = 25, outputs: Outputs = BOTH, avatar: str = "guard", seed: int = 1):
    return driver.open(_opaque(avatar), SessionSettings(outputs=outputs, size=SIZE, fps=fps, seed=seed))


def _opaque(name: str) -> Avatar:
    """On a background that is part of the picture: of the noise that these networks show, keying would make more."""
    avatar = load_avatar(name)
    portrait = np.dstack(
        [over_background(avatar.portrait, avatar.background), np.full((avatar.side,) * 2, 255, np.uint8)]
    )
    return replace(avatar, digest=f"opaque {name}", portrait=portrait)


def _spoken(driver: FlashHeadDriver, session: FlashHeadSession, pcm: np.ndarray) -> list[TimedFrame]:
    session.push(pcm, end=True)
    driver.step([session])
    return session.frames()


def _video(frames: list[TimedFrame]) -> list[TimedFrame]:
    return [frame for frame in frames if frame.pixels is not None]


def _same(one: list[TimedFrame], other: list[TimedFrame]) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(a.pixels, b.pixels) and np.array_equal(a.weights, b.weights) and a.pts_us == b.pts_us
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_an_utterance_has_its_frames(lite, speech, fps) -> None:
    frames = _spoken(lite, _open(lite, fps), speech)
    video, track = _video(frames), [frame for frame in frames if frame.pixels is None]
    assert [frame.index for frame in video] == list(range(-(-24_000 * fps // 16_000)))
    assert [frame.index for frame in track] == list(range(90))
    assert all(frame.pts_us == frame.index * 1_000_000 // fps for frame in video)
    assert video[0].flags == FrameFlags.FIRST and video[-1].flags == FrameFlags.LAST
    assert all(frame.flags == FrameFlags.NONE for frame in video[1:-1])
    assert all(frame.pixels.shape == (SIZE, SIZE, 4) and frame.pixels.dtype == np.uint8 for frame in video)
    for before, frame in pairwise(video):
        is_new = frame.index * 25 // fps > before.index * 25 // fps
        assert np.array_equal(before.pixels, frame.pixels) != is_new, "FlashHead makes 25 pictures a second"


def test_pushed_in_pieces_is_as_at_once(lite, speech) -> None:
    at_once = _video(_spoken(lite, _open(lite), speech))
    session = _open(lite)
    pieces = []
    for start in range(0, len(speech), 997):
        session.push(speech[start : start + 997], end=start + 997 >= len(speech))
        lite.step([session])
        pieces += _video(session.frames())
    assert _same(pieces, at_once)
    late = _video(_spoken(lite, _open(lite), np.roll(speech, 1280)))
    assert not _same(late, at_once), "the check sees audio that is 80 ms late"


def test_a_chunk_comes_as_soon_as_its_audio_is_there(lite, speech) -> None:
    session = _open(lite)
    samples = chunk_samples(lite.runtime.config)
    session.push(speech[: samples - 1])
    lite.step([session])
    assert not _video(session.frames())
    session.push(speech[samples - 1 : samples + 2000])
    lite.step([session])
    assert len(_video(session.frames())) == 24


def test_heads_share_batches(lite, speech) -> None:
    alone = [_video(_spoken(lite, _open(lite, seed=seed), speech[: 9_000 + 3_000 * seed])) for seed in (1, 2)]
    sessions = [_open(lite, seed=seed) for seed in (1, 2)]
    for seed, session in zip((1, 2), sessions, strict=True):
        session.push(speech[: 9_000 + 3_000 * seed], end=True)
    lite.step(sessions)
    for expected, session in zip(alone, sessions, strict=True):
        frames = _video(session.frames())
        assert len(frames) == len(expected)
        off = [np.abs(a.pixels.astype(int) - b.pixels).max() for a, b in zip(frames, expected, strict=True)]
        assert max(off) <= 1
    assert len(alone[0]) != len(alone[1])


def test_utterances_follow_each_other(lite, speech) -> None:
    session = _open(lite)
    first, second = (_video(_spoken(lite, session, speech)) for _ in range(2))
    assert {frame.utterance for frame in first} == {0} and {frame.utterance for frame in second} == {1}
    assert not np.array_equal(first[0].pixels, second[0].pixels), "the second goes on from the end of the first"
    at_once = _open(lite)
    at_once.push(speech, end=True)
    at_once.push(speech, end=True)
    lite.step([at_once])
    assert _same(_video(at_once.frames()), first + second)


def test_nobody_speaks(lite, speech) -> None:
    session = _open(lite)
    assert _spoken(lite, session, np.zeros(0, np.float32)) == []
    frames = _video(_spoken(lite, session, speech))
    assert {frame.utterance for frame in frames} == {1} and len(frames) == 38


def test_idle_time(lite, speech) -> None:
    session = _open(lite)
    spoken = _video(_spoken(lite, session, speech))
    session.idle(60)
    lite.step([session])
    session.idle(60)
    lite.step([session])
    idle = _video(session.frames())
    assert [frame.index for frame in idle] == list(range(50))
    assert all(FrameFlags.IDLE in frame.flags for frame in idle)
    first, later = _distance(spoken[-1], idle[0]), _distance(spoken[-1], idle[20])
    assert first < 0.3 * later, "from what was seen into the clip, and not at once"
    frames = _video(_spoken(lite, session, speech))
    assert [frame.index for frame in frames] == list(range(38))
    assert all(FrameFlags.IDLE not in frame.flags for frame in frames)


def _distance(one: TimedFrame, other: TimedFrame) -> float:
    return float(np.abs(one.pixels.astype(float) - other.pixels).mean())


def test_a_cancel_goes_on_from_what_was_seen(lite, speech) -> None:
    session, other = _open(lite), _open(lite)
    frames, _ = _video(_spoken(lite, session, speech)), _spoken(lite, other, speech)
    session.push(speech)  # never shown
    session.cancel(frames[12])
    other.cancel(frames[30])
    assert session.frames() == []
    after, elsewhere = (_video(_spoken(lite, head, speech)) for head in (session, other))
    assert {(frame.epoch, frame.index == 0) for frame in after[:1]} == {(1, True)}
    assert not np.array_equal(after[0].pixels, elsewhere[0].pixels), "it matters which picture was seen last"
    again = _open(lite)
    _spoken(lite, again, speech)
    again.cancel(frames[12])
    assert np.array_equal(_video(_spoken(lite, again, speech))[0].pixels, after[0].pixels)


def test_cancelled_before_anything_was_seen(lite, speech) -> None:
    session = _open(lite)
    session.push(speech[:5000])
    session.cancel()
    frames = _video(_spoken(lite, session, speech))
    assert len(frames) == 38 and frames[0].epoch == 1


def test_pictures_of_an_untrained_model_say_so(driver, lite, speech) -> None:
    marked = _video(_spoken(driver, _open(driver), speech[:8_000]))
    assert len(marked) == 13 and all((frame.pixels[0, 0] == (160, 0, 0, 255)).all() for frame in marked)
    plain = _video(_spoken(lite, _open(lite), speech[:8_000]))
    assert not all((frame.pixels[0, 0] == (160, 0, 0, 255)).all() for frame in plain)


def _two_faced() -> Avatar:
    guard = load_avatar("guard")
    return replace(guard, digest="two", portraits=MappingProxyType({"happy": load_avatar("merchant").portrait}))


def test_an_emotion_with_a_portrait_shows_from_the_next_chunk_on(lite, speech) -> None:
    settings = SessionSettings(outputs=Outputs.VIDEO, size=SIZE, seed=1)
    plain, changing, sad = (lite.open(_two_faced(), settings) for _ in range(3))
    samples = chunk_samples(lite.runtime.config)
    shown = []
    for session, emotion in ((plain, None), (changing, "happy"), (sad, "sad")):
        session.push(speech[:samples])
        lite.step([session])
        if emotion is not None:
            session.set(emotion=emotion)
        session.push(speech[samples:], end=True)
        state = session.state
        lite.step([session])
        shown.append([frame.pixels for frame in session.frames()])
    assert [len(frames) for frames in shown] == [38] * 3
    assert np.array_equal(shown[0][:24], shown[1][:24])
    assert not any(np.array_equal(*pair) for pair in zip(shown[0][24:], shown[1][24:], strict=True))
    assert np.array_equal(shown[0], shown[2]), "the avatar has no portrait of it"

    # It goes on from the motion frames of the portrait before.
    happy = lite.open(_two_faced(), replace(settings, emotion="happy"))
    look = lite._look(happy)
    pcm = np.pad(speech[samples:], (0, 2 * samples - len(speech)))
    _, (expected,) = next_chunk(lite.runtime, [look.portrait], [state], [pcm])
    look.keyer.key(expected)
    assert np.array_equal(shown[1][24:], expected[:14])
    _, (anew,) = next_chunk(lite.runtime, [look.portrait], [replace(state, motion=None)], [pcm])
    look.keyer.key(anew)
    assert not np.array_equal(shown[1][24:], anew[:14])


def test_idle_time_of_another_emotion_is_blended_into(lite, speech) -> None:
    session = lite.open(_two_faced(), SessionSettings(outputs=Outputs.VIDEO, size=SIZE, seed=1))
    session.idle(60)
    lite.step([session])
    before = session.frames()
    session.set(emotion="happy")
    session.idle(60)
    lite.step([session])
    after = session.frames()
    assert [frame.index for frame in before + after] == list(range(50))
    assert _distance(before[-1], after[0]) < 0.3 * _distance(before[-1], after[20])
    assert after[0].flags == FrameFlags.IDLE


def test_pictures_are_keyed_as_the_portrait_is(lite, speech) -> None:
    """One head whose portrait has alpha, and one with a background that is part of it; in one batch."""
    settings = SessionSettings(outputs=Outputs.VIDEO, size=SIZE, seed=1)
    sessions = [lite.open(avatar, settings) for avatar in (load_avatar("guard"), _opaque("guard"))]
    for session in sessions:
        session.push(speech, end=True)
        session.idle(30)
    lite.step(sessions)
    keyed, plain = (np.stack([frame.pixels for frame in session.frames()]) for session in sessions)
    assert len(keyed) == len(plain) > 38
    assert (plain[..., 3] == 255).all()
    look = sessions[0].look
    again = _unkeyed(lite, look, speech)
    look.keyer.key(again)
    # Not bit by bit: a batch rounds otherwise than one head alone, and pictures that are all noise are all edge.
    assert (keyed[:24] == again).mean() > 0.99
    assert (keyed[:24] == _unkeyed(lite, look, speech)).mean() < 0.9


def _unkeyed(driver: FlashHeadDriver, look: Look, pcm: np.ndarray) -> np.ndarray:
    pcm = pcm[: chunk_samples(driver.runtime.config)]
    return next_chunk(driver.runtime, [look.portrait], [HeadState(1)], [pcm])[1][0]


def test_portraits_matter(lite, speech) -> None:
    guard, fox = (_video(_spoken(lite, _open(lite, avatar=name), speech)) for name in ("guard", "fox"))
    assert not np.array_equal(guard[0].pixels, fox[0].pixels)


def test_a_long_life_keeps_few_looks(speech) -> None:
    driver = FlashHeadDriver("tiny", _runtime(TINY), NanoDriver(), "none")
    open_still = _open(driver, seed=100)
    _spoken(driver, open_still, speech[:3_000])
    look = open_still.look
    for seed in range(7):
        session = _open(driver, seed=seed)
        _spoken(driver, session, speech[:3_000])
        session.close()
    assert len(driver._looks) <= 5, "the last four, and that of the head that is open"
    _spoken(driver, open_still, speech[:3_000])
    assert open_still.look is look


def test_long_speech_keeps_no_pictures(lite, speech) -> None:
    session = _open(lite, outputs=Outputs.VIDEO)
    held = []
    for _ in range(6):
        session.push(speech)
        lite.step([session])
        assert session.frames()
        held.append(len(session._stretches[0].pictures) + len(session._stretches[0].weights))
    assert max(held) <= 26, held


def test_blendshapes_alone_need_no_avatar_and_no_pictures(lite, speech) -> None:
    session = lite.open(None, SessionSettings())
    frames = _spoken(lite, session, speech)
    assert len(frames) == 90 and not _video(frames)
    with pytest.raises(SettingsError, match="avatar"):
        lite.open(None, SessionSettings(outputs=Outputs.VIDEO))


class Small(TorchFlashHead):
    """A device whose memory holds so many heads."""

    def __init__(self, heads: int) -> None:
        super().__init__(Networks.random(TINY))
        self.heads, self.batches = heads, []

    def denoise(self, references, motions, heard, noise):
        self.batches.append(len(references))
        if len(references) > self.heads:
            raise OutOfMemory("The GPU's memory ran out.")
        return super().denoise(references, motions, heard, noise)


def test_smaller_batches_where_memory_runs_out(lite, speech) -> None:
    expected = _video(_spoken(lite, _open(lite), speech[:8_000]))
    runtime = Small(2)
    driver = FlashHeadDriver("tiny", runtime, NanoDriver(), "none")
    sessions = [_open(driver) for _ in range(5)]
    for session in sessions:
        session.push(speech[:8_000], end=True)
    driver.step(sessions)
    assert runtime.batches == [5, 2, 2, 1]
    for session in sessions:
        frames = _video(session.frames())
        off = [np.abs(a.pixels.astype(int) - b.pixels).max() for a, b in zip(frames, expected, strict=True)]
        assert max(off) <= 1
    with pytest.raises(OutOfMemory, match="nano"):
        _spoken(FlashHeadDriver("tiny", Small(0), NanoDriver(), "none"), _open(driver), speech[:8_000])


def test_a_closed_session(lite, speech) -> None:
    session = _open(lite)
    session.close()
    for call in (session.frames, session.cancel, lambda: session.push(speech), lambda: session.idle(3)):
        with pytest.raises(FlashHeadError, match="closed"):
            call()
