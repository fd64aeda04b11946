"""The lip-sync score says the same as on the day it was checked against the project's reference implementation."""

import numpy as np
import pytest

from flashhead_engine.blendshapes.phones import Lips, Segment, mouth_curves, split_ipa, to_atoms
from flashhead_engine.evaluation.lipsync import Track, Truth, perfect_track, score

# SCORE, closure F1, closures beyond chance, false closures, aperture correlation, balanced accuracy of the committed
# lines, computed by the reference implementation (the script from which evaluation/lipsync.py was written) on
# 2026-11-23.
RECORDED = {
    ("perfect", 25): (0.976588798, 0.965779468, 1.000000000, 0.000000000, 0.990553877, 0.938842204),
    ("perfect", 60): (0.980049345, 0.965408805, 1.000000000, 0.000000000, 0.990553877, 0.953570034),
    ("80 ms late", 25): (0.652401749, 0.611279563, 0.940298507, 0.048192771, 0.519893663, 0.484104803),
    ("80 ms late", 60): (0.650790651, 0.596175330, 0.910112360, 0.040733198, 0.519893663, 0.486474448),
    ("of another line", 25): (0.220714178, 0.118737239, 0.093333333, 0.267469880, 0.121958391, 0.310427173),
    ("of another line", 60): (0.222578066, 0.117053686, 0.089655172, 0.261710794, 0.121958391, 0.309362043),
}


@pytest.fixture(scope="module")
def mouths(lines) -> dict[str, list[Track]]:
    perfect = [perfect_track(line.truth) for line in lines]
    return {
        "perfect": perfect,
        "80 ms late": [track.delayed(0.080) for track in perfect],
        "of another line": [*perfect[1:], perfect[0]],
    }


@pytest.mark.parametrize(("name", "fps"), RECORDED)
def test_recorded_numbers(lines, mouths, name, fps) -> None:
    result = score([line.truth for line in lines], mouths[name], fps)
    measured = (
        result.score,
        result.closure_f1,
        result.closure_beyond_chance,
        result.false_closures,
        result.aperture_correlation,
        result.balanced_accuracy,
    )
    assert measured == pytest.approx(RECORDED[name, fps], abs=1e-6)


@pytest.mark.parametrize("milliseconds", [-60, -20, 20, 60])
def test_lag_is_measured(lines, mouths, milliseconds) -> None:
    tracks = [track.delayed(milliseconds / 1000) for track in mouths["perfect"]]
    assert score([line.truth for line in lines], tracks, 60).lag_ms == pytest.approx(milliseconds, abs=5)


def test_gain_does_not_matter(lines, mouths) -> None:
    truths = [line.truth for line in lines]
    louder = [Track(track.times_s, 1.8 * track.weights) for track in mouths["perfect"]]
    usual = score(truths, mouths["perfect"], 60)
    assert score(truths, louder, 60).aperture_correlation == pytest.approx(usual.aperture_correlation)
    assert score(truths, louder, 60).closure_f1 == pytest.approx(usual.closure_f1, abs=0.02)


def test_truth_survives_its_file(lines, tmp_path) -> None:
    truth = lines[0].truth
    truth.save(tmp_path / "line.json")
    assert Truth.load(tmp_path / "line.json") == truth


def test_ipa_is_split_into_letters_that_have_an_articulation() -> None:
    assert split_ipa("aɪ") == ["a", "ɪ"]
    assert split_ipa("tʃʰ") == ["t", "ʃ"]
    assert split_ipa("ɛ̃ː") == ["ɛ"]
    assert split_ipa("(en)") == []


def test_lips_shut_on_bilabials_and_only_there() -> None:
    segments = [
        Segment(0.0, 0.3, ""),
        Segment(0.3, 0.5, "a"),
        Segment(0.5, 0.6, "b"),
        Segment(0.6, 0.8, "a"),
        Segment(0.8, 1.1, ""),
    ]
    times = np.array([0.15, 0.4, 0.55, 0.7, 1.0])
    mouth = mouth_curves(to_atoms(segments), times)
    np.testing.assert_array_equal(mouth.lips_shut, [0, 0, 1, 0, 0])
    assert mouth.aperture[1] > 0.8 and mouth.aperture[3] > 0.8
    assert mouth.aperture[[0, 2, 4]].max() < 0.1


def test_atoms_share_the_time_of_their_phone_and_pauses_merge() -> None:
    atoms = to_atoms([Segment(0, 0.1, ""), Segment(0.1, 0.2, ""), Segment(0.2, 0.4, "aʊ"), Segment(0.4, 0.5, "f")])
    assert [atom.letter for atom in atoms] == ["", "a", "ʊ", "f"]
    assert atoms[0].end == 0.2
    assert atoms[1].end == pytest.approx(0.31)
    assert atoms[3].articulation.lips is Lips.TEETH
