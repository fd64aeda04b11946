"""Linear layers in 8 bits: which, how far off, how they run; and what cannot be quantised is told in words."""

import errno
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from scipy.io import wavfile

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.cli.export import export as command
from flashhead_engine.errors import AudioError, MissingDependencyError, ModelError, OutputError, SettingsError
from flashhead_engine.export import calibration, quantise
from flashhead_engine.export import folder as writing
from flashhead_engine.export.graphs import modules
from flashhead_engine.export.settings import ExportSettings
from flashhead_engine.models.configs import TINY
from flashhead_engine.models.networks import Networks
from flashhead_engine.runtimes.exported import MANIFEST, Export, read_export, stored_file, verify
from flashhead_engine.runtimes.onnx_runner import open_runner

from .test_folder import QUANTISED

SIZE = 256
DIALOGUE = Path(__file__).parents[2] / "examples" / "dialogue"
BOUNDS = {"int8": 0.01, "fp8": 0.04}
"""Of the relative error of the flow; seen: 0.005 and 0.022."""


@pytest.fixture(scope="module")
def half(tmp_path_factory) -> Export:
    """The tier tiny-random in float16."""
    folder = tmp_path_factory.mktemp("half") / "export"
    settings = ExportSettings(SIZE, "float16")
    return writing.export(Networks.random(TINY), "tiny-random", settings, "0" * 64, folder, lambda text, share: None)


@pytest.fixture(scope="module")
def lines(tmp_path_factory) -> Path:
    """A folder with the first half second of three sample lines, a chunk each."""
    folder = tmp_path_factory.mktemp("lines")
    for name in ("guard_en.wav", "heroine_fr.flac", "robot_es.wav"):
        with open_audio(DIALOGUE / name) as audio:
            wavfile.write(folder / f"{Path(name).stem}.wav", 16_000, next(iter(audio.chunks()))[4_000:12_000])
    return folder


@pytest.fixture
def traced(half, monkeypatch, tmp_path) -> None:
    """Tracing takes long, and is what other tests are about: the same graphs come from the export in float16."""
    monkeypatch.setenv("FLASHHEAD_MODELS", str(tmp_path / "models"))

    def write(module, spec, config, path: Path) -> None:
        for name in (path.name, f"{path.name}.data"):
            shutil.copy(half.folder / name, path.with_name(name))

    monkeypatch.setattr(writing, "write_graph", write)


@pytest.fixture(scope="module")
def steps(half, lines) -> list[list[calibration.Step]]:
    """Of each line."""
    return list(calibration.spoken(half, calibration.dialogue(lines)))


@pytest.fixture
def recorded(steps, monkeypatch) -> None:
    """Lines were said once."""
    monkeypatch.setattr(quantise, "spoken", lambda export, lines: steps)


@pytest.fixture(scope="module")
def quantised(half, steps, tmp_path_factory) -> Callable[[str], Export]:
    """Call with int8 or fp8. Its manifest is still that of the export in float16."""

    @cache
    def make(linears: str) -> Export:
        export = replace(half, folder=shutil.copytree(half.folder, tmp_path_factory.mktemp(linears) / "export"))
        assert _write(export, linears, [*steps[0], *steps[1]]) == 8 * TINY.dit.layers
        return export

    return make


def _write(export: Export, linears: str, steps: list[calibration.Step]) -> int:
    spec = next(spec for spec in export.specs() if spec.name == "dit")
    return quantise.write_quantised(export.graph("dit"), spec, TINY.dit.layers, linears, steps)


@pytest.fixture(scope="module")
def exact(steps) -> list[calibration.Step]:
    """Of the line that is kept out: what torch makes of them in float32."""
    module = modules(Networks.random(TINY), ExportSettings(SIZE, "float32"))["dit"]
    made = []
    for step in steps[-1]:
        inputs = {name: torch.from_numpy(value) for name, value in step.inputs.items()}
        with torch.inference_mode():
            latent = module(**inputs | {"heard": inputs["heard"].float()}).numpy()
        made.append(calibration.Step(step.inputs, latent))
    return made


def _multiplied(graph: Path, tensor: str, to: Path) -> Path:
    """A copy of a graph with one tensor eight times as large."""
    model = onnx.load(graph)
    (found,) = [one for one in model.graph.initializer if one.name == tensor]
    values = numpy_helper.to_array(found)
    found.CopyFrom(numpy_helper.from_array((8 * values).astype(values.dtype), tensor))
    onnx.save(model, to)
    return to


def _scales(graph: Path) -> list[tuple[str, str]]:
    """Of each linear layer in 8 bits: the scale of what goes in, and of its weights."""
    nodes = onnx.load(graph, load_external_data=False).graph.node
    scales = {node.output[0]: node.input[1] for node in nodes if node.op_type == "DequantizeLinear"}
    return [
        (scales[node.input[0]], scales[node.input[1]])
        for node in nodes
        if node.op_type == "MatMul" and node.input[0] in scales
    ]


