"""The native features and the native network against numpy and ONNX Runtime, on real lines and on random numbers."""

import numpy as np
import pytest

from flashhead_engine.drivers.nano import features, network
from flashhead_engine.drivers.nano.features import FRAME_RATE_HZ, features_of
from flashhead_engine.drivers.nano.log_mel import SETTINGS, NumpyLogMel
from flashhead_engine.drivers.nano.network import LOOKAHEAD_FRAMES, Heard, NanoNetwork, animate, hear
from flashhead_engine.evaluation.lipsync import Track, score

native = pytest.importorskip("flashhead_engine.drivers.nano._native", reason="the native module was not built")
needs_avx2 = pytest.mark.skipif(not native.Network.runs_here(), reason="the native network needs AVX2")

FEATURE_PARITY, LEVEL_PARITY_DB = 1e-5, 1e-4

# Both networks add up in float32, in another order. That alone changes an answer by less than ROUNDING. Now and then
# it tips an input of a layer to the next of its 8-bit steps, and then an answer changes by less than TIPPED.
ROUNDING, TIPPED, TIPPED_STATE = 1e-5, 0.01, 0.1
ALLOWED_TIPPED = 0.1  # of the frames


def _heard_by(log_mel, pcm: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, np.ndarray]:
    """Features and levels of an utterance, in pushes of 20 ms."""
    monkeypatch.setattr(features, "LOG_MEL", log_mel)
    extractor = features.FeatureExtractor()
    pushes = [(extractor.push(pcm[start : start + 320]), extractor.loudness_db) for start in range(0, len(pcm), 320)]
    pushes.append((extractor.finish(LOOKAHEAD_FRAMES), extractor.loudness_db))
    return tuple(np.concatenate(parts) for parts in zip(*pushes, strict=True))


def _fading(pcm: np.ndarray) -> np.ndarray:
    """Speech, then so much hiss that the loudness reference falls as far as it may."""
    hiss = np.random.default_rng(1).standard_normal(30 * 16_000)
    return np.concatenate([0.1 * pcm, 3e-4 * hiss]).astype(np.float32)


def _sounds(lines) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    noise = [(level * random.standard_normal(16_000)).astype(np.float32) for level in (1e-5, 1e-3, 0.1)]
    tone = np.sin(0.3 * np.arange(16_000)).astype(np.float32)
    made = [*noise, tone, tone + np.float32(0.5), 0 * tone]
    return [*(line.pcm for line in lines), _fading(lines[0].pcm), *made]


def _are_the_same(ours, theirs) -> bool:
    parities = (FEATURE_PARITY, LEVEL_PARITY_DB)
    return all(np.abs(a - b).max() < parity for a, b, parity in zip(ours, theirs, parities, strict=True))


def test_native_and_numpy_features_are_the_same(lines, monkeypatch) -> None:
    for pcm in _sounds(lines):
        ours = _heard_by(native.LogMel(**SETTINGS), pcm, monkeypatch)
        assert _are_the_same(ours, _heard_by(NumpyLogMel(**SETTINGS), pcm, monkeypatch))


SPOILED = {
    "window": np.roll(SETTINGS["window"], 1),
    "filters": np.roll(SETTINGS["filters"], 1, axis=0),
    "loudness_bins": (6, 129),
    "sine_power": 1.001 * SETTINGS["sine_power"],
    "lowest_reference": SETTINGS["lowest_reference"] + 0.01,
    "reference_fall": 1.01 * SETTINGS["reference_fall"],
    "depth": 1.001 * SETTINGS["depth"],
}


@pytest.mark.parametrize("name", SPOILED)
def test_the_same_check_finds_a_slightly_wrong_setting(lines, monkeypatch, name) -> None:
    pcm = _fading(lines[0].pcm)
    right = _heard_by(NumpyLogMel(**SETTINGS), pcm, monkeypatch)
    wrong = _heard_by(native.LogMel(**(SETTINGS | {name: SPOILED[name]})), pcm, monkeypatch)
    assert not _are_the_same(wrong, right)


