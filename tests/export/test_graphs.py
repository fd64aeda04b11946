"""Each exported graph, run by ONNX Runtime on the CPU, gives what torch does."""

import re
from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from flashhead_engine.export.graphs import examples, modules
from flashhead_engine.export.settings import ExportSettings
from flashhead_engine.runtimes.exported import read_export
from flashhead_engine.runtimes.graphs import GraphSpec

from .conftest import SIZE

GRAPHS = ("audio_cond", "dit", "vae_dec", "vae_enc", "reference")
EXACT, HALF = 1e-5, 2e-3
_TYPES = {"float32": "tensor(float)", "float16": "tensor(float16)", "uint8": "tensor(uint8)", "bool": "tensor(bool)"}


@pytest.fixture(params=["lite", "pro"])
def tier(request) -> str:
    return request.param


@pytest.fixture(params=GRAPHS)
def graph(request) -> str:
    return request.param


def _session(folder, graph: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(folder / f"{graph}.onnx", providers=["CPUExecutionProvider"])


def _spec(folder, graph: str) -> GraphSpec:
    return next(spec for spec in read_export(folder).specs() if spec.name == graph)


def _inputs(spec: GraphSpec, batch: int, profile: int = 0) -> tuple[torch.Tensor, ...]:
    lengths = {axis: values.usual for axis, values in spec.profiles[profile].items()}
    return examples(spec, lengths | {"batch": batch}, seed=batch)


def _answer(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> list[np.ndarray]:
    with torch.inference_mode():
        answer = module(*inputs)
    return [part.numpy() for part in (answer if isinstance(answer, tuple) else (answer,))]


def _run(session, spec: GraphSpec, inputs: tuple[torch.Tensor, ...]) -> list[np.ndarray]:
    return session.run(None, {one.name: value.numpy() for one, value in zip(spec.inputs, inputs, strict=True)})


def _worst(found: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """Relative L2 error of the worst output; of shades, how many are off by more than one."""
    errors = []
    for one, other in zip(found, expected, strict=True):
        off = one.astype(np.float64) - other
        if one.dtype == np.uint8:
            errors.append((np.abs(off) > 1).mean())
        else:
            errors.append(np.linalg.norm(off) / np.linalg.norm(other))
    return max(errors)


def test_inputs_and_outputs_are_as_specified(exported, tier, graph) -> None:
    made = exported(tier)
    session, spec = _session(made.folder, graph), _spec(made.folder, graph)
    for found, wanted in ((session.get_inputs(), spec.inputs), (session.get_outputs(), spec.outputs)):
        assert [(one.name, one.type, tuple(one.shape)) for one in found] == [
            (one.name, _TYPES[one.dtype], one.shape) for one in wanted
        ]


def test_it_gives_torchs_numbers(exported, tier, graph) -> None:
    made = exported(tier)
    session, spec = _session(made.folder, graph), _spec(made.folder, graph)
    module = modules(made.networks(), ExportSettings(SIZE, "float32"))[graph]
    for profile, batch in ((0, 1), (0, 4), (len(spec.profiles) - 1, 1)):
        inputs = _inputs(spec, batch, profile)
        assert _worst(_run(session, spec, inputs), _answer(module, inputs)) < EXACT, (profile, batch)


def test_one_wrong_weight_is_seen(exported, tier, graph) -> None:
    made = exported(tier)
    networks = made.networks()
    module = modules(networks, ExportSettings(SIZE, "float32"))[graph]
    vae = networks.vae
    last = {
        "lite": (lambda: vae.decoder.conv_out.conv, lambda: vae.encoder.conv_out.conv),
        "pro": (lambda: vae.decoder.head[-1], lambda: vae.conv1),
    }[tier]
    spoiled = {
        "audio_cond": lambda: networks.dit.audio_proj.proj3,
        "dit": lambda: networks.dit.head.head,
        "vae_dec": last[0],
        "vae_enc": last[1],
        "reference": lambda: networks.dit.patch_embedding,
    }[graph]()
    spoiled.bias[0] += 0.05
    session, spec = _session(made.folder, graph), _spec(made.folder, graph)
    inputs = _inputs(spec, 1)
    assert _worst(_run(session, spec, inputs), _answer(module, inputs)) > EXACT


def test_half_precision_is_near(exported, graph) -> None:
    made = exported("lite", "float16")
    session, spec = _session(made.folder, graph), _spec(made.folder, graph)
    module = modules(made.networks(), ExportSettings(SIZE, "float32"))[graph]
    for batch in (1, 4):
        inputs = _inputs(spec, batch)
        whole = tuple(value.float() if value.dtype == torch.float16 else value for value in inputs)
        error = _worst(_run(session, spec, inputs), _answer(module, whole))
        assert error < HALF, batch
        whole = (0.5 * whole[0].flip(-1), *whole[1:])
        assert _worst(_run(session, spec, inputs), _answer(module, whole)) > HALF, "the check sees another input"


def test_nodes(exported, tier, graph) -> None:
    made = exported(tier)
    model = onnx.load(made.folder / f"{graph}.onnx", load_external_data=False)
    onnx.checker.check_model(made.folder / f"{graph}.onnx")
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 23)]
    nodes = Counter(node.op_type for node in model.graph.node)
    layers, hearing = made.config.dit.layers, made.config.wav2vec2.layers
    wanted = {
        "audio_cond": (hearing, layers, 0),
        # A layer attends to itself and to audio; its own queries and keys turn, and its queries of audio are
        # normalised too.
        "dit": (2 * layers, 3 * layers, 2 * layers),
        "vae_dec": (int(tier == "pro"), 0, 0),
        "vae_enc": (int(tier == "pro"), 0, 0),
        "reference": (0, 0, 0),
    }[graph]
    assert tuple(nodes[name] for name in ("Attention", "RMSNormalization", "RotaryEmbedding")) == wanted
    assert not [name for name in nodes if name.startswith("Random")], "noise comes from outside"


def test_nothing_tells_where_it_was_made(exported, graph) -> None:
    """Traces would name the files of the machine that exported."""
    written = (exported("lite").folder / f"{graph}.onnx").read_bytes()
    assert not re.search(rb"\.py\b|site-packages", written)


def test_weights_that_a_graph_does_not_use_are_not_in_it(exported) -> None:
    made = exported("lite")
    initializers = onnx.load(made.folder / "dit.onnx", load_external_data=False).graph.initializer
    assert not [one.name for one in initializers if "audio_proj" in one.name or "time_embedding" in one.name]
    assert [one.name for one in initializers if "ffn" in one.name]
