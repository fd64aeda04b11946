"""A network read back from its file is the network that was written; another file is refused."""

from importlib import resources
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from flashhead_engine.drivers import nano  # noqa: E402
from flashhead_engine.drivers.nano.features import features_of  # noqa: E402
from flashhead_engine.drivers.nano.network import NanoNetwork  # noqa: E402
from flashhead_engine.errors import FlashHeadError  # noqa: E402
from flashhead_engine.training.nano.export import export, quantisation_error, quantise  # noqa: E402
from flashhead_engine.training.nano.model import DILATIONS, Nano, SpeechToMouth  # noqa: E402
from flashhead_engine.training.nano.weights import grown, moved, read_network  # noqa: E402

SHIPPED = Path(str(resources.files(nano) / "nano.onnx"))


def _written(network: SpeechToMouth, folder: Path) -> Path:
    export(Nano(network), folder / "float32.onnx")
    quantise(folder / "float32.onnx", folder / "again.onnx", [block.dilation for block in network.blocks])
    return folder / "again.onnx"


def test_the_shipped_network_survives_reading_and_writing(lines, tmp_path) -> None:
    """Rounding what is rounded already changes nothing; a layer that is read wrongly changes a lot."""
    features = features_of(lines[0].pcm, extra_frames=0)
    network = read_network(SHIPPED)
    assert quantisation_error(SHIPPED, _written(network, tmp_path), features) < 1e-5
    layer = network.blocks[2].mix
    layer.weight.data = layer.weight.data.T.contiguous()
    assert quantisation_error(SHIPPED, _written(network, tmp_path), features) > 1e-2


def test_a_network_of_other_layers_is_refused(tmp_path) -> None:
    smaller = _written(SpeechToMouth(32), tmp_path)
    with pytest.raises(FlashHeadError, match=r"again\.onnx.*layers"):
        read_network(smaller)
    (tmp_path / "noise.onnx").write_bytes(np.random.default_rng(0).bytes(100))
    with pytest.raises(FlashHeadError, match=r"noise\.onnx"):
        read_network(tmp_path / "noise.onnx")


def test_a_file_tells_the_dilations_of_its_own_network(tmp_path) -> None:
    """By which the native step looks back; with those of today's network this file could not be loaded."""
    file = _written(SpeechToMouth(32, (3, 1)), tmp_path)
    features = np.random.default_rng(0).uniform(-1, 1, (1, 40, 80)).astype(np.float32)
    native, exact = (NanoNetwork(file), NanoNetwork(file, native=False))
    first, second = (each.run(features, each.initial_state(1))[0].curves for each in (native, exact))
    assert native.native == NanoNetwork().native
    np.testing.assert_allclose(first, second, atol=1e-3)


def test_a_network_of_more_blocks_is_refused(tmp_path) -> None:
    larger = _written(SpeechToMouth(dilations=(*DILATIONS, 4)), tmp_path)
    with pytest.raises(FlashHeadError, match=r"again\.onnx.*layers"):
        read_network(larger)


def test_a_network_grows_without_answering_otherwise() -> None:
    """And the blocks that it gains can learn; without the zeros in them it would answer otherwise."""
    torch.manual_seed(0)
    small = SpeechToMouth(32, DILATIONS[:3])
    large = grown(small)
    features = torch.rand(1, 40, 80)

    def answers(network: SpeechToMouth) -> torch.Tensor:
        return network(features, torch.zeros(1, network.state_size))[0]

    assert len(large.blocks) == len(DILATIONS) > 3
    assert torch.allclose(answers(large), answers(small), atol=1e-6)
    answers(large).sum().backward()
    assert large.blocks[3].mix.weight.grad.abs().max() > 0
    nn.init.normal_(large.blocks[3].mix.weight)
    assert not torch.allclose(answers(large), answers(small), atol=1e-2)


def test_half_way_lies_between_both_networks() -> None:
    start, end = SpeechToMouth(32), SpeechToMouth(32)
    features = torch.rand(1, 20, 80)
    for share, whole in ((0.0, start), (1.0, end)):
        mixed = moved(start, end, share)
        said, expected = (each(features, torch.zeros(1, each.state_size))[0] for each in (mixed, whole))
        assert torch.allclose(said, expected, atol=1e-5)
    half = moved(start, end, 0.5).enter.weight
    assert torch.allclose(2 * half, start.enter.weight + end.enter.weight, atol=1e-6)
    assert not torch.allclose(half, start.enter.weight, atol=1e-3)
