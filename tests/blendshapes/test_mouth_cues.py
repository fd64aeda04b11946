"""Mouth cues say what the mouth of a track does: checked on tracks whose mouth is known, and on spoiled ones."""

import time
from itertools import pairwise

import numpy as np
import pytest

from flashhead_engine.blendshapes import mouth_cues as mouth_cues_module
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.blendshapes.mouth_cues import SHAPES, MouthCue, mouth_cues
from flashhead_engine.blendshapes.visemes import VISEMES

RATE = 60
# What is said, for how long, how far the jaw opens and if the lips meet: "mop fall boot", with rests.
SPOKEN = [
    ("sil", 0.3, 0.0, False, "X"),
    ("PP", 0.1, 0.05, True, "A"),
    ("aa", 0.2, 0.4, False, "D"),
    ("PP", 0.1, 0.05, True, "A"),
    ("FF", 0.12, 0.06, False, "G"),
    ("oh", 0.2, 0.25, False, "E"),
    ("nn", 0.15, 0.2, False, "H"),
    ("PP", 0.1, 0.05, True, "A"),
    ("ou", 0.2, 0.1, False, "F"),
    ("DD", 0.1, 0.07, False, "B"),
    ("sil", 0.3, 0.0, False, "X"),
]


def track(spoken, doubt: float = 0.2, seed: int | None = None) -> tuple[np.ndarray, np.ndarray, str]:
    """Weights, posteriors and the shape of every row. `doubt` is spread over all visemes, at random with a seed."""
    random = np.random.default_rng(seed)
    weights, visemes, shapes = [], [], []
    for viseme, seconds, jaw, shut, shape in spoken:
        for _ in range(round(seconds * RATE)):
            face = np.zeros(52, np.float32)
            face[INDEX["jawOpen"]] = jaw
            face[INDEX["mouthClose"]] = jaw * shut
            others = random.dirichlet(np.ones(15)) if seed is not None else np.full(15, 1 / 15)
            posteriors = doubt * others
            posteriors[VISEMES.index(viseme)] += 1 - doubt
            weights.append(face)
            visemes.append(posteriors)
            shapes.append(shape)
    return np.array(weights), np.array(visemes, np.float32), "".join(shapes)


def by_row(cues: list[MouthCue], rows: int) -> str:
    return "".join(
        next(cue.shape for cue in cues if cue.start_s <= (row + 0.5) / RATE < cue.end_s) for row in range(rows)
    )


def right(cues: list[MouthCue], shapes: str) -> float:
    """The share of rows that show the shape that is right."""
    return float(np.mean([a == b for a, b in zip(by_row(cues, len(shapes)), shapes, strict=True)]))


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_every_sound_has_its_shape(seed):
    weights, visemes, shapes = track(SPOKEN, doubt=0.5, seed=seed)
    cues = mouth_cues(weights, visemes, RATE)
    assert [cue.shape for cue in cues] == [shape for *_, shape in SPOKEN]
    assert right(cues, shapes) > 0.97


@pytest.mark.parametrize(
    ("viseme", "jaw", "shape"),
    [
        *(("aa", 0.4, "D"), ("aa", 0.1, "C"), ("nn", 0.05, "B"), ("nn", 0.2, "H"), ("E", 0.2, "C"), ("ih", 0.1, "B")),
        *(("RR", 0.1, "E"), ("SS", 0.05, "B"), ("CH", 0.05, "B"), ("kk", 0.1, "B"), ("TH", 0.05, "B")),
    ],
)
def test_how_far_the_lips_are_apart_decides_between_neighbours(viseme, jaw, shape):
    weights, visemes, _ = track([(viseme, 0.5, jaw, False, shape)])
    assert [cue.shape for cue in mouth_cues(weights, visemes, RATE)] == [shape]


def test_lips_that_meet_are_closed_whatever_is_heard():
    weights, visemes, _ = track(
        [("DD", 0.2, 0.1, False, "B"), ("DD", 0.1, 0.1, True, "A"), ("DD", 0.2, 0.1, False, "B")]
    )
    assert [cue.shape for cue in mouth_cues(weights, visemes, RATE)] == ["B", "A", "B"]


