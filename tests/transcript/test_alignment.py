"""align: posteriors made of segments that are known must give these segments back."""

import time
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from flashhead_engine.blendshapes.phone_classes import PHONE_CLASSES
from flashhead_engine.blendshapes.phones import Segment
from flashhead_engine.transcript.alignment import Alignment, AlignmentError, align, fits

from .synthetic import RATE_HZ, posteriors, spoken

HELLO = [tuple("hələʊ"), tuple("ðeə"), tuple("streɪndʒə"), tuple("wɒt"), tuple("brɪŋz"), tuple("ju")]
OTHER = [tuple("wɪ"), tuple("kæmp"), tuple("baɪ"), tuple("ðə"), tuple("rɪvə"), tuple("tənaɪt"), tuple("ænd")]
PAUSES = [0.4, 0.0, 0.3, 0.0, 0.0, 0.0, 0.5]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


def letters(alignment: Alignment) -> list[Segment]:
    return [segment for segment in alignment.segments if segment.ipa]


def boundary_errors(alignment: Alignment, truth: list[Segment]) -> np.ndarray:
    """Seconds by which the start of each letter is off."""
    true = [segment for segment in truth if segment.ipa]
    found = letters(alignment)
    assert [segment.ipa for segment in found] == [segment.ipa for segment in true]
    return np.array([a.start - b.start for a, b in zip(found, true, strict=True)])


def test_boundaries_are_found_within_a_frame(random) -> None:
    truth = spoken(HELLO, random, PAUSES)
    alignment = align(posteriors(truth, random), HELLO, RATE_HZ)
    errors = boundary_errors(alignment, truth)
    assert np.abs(errors).max() <= 1.5 / RATE_HZ
    assert abs(errors.mean()) <= 0.002
    assert alignment.confidence > 0.9


def test_boundaries_survive_noisy_posteriors(random) -> None:
    truth = spoken(HELLO * 4, random, [0.2, 0.0, 0.0] * 8 + [0.3])
    alignment = align(posteriors(truth, random, noise=3.0), HELLO * 4, RATE_HZ)
    assert np.median(np.abs(boundary_errors(alignment, truth))) <= 1 / RATE_HZ


def test_segments_cover_the_utterance_without_gaps(random) -> None:
    truth = spoken(HELLO, random, PAUSES)
    found = align(posteriors(truth, random), HELLO, RATE_HZ).segments
    assert found[0].start == 0
    assert found[-1].end == pytest.approx(truth[-1].end, abs=1 / RATE_HZ)
    assert all(a.end == b.start for a, b in pairwise(found))


def test_pauses_are_put_where_they_are_spoken_and_nowhere_else(random) -> None:
    truth = spoken(HELLO, random, PAUSES)
    found = align(posteriors(truth, random), HELLO, RATE_HZ).segments
    assert [segment.ipa for segment in found] == [segment.ipa for segment in truth]


def test_utterance_without_any_pause(random) -> None:
    truth = spoken(HELLO, random, [0.0] * 6 + [0.1])[:-1]
    alignment = align(posteriors(truth, random), HELLO, RATE_HZ)
    assert len(alignment.segments) == len(letters(alignment))
    assert np.abs(boundary_errors(alignment, truth)).max() <= 1.5 / RATE_HZ


def test_stumble_inside_a_word_is_a_pause(random) -> None:
    truth = spoken([tuple("həl"), tuple("əʊ")], random, [0.3, 0.5, 0.3])
    alignment = align(posteriors(truth, random), [tuple("hələʊ")], RATE_HZ)
    assert [segment.ipa for segment in alignment.segments] == ["", *"həl", "", *"əʊ", ""]


def test_short_silence_inside_a_word_is_no_pause(random) -> None:
    truth = spoken([tuple("kæ"), tuple("tə")], random, [0.3, 0.04, 0.3])
    alignment = align(posteriors(truth, random), [tuple("kætə")], RATE_HZ)
    assert [segment.ipa for segment in alignment.segments] == ["", *"kætə", ""]


def test_late_posteriors_move_the_segments(random) -> None:
    """The spoiled run of the boundary tests: 80 ms late must be seen as late."""
    truth = spoken(HELLO, random, PAUSES)
    late = np.roll(posteriors(truth, random), 5, axis=0)
    assert np.median(boundary_errors(align(late, HELLO, RATE_HZ), truth)) == pytest.approx(5 / RATE_HZ, abs=0.01)


def test_another_text_has_little_confidence(random) -> None:
    right, wrong = [], []
    for _ in range(20):
        truth = posteriors(spoken(HELLO, random, PAUSES), random, noise=2.0)
        right.append(align(truth, HELLO, RATE_HZ).confidence)
        wrong.append(align(truth, OTHER, RATE_HZ).confidence)
    assert min(right) > 2 * max(wrong)


@pytest.mark.parametrize("noise", [1.0, 2.0, 3.0])
def test_only_the_text_that_is_said_fits(random, noise) -> None:
    for _ in range(10):
        heard = posteriors(spoken(HELLO, random, PAUSES), random, noise)
        assert fits(align(heard, HELLO, RATE_HZ), heard, HELLO, RATE_HZ)
        assert not fits(align(heard, OTHER, RATE_HZ), heard, OTHER, RATE_HZ)


