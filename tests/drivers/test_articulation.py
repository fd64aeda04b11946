"""Promises of the articulation: whatever the network answers, the mouth's weights are weights."""

import itertools

import numpy as np
import pytest

from flashhead_engine.blendshapes.aperture import lip_aperture
from flashhead_engine.blendshapes.closures import are_closed
from flashhead_engine.blendshapes.visemes import VISEMES
from flashhead_engine.drivers.nano import articulation
from flashhead_engine.drivers.nano.articulation import CURVES, Articulator


def _weights_of_extreme_answers() -> np.ndarray:
    """Every combination of curves at 0, at 1 and between, each with every viseme."""
    curves = np.array(list(itertools.product((0.0, 0.4, 1.0), repeat=len(CURVES))), np.float32)
    return np.concatenate(
        [
            Articulator().apply(curves, np.tile(viseme, (len(curves), 1)))
            for viseme in np.eye(len(VISEMES), dtype=np.float32)
        ]
    )


def test_weights_stay_in_their_range_without_being_clipped() -> None:
    weights = _weights_of_extreme_answers()
    assert weights.min() >= 0 and 0.5 < weights.max() <= 1


def test_the_same_check_finds_factors_that_add_up_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articulation, "_MATRIX", 2 * articulation._MATRIX)
    assert _weights_of_extreme_answers().max() > 1


SPEECH, JAW = CURVES.index("speech"), CURVES.index("jaw")


def _apertures(speech: list[float], jaw: float = 0.8) -> np.ndarray:
    """Of a mouth to whose sound the network gives these probabilities of speech, one a frame."""
    curves = np.zeros((len(speech), len(CURVES)), np.float32)
    curves[:, SPEECH], curves[:, JAW] = speech, jaw
    visemes = np.tile(np.eye(len(VISEMES), dtype=np.float32)[VISEMES.index("aa")], (len(speech), 1))
    return lip_aperture(Articulator().apply(curves, visemes))


def test_who_speaks_out_of_silence_is_seen_at_once() -> None:
    assert _apertures([0.0] * 20 + [0.8])[-1] > 0.1


def test_a_crowd_before_the_first_word_wakes_the_mouth_less() -> None:
    """The same probability; what was in doubt before makes the difference, and a sure word ends it."""
    crowd = [0.3] * 20
    after_silence, in_a_crowd, after_a_word = (
        _apertures([*before, 0.8])[-1] for before in ([0.0] * 20, crowd, [*crowd, 0.99, 0.5])
    )
    assert in_a_crowd < 0.6 * after_silence
    assert after_a_word >= after_silence


def test_lips_that_are_not_shut_look_parted() -> None:
    """Even for s, whose jaw is nearly closed; but not at rest."""
    open_wide, nearly_closed = (_apertures([1.0], jaw)[-1] for jaw in (0.9, 0.02))
    assert not are_closed(np.array(nearly_closed), open_wide)
    assert are_closed(np.array(_apertures([0.0], 0.02)[-1]), open_wide)