def test_a_mouth_does_not_flicker_between_shapes_that_are_as_likely():
    weights, visemes, _ = track([("E", 1.0, 0.2, False, "C")], doubt=0.0)
    visemes[:, VISEMES.index("E")] = 0.5 + 0.1 * (-1.0) ** np.arange(60)
    visemes[:, VISEMES.index("oh")] = 1 - visemes[:, VISEMES.index("E")]
    assert len(set(visemes.argmax(axis=1))) == 2
    assert len(mouth_cues(weights, visemes, RATE)) == 1


@pytest.mark.parametrize("rows", [1, 2])
def test_only_a_closure_may_be_shorter_than_the_eye_reads(rows):
    around = ("aa", 0.3, 0.4, False, "D")
    for viseme, shut, expected in (("ou", False, ["D"]), ("PP", True, ["D", "A", "D"])):
        weights, visemes, _ = track([around, (viseme, rows / RATE, 0.4, shut, ""), around], doubt=0.0)
        assert [cue.shape for cue in mouth_cues(weights, visemes, RATE)] == expected


def test_cues_follow_each_other_from_start_to_end():
    random = np.random.default_rng(5)
    weights = random.random((400, 52)).astype(np.float32) * 0.3
    visemes = random.dirichlet(np.full(15, 0.1), 400).astype(np.float32)
    cues = mouth_cues(weights, visemes, RATE)
    assert cues[0].start_s == 0
    assert cues[-1].end_s == 400 / RATE
    assert all(a.end_s == b.start_s and a.shape != b.shape for a, b in pairwise(cues))
    assert all(cue.end_s - cue.start_s > 0.049 for cue in cues if cue.shape != "A")
    assert {cue.shape for cue in cues} <= set(SHAPES)


def test_one_row_is_one_cue():
    weights, visemes, _ = track([("sil", 1 / RATE, 0.0, False, "X")])
    assert mouth_cues(weights, visemes, RATE) == [MouthCue(0.0, 1 / RATE, "X")]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda weights, visemes: (weights, np.roll(visemes, 1, axis=1)),
        lambda weights, visemes: (np.zeros_like(weights), visemes),
        lambda weights, visemes: (np.roll(weights, 12, axis=0), np.roll(visemes, 12, axis=0)),
    ],
    ids=["other visemes", "no mouth", "late"],
)
def test_a_spoiled_track_is_seen(spoil):
    """The measure of the first test fails on it."""
    weights, visemes, shapes = track(SPOKEN, doubt=0.5)
    assert right(mouth_cues(*spoil(weights, visemes), RATE), shapes) < 0.8


def plainly_without_short(path: np.ndarray, votes: np.ndarray, shortest: int) -> np.ndarray:
    """The rule as it is told, one run after the other over the whole track."""
    while True:
        borders = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
        runs = [(end - start, start, end) for start, end in pairwise(borders)]
        short = [run for run in runs if run[0] < shortest and SHAPES[path[run[1]]] != "A"]
        if not short or len(runs) == 1:
            return path
        _, start, end = min(short)
        neighbours = [path[row] for row in (start - 1, end) if 0 <= row < len(path)]
        path[start:end] = max(neighbours, key=lambda shape: votes[start:end, shape].sum())


@pytest.mark.parametrize("seed", range(20))
def test_short_shapes_go_to_their_neighbours_as_the_rule_says(seed):
    random = np.random.default_rng(seed)
    path, votes = random.integers(0, len(SHAPES), 300).repeat(random.integers(1, 4, 300)), random.random((900, 9))
    expected = plainly_without_short(path.copy(), votes, 3)
    found = mouth_cues_module._without_short(mouth_cues_module._runs(path), votes, 3)
    rows = np.concatenate([np.full(end - start, shape) for start, end, shape in found])
    np.testing.assert_array_equal(rows, expected)
    assert all(before[2] != after[2] and before[1] == after[0] for before, after in pairwise(found))


def test_the_time_grows_with_the_length_of_the_track_alone():
    path = np.random.default_rng(0).integers(0, len(SHAPES), 100_000)
    votes = np.random.default_rng(1).random((len(path), 9))
    begun = time.process_time()
    mouth_cues_module._without_short(mouth_cues_module._runs(path), votes, 3)
    assert time.process_time() - begun < 10  # far more where each change looks at the whole track
