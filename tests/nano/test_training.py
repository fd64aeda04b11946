"""The recipe works from text to scored ONNX file; the speech it learns from has its phones at the right times."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from flashhead_engine.blendshapes.phones import Segment  # noqa: E402
from flashhead_engine.drivers.nano.network import NanoNetwork  # noqa: E402
from flashhead_engine.errors import OutputError  # noqa: E402
from flashhead_engine.training.nano import flite  # noqa: E402
from flashhead_engine.training.nano.augment import augmented, mixed, shaped_noise, tones  # noqa: E402
from flashhead_engine.training.nano.corpus import line  # noqa: E402
from flashhead_engine.training.nano.espeak import Espeak  # noqa: E402
from flashhead_engine.training.nano.export import PARITY_TOLERANCE, parity_error  # noqa: E402
from flashhead_engine.training.nano.model import Nano, SpeechToMouth  # noqa: E402
from flashhead_engine.training.nano.recipe import QUICK, RecipeSettings, run_recipe  # noqa: E402
from flashhead_engine.training.nano.speech import Speech  # noqa: E402
from flashhead_engine.training.nano.voices import (  # noqa: E402
    HELD_OUT_VOICES,
    TRAINING_FLITE_VOICES,
    TRAINING_LANGUAGES,
    TRAINING_VARIANTS,
)


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    return Espeak()


@pytest.fixture(autouse=True)
def _synthesisers(need_program) -> None:
    need_program("espeak-ng")
    need_program("flite")


def _level(speech: Speech, start: float, end: float) -> float:
    piece = speech.pcm[round(start * speech.sample_rate_hz) : round(end * speech.sample_rate_hz)]
    return float(np.sqrt((piece**2).mean()))


def _check_times(speech: Speech) -> None:
    """Segments cover the audio without gaps; vowels are louder than pauses; a [p] contains its silent closure."""
    assert speech.segments[0].start == 0
    assert speech.segments[-1].end == pytest.approx(speech.duration_s, abs=0.01)
    for one, next_one in zip(speech.segments, speech.segments[1:], strict=False):
        assert one.end == pytest.approx(next_one.start)
    vowels = [s for s in speech.segments if s.ipa[:1] in ("a", "ɑ", "æ", "ɐ")]
    stops = [s for s in speech.segments if s.ipa == "p"]
    assert vowels and stops
    loudness = np.mean([_level(speech, s.start, s.end) for s in vowels])
    for stop in stops:
        middle = (stop.start + stop.end) / 2
        quietest = min(_level(speech, t, t + 0.01) for t in np.arange(stop.start, middle, 0.005))
        assert quietest < 0.2 * loudness


def test_espeak_phones_are_where_they_sound(espeak) -> None:
    _check_times(espeak.speak("Papa sat up. A happy apple, a paper map.", "en-us", 160, 50, 50))


@pytest.mark.parametrize("voice", TRAINING_FLITE_VOICES)
def test_flite_phones_are_where_they_sound(voice) -> None:
    _check_times(flite.speak("Papa sat up. A happy apple, a paper map.", voice, 1.1))


def test_every_training_voice_exists(espeak) -> None:
    random = np.random.default_rng(0)
    for language in TRAINING_LANGUAGES:
        assert espeak.speak(line(language, random), language, 170, 50, 50).duration_s > 0.2
    for variant in TRAINING_VARIANTS:
        espeak.speak("ba", f"en-us+{variant}".removesuffix("+"), 170, 50, 50)


def test_held_out_voices_are_not_trained_on() -> None:
    for voice in HELD_OUT_VOICES:
        if voice.engine == "flite":
            assert voice.name not in TRAINING_FLITE_VOICES
        else:
            language, variant = voice.name.split("+")
            assert language not in TRAINING_LANGUAGES
            assert variant not in TRAINING_VARIANTS
    assert "rms" not in TRAINING_FLITE_VOICES


def test_texts_depend_on_the_seed_alone() -> None:
    def texts(seed: int) -> list[str]:
        random = np.random.default_rng(seed)
        return [line(language, random) for language in TRAINING_LANGUAGES]

    assert texts(1) == texts(1)
    assert texts(1) != texts(2)


def test_noise_is_mixed_at_the_ratio_asked_for() -> None:
    random = np.random.default_rng(0)
    tone = np.sin(np.arange(16_000) * 0.2).astype(np.float32)
    added = mixed(tone, shaped_noise(16_000, random, fall=1.0), 10.0) - tone
    assert 10 * np.log10((tone**2).mean() / (added**2).mean()) == pytest.approx(10, abs=0.3)


def test_augmented_segments_cover_the_augmented_audio() -> None:
    random = np.random.default_rng(0)
    tone = np.sin(np.arange(22_050) * 0.1).astype(np.float32)
    phones = set()
    for _ in range(60):
        version = augmented(Speech(tone, 22_050, (Segment(0.0, 1.0, "a"),)), [tone], random)
        phones.add(tuple(segment.ipa for segment in version.segments))
        assert version.segments[-1].end == pytest.approx(version.duration_s, abs=1e-3)
        assert np.abs(version.pcm).max() <= 1
    assert phones == {("", "a", ""), ("",)}, "speech between pauses, and now and then no speech at all"


def test_tones_are_of_unit_power_and_never_the_same() -> None:
    random = np.random.default_rng(0)
    made = [tones(32_000, random) for _ in range(20)]
    for pcm in made:
        assert np.isfinite(pcm).all()
        assert pcm.std() == pytest.approx(1, abs=1e-3)
    assert np.abs(np.corrcoef(made) - np.eye(20)).max() < 0.9


@pytest.fixture(scope="module")
def quick_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nano")
    return folder, run_recipe(QUICK, folder, lambda step, done, total: None)


def test_quick_recipe_learns_and_exports(quick_run) -> None:
    folder, log = quick_run
    assert log.epoch_losses[-1] < 0.8 * log.epoch_losses[0]
    assert log.onnx_difference < PARITY_TOLERANCE
    assert 0 <= log.held_out_score["60"] < 0.65, "a minute of speech must not be enough to pass for a good network"
    assert json.loads((folder / "training.json").read_text())["parameters"] == log.parameters
    NanoNetwork(folder / "nano.onnx")


def test_finished_steps_are_not_repeated(quick_run) -> None:
    folder, log = quick_run
    steps = []
    again = run_recipe(QUICK, folder, lambda step, done, total: steps.append(step))
    assert steps == []
    assert again.epoch_losses == log.epoch_losses


def test_data_of_other_settings_is_refused(quick_run) -> None:
    folder, _ = quick_run
    with pytest.raises(OutputError, match="other settings"):
        run_recipe(RecipeSettings(minutes_of_speech=2.0), folder, lambda step, done, total: None)


def test_parity_notices_another_network(quick_run) -> None:
    folder, _ = quick_run
    torch.manual_seed(1)
    assert parity_error(Nano(SpeechToMouth()), folder / "nano.onnx") > PARITY_TOLERANCE
