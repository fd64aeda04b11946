"""Three whole chunks from an export, picture by picture, against torch."""

from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.drivers.flashhead.generation import HeadState, chunk_samples, next_chunk, portrait, recalled
from flashhead_engine.errors import SettingsError
from flashhead_engine.runtimes.exported import read_export
from flashhead_engine.runtimes.exported_flashhead import ExportedFlashHead
from flashhead_engine.runtimes.onnx_runner import open_runner
from flashhead_engine.runtimes.torch_flashhead import TorchFlashHead

from .conftest import SIZE

_WITHIN_ONE = 0.999  # of all shades


def with_onnx_runtime(folder: Path) -> ExportedFlashHead:
    export = read_export(folder)
    return ExportedFlashHead(export, open_runner(export, on_gpu=False))


def chunks(runtime, batch: int) -> np.ndarray:
    """RGBA (3, batch, new frames, H, W, 4); every head has its own portrait, seed and audio, and starts later."""
    random = np.random.default_rng(7)
    pictures = random.integers(0, 256, (batch, 80, 100, 3), np.uint8)
    heads = [portrait(runtime, picture, (SIZE, SIZE), seed) for seed, picture in enumerate(pictures)]
    states = [HeadState(seed) for seed in range(batch)]
    if batch > 1:  # one is in the middle while others begin
        pcm = random.uniform(-0.3, 0.3, chunk_samples(runtime.config)).astype(np.float32)
        states[1:2], _ = next_chunk(runtime, heads[1:2], states[1:2], [pcm])
    made = []
    for _ in range(3):
        pcm = random.uniform(-0.3, 0.3, (batch, chunk_samples(runtime.config))).astype(np.float32)
        states, shown = next_chunk(runtime, heads, states, list(pcm))
        made.append(shown)
    return np.stack(made)


def _share_within_one(found: np.ndarray, expected: np.ndarray) -> float:
    return float((np.abs(found.astype(np.int16) - expected) <= 1).mean())


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("tier", ["lite", "pro"])
def test_pictures_are_torchs(exported, tier, batch) -> None:
    made = exported(tier)
    found = chunks(with_onnx_runtime(made.folder), batch)
    networks = made.networks()
    assert _share_within_one(found, chunks(TorchFlashHead(networks), batch)) >= _WITHIN_ONE
    if batch == 1:
        networks.dit.head.head.bias.data[0] += 0.2
        spoiled = chunks(TorchFlashHead(networks), batch)
        assert _share_within_one(found, spoiled) < _WITHIN_ONE, "one wrong weight is seen"


@pytest.mark.parametrize("tier", ["lite", "pro"])
def test_going_on_from_what_was_seen(exported, tier) -> None:
    made = exported(tier)
    seen = np.random.default_rng(3).integers(0, 256, (made.config.motion_frames, SIZE, SIZE, 3), np.uint8)
    motions = []
    for runtime in (with_onnx_runtime(made.folder), TorchFlashHead(made.networks())):
        motions.append(runtime.to_host(recalled(runtime, HeadState(5), seen).motion))
    found, expected = motions
    assert np.linalg.norm(found - expected) < 1e-4 * np.linalg.norm(expected)
    assert np.linalg.norm(found - np.roll(expected, 1)) > 0.1 * np.linalg.norm(expected)


def test_another_size_is_refused_in_words(exported) -> None:
    with pytest.raises(SettingsError, match=r"makes pictures of 64.*flashhead export --size 256"):
        with_onnx_runtime(exported("lite").folder).check_size(256)
