"""Engines and their runner, on a stand-in that computes by ONNX Runtime what TensorRT would: whole chunks, arenas,
addresses, captured work and errors are the real code's. Nothing here ran on a GPU."""

import errno
import os
import shutil
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from runtimes import pretend_cuda, pretend_tensorrt
from typer.testing import CliRunner

from flashhead_engine.cli.app import app
from flashhead_engine.drivers.flashhead import choice
from flashhead_engine.errors import FlashHeadError, MissingDependencyError, ModelError, OutputError, SettingsError
from flashhead_engine.export import engines as building
from flashhead_engine.export.engines import EngineSettings, build
from flashhead_engine.runtimes import resident, tensorrt_runner
from flashhead_engine.runtimes.added_exports import remember_export
from flashhead_engine.runtimes.cuda import Stream, this_gpu
from flashhead_engine.runtimes.engines import MANIFEST, Engines, engines_folder, read_engines
from flashhead_engine.runtimes.exported import Export, read_export
from flashhead_engine.runtimes.exported_flashhead import ExportedFlashHead
from flashhead_engine.runtimes.flashhead import OutOfMemory
from flashhead_engine.runtimes.gpu import GpuBudget
from flashhead_engine.runtimes.tensorrt_runner import open_runner, usable_engines

from .test_chunks import chunks, with_onnx_runtime

GRAPHS = ("audio_cond", "dit", "vae_dec", "vae_enc", "reference")
STEPS = 4


@pytest.fixture
def export(exported, tmp_path) -> Export:
    """In a folder of its own, beside which engines can lie."""
    return read_export(shutil.copytree(exported("lite").folder, tmp_path / "lite"))


@pytest.fixture
def engines(machine, export) -> Engines:
    return _built(export)


def _built(export: Export, **settings) -> Engines:
    return build(export, this_gpu(), EngineSettings(**settings), lambda text, share: None)


def _runtime(export: Export, engines: Engines, budget: GpuBudget | None = None) -> ExportedFlashHead:
    return ExportedFlashHead(export, open_runner(export, engines, budget))


@pytest.fixture(scope="module")
def expected(exported) -> dict[int, np.ndarray]:
    """Three chunks by ONNX Runtime, for one head and for four."""
    runtime = with_onnx_runtime(exported("lite").folder)
    return {batch: chunks(runtime, batch) for batch in (1, 4)}


def test_whole_chunks_are_onnx_runtimes(export, engines, expected) -> None:
    runtime = _runtime(export, engines)
    for batch in (1, 4, 1):  # the last finds addresses and captured work that are there already
        assert np.array_equal(chunks(runtime, batch), expected[batch]), batch


def test_a_runner_that_does_not_wait_is_seen(export, engines, machine, expected, monkeypatch) -> None:
    runtime = _runtime(export, engines)
    monkeypatch.setattr(pretend_cuda, "cudaStreamSynchronize", lambda stream: (pretend_cuda.cudaError_t.cudaSuccess,))
    assert not np.array_equal(chunks(runtime, 1), expected[1])
    del runtime
    machine.faults.clear()


def test_a_runner_that_copies_no_new_values_is_seen(export, engines, expected, monkeypatch) -> None:
    runtime = _runtime(export, engines)
    real = resident.ResidentGraph._fill

    def once(self, tensor, values) -> None:
        if tensor.name not in self._held:
            real(self, tensor, values)

    monkeypatch.setattr(resident.ResidentGraph, "_fill", once)
    assert not np.array_equal(chunks(runtime, 1), expected[1])


def test_the_host_waits_once_a_chunk_and_memory_is_given_back(export, engines, machine, monkeypatch) -> None:
    runtime = _runtime(export, engines)
    waits, launches, used = [], [], []
    real = ExportedFlashHead.show

    def show(self, latent, references):
        shown = real(self, latent, references)
        waits.append(machine.waits)
        launches.append(machine.launches)
        used.append(machine.used)
        return shown

    monkeypatch.setattr(ExportedFlashHead, "show", show)
    chunks(runtime, 1)
    assert waits[2] - waits[1] == 1
    assert launches[2] - launches[1] == STEPS + 3, "audio, steps, pictures, motion"
    chunks(runtime, 1)
    assert used[5] == used[2]


