"""`flashhead bench` and what it measures with. How fast this machine is decides nothing here."""

import json
import time

import numpy as np
import pytest
from typer.testing import CliRunner

from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.bench.measure import UTTERANCES, measure
from flashhead_engine.bench.voice import babble
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.cli.app import app
from flashhead_engine.drivers.base import Outputs, SessionSettings
from flashhead_engine.drivers.nano.driver import NanoDriver

VIDEO = SessionSettings(Outputs.VIDEO | Outputs.BLENDSHAPES, size=256)
SECONDS = 2.0
DELAY_S = 0.06


class _SlowDriver(NanoDriver):
    """Wastes `DELAY_S` in every step."""

    def step(self, sessions) -> None:
        time.sleep(DELAY_S)
        super().step(sessions)


@pytest.fixture(scope="module")
def guard():
    return load_avatar("guard")


def _opened(pcm: np.ndarray) -> float:
    """How far the jaw goes up and down, 5th to 95th percentile."""
    driver = NanoDriver()
    session = driver.open(None, SessionSettings())
    session.push(pcm, end=True)
    driver.step([session])
    jaw = [frame.weights[INDEX["jawOpen"]] for frame in session.frames()]
    return float(np.ptp(np.percentile(jaw, [5, 95])))


def test_the_made_up_voice_moves_the_mouth_and_noise_does_not() -> None:
    voice = babble(4.0)
    hiss = np.random.default_rng(0).normal(0, voice.std(), len(voice)).clip(-1, 1).astype(np.float32)
    assert _opened(voice) > 0.2
    assert _opened(hiss) < 0.05
    assert np.array_equal(voice, babble(4.0)) and not np.array_equal(voice, babble(4.0, seed=1))


def test_figures_fit_each_other_and_a_slow_driver_is_found_slow(guard) -> None:
    told = []
    result = measure(NanoDriver(), guard, VIDEO, 2, SECONDS, told.append)
    assert told == list(range(1, UTTERANCES + 2))
    assert result.frames_per_s == pytest.approx(result.x_real_time * VIDEO.fps, rel=0.01)
    whole_ms = 1e3 * 2 / result.x_real_time  # for a second of sound of both
    assert sum(result.stages_ms.values()) == pytest.approx(whole_ms, rel=1e-6)
    assert 0 < result.first_frame_audio_ms <= 200
    assert result.memory_mib > 50

    slow = measure(_SlowDriver(), guard, VIDEO, 2, SECONDS, utterances=1)
    assert slow.first_frame_ms > 1e3 * DELAY_S
    assert slow.x_real_time < 2 * SECONDS / (SECONDS * 50 * DELAY_S), "50 steps a second, each that late"
    assert slow.first_frame_audio_ms == result.first_frame_audio_ms


def test_time_is_put_down_to_the_stage_that_took_it(guard) -> None:
    pytest.importorskip("torch", reason="FlashHead's networks need torch")
    from flashhead_engine.drivers import load_driver

    driver = load_driver("tiny-random")
    plain = driver.runtime
    before = measure(driver, guard, VIDEO, 1, 0.5, utterances=1)
    assert driver.runtime is plain, "left as it was"

    quick = plain.hear
    waste_s = 3 * max(before.stages_ms.values()) / 1e3

    def slow_hear(*arguments):
        time.sleep(waste_s)
        return quick(*arguments)

    plain.hear = slow_hear
    after = measure(driver, guard, VIDEO, 1, 0.5, utterances=1)
    assert after.stages_ms["hear"] >= 1e3 * waste_s
    assert max(after.stages_ms, key=after.stages_ms.get) == "hear"
    assert max(before.stages_ms, key=before.stages_ms.get) != "hear"
    assert after.first_frame_audio_ms == before.first_frame_audio_ms == pytest.approx(500), "the whole line"


def test_the_command_prints_a_table_or_json() -> None:
    arguments = ["bench", "--seconds", "2", "--size", "256"]
    table = CliRunner().invoke(app, arguments)
    assert table.exit_code == 0, table.output
    assert "x real time" in table.output and "256 x 256" in table.output
    answer = CliRunner().invoke(app, [*arguments, "--streams", "2", "--json"])
    told = json.loads(answer.stdout)
    assert (told["tier"], told["streams"], told["device"]) == ("nano", 2, "CPU")
    assert told["frames_per_s"] > 0


def test_tiny_random_can_be_measured() -> None:
    pytest.importorskip("torch", reason="FlashHead's networks need torch")
    answer = CliRunner().invoke(app, ["bench", "--tier", "tiny-random", "--seconds", "2", "--size", "256", "--json"])
    told = json.loads(answer.stdout)
    assert told["runtime"] == "torch" and told["first_frame_audio_ms"] == pytest.approx(960)
    assert list(told["stages_ms"]) == ["hear", "denoise", "show", "remember"]
    assert min(told["stages_ms"].values()) > 0


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [("--streams", "0", "--streams"), ("--tier", "ultra", "ultra"), ("--size", "100", "100")],
)
def test_wrong_arguments_are_told_in_words(option, value, word) -> None:
    answer = CliRunner().invoke(app, ["bench", option, value])
    assert answer.exit_code != 0
    assert word in answer.output + str(answer.exception)
