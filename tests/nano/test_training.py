"""The recipe works from text to scored ONNX file; the speech it learns from has its phones at the right times."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from flashhead_engine.blendshapes.phones import Segment  # noqa: E402
from flashhead_engine.drivers.nano import network  # noqa: E402
from flashhead_engine.drivers.nano.network import NanoNetwork  # noqa: E402
from flashhead_engine.errors import OutputError  # noqa: E402
from flashhead_engine.training.nano import channel, flite, openjtalk  # noqa: E402
from flashhead_engine.training.nano import train as training_loop  # noqa: E402
from flashhead_engine.training.nano.aligner import Aligner  # noqa: E402
from flashhead_engine.training.nano.augment import (  # noqa: E402
    ANYWHERE,
    IN_A_GAME,
    at_16_khz,
    augmented,
    mixed,
    shaped_noise,
    tones,
    whispered,
)
from flashhead_engine.training.nano.corpus import line  # noqa: E402
from flashhead_engine.training.nano.dataset import TrainingSet  # noqa: E402
from flashhead_engine.training.nano.espeak import Espeak  # noqa: E402
from flashhead_engine.training.nano.export import (  # noqa: E402
    PARITY_TOLERANCE,
    QUANTISATION_TOLERANCE,
    export,
    parity_error,
    quantisation_error,
)
from flashhead_engine.training.nano.model import Nano, SpeechToMouth  # noqa: E402
from flashhead_engine.training.nano.recipe import QUICK, RecipeSettings, run_recipe  # noqa: E402
from flashhead_engine.training.nano.speech import Speech  # noqa: E402
from flashhead_engine.training.nano.train import mouth_loss, train  # noqa: E402
from flashhead_engine.training.nano.voices import (  # noqa: E402
    TRAINING_FLITE_VOICES,
    TRAINING_LANGUAGES,
    TRAINING_VARIANTS,
)
from flashhead_engine.transcript.phonemes import phonemise  # noqa: E402


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    return Espeak()


@pytest.fixture(autouse=True)
def _synthesisers(need_program) -> None:
    need_program("espeak-ng")
    need_program("flite")
    need_program("open_jtalk")


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


@pytest.mark.parametrize("voice", sorted(set(TRAINING_FLITE_VOICES)))
def test_flite_phones_are_where_they_sound(voice) -> None:
    _check_times(flite.speak("Papa sat up. A happy apple, a paper map.", voice, 1.1))


def test_open_jtalk_phones_are_where_they_sound() -> None:
    _check_times(openjtalk.speak("ぱぱがぱんをたべた。ぱりぱり、かっぱ。", 1.0, 0.0, 0.55))


def _noisy_peak(pcm: np.ndarray) -> int:
    return int(np.abs(pcm).argmax())


@pytest.mark.parametrize("number", range(len(channel.CODECS)))
def test_codecs_neither_move_nor_silence_the_sound(number) -> None:
    """A click stays where it was, to 2 ms; the same check fails for a delay of 80 ms."""
    random = np.random.default_rng(number)
    pcm = (0.01 * random.standard_normal(32_000)).astype(np.float32)
    pcm[20_000:20_080] += 0.7 * np.hanning(80).astype(np.float32)

    def stays(heard: np.ndarray) -> bool:
        return len(heard) == len(pcm) and abs(_noisy_peak(heard) - _noisy_peak(pcm)) <= 32

    heard = channel.coded(pcm, 16_000, channel.CODECS[number], random)
    assert stays(heard) and np.corrcoef(heard, pcm)[0, 1] > 0.5
    assert not stays(np.roll(heard, 1_280))


@pytest.mark.parametrize("tempo", [0.75, 1.3])
def test_tempo_changes_length_but_not_pitch(tempo) -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(48_000) / 16_000).astype(np.float32)
    changed = channel.change_tempo(tone, 16_000, tempo)
    assert len(changed) == pytest.approx(len(tone) / tempo, rel=0.02)
    spectrum = np.abs(np.fft.rfft(changed[:16_000]))
    assert abs(int(spectrum.argmax()) - 200) <= 3


def test_a_whisper_has_no_pitch() -> None:
    """Harmonics 150 Hz apart stand out of a voice, not out of its whisper."""
    times = np.arange(32_000) / 16_000
    voice = sum(np.sin(2 * np.pi * 150 * k * times) / k for k in range(1, 30)).astype(np.float32)

    def ripple(pcm: np.ndarray) -> float:
        spectrum = np.abs(np.fft.rfft(pcm[:16_000])).reshape(-1)[1500:3000]
        return float(spectrum.reshape(-1, 150).mean(0).max() / spectrum.mean())

    assert ripple(voice) > 20
    assert ripple(whispered(voice, np.random.default_rng(0))) < 4


def test_aligner_finds_the_phones_of_lines_it_has_not_heard(espeak) -> None:
    """A few minutes of one voice: closures are found to 40 ms, those of a shifted line are not, and another text
    leaves it unsure."""
    random = np.random.default_rng(3)
    texts = [line("en", random) for _ in range(110)]
    spoken = [espeak.speak(text, "en-us", 150, 50, 50) for text in texts]
    aligner = Aligner()
    aligner.learn(spoken[10:], 60, 0, lambda step, steps: None)
    errors, spoiled, sure, unsure = [], [], [], []
    for text, other, speech in zip(texts[:10], texts[10:20], spoken[:10], strict=True):
        speech = at_16_khz(speech)
        found = aligner.align(speech.pcm, phonemise(text, "en-us"))
        sure.append(found.confidence)
        unsure.append(aligner.align(speech.pcm, phonemise(other, "en-us")).confidence)
        for letter in "pbm":
            starts = np.array([s.start for s in found.segments if s.ipa == letter])
            for true in (s.start for s in speech.segments if s.ipa == letter and len(starts)):
                errors.append(np.abs(starts - true).min())
                spoiled.append(np.abs(starts + 0.08 - true).min())
    assert len(errors) > 20
    assert np.median(errors) < 0.04 < np.median(spoiled)
    assert np.mean(sure) > 1.5 * np.mean(unsure)


def test_every_training_voice_exists(espeak) -> None:
    random = np.random.default_rng(0)
    for language in TRAINING_LANGUAGES:
        assert espeak.speak(line(language, random), language, 170, 50, 50).duration_s > 0.2
    for variant in TRAINING_VARIANTS:
        espeak.speak("ba", f"en-us+{variant}".removesuffix("+"), 170, 50, 50)


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


@pytest.mark.parametrize("scene", [ANYWHERE, IN_A_GAME])
def test_augmented_segments_cover_the_augmented_audio(scene) -> None:
    random = np.random.default_rng(0)
    tone = np.sin(np.arange(22_050) * 0.1).astype(np.float32)
    phones = set()
    for _ in range(60):
        version = augmented(Speech(tone, 22_050, (Segment(0.0, 1.0, "a"),)), [tone], random, scene)
        phones.add(tuple(segment.ipa for segment in version.segments))
        assert version.segments[-1].end == pytest.approx(version.duration_s, abs=1e-3)
        assert np.abs(version.pcm).max() <= 1
    assert phones == {("", "a", ""), ("",)}, "speech between pauses, and now and then no speech at all"


def test_a_game_is_louder_and_its_mouths_rest_longer() -> None:
    random = np.random.default_rng(0)
    spoken = Speech(np.sin(np.arange(16_000) * 0.1).astype(np.float32), 16_000, (Segment(0.0, 1.0, "a"),))

    def loudness_and_rest(scene) -> tuple[float, float]:
        versions = [augmented(spoken, [spoken.pcm], random, scene) for _ in range(100)]
        rests = [s.end - s.start for version in versions for s in version.segments if s.ipa == ""]
        return float(np.mean([np.sqrt((version.pcm**2).mean()) for version in versions])), sum(rests)

    (quiet, short), (loud, long) = loudness_and_rest(ANYWHERE), loudness_and_rest(IN_A_GAME)
    assert loud > 1.1 * quiet and long > 1.4 * short


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
    assert log.losses.training[-1] < 0.8 * log.losses.training[0]
    assert len(log.losses.validation) == QUICK.epochs
    assert log.export.parity < PARITY_TOLERANCE and 0 < log.export.quantisation < QUANTISATION_TOLERANCE
    assert 0 <= log.held_out_score["60"] < 0.65, "a minute of speech must not be enough to pass for a good network"
    assert json.loads((folder / "training.json").read_text())["parameters"] == log.parameters
    assert (folder / "nano.onnx").stat().st_size < 8e6 and log.parameters <= 2_000_000
    assert (folder / "curves.png").stat().st_size > 0
    assert NanoNetwork(folder / "nano.onnx").native == NanoNetwork().native, "both graphs give their weights"


def test_the_second_stage_goes_on_from_the_network_it_is_given(quick_run, tmp_path) -> None:
    """A minute of speech makes no good network of random weights, and leaves a good one good."""
    shutil.copytree(quick_run[0] / "data", tmp_path / "data")
    shutil.copy(quick_run[0] / "minutes.json", tmp_path)
    shipped = Path(network.__file__).with_name("nano.onnx")
    log = run_recipe(QUICK, tmp_path, lambda step, done, total: None, shipped)
    assert log.held_out_score["60"] > 0.75 > 0.65 > quick_run[1].held_out_score["60"]
    assert log.settings.refines == NanoNetwork(shipped).sha256
    clean, noisy = (TrainingSet.load(tmp_path / "data" / f"{name}.npz") for name in ("clean", "version-0"))
    rests = [data.features[data.curves[:, 5] < 0.05].astype(np.float32).mean() for data in (clean, noisy)]
    assert rests[0] < rests[1] - 0.1, "it hears its lines once with silence in the pauses"
    assert not (quick_run[0] / "data" / "clean.npz").exists()
    with pytest.raises(OutputError, match="other settings"):
        run_recipe(QUICK, tmp_path, lambda step, done, total: None, quick_run[0] / "nano.onnx")


def test_training_goes_on_from_its_checkpoint(quick_run, tmp_path) -> None:
    """Two epochs, an interruption and the third give the same network as three in one go."""
    data = TrainingSet.load(quick_run[0] / "data" / "version-0.npz")

    class Interruption(Exception):
        pass

    def losses(checkpoint: Path, report) -> list[float]:
        torch.manual_seed(5)
        return train(SpeechToMouth(32), [data], data, 3, 1, 2, mouth_loss, report, checkpoint).training

    def interrupt(step: int, steps: int) -> None:
        if step > 0.7 * steps:
            raise Interruption

    whole = losses(tmp_path / "whole.pt", lambda step, steps: None)
    with pytest.raises(Interruption):
        losses(tmp_path / "interrupted.pt", interrupt)
    seen = []
    resumed = losses(tmp_path / "interrupted.pt", lambda step, steps: seen.append(step / steps))
    assert seen[0] > 0.6
    assert resumed == pytest.approx(whole, rel=1e-3)


def test_without_bfloat16_a_step_changes_the_weights_as_much_in_other_numbers(monkeypatch) -> None:
    changed = {}
    for known in (True, False):
        monkeypatch.setattr(training_loop, "_knows_bfloat16", lambda known=known: known)
        torch.manual_seed(0)
        network = SpeechToMouth(32)
        before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
        optimizers = training_loop._optimizers(network, 1e-3)
        torch.manual_seed(1)
        for weight in network.parameters():
            weight.grad = torch.randn_like(weight)
        with training_loop._muons_number():
            for optimizer in optimizers:
                optimizer.step()
        changed[known] = {name: weight.detach() - before[name] for name, weight in network.named_parameters()}
    matrices = [name for name in changed[True] if name.startswith("blocks.") and changed[True][name].ndim == 2]
    assert matrices
    for name, exact in changed[False].items():
        rounded = changed[True][name]
        assert (name in matrices) == (not torch.equal(exact, rounded)), name
        assert (exact - rounded).norm() < 0.02 * exact.norm(), name


@pytest.mark.parametrize("native", [True, False])
def test_eight_bits_give_the_same_frames_alone_and_together(quick_run, native) -> None:
    folder, _ = quick_run
    network = NanoNetwork(folder / "nano.onnx", native=native)
    features = np.random.default_rng(0).uniform(-1, 1, (4, 50, 80)).astype(np.float32)
    together, _ = network.run(features, network.initial_state(4))
    state = network.initial_state(1)
    for frame in range(50):
        alone, state = network.run(features[2:3, frame : frame + 1], state)
        assert np.abs(alone.curves[0, 0] - together.curves[2, frame]).max() < 1e-4


def test_quantisation_error_notices_another_network(quick_run, tmp_path) -> None:
    folder, _ = quick_run
    torch.manual_seed(1)
    other = tmp_path / "other.onnx"
    export(Nano(SpeechToMouth()), other)
    features = TrainingSet.load(folder / "data" / "validation.npz").features
    assert quantisation_error(folder / "nano.float32.onnx", other, features) > QUANTISATION_TOLERANCE


def test_finished_steps_are_not_repeated(quick_run) -> None:
    folder, log = quick_run
    steps = []
    again = run_recipe(QUICK, folder, lambda step, done, total: steps.append(step))
    assert steps == []
    assert again.losses == log.losses


def test_data_of_other_settings_is_refused(quick_run) -> None:
    folder, _ = quick_run
    with pytest.raises(OutputError, match="other settings"):
        run_recipe(RecipeSettings(minutes_of_speech=2.0), folder, lambda step, done, total: None)


def test_parity_notices_another_network(quick_run) -> None:
    folder, _ = quick_run
    torch.manual_seed(1)
    assert parity_error(Nano(SpeechToMouth()), folder / "nano.float32.onnx") > PARITY_TOLERANCE