def test_windows_beyond_the_samples_are_refused() -> None:
    log_mel = native.LogMel(**SETTINGS)
    samples = np.zeros(1000, np.float32)
    for starts, offset in (([0, 601], 0), ([0, 600], 1), ([5, 10], -6)):
        with pytest.raises(ValueError, match="beyond the samples"):
            log_mel.extract(samples, np.array(starts), offset, 0.0)


def _answers(heard: Heard) -> np.ndarray:
    return np.concatenate([heard.curves, heard.visemes, np.exp(heard.phones)], axis=2)


def _faults(ours: NanoNetwork, theirs: NanoNetwork, inputs) -> list[str]:
    """What is wrong about `ours`, frame by frame, each from the same state; `inputs`: pairs of features and state."""
    differences, of_states = [], []
    for frames, state in inputs:
        (first, first_state), (second, second_state) = ours.run(frames, state), theirs.run(frames, state)
        differences += np.abs(_answers(first) - _answers(second)).max(axis=(1, 2)).tolist()
        of_states.append(np.abs(first_state - second_state).max())
    found = {
        "far from it": max(differences) >= TIPPED or max(of_states) >= TIPPED_STATE,
        "more than rounding": np.mean(np.array(differences) >= ROUNDING) > ALLOWED_TIPPED,
    }
    return [name for name, wrong in found.items() if wrong]


@pytest.fixture(scope="module")
def in_onnx_runtime() -> NanoNetwork:
    return NanoNetwork(native=False)


@pytest.fixture(scope="module")
def spoken(in_onnx_runtime, lines) -> list[tuple[np.ndarray, np.ndarray]]:
    """Frames of real lines and the states before them."""
    inputs = []
    for line in lines[:6]:
        state = in_onnx_runtime.initial_state(1)
        for frame in features_of(line.pcm, LOOKAHEAD_FRAMES):
            inputs.append((frame[None, None], state))
            _, state = in_onnx_runtime.run(*inputs[-1])
    return inputs


@needs_avx2
def test_native_and_onnx_runtime_hear_the_same_in_real_lines(network, in_onnx_runtime, spoken) -> None:
    assert network.native and not in_onnx_runtime.native
    assert _faults(network, in_onnx_runtime, spoken) == []


@needs_avx2
def test_native_and_onnx_runtime_hear_the_same_from_random_states(network, in_onnx_runtime) -> None:
    random = np.random.default_rng(1)
    inputs = []
    for _ in range(300):
        state = np.maximum(random.normal(0, 1, network.initial_state(2).shape), 0)  # what blocks keep is rectified
        inputs.append((random.uniform(-1, 1, (2, 2, 80)).astype(np.float32), state.astype(np.float32)))
    assert _faults(network, in_onnx_runtime, inputs) == []


class _OneWrongWeight:
    """A weight that counts in real lines; many do not, as they belong to units that hardly ever speak up."""

    runs_here = staticmethod(native.Network.runs_here)

    def __new__(cls, weights: dict[str, np.ndarray], *rest: object):
        layer = weights["blocks.1.mix.weight"].copy()
        layer[7, 0, 14] ^= 0x40
        return native.Network(weights | {"blocks.1.mix.weight": layer}, *rest)


@needs_avx2
def test_the_same_check_finds_one_wrong_weight(in_onnx_runtime, spoken, monkeypatch) -> None:
    monkeypatch.setattr(network, "_Native", _OneWrongWeight)
    spoiled = NanoNetwork()
    assert spoiled.native
    assert _faults(spoiled, in_onnx_runtime, spoken) != []


CHANNELS, DILATIONS, HEADS = 64, (1, 3), (2, 3, 4)


