"""An exported tier is found and runs where torch cannot be imported: in `flashhead bake` and in the worker."""

import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / ".ci" / "shipping"))

from bundle import add_tiers

from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.client import launch
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import Outputs, SessionSettings
from flashhead_engine.runtimes.added_exports import added_export

SIZE = 256
NO_TORCH = "import sys; sys.modules.update(dict.fromkeys(['torch', 'onnx', 'onnxscript', 'safetensors'])); "
FRAMES = """
import numpy as np
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import Outputs, SessionSettings
driver = load_driver("tiny-random"{options})
session = driver.open(load_avatar("guard"), SessionSettings(outputs=Outputs.VIDEO, size=256, seed=3))
session.push(np.random.default_rng(1).uniform(-0.3, 0.3, 24_000).astype(np.float32), end=True)
driver.step([session])
np.save(sys.argv[1], np.stack([frame.pixels for frame in session.frames()]))
"""
WORKER = """
import os, threading
import numpy as np
os.environ.update(FLASHHEAD_ENDPOINT=sys.argv[1], FLASHHEAD_TOKEN="token")
from flashhead_engine.worker.limits import Limits
from flashhead_engine.worker.server import Server
server = Server(sys.argv[1], "token", Limits(), ())
thread = threading.Thread(target=server.run); thread.start()
from flashhead_engine.client import connect
with connect(server.endpoint, "token", timeout_s=120) as worker:
    from flashhead_engine.drivers.base import Outputs
    worker.pause()  # or an idle face has moved on before the line comes
    with worker.open("guard", tier="tiny-random", outputs=Outputs.VIDEO, size=256, seed=3) as head:
        pcm = np.random.default_rng(1).uniform(-0.3, 0.3, 24_000).astype(np.float32)
        line = head.speak(pcm, 16_000)
        worker.pause(False)
        shown = list(head.frames(line, real_time=False))
        np.save(sys.argv[2], np.stack([frame.pixels.copy() for frame in shown]))
server.stop(); thread.join()
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """With tiny-random exported by the command, as a person would."""
    models = tmp_path_factory.mktemp("models")
    environment = {**os.environ, "FLASHHEAD_MODELS": str(models)}
    words = ("export", "--tier", "tiny-random", "--size", SIZE, "--precision", "float32")
    result = _flashhead(environment, *words)
    assert result.returncode == 0, result.stderr
    assert "tiny-random, float32, pictures of 256" in " ".join(result.stderr.split())
    return environment


def _flashhead(environment: dict[str, str], *words: object, before: str = "") -> subprocess.CompletedProcess:
    script = before + "import sys; from flashhead_engine.cli import main; sys.exit(main())"
    return _python(environment, script, *words)


def _python(environment: dict[str, str], script: str, *words: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", script, *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    """By torch."""
    driver = load_driver("tiny-random", runtime="torch")
    session = driver.open(load_avatar("guard"), SessionSettings(outputs=Outputs.VIDEO, size=SIZE, seed=3))
    session.push(np.random.default_rng(1).uniform(-0.3, 0.3, 24_000).astype(np.float32), end=True)
    driver.step([session])
    return np.stack([frame.pixels for frame in session.frames()])


def _is_near(found: np.ndarray, expected: np.ndarray) -> bool:
    """Untrained pictures are noise, in which one level of rounding moves the key's edge at some pixels;
    test_chunks.py compares what is not keyed."""
    return found.shape == expected.shape and (np.abs(found.astype(np.int16) - expected) <= 1).mean() >= 0.95


def test_frames_are_torchs(environment, expected, tmp_path) -> None:
    path = tmp_path / "frames.npy"
    result = _python(environment, NO_TORCH + FRAMES.format(options=""), path)
    assert result.returncode == 0, result.stderr
    found = np.load(path)
    assert _is_near(found, expected)
    assert not _is_near(found, np.roll(expected, 1, axis=0)), "the check sees pictures that are 40 ms late"


def test_the_check_above_sees_torch(environment, tmp_path) -> None:
    result = _python(environment, NO_TORCH + FRAMES.format(options=", runtime='torch'"), tmp_path / "frames.npy")
    assert result.returncode != 0 and "torch" in result.stderr


def test_the_worker(environment, expected, tmp_path) -> None:
    pytest.importorskip("flashhead_engine._bridge", reason="the native module was not built")
    path = tmp_path / "frames.npy"
    result = _python(environment, NO_TORCH + WORKER, f"ipc://{tmp_path}/socket", path)
    assert result.returncode == 0, result.stderr
    assert _is_near(np.load(path), expected)


def test_the_worker_bundle(environment, bundle, tmp_path, monkeypatch) -> None:
    """With the tiny one added as lite, as `build.py worker-bundle --with lite` does it."""
    monkeypatch.setenv("FLASHHEAD_MODELS", environment["FLASHHEAD_MODELS"])
    worker = shutil.copytree(bundle, tmp_path / "worker")
    with launch([str(worker / "flashhead-worker")]) as without:
        assert without.tiers == ["nano"], "what was added on this machine is nothing to it"
    add_tiers(worker, {"lite": added_export("tiny-random")})
    pcm = np.random.default_rng(1).uniform(-0.3, 0.3, 24_000).astype(np.float32)
    with (
        launch([str(worker / "flashhead-worker")]) as found,
        found.open("guard", tier="lite", outputs=Outputs.VIDEO, size=SIZE, seed=3, timeout_s=60) as head,
    ):
        assert found.tiers == ["nano", "lite"]
        shown = [frame.pixels.copy() for frame in head.frames(head.speak(pcm), real_time=False)]
    assert len(shown) == 38 and len({picture.tobytes() for picture in shown}) > 30


def test_bake(environment, tmp_path) -> None:
    line = tmp_path / "line.wav"
    _write_wav(line, np.random.default_rng(2).uniform(-0.3, 0.3, 8_000))
    words = ("bake", line, "--tier", "tiny-random", "--size", SIZE, "-o", tmp_path / "line.mp4")
    result = _flashhead(environment, *words, before=NO_TORCH)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "line.mp4").stat().st_size > 1000
    other = _flashhead(environment, *words, "--runtime", "torch", before=NO_TORCH)
    assert other.returncode == 1 and "torch" in other.stderr, "the option reaches the driver"


def _write_wav(path: Path, pcm: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((pcm * 32767).astype("<i2").tobytes())


def test_a_copied_export_is_added(environment, tmp_path) -> None:
    """As on a machine that never had torch."""
    elsewhere = {**environment, "FLASHHEAD_MODELS": str(tmp_path / "models")}
    folder = Path(environment["FLASHHEAD_MODELS"]) / "exports" / "tiny-random"
    result = _flashhead(elsewhere, "models", "add", folder, before=NO_TORCH)
    assert result.returncode == 0 and "tiny-random: added, float32" in " ".join(result.stdout.split()), result.stderr
    assert str(folder) in (tmp_path / "models" / "exports.json").read_text("utf-8")