def test_a_copy_is_saved_where_an_input_is_the_same(export, engines, machine, monkeypatch) -> None:
    """What was heard is large and the same in all steps."""
    runtime = _runtime(export, engines)
    copied = []
    real = Stream.copy
    monkeypatch.setattr(Stream, "copy", lambda self, *where: (copied.append(where), real(self, *where)))
    chunks(runtime, 1)
    dit = runtime._runner._graphs["dit"]._fixed
    times = {name: sum(to == dit[name].address for to, _, _ in copied) for name in ("heard", "latent")}
    assert times == {"heard": 3, "latent": 3 * STEPS}


def test_addresses_stay_when_all_sizes_were_seen(export, engines) -> None:
    """A portrait has more pictures than three heads' motion, and fewer latents."""
    graph = open_runner(export, engines)._graphs["vae_enc"]
    sizes = [{"batch": 1, "frames": 33, "latent_frames": 5}, {"batch": 3, "frames": 9, "latent_frames": 2}]
    seen = []
    for lengths in sizes * 2:
        graph._make_room(lengths)
        seen.append({name: values.address for name, values in graph._fixed.items()})
    assert seen[0] != seen[1] == seen[2] == seen[3]


@pytest.mark.parametrize(
    ("pcm", "words"),
    [
        (np.zeros((1, 5), np.float32), r"pcm of audio_cond has the shape \(1, 5\), must be \('batch', 128000\)"),
        (np.zeros((9, 128_000), np.float32), r"audio_cond cannot be run with {'batch': 9}"),
        (np.zeros((1, 128_000)), "pcm of audio_cond is float64, must be float32"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(export, engines, pcm, words) -> None:
    runner = open_runner(export, engines)
    with pytest.raises(ValueError, match=words):
        runner.run("audio_cond", {"pcm": runner.to_device(pcm)})


def test_how_engines_are_built(export, engines) -> None:
    for spec in export.specs():
        path = engines.path(spec.name)
        plan = _plan(path)
        assert plan["flags"] == ["REFIT_IDENTICAL", "STRIP_PLAN"], "and no TF32"
        assert (plan["hardware"], plan["platform"]) == ("SAME_COMPUTE_CAPABILITY", "SAME_AS_BUILD")
        assert len(plan["profiles"]) == len(spec.profiles)
        assert path.stat().st_size < 10_000 < export.manifest.files["dit.onnx.data"].length, "no weights"
    assert _plan(engines.path("dit"))["profiles"][0]["latent"] == [[batch, 6, 5, 2, 2] for batch in (1, 1, 8)]
    still = _plan(engines.path("vae_enc"))["profiles"][1]["pictures"]
    assert still == [[1, 3, 33, 64, 64]] * 3


def _plan(path: Path) -> dict:
    return msgspec.json.decode(path.read_bytes().partition(b"\n")[2])


def test_engines_for_windows(machine, export) -> None:
    made = _built(export, system="windows")
    assert made.folder.name == "sm89-windows"
    assert _plan(made.path("dit"))["platform"] == "WINDOWS_AMD64"
    with pytest.raises(ModelError, match=r"has no engines for Pretended GPU.*There are sm89-windows\. Build them"):
        usable_engines(export)


def test_times_of_kernels_are_kept_for_a_gpu(machine, export) -> None:
    _built(export)
    assert machine.timed == len(GRAPHS)
    _built(export)
    assert machine.timed == len(GRAPHS), "known ones are used again"
    (file,) = (Path(os.environ["FLASHHEAD_MODELS"]) / "timing").iterdir()
    file.write_bytes(b"of another card")
    _built(export)
    assert machine.timed == 2 * len(GRAPHS), "what does not fit is not used"
    other = pretend_cuda.start("Another GPU")
    _built(export)
    assert other.timed == len(GRAPHS)


def test_a_graph_that_came_out_otherwise_is_refused(machine, export, monkeypatch) -> None:
    monkeypatch.setattr(building, "_data_types", lambda: dict.fromkeys(("float32", "bool", "uint8"), "another"))
    with pytest.raises(ModelError, match=r"graph audio_cond: TensorRT reads its inputs as .*must be"):
        _built(export)


def test_uint8_that_is_not_converted_to_last_is_refused(machine, export) -> None:
    """The stand-in knows TensorRT's rule, which the export keeps."""
    import onnx

    path = export.graph("vae_dec")
    model = onnx.load(path, load_external_data=False)
    (cast,) = (node for node in model.graph.node if "pictures" in node.output)
    assert cast.op_type == "Cast"
    cast.output[0] = "before"
    model.graph.node.append(onnx.helper.make_node("Identity", ["before"], ["pictures"]))
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"vae_dec.onnx cannot be read by TensorRT 11.4.*UINT8"):
        _built(export)


def _folder(export: Export) -> Path:
    return engines_folder(export, "8.9")


def test_an_interrupted_build_leaves_nothing(machine, export) -> None:
    def report(text: str, share: float) -> None:
        if text == "dit: Building engine":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(export, this_gpu(), EngineSettings(), report)
    assert list(_folder(export).parent.iterdir()) == []


def test_a_full_disk_leaves_nothing(machine, export, monkeypatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="the disk is full"):
        _built(export)
    monkeypatch.undo()
    assert list(_folder(export).parent.iterdir()) == []


def test_progress_goes_up_to_the_end(machine, export) -> None:
    told = []
    build(export, this_gpu(), EngineSettings(), lambda text, share: told.append((text, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert ("vae_dec: Building engine", (2 + 0.5) / 5) in told


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"version": 2}, "is of version 2; this program reads version 1"),
        ({"export_sha256": "0" * 64}, "were built of another export"),
        ({"tensorrt": "11.3.0.99"}, r"were built by TensorRT 11.3.0.99; this is 11.4.0.106"),
        ({"compute_capability": "9.0"}, r"were built for Pretended GPU, compute capability 9.0; this is"),
        ({"system": "windows"}, "were built for windows; this is linux"),
        ({"files": {}}, "are not those of all graphs"),
        ({"gpu": 1}, "is damaged"),
    ],
)
def test_engines_that_do_not_fit(export, engines, fields, words) -> None:
    path = engines.folder / MANIFEST
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | fields))
    with pytest.raises(ModelError, match=rf"{words}.*flashhead build-engines"):
        usable_engines(export)


