"""The shipped network: good on voices it never heard, the same in any pieces, timely, at rest in silence."""

from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.blendshapes.aperture import lip_aperture
from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.blendshapes.visemes import VISEMES
from flashhead_engine.drivers.nano.articulation import Articulator
from flashhead_engine.drivers.nano.features import FRAME_RATE_HZ, SAMPLE_RATE_HZ, FeatureExtractor, frame_count
from flashhead_engine.drivers.nano.network import LOOKAHEAD_FRAMES, LOOKAHEAD_US, NanoNetwork, animate
from flashhead_engine.errors import FlashHeadError
from flashhead_engine.evaluation.lipsync import LipSyncScore, Track, score

REQUIRED_SCORE = 0.75
REQUIRED_CLOSURES = 0.78  # of p, b, m, beyond chance
ALLOWED_FALSE_CLOSURES = 0.02
ALLOWED_LAG_MS = 15


def _track(weights: np.ndarray) -> Track:
    return Track(np.arange(len(weights)) / FRAME_RATE_HZ, weights)


@pytest.fixture(scope="module")
def tracks(network, lines) -> list[Track]:
    return [_track(animate(network, line.pcm)[0]) for line in lines]


def _score(lines, tracks: list[Track], fps: int) -> LipSyncScore:
    return score([line.truth for line in lines], tracks, fps)


def _faults(result: LipSyncScore) -> list[str]:
    """What is not good enough about a mouth."""
    good = {
        "score": result.score >= REQUIRED_SCORE,
        "closures": result.closure_beyond_chance >= REQUIRED_CLOSURES,
        "false closures": result.false_closures <= ALLOWED_FALSE_CLOSURES,
        "lag": abs(result.lag_ms) <= ALLOWED_LAG_MS,
    }
    return [name for name, is_good in good.items() if not is_good]


@pytest.mark.parametrize("fps", [25, 60])
def test_is_good_on_unheard_voices(lines, tracks, fps) -> None:
    result = _score(lines, tracks, fps)
    assert _faults(result) == [], result


def _still(tracks: list[Track], jaw_open: float) -> list[Track]:
    still = [Track(track.times_s, np.zeros_like(track.weights)) for track in tracks]
    for track in still:
        track.weights[:, INDEX["jawOpen"]] = jaw_open
    return still


SPOILERS = {
    "80 ms late": lambda tracks: [track.delayed(0.080) for track in tracks],
    "80 ms early": lambda tracks: [track.delayed(-0.080) for track in tracks],
    "of another line": lambda tracks: [*tracks[1:], tracks[0]],
    "frozen": lambda tracks: _still(tracks, 0.0),
    "always open": lambda tracks: _still(tracks, 0.3),
}


@pytest.mark.parametrize("fps", [25, 60])
@pytest.mark.parametrize("name", SPOILERS)
def test_the_same_check_fails_for_spoiled_mouths(lines, tracks, name, fps) -> None:
    faults = _faults(_score(lines, SPOILERS[name](tracks), fps))
    assert len(faults) >= 2 and "score" in faults


def test_answers_are_weights_and_posteriors(network, lines) -> None:
    weights, visemes = animate(network, lines[0].pcm)
    frames = frame_count(len(lines[0].pcm))
    assert weights.shape == (frames, len(ARKIT_52)) and visemes.shape == (frames, len(VISEMES))
    assert weights.dtype == visemes.dtype == np.float32
    assert weights.min() >= 0 and weights.max() <= 1
    np.testing.assert_allclose(visemes.sum(1), 1, atol=1e-5)
    assert (weights[:, INDEX["mouthClose"]] <= weights[:, INDEX["jawOpen"]] + 1e-6).all()


def test_visemes_name_what_is_spoken(network, lines) -> None:
    """In the middle of p, b and m the likeliest viseme is mostly PP."""
    from flashhead_engine.blendshapes.phones import to_atoms

    hits = []
    for line in lines:
        _, visemes = animate(network, line.pcm)
        for atom in to_atoms(line.truth.segments):
            if atom.articulation.viseme == "PP":
                frame = round(atom.centre * FRAME_RATE_HZ)
                hits.append(visemes[frame].argmax() == VISEMES.index("PP"))
    assert np.mean(hits) > 0.6


def _stream(network, pcm: np.ndarray, sizes) -> np.ndarray:
    extractor, state, articulator = FeatureExtractor(), network.initial_state(1), Articulator()
    answers, position, to_skip = [], 0, LOOKAHEAD_FRAMES
    while position <= len(pcm):
        size = int(sizes())
        ended = position + size > len(pcm)
        pieces = [extractor.push(pcm[position : position + size])]
        if ended:
            pieces.append(extractor.finish(LOOKAHEAD_FRAMES))
        features = np.concatenate(pieces)
        if len(features):
            heard, state = network.run(features[None], state)
            answers.append(articulator.apply(heard.curves[0, to_skip:], heard.visemes[0, to_skip:]))
            to_skip = max(0, to_skip - len(features))
        position += size
    return np.concatenate(answers)


