"""The audio of an utterance, from whatever its client sends to float32 mono at 16 kHz."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from flashhead_engine.errors import AudioError
from flashhead_engine.worker.resample import decoded
from flashhead_engine.worker.utterance import FileUtterance, Utterance

pytest.importorskip("samplerate")


def tone(rate_hz, hz, seconds):
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz)).astype(np.float32)


def all_of(utterance, seconds=0.04):
    pieces, end = [], False
    while not end:
        pcm, end = utterance.take(seconds)
        pieces.append(pcm)
    return np.concatenate(pieces)


def loudness_at(pcm, hz):
    """Amplitude of a tone in 16 kHz PCM, without its beginning and end."""
    middle = pcm[2_000:-2_000]
    return 2 * abs(np.mean(middle * np.exp(-2j * np.pi * hz * np.arange(len(middle)) / 16_000)))


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("piece", [None, 7, 1_000])
def test_every_rate_becomes_16_khz_in_pieces_of_any_size(rate_hz, piece):
    utterance = Utterance(1, rate_hz, 1, "f32")
    pcm = tone(rate_hz, 1_000, 0.1 if piece == 7 else 1.0)
    step = piece or len(pcm)
    for start in range(0, len(pcm), step):
        utterance.add(pcm[start : start + step].tobytes(), end=False)
    utterance.add(b"", end=True)
    heard = all_of(utterance)
    assert len(heard) == round(len(pcm) * 16_000 / rate_hz)
    if piece != 7:
        assert loudness_at(heard, 1_000) == pytest.approx(0.5, abs=0.02)
        assert loudness_at(heard, 1_100) < 0.02, "another tone is not what was sent"


def test_what_16_khz_cannot_hold_is_taken_out_not_folded():
    utterance = Utterance(1, 48_000, 1, "f32")
    utterance.add(tone(48_000, 12_000, 1.0).tobytes(), end=True)
    assert loudness_at(all_of(utterance), 4_000) < 0.01


def test_the_last_moment_is_heard_too():
    utterance = Utterance(1, 48_000, 1, "f32")
    utterance.add(np.concatenate([np.zeros(47_520), tone(48_000, 500, 0.01)]).astype("<f4").tobytes(), end=True)
    last = all_of(utterance)[-160:]
    assert np.sqrt(np.mean(last**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_channels_are_averaged_and_integers_scaled():
    left, right = np.full(160, 16_384, "<i2"), np.full(160, -8_192, "<i2")
    mono = decoded(np.stack([left, right], axis=1).tobytes(), "s16", 2)
    assert mono.shape == (160,)
    assert mono.dtype == np.float32
    assert np.allclose(mono, 0.125)


@pytest.mark.parametrize(
    ("data", "format", "channels", "words"),
    [
        (b"\0" * 6, "f32", 1, "whole samples"),
        (b"\0" * 8, "f64", 1, "format 'f64'"),
        (b"\0" * 8, "f32", 0, "channels 0"),
        (b"\0" * 36, "f32", 9, "channels 9"),
        (np.array([0, np.nan], "<f4").tobytes(), "f32", 1, "not numbers"),
        (np.array([np.inf], "<f4").tobytes(), "f32", 1, "not numbers"),
    ],
)
def test_samples_that_cannot_be_are_refused_in_words(data, format, channels, words):
    with pytest.raises(AudioError, match=words):
        decoded(data, format, channels)


@pytest.mark.parametrize("rate_hz", [0, 3_999, 192_001, 4_294_967_295])
def test_rates_that_cannot_be_are_refused_in_words(rate_hz):
    with pytest.raises(AudioError, match=f"sample_rate_hz {rate_hz}"):
        Utterance(1, rate_hz, 1, "f32")


def test_what_will_wait_is_known_before_it_is_added():
    utterance = Utterance(1, 8_000, 2, "s16")
    assert utterance.seconds_of(b"\0" * 32_000) == 1.0
    utterance.add(b"\0" * 32_000, end=False)
    assert utterance.waiting_s == 1.0


class Disk:
    """A file whose every piece waits until it is let through."""

    def __init__(self, pieces):
        self.asked, self._gate, self._pieces = 0, threading.Semaphore(0), pieces

    def chunks(self):
        for piece in self._pieces:
            self.asked += 1
            assert self._gate.acquire(timeout=5)
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def let_through(self, pieces):
        for _ in range(pieces):
            self._gate.release()


@pytest.fixture
def later():
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


def until(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_slow_disk_is_waited_for_elsewhere(later):
    disk = Disk([tone(16_000, 300, 1.0)] * 2)
    began = time.monotonic()
    utterance = FileUtterance(1, disk.chunks(), later)
    assert not utterance.complete
    assert utterance.waiting_s == 0
    pcm, end = utterance.take(0.04)
    assert (len(pcm), end) == (0, False)
    assert time.monotonic() - began < 1, "nothing here waited for the disk"
    disk.let_through(2)
    until(lambda: utterance.waiting_s == 2)
    utterance.take(0.5)
    until(lambda: utterance.complete)
    assert len(all_of(utterance)) == 24_000


def test_a_long_file_is_read_only_a_little_ahead(later):
    disk = Disk([tone(16_000, 300, 1.0)] * 600)
    disk.let_through(600)
    utterance = FileUtterance(1, disk.chunks(), later)
    until(lambda: utterance.waiting_s >= 2)
    time.sleep(0.05)
    assert disk.asked <= 3
    for _ in range(100):
        utterance.take(0.04)
    until(lambda: utterance.waiting_s >= 2)
    assert disk.asked <= 7


@pytest.mark.parametrize("failure", [AudioError("line.wav: is cut off."), OSError(5, "Input/output error")])
def test_a_file_that_breaks_off_is_spoken_to_there_and_then_says_so(later, failure):
    disk = Disk([tone(16_000, 300, 1.0), failure])
    disk.let_through(2)
    utterance = FileUtterance(1, disk.chunks(), later)
    until(lambda: utterance.complete)
    spoken = 0
    with pytest.raises(AudioError, match=r"cut off|Input/output"):
        for _ in range(100):
            spoken += len(utterance.take(0.04)[0])
    assert spoken == 16_000