def test_engines_that_were_damaged(export, engines) -> None:
    plan = engines.path("dit")
    whole = plan.read_bytes()
    plan.write_bytes(whole[:-1])
    with pytest.raises(ModelError, match=r"dit.engine was cut off or altered"):
        usable_engines(export)
    plan.unlink()
    with pytest.raises(ModelError, match=r"dit.engine cannot be read"):
        usable_engines(export)
    plan.write_bytes(whole)
    assert usable_engines(export) == engines
    (engines.folder / MANIFEST).unlink()
    with pytest.raises(ModelError, match=r"no whole folder of engines: engines.json is missing"):
        usable_engines(export)


def test_what_tensorrt_refuses_is_said_in_its_words(export, engines) -> None:
    pretend_cuda.start(compute_capability=(9, 0))
    with pytest.raises(ModelError, match=r"has no engines for Pretended GPU, compute capability 9.0.*sm89-linux"):
        usable_engines(export)
    with pytest.raises(ModelError, match=r"cannot be loaded. TensorRT says: another compute capability"):
        open_runner(export, engines)
    pretend_cuda.start()
    path = export.graph("reference")
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ModelError, match=r"reference.engine cannot be filled.*says: weights of another graph"):
        open_runner(export, engines)


def test_what_is_missing_is_said_in_words(export, engines, monkeypatch) -> None:
    pretend_cuda.stop()
    with pytest.raises(MissingDependencyError, match=r"No GPU can be used. CUDA failed: cudaErrorInsufficientDriver"):
        usable_engines(export)
    for package, words in (("tensorrt", r'"flashhead-engine\[tensorrt\]"'), ("cuda.bindings", "cuda-bindings")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, package, None)
            with pytest.raises(MissingDependencyError, match=f"pip install {words}"):
                usable_engines(export)
    monkeypatch.setattr(pretend_tensorrt, "__version__", "10.16.1.11")
    pretend_cuda.start()
    with pytest.raises(MissingDependencyError, match=r"TensorRT 10.16.1.11 is installed, 11 is needed"):
        usable_engines(export)
    shutil.rmtree(_folder(export).parent)
    with pytest.raises(ModelError, match=r"has no engines: build them with `flashhead build-engines"):
        usable_engines(export)


def test_a_batch_that_does_not_fit_changes_nothing(export, engines, machine, expected) -> None:
    runtime = _runtime(export, engines)
    chunks(runtime, 1)
    machine.memory = machine.used + 4_000_000
    with pytest.raises(OutOfMemory, match=r"The GPU's memory ran out"):
        chunks(runtime, 4)
    assert np.array_equal(chunks(runtime, 1), expected[1])