@pytest.mark.parametrize("size", [1, 37, 160, 4096, 160_000])
def test_streaming_equals_offline(network, lines, size) -> None:
    pcm = lines[0].pcm[: 3 * SAMPLE_RATE_HZ]
    assert np.abs(_stream(network, pcm, lambda: size) - animate(network, pcm)[0]).max() < 1e-4


def test_streaming_equals_offline_in_random_pieces(network, lines) -> None:
    random = np.random.default_rng(4)
    for line in lines[:5]:
        streamed = _stream(network, line.pcm, lambda: 10 ** random.uniform(0, 5.2))
        assert np.abs(streamed - animate(network, line.pcm)[0]).max() < 1e-4


def test_streams_in_one_batch_do_not_disturb_each_other(network, lines) -> None:
    frames = 120
    features = np.stack([FeatureExtractor().push(line.pcm)[:frames] for line in lines[:4]])
    together, _ = network.run(features, network.initial_state(4))
    for row, one in enumerate(features):
        alone, _ = network.run(one[None], network.initial_state(1))
        assert np.abs(together.curves[row] - alone.curves[0]).max() < 1e-4
        assert np.abs(together.visemes[row] - alone.visemes[0]).max() < 1e-4


def test_look_ahead_is_at_most_60_ms(network, lines) -> None:
    """Audio later than the stated look-ahead changes nothing; audio just inside it does."""
    assert LOOKAHEAD_US <= 60_000
    pcm = lines[0].pcm
    random = np.random.default_rng(5)
    noise = (0.2 * random.standard_normal(len(pcm))).astype(np.float32)
    frame = 90
    original = animate(network, pcm)[0][frame]

    def changed_from(delay_us: int) -> np.ndarray:
        start = frame * SAMPLE_RATE_HZ // FRAME_RATE_HZ + delay_us * SAMPLE_RATE_HZ // 1_000_000 + 1
        spoiled = np.concatenate([pcm[:start], noise[start:]])
        return animate(network, spoiled)[0][frame]

    np.testing.assert_array_equal(changed_from(LOOKAHEAD_US), original)
    assert np.abs(changed_from(LOOKAHEAD_US - 20_000) - original).max() > 1e-3


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_rest(network, level) -> None:
    random = np.random.default_rng(6)
    silence = (level * random.standard_normal(2 * SAMPLE_RATE_HZ)).astype(np.float32)
    weights, visemes = animate(network, silence)
    assert weights.max() < 0.02
    assert (visemes.argmax(1) == VISEMES.index("sil")).all()


def _melody(times: np.ndarray) -> np.ndarray:
    note, since = np.divmod(times, 0.3)
    hertz = np.array([262, 330, 392, 523, 440])[note.astype(int) % 5]
    harmonics = [np.sin(2 * np.pi * hertz * k * times) / k for k in (1, 2, 3, 4)]
    return np.sum(harmonics, axis=0) * np.exp(-3 * since)


MUSIC = {
    "hum": lambda t: np.sin(2 * np.pi * 50 * t) + 0.3 * np.sin(2 * np.pi * 150 * t),
    "whistle": lambda t: np.sin(2 * np.pi * 1000 * t),
    "chord": lambda t: sum(np.sin(2 * np.pi * hertz * t) for hertz in (220, 277, 330)),
    "melody": _melody,
}


@pytest.mark.parametrize("kind", MUSIC)
def test_music_does_not_move_the_mouth_much(network, lines, kind) -> None:
    sound = MUSIC[kind](np.arange(4 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ)
    weights, _ = animate(network, (0.1 * sound / np.abs(sound).max()).astype(np.float32))
    assert np.mean(lip_aperture(weights) > 0.06) < 0.1
    spoken, _ = animate(network, lines[0].pcm)
    assert np.mean(lip_aperture(spoken) > 0.06) > 0.4, "the same measure sees speech"


def test_the_mouth_comes_to_rest_after_speech(network, lines) -> None:
    silence = np.zeros(SAMPLE_RATE_HZ, np.float32)
    weights, _ = animate(network, np.concatenate([lines[0].pcm, silence]))
    assert weights[-30:].max() < 0.02
    assert lip_aperture(weights).max() > 0.2


def test_level_and_offset_of_the_audio_do_not_matter(lines, network) -> None:
    """20 dB quieter, 12 dB louder, or recorded with a constant offset: the score stays."""
    for change in (lambda pcm: 0.1 * pcm, lambda pcm: 4 * pcm, lambda pcm: pcm + 0.1):
        changed = [np.clip(change(line.pcm), -1, 1).astype(np.float32) for line in lines]
        assert _score(lines, [_track(animate(network, pcm)[0]) for pcm in changed], 60).score >= REQUIRED_SCORE


@pytest.mark.parametrize("samples", [1, 100, 266, 1600])
def test_short_utterances(network, samples) -> None:
    weights, visemes = animate(network, np.full(samples, 0.01, np.float32))
    assert len(weights) == len(visemes) == frame_count(samples)


def test_a_damaged_model_file_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "nano.onnx"
    path.write_bytes(b"not a graph")
    with pytest.raises(FlashHeadError, match=r"nano\.onnx"):
        NanoNetwork(path)
    with pytest.raises(FlashHeadError, match=r"missing\.onnx"):
        NanoNetwork(tmp_path / "missing.onnx")
