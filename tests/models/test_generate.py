"""Three streamed chunks of lite and pro, picture by picture, against the published pipeline."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from flashhead_engine.audio.context_cache import CONTEXT_SAMPLES
from flashhead_engine.drivers.flashhead.generation import HeadState, Portrait, chunk_samples, next_chunk, portrait
from flashhead_engine.drivers.flashhead.noise import MOTION, REFERENCE
from flashhead_engine.drivers.flashhead.picture import framed
from flashhead_engine.models.networks import Networks
from flashhead_engine.models.switches import DEPLOYED
from flashhead_engine.models.wav2vec2 import normalised, plain_weights, window_indices
from flashhead_engine.runtimes.torch_flashhead import TorchFlashHead

from .golden import DATA, Case, generate_config, index, relative_error, used, weights

TIERS = ("lite", "pro")
EXACT = replace(DEPLOYED, rounded_timesteps=False)


def networks_of(tier: str) -> Networks:
    config = generate_config(tier)
    rules = {part: about["weights"] for part, about in index()["cases"][f"generate_{tier}_tiny"]["models"].items()}
    networks = Networks.of(config)
    networks.dit.load_state_dict(used(weights(rules["dit"])))
    networks.vae.load_state_dict(weights(rules["vae"]))
    networks.wav2vec2.load_state_dict(plain_weights(weights(rules["wav2vec2"])))
    return networks


class Recorded:
    """The noise that the published pipeline drew, in the order in which it did."""

    def __init__(self, case: Case) -> None:
        self._tensors = {name: tensor.numpy() for name, tensor in case.tensors().items()}
        self._calls: dict[tuple[int, str], list[int]] = {}
        for call in case.about["randn_calls"]:
            self._calls.setdefault((call["chunk"], call["generator"]), []).append(call["i"])

    def __call__(self, seed: int, chunk: int, purpose: int, shape: tuple[int, ...]) -> np.ndarray:
        if purpose == REFERENCE:
            number = self._calls[-1, "global_generator"][0]
        elif purpose == MOTION:
            number = self._calls[chunk, "global_generator"][0]
        else:
            number = self._calls[chunk, "pipeline_generator"][purpose]
        return self._tensors[f"noise_{number:02d}"].reshape(shape)


@pytest.fixture(scope="module", params=TIERS)
def tier(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def runtime(tier: str) -> TorchFlashHead:
    # The reference ran in float32, where nothing is rounded.
    return TorchFlashHead(networks_of(tier), switches=EXACT)


@pytest.fixture(scope="module")
def case(tier: str) -> Case:
    return Case(f"generate_{tier}_tiny")


@pytest.fixture(scope="module")
def head(runtime: TorchFlashHead, case: Case) -> Portrait:
    picture = case.tensors()["image"].numpy()
    return portrait(runtime, picture, tuple(case.about["layout"]["target"]), 0, Recorded(case))


def _slices(runtime: TorchFlashHead, case: Case) -> list[np.ndarray]:
    return list(case.tensors()["audio"].numpy().reshape(3, chunk_samples(runtime.config)))


def test_the_reference_latent(runtime: TorchFlashHead, case: Case, head: Portrait) -> None:
    expected = case.tensors()["ref_latent"][None]
    assert relative_error(head.reference.first, expected[:, :, :1]) < case.tolerance
    assert relative_error(head.reference.tokens, runtime._dit.reference_tokens(expected)) < case.tolerance


def _differences(pictures: np.ndarray, number: int, case: Case) -> np.ndarray:
    expected = load_file(DATA / f"{case.name}_chunk{number}.safetensors")["frames_u8"]
    assert pictures.shape[:-1] == expected.shape[:-1] and (pictures[..., 3] == 255).all()
    return np.abs(pictures[..., :3].astype(int) - expected)


def test_three_chunks(runtime: TorchFlashHead, case: Case, head: Portrait) -> None:
    tensors = case.tensors()
    states = [HeadState(seed=0)]
    for number, pcm in enumerate(_slices(runtime, case)):
        states, pictures = next_chunk(runtime, [head], states, [pcm], Recorded(case))
        off = _differences(pictures[0], number, case)
        assert off.max() <= 1 and (off > 0).mean() < 1e-3, number
        following = tensors["final_motion" if number == 2 else f"motion_in_{number + 1}"]
        assert relative_error(states[0].motion[0], following) < case.tolerance, number


def test_what_must_differ_does(runtime: TorchFlashHead, case: Case, head: Portrait) -> None:
    first, *_ = _slices(runtime, case)
    for name, pcm, state in (
        ("other audio", first[::-1].copy(), HeadState(seed=0)),
        ("80 ms late", np.roll(first, 1280), HeadState(seed=0)),
        ("audio before", first, HeadState(seed=0, context=np.roll(HeadState(0).context + first[0], 7))),
    ):
        _, pictures = next_chunk(runtime, [head], [state], [pcm], Recorded(case))
        assert _differences(pictures[0], 0, case).max() > 1, name


def test_several_heads_at_once_are_as_alone(runtime: TorchFlashHead, case: Case, head: Portrait) -> None:
    """One begins, one is in the middle, with other audio and other noise."""
    first, second, third = _slices(runtime, case)
    (later,), _ = next_chunk(runtime, [head], [HeadState(seed=5)], [first])
    states = [HeadState(seed=5), later, HeadState(seed=6), replace(later, seed=9)]
    heard = [second, third, first, second]
    together, pictures = next_chunk(runtime, [head] * 4, states, heard)
    for row, (state, pcm) in enumerate(zip(states, heard, strict=True)):
        (alone,), (expected,) = next_chunk(runtime, [head], [state], [pcm])
        off = np.abs(pictures[row].astype(int) - expected)
        assert off.max() <= 1 and (off > 0).mean() < 1e-3
        assert relative_error(together[row].motion, alone.motion) < 1e-5
    assert np.abs(pictures[0].astype(int) - pictures[2]).max() > 1, "other seeds and audio give other pictures"


def test_a_saved_state_goes_on_as_if_nothing_had_been(runtime: TorchFlashHead, case: Case, head: Portrait) -> None:
    first, second, _ = _slices(runtime, case)
    (state,), _ = next_chunk(runtime, [head], [HeadState(seed=3)], [first])
    restored = replace(state, motion=runtime.to_device(runtime.to_host(state.motion)))
    _, expected = next_chunk(runtime, [head], [state], [second])
    _, pictures = next_chunk(runtime, [head], [restored], [second])
    assert np.array_equal(pictures, expected)
    _, begun = next_chunk(runtime, [head], [replace(state, motion=None)], [second])
    assert not np.array_equal(begun, expected), "the motion frames matter"


@torch.inference_mode()
def _taught(tier: str, windows: torch.Tensor, reference: torch.Tensor, noise: torch.Tensor, guidance: float):
    """What the teacher's latent must be, step by step from section 5 of the specification."""
    dit = networks_of(tier).dit.eval()
    timesteps = Case("schedule").tensors()["timesteps_20"].tolist()
    tokens = dit.reference_tokens(reference)
    latent = noise.clone()
    for timestep, following in pairwise(timesteps):
        latent[:, :, :1] = reference[:, :, :1]
        spoken, silent = (
            dit(latent, tokens, dit.modulation(timestep), dit.audio_keys_values(dit.audio_tokens(heard)))
            for heard in (windows, windows * 0)
        )
        latent = latent - (silent + guidance * (spoken - silent)) * (timestep - following) / 1000
    latent[:, :, :1] = reference[:, :, :1]
    return latent