def _lively_weights() -> dict[str, np.ndarray]:
    """Weights of a small network in which every unit speaks up."""
    random = np.random.default_rng(2)

    def whole(name: str, inputs: int) -> dict[str, np.ndarray]:
        shape = (CHANNELS, inputs // 32, 32)
        return {
            f"{name}.weight": random.integers(0, 256, shape, np.uint8),
            f"{name}.scales": random.choice([-3e-4, 2e-4, 4e-4], shape[:2]).astype(np.float32),
            f"{name}.bias": random.uniform(3, 4, CHANNELS).astype(np.float32),
        }

    weights = {
        "enter.weight": random.uniform(-0.1, 0.1, (80, CHANNELS)).astype(np.float32),
        "enter.bias": random.uniform(2, 3, CHANNELS).astype(np.float32),
        "heads.weight": random.uniform(-0.1, 0.1, (CHANNELS, sum(HEADS))).astype(np.float32),
        "heads.bias": random.uniform(-1, 1, sum(HEADS)).astype(np.float32),
    }
    for number in range(len(DILATIONS)):
        weights |= whole(f"blocks.{number}.look_back", 3 * CHANNELS) | whole(f"blocks.{number}.mix", CHANNELS)
    return weights


def _rounded_product(weights: dict[str, np.ndarray], name: str, rows: np.ndarray) -> np.ndarray:
    """What ONNX Runtime's MatMulNBits does with 8-bit weights and inputs in blocks of 32."""
    blocks = rows.reshape(*rows.shape[:2], -1, 32)
    steps = np.maximum(blocks.max(3, keepdims=True), 1e-30) / 127
    inputs = np.rint(blocks / steps) * steps
    exact = (weights[f"{name}.weight"] - 128.0) * weights[f"{name}.scales"][..., None]
    return np.einsum("btki,nki->btn", inputs, exact) + weights[f"{name}.bias"]


def _by_the_book(weights: dict[str, np.ndarray], sound: np.ndarray, state: np.ndarray) -> list[np.ndarray]:
    """The network of training/nano/model.py in float64: curves, visemes, exp(phones), next state."""
    streams, frames = sound.shape[:2]
    x = sound.astype(np.float64) @ weights["enter.weight"] + weights["enter.bias"]
    past = state.reshape(streams, -1, CHANNELS)
    kept, first = [], 0
    for number, dilation in enumerate(DILATIONS):
        history = np.concatenate([past[:, first : first + 2 * dilation], np.maximum(x, 0)], axis=1)
        taps = [history[:, tap * dilation : tap * dilation + frames] for tap in range(3)]
        seen = _rounded_product(weights, f"blocks.{number}.look_back", np.concatenate(taps, axis=2))
        x = x + _rounded_product(weights, f"blocks.{number}.mix", np.maximum(seen, 0))
        kept.append(history[:, frames:])
        first += 2 * dilation
    logits = np.maximum(x, 0) @ weights["heads.weight"] + weights["heads.bias"]
    curves, *others = np.split(logits, np.cumsum(HEADS)[:2], axis=2)
    shares = [np.exp(part) / np.exp(part).sum(2, keepdims=True) for part in others]
    return [1 / (1 + np.exp(-curves)), *shares, np.concatenate(kept, axis=1).reshape(streams, -1)]


def _share_that_differs(weights: dict[str, np.ndarray], truth: dict[str, np.ndarray]) -> float:
    """Share of answers and rows of state that the native network with `weights` has otherwise than the book with
    `truth`."""
    random = np.random.default_rng(3)
    built = native.Network(weights, DILATIONS, HEADS)
    state = random.uniform(0, 3, (2, 2 * sum(DILATIONS) * CHANNELS)).astype(np.float32)
    differs = []
    for frames in (1, 2, 9, 1, 5, 30):
        sound = random.uniform(-1, 1, (2, frames, 80)).astype(np.float32)
        *expected, expected_state = _by_the_book(truth, sound, state)
        curves, visemes, phones, state = built.run(sound, state)
        answers = np.concatenate([curves, visemes, np.exp(phones)], axis=2)
        differs += np.abs(answers - np.concatenate(expected, axis=2)).max(2).ravel().tolist()
        rows = np.abs(state - expected_state).reshape(2, -1, CHANNELS)
        differs += rows.max(2).ravel().tolist()
    return float(np.mean(np.array(differs) >= ROUNDING))


@needs_avx2
def test_the_native_network_is_the_one_of_the_book() -> None:
    weights = _lively_weights()
    assert _share_that_differs(weights, weights) < ALLOWED_TIPPED


@needs_avx2
@pytest.mark.parametrize("name", [name for name in _lively_weights() if not name.startswith("heads")])
def test_every_weight_counts_there(name) -> None:
    truth, random = _lively_weights(), np.random.default_rng(4)
    for _ in range(5):
        wrong = truth[name].copy()
        place = tuple(random.integers(0, length) for length in wrong.shape)
        wrong[place] = wrong[place] ^ 0x80 if wrong.dtype == np.uint8 else wrong[place] + 0.1
        assert _share_that_differs(truth | {name: wrong}, truth) > 3 * ALLOWED_TIPPED, place


@needs_avx2
def test_whole_lines_drift_no_further_apart(network, in_onnx_runtime, lines) -> None:
    for line in lines:
        difference = np.abs(hear(network, line.pcm).curves - hear(in_onnx_runtime, line.pcm).curves)
        assert difference.max() < 2 * TIPPED and difference.mean() < 1e-3


@needs_avx2
def test_lips_are_as_good_as_by_onnx_runtime(network, in_onnx_runtime, lines) -> None:
    def score_of(network: NanoNetwork) -> float:
        mouths = [animate(network, line.pcm)[0] for line in lines]
        tracks = [Track(np.arange(len(mouth)) / FRAME_RATE_HZ, mouth) for mouth in mouths]
        return score([line.truth for line in lines], tracks, FRAME_RATE_HZ).score

    # One frame on the other side of an edge counts up to .0004 here.
    assert score_of(network) == pytest.approx(score_of(in_onnx_runtime), abs=5e-4)


@needs_avx2
def test_a_native_frame_is_the_same_to_the_bit_alone_and_together(network, lines) -> None:
    together = np.stack([features_of(line.pcm, 0)[:90] for line in lines[:3]])
    all_heard, all_states = network.run(together, network.initial_state(3))
    for row, frames in enumerate(together):
        state = network.initial_state(1)
        for t in range(len(frames)):
            heard, state = network.run(frames[None, t : t + 1], state)
            for ours, theirs in ((heard.curves, all_heard.curves), (heard.phones, all_heard.phones)):
                assert ours[0, 0].tobytes() == theirs[row, t].tobytes()
        assert state[0].tobytes() == all_states[row].tobytes()
    some = together[:, 5:40]  # which do not lie side by side
    heard, _ = network.run(some, all_states)
    assert heard.curves.tobytes() == network.run(some.copy(), all_states)[0].curves.tobytes()


@needs_avx2
@pytest.mark.parametrize(("frames", "state"), [((1, 1, 81), 0), ((1, 0, 80), 0), ((2, 1, 80), 0), ((1, 1, 80), 1)])
def test_the_native_network_refuses_arrays_that_do_not_fit(network, frames, state) -> None:
    size = network.initial_state(1).shape[1] + state
    with pytest.raises(ValueError, match="another shape"):
        network.run(np.zeros(frames, np.float32), np.zeros((1, size), np.float32))


@needs_avx2
def test_a_graph_that_is_not_whole_is_explained() -> None:
    with pytest.raises(ValueError, match=r"enter\.weight: is missing"):
        native.Network({}, [1, 2], (6, 15, 34))
    with pytest.raises(ValueError, match=r"blocks\.0\.look_back\.weight: is missing"):
        weights = {"enter.weight": np.zeros((80, 32), np.float32), "enter.bias": np.zeros(32, np.float32)}
        native.Network(weights, [1], (6, 15, 34))
