"""Promises of the articulation: whatever the network answers, the mouth's weights are weights."""

import itertools

import numpy as np
import pytest

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