def test_the_teacher(tier: str, runtime: TorchFlashHead, case: Case, head: Portrait) -> None:
    teacher = TorchFlashHead(networks_of(tier), steps=20, guidance=3.0, switches=EXACT)
    random = torch.Generator().manual_seed(4)
    pcm = torch.randn(2, CONTEXT_SAMPLES, generator=random)
    reference = case.tensors()["ref_latent"][None]
    noise = torch.randn(2, 20, *reference.shape[1:], generator=random)
    answer = teacher.denoise(
        [head.reference] * 2, [None, None], teacher.hear(pcm.numpy(), [CONTEXT_SAMPLES] * 2), noise.numpy()
    )
    with torch.inference_mode():
        features = runtime._wav2vec2(normalised(pcm))[:, window_indices(167, 200, 5)]
    for row in range(2):
        given = features[row : row + 1], reference, noise[row : row + 1, 0]
        assert relative_error(answer[row : row + 1], _taught(tier, *given, 3.0)) < case.tolerance
        assert relative_error(answer[row : row + 1], _taught(tier, *given, 2.9)) > 10 * case.tolerance, "it is seen"
    states, pictures = next_chunk(teacher, [head], [HeadState(seed=0)], _slices(teacher, case)[:1])
    _, distilled = next_chunk(runtime, [head], [HeadState(seed=0)], _slices(runtime, case)[:1])
    assert states[0].chunk == 1 and np.ptp(pictures) and not np.array_equal(pictures, distilled)


@pytest.mark.parametrize("number", range(4))
def test_pictures_are_framed(number: int) -> None:
    tensors = Case("resize").tensors()
    expected = tensors[f"out{number}"][0, :, 0].movedim(0, -1).numpy()
    assert np.array_equal(framed(tensors[f"img{number}"].numpy(), *expected.shape[:2]), expected)


@pytest.mark.parametrize(
    ("switch", "on"),
    [
        ("rounded_timesteps", True),
        ("sampled_posterior", False),
        ("loudness_of_silence", False),
        ("truncated_shades", False),
    ],
)
def test_switches(tier: str, case: Case, head: Portrait, switch: str, on: bool) -> None:
    """Each moves the pictures, by more than rounding; pro's autoencoder has no posterior to sample."""
    switched = TorchFlashHead(networks_of(tier), switches=replace(EXACT, **{switch: on}))
    states, pictures = [HeadState(seed=0)], None
    for pcm in _slices(switched, case)[:2]:
        states, pictures = next_chunk(switched, [head], states, [pcm], Recorded(case))
    off = _differences(pictures[0], 1, case)
    if switch == "sampled_posterior" and tier == "pro":
        assert (off > 0).mean() < 1e-3
    elif switch == "truncated_shades":
        assert off.max() <= 1 and 0.3 < off.mean() < 0.7
    else:
        assert off.max() > 1