def test_a_budget(export, engines, machine, expected) -> None:
    runtime = _runtime(export, engines, GpuBudget(64))
    assert machine.priority == 0, "the lowest that it has"
    assert np.array_equal(chunks(runtime, 1), expected[1])
    runtime._runner._stream.reserve(runtime._runner._stream.left)
    with pytest.raises(OutOfMemory, match=r"0 MiB of the budget are left"):
        chunks(runtime, 1)


def test_a_budget_that_is_too_small(export, engines, monkeypatch) -> None:
    monkeypatch.setattr(pretend_tensorrt, "_ARENA", 65 << 20)
    with pytest.raises(SettingsError, match=r"--gpu-memory-mib 64: the engines in .* do not fit.*--stream-weights"):
        open_runner(export, engines, GpuBudget(64))


def _engines_of(runner) -> list[pretend_tensorrt.ICudaEngine]:
    return [graph._prepare.__self__._engine for graph in runner._graphs.values()]


def test_weights_that_stream(machine, export, expected) -> None:
    made = _built(export, streams_weights=True)
    assert "WEIGHT_STREAMING" in _plan(made.path("dit"))["flags"]
    runner = open_runner(export, made)
    engines = _engines_of(runner)
    assert all(engine.weight_streaming_budget_v2 == engine.streamable_weights_size for engine in engines)
    assert np.array_equal(chunks(ExportedFlashHead(export, runner), 1), expected[1])
    assert machine.launches == 0, "and nothing is captured"
    # A card with room for a head and half of the weights.
    weights = sum(engine.streamable_weights_size for engine in engines)
    head = sum(map(tensorrt_runner._of_one_head, export.specs()))
    pretend_cuda.start(memory=head + weights // 2)
    runner = open_runner(export, made)
    kept = [engine.weight_streaming_budget_v2 for engine in _engines_of(runner)]
    assert 0.4 * weights < sum(kept) < 0.5 * weights and all(kept)


def test_choosing(export, engines, machine, monkeypatch) -> None:
    def chosen(wanted: str | None = None) -> choice.Choice:
        return choice.choose("tiny-random", wanted)

    remember_export(export)
    monkeypatch.setattr(choice, "has_nvidia_driver", lambda: True)
    assert chosen().runtime == "tensorrt" and str(engines.folder) in chosen().why
    assert chosen("onnxruntime").runtime == "onnxruntime"
    assert chosen("tensorrt").engines == engines
    engines.path("dit").write_bytes(b"")
    assert chosen().runtime == "torch" and "not by TensorRT" in chosen().why and "dit.engine was cut" in chosen().why
    with pytest.raises(ModelError, match=r"dit.engine was cut"):
        chosen("tensorrt")
    shutil.rmtree(_folder(export).parent)
    assert "not by TensorRT" not in chosen().why, "none were built"
    with pytest.raises(ModelError, match="has no engines"):
        chosen("tensorrt")


def test_a_driver_runs_by_tensorrt(export, engines, machine, monkeypatch) -> None:
    from flashhead_engine.drivers import load_driver

    remember_export(export)
    driver = load_driver("tiny-random", runtime="tensorrt")
    assert (driver.runtime.name, driver.runtime.device) == ("tensorrt", "Pretended GPU")


def test_the_command(machine, export, monkeypatch) -> None:
    def said(*words: object) -> str:
        result = CliRunner().invoke(app, ["build-engines", *map(str, words)], catch_exceptions=False)
        assert result.exit_code == 0
        return " ".join(result.stderr.split())

    shown = said(export.folder)
    assert "Pretended GPU, compute capability 8.9, 8.6 GB" in shown and "kernels are timed on this GPU" in shown
    assert "sm89-linux: engines for Pretended GPU and its like" in shown
    assert read_engines(export, this_gpu(), pretend_tensorrt.__version__)
    monkeypatch.chdir(export.folder)
    shown = said(".", "--for", "windows", "--stream-weights")
    assert "known times are used again" in shown and "sm89-windows" in shown
    with pytest.raises(SettingsError, match="--for macos: must be linux"):
        said(export.folder, "--for", "macos")
    with pytest.raises(FlashHeadError, match="no whole export"):
        said(export.folder.parent)