@pytest.mark.parametrize("linears", ["int8", "fp8"])
def test_nodes(quantised, half, linears) -> None:
    path = quantised(linears).graph("dit")
    onnx.checker.check_model(path)
    model = onnx.load(path)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 23)]
    nodes = Counter(node.op_type for node in model.graph.node)
    layers = TINY.dit.layers
    # In a block q, k and v of the self-attention share what goes in, so that eight layers have six of it; weights are
    # stored in 8 bits and only dequantised.
    assert (nodes["QuantizeLinear"], nodes["DequantizeLinear"]) == (6 * layers, (6 + 8) * layers)
    scales = _scales(path)
    assert len(scales) == 8 * layers == len({weights for _, weights in scales})
    before = Counter(node.op_type for node in onnx.load(half.graph("dit")).graph.node)
    assert nodes - Counter(QuantizeLinear=99, DequantizeLinear=99) == before, "all else is as it was"
    kind = {"int8": onnx.TensorProto.INT8, "fp8": onnx.TensorProto.FLOAT8E4M3FN}[linears]
    weights = [one for one in model.graph.initializer if one.data_type == kind and len(one.dims) == 2]
    assert len(weights) == 8 * layers
    assert path.with_name("dit.onnx.data").stat().st_size < (half.folder / "dit.onnx.data").stat().st_size


@pytest.mark.parametrize("linears", ["int8", "fp8"])
def test_the_error_against_torch_in_float32(quantised, half, exact, linears, tmp_path) -> None:
    graph = quantised(linears).graph("dit")
    bound = BOUNDS[linears]
    assert quantise.worst_error(half.graph("dit"), exact) < 2e-3, "float16"
    assert quantise.worst_error(graph, exact) < bound
    heard, weights = _scales(graph)[-3]  # the cross-attention's last layer
    assert quantise.worst_error(_multiplied(graph, weights, tmp_path / "weights.onnx"), exact) > bound
    if linears == "int8":  # what is eight times too coarse; to a floating-point format it makes no difference
        assert quantise.worst_error(_multiplied(graph, heard, tmp_path / "heard.onnx"), exact) > bound


def test_calibration_with_the_wrong_inputs_is_seen(half, steps, exact, tmp_path) -> None:
    """A timestep and sound that do a hundredth as much: what real ones make is cut off."""
    export = replace(half, folder=shutil.copytree(half.folder, tmp_path / "export"))
    small = [
        calibration.Step({**step.inputs, **_hundredth(step.inputs, "block_modulation", "heard")}, step.latent)
        for step in steps[0]
    ]
    _write(export, "int8", small)
    assert quantise.worst_error(export.graph("dit"), exact) > BOUNDS["int8"]


def _hundredth(inputs, *names: str) -> dict[str, np.ndarray]:
    return {name: inputs[name] / inputs[name].dtype.type(100) for name in names}


def test_the_command(traced, lines, steps, tmp_path, capsys, monkeypatch) -> None:
    linears = "fp8"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    command("tiny-random", tmp_path / "export", SIZE, linears, lines)
    assert list(temporary.iterdir()) == [], "nothing is left of the tools' copies"
    export = read_export(tmp_path / "export")
    verify(export)
    about = export.manifest.quantisation
    assert (about.linears, about.layers, about.samples) == (linears, 8 * TINY.dit.layers, 2 * 4)
    assert [line.name for line in about.calibration] == ["guard_en.wav", "heroine_fr.wav"]
    assert about.held_out.name == "robot_es.wav"
    assert about.held_out.sha256 == stored_file(lines / "robot_es.wav").sha256
    assert about.error < BOUNDS[linears]
    assert export.manifest.precision == "float16" and export.manifest.tools["nvidia-modelopt"]
    assert {path.name for path in export.folder.iterdir()} == {*export.manifest.files, MANIFEST}
    words = " ".join(capsys.readouterr().err.split())
    assert f"tiny-random, float16 with linear layers in {linears}, pictures of 256" in words
    assert f"Error of the transformer against float16: {100 * about.error:.2f} % at most, on robot_es.wav" in words
    # The runtime knows nothing of it: the first line, said again.
    (found,) = calibration.spoken(export, [lines / "guard_en.wav"])
    expected = steps[0][-1].latent
    off = np.linalg.norm(found[-1].latent - expected) / np.linalg.norm(expected)
    assert 0 < off < BOUNDS[linears]