def test_nothing_fits_what_cannot_be_heard(random) -> None:
    flat = np.full((300, len(PHONE_CLASSES)), -np.log(len(PHONE_CLASSES)), np.float32)
    assert not fits(align(flat, HELLO, RATE_HZ), flat, HELLO, RATE_HZ)


def test_text_that_reads_the_same_backwards_may_fit(random) -> None:
    heard = posteriors([Segment(0, 0.3, ""), Segment(0.3, 0.8, "a"), Segment(0.8, 1.1, "")], random)
    assert fits(align(heard, [("a",)], RATE_HZ), heard, [("a",)], RATE_HZ)


@pytest.mark.parametrize("text", [HELLO + OTHER, HELLO[:2] + OTHER + HELLO[2:], HELLO[:2] + HELLO[4:], HELLO[:1]])
def test_words_too_many_or_missing_cost_confidence(random, text) -> None:
    truth = posteriors(spoken(HELLO, random, PAUSES), random)
    assert align(truth, text, RATE_HZ).confidence < 0.75 * align(truth, HELLO, RATE_HZ).confidence


def test_one_word_too_many_spoils_only_its_neighbourhood(random) -> None:
    words = HELLO * 3
    truth = spoken(words, random, [0.3] + [0.0] * 17 + [0.3])
    text = [*words[:9], ("n", "ɒ"), *words[9:]]
    found = letters(align(posteriors(truth, random), text, RATE_HZ))
    true = [segment for segment in truth if segment.ipa]
    before = sum(map(len, words[:8]))
    after = sum(map(len, words[11:]))
    for a, b in [*zip(found[:before], true[:before]), *zip(found[-after:], true[-after:])]:  # noqa: B905
        assert a.start == pytest.approx(b.start, abs=2 / RATE_HZ)


def test_one_sound_said_otherwise_spoils_nothing(random) -> None:
    truth = spoken(HELLO, random, PAUSES)
    said = [tuple("həlɒʊ"), *HELLO[1:]]
    alignment = align(posteriors(truth, random), said, RATE_HZ)
    starts = [segment.start for segment in truth if segment.ipa]
    assert [segment.start for segment in letters(alignment)] == pytest.approx(starts, abs=3 / RATE_HZ)


def test_silence_is_no_speech(random) -> None:
    silence = posteriors([Segment(0, 3, "")], random)
    assert align(silence, HELLO, RATE_HZ).confidence < 0.1


def test_text_that_is_spoken_too_fast_gets_a_frame_for_each_sound(random) -> None:
    count = sum(map(len, HELLO))
    fast = [Segment(i / RATE_HZ, (i + 1) / RATE_HZ, letter) for i, letter in enumerate("".join(map("".join, HELLO)))]
    alignment = align(posteriors(fast, random), HELLO, RATE_HZ)
    assert len(alignment.segments) == count
    assert np.abs(boundary_errors(alignment, fast)).max() <= 0.51 / RATE_HZ


def test_more_sounds_than_frames(random) -> None:
    truth = posteriors([Segment(0, 0.2, "a")], random)
    with pytest.raises(AlignmentError, match="more than can be spoken"):
        align(truth, HELLO, RATE_HZ)


@pytest.mark.parametrize("words", [[], [()], [(), ()]])
def test_empty_text(random, words) -> None:
    with pytest.raises(AlignmentError, match="no sounds"):
        align(posteriors([Segment(0, 1, "")], random), words, RATE_HZ)


@pytest.mark.parametrize("words", [[("7",)], [("a", "")], [("tʃ",)]])
def test_letters_that_are_none(random, words) -> None:
    with pytest.raises(AlignmentError, match="not letters"):
        align(posteriors([Segment(0, 1, "")], random), words, RATE_HZ)


def test_posteriors_that_are_no_numbers(random) -> None:
    truth = posteriors([Segment(0, 1, "a")], random)
    truth[3, 5] = np.nan
    with pytest.raises(AlignmentError, match="not numbers"):
        align(truth, HELLO[:1], RATE_HZ)


@pytest.mark.parametrize("shape", [(0, 34), (60, 33), (34,), (1, 60, 34)])
def test_posteriors_of_another_shape(shape) -> None:
    with pytest.raises(AlignmentError, match="shape"):
        align(np.zeros(shape, np.float32), HELLO, RATE_HZ)


def test_posterior_of_zero_is_allowed(random) -> None:
    truth = posteriors([Segment(0, 0.5, "a")], random)
    truth[:, 3:] = -np.inf
    assert align(truth, [("a",)], RATE_HZ).confidence > 0.9


def test_three_minutes_take_bounded_memory_and_time(random) -> None:
    words = HELLO * 66  # 1980 letters
    truth = spoken(words, random, [0.3, 0.0, 0.0] * 132 + [0.3])
    given = posteriors(truth, random, noise=2.0)[:10_800]
    assert len(given) == 10_800 and given.shape[1] == len(PHONE_CLASSES)
    tracemalloc.start()
    begun = time.process_time()
    align(given, words, RATE_HZ)
    seconds = time.process_time() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    assert seconds < 20


def test_hour_of_speech_is_refused_in_words() -> None:
    with pytest.raises(AlignmentError, match="pieces of a few minutes"):
        align(np.zeros((216_000, len(PHONE_CLASSES)), np.float32), HELLO * 1000, RATE_HZ)