@pytest.mark.parametrize(
    ("precision", "folder", "words"),
    [
        ("int8", None, "--precision int8: needs --calibration DIR"),
        ("float16", DIALOGUE, "--calibration: is for --precision int8 and fp8, not float16"),
        ("int4", None, "--precision int4: must be float32, float16, bfloat16, int8, fp8"),
    ],
)
def test_options_that_do_not_go_together(precision, folder, words, tmp_path) -> None:
    with pytest.raises(SettingsError, match=words):
        command("tiny-random", tmp_path / "export", SIZE, precision, folder)


def test_without_modelopt_a_person_is_told_what_to_install(lines, tmp_path, monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "flashhead_engine.export.quantise")
    monkeypatch.setitem(sys.modules, "modelopt.onnx.quantization", None)
    with pytest.raises(MissingDependencyError, match=r"needs modelopt.*\[flashhead,export,quantise\]"):
        command("tiny-random", tmp_path / "export", SIZE, "int8", lines)
    assert list(tmp_path.iterdir()) == []


def test_dialogue_that_is_missing(tmp_path) -> None:
    (tmp_path / "one.wav").touch()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(AudioError, match=r"holds fewer than two lines of dialogue"):
        command("tiny-random", tmp_path / "export", SIZE, "int8", tmp_path)
    with pytest.raises(AudioError, match=r"lines: there is no such folder"):
        command("tiny-random", tmp_path / "export", SIZE, "int8", tmp_path / "lines")


def test_dialogue_is_taken_from_all_over_a_folder(tmp_path) -> None:
    for number in range(29):
        (tmp_path / f"{number:02}.wav").touch()
    assert [line.stem for line in calibration.dialogue(tmp_path)] == ["00", "04", "08", "12", "16", "20", "24", "28"]


@pytest.mark.usefixtures("traced")
def test_a_line_that_is_silent(lines, tmp_path) -> None:
    folder = shutil.copytree(lines, tmp_path / "lines")
    wavfile.write(folder / "a_silence.wav", 16_000, np.zeros(8_000, np.float32))
    with pytest.raises(AudioError, match=r"a_silence.wav: begins with silence, which calibrates nothing"):
        command("tiny-random", tmp_path / "export", SIZE, "int8", folder)
    assert [path.name for path in tmp_path.iterdir()] == ["lines"]


@pytest.mark.usefixtures("traced", "recorded")
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_quantisation_that_fails(lines, tmp_path, monkeypatch, error) -> None:
    begun = []

    def quantize(path: str, output_path: str, **settings) -> None:
        Path(output_path).write_bytes(b"begun")
        begun.append(Path(tempfile.mkstemp()[1]))
        raise error

    before = tempfile.gettempdir()
    monkeypatch.setattr(quantise, "quantize", quantize)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else OutputError):
        command("tiny-random", tmp_path / "export", SIZE, "int8", lines)
    assert begun and not begun[0].exists() and list(tmp_path.iterdir()) == []
    assert tempfile.gettempdir() == before


@pytest.mark.usefixtures("traced", "recorded")
def test_an_error_that_is_no_number_is_refused(lines, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(quantise, "worst_error", lambda graph, steps: float("nan"))
    with pytest.raises(ModelError, match=r"int8 are of no use .* export it with --precision float16"):
        command("tiny-random", tmp_path / "export", SIZE, "int8", lines)
    assert list(tmp_path.iterdir()) == []


def test_a_layer_that_was_left_out_is_seen(half, quantised) -> None:
    layers = quantise._linear_layers(half.graph("dit"), TINY.dit.layers)
    quantise._check_layers(quantised("int8").graph("dit"), layers)
    with pytest.raises(ModelError, match=f"linear layers stayed as they were: {layers[0]}, "):
        quantise._check_layers(half.graph("dit"), layers)
    with pytest.raises(ModelError, match=r"has 18 linear layers, not 8 in each of 3 blocks"):
        quantise._linear_layers(half.graph("dit"), 3)


def test_a_runtime_without_such_kernels(half, quantised, tmp_path) -> None:
    """An 8-bit format that ONNX Runtime's CPU cannot dequantise to float16."""
    folder = shutil.copytree(half.folder, tmp_path / "export")
    model = onnx.load(quantised("fp8").graph("dit"))
    for one in model.graph.initializer:
        if one.data_type == onnx.TensorProto.FLOAT8E4M3FN:
            one.data_type = onnx.TensorProto.FLOAT8E8M0
    (folder / "dit.onnx.data").unlink()
    onnx.save(model, folder / "dit.onnx")
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes())
    del manifest["files"]["dit.onnx.data"]
    length = (folder / "dit.onnx").stat().st_size
    manifest["files"]["dit.onnx"] = {"length": length, "sha256": stored_file(folder / "dit.onnx").sha256}
    manifest["quantisation"] = QUANTISED
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    with pytest.raises(ModelError, match=r"dit.onnx cannot be loaded by ONNX Runtime.*--precision float16"):
        open_runner(read_export(folder), on_gpu=False)
