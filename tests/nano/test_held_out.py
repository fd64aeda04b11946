"""The held-out set: nothing of it is trained on, its formats are read, its truth is where the sounds are."""

import json
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from flashhead_engine.blendshapes.phones import Segment
from flashhead_engine.drivers.nano.features import SAMPLE_RATE_HZ
from flashhead_engine.errors import FlashHeadError
from flashhead_engine.training.nano import corpora, held_out, held_out_recordings, pico, recordings, voices
from flashhead_engine.training.nano.amazon_queen import HERO
from flashhead_engine.training.nano.corpora import HERO_LINES, REFINING_CORPORA, TEXT_CORPUS, TRAINING_CORPORA
from flashhead_engine.training.nano.held_out_recordings import HELD_OUT_CORPORA, MUSIC
from flashhead_engine.training.nano.speech import Speech
from flashhead_engine.training.nano.sphinx import english_segments, english_speech, heard_phones, heard_words


def test_nothing_held_out_is_trained_on() -> None:
    # Of the game that both have, the next test tells who is heard where.
    heard = {*TRAINING_CORPORA, *REFINING_CORPORA, TEXT_CORPUS} - {HERO_LINES}
    trained = {package for corpus in heard for package in corpus.packages}
    measured = {package for corpus in (*HELD_OUT_CORPORA, MUSIC) for package in corpus.packages}
    assert trained and measured and trained.isdisjoint(measured)
    assert set(TRAINING_CORPORA) < set(REFINING_CORPORA) and HERO_LINES in REFINING_CORPORA
    for voice in voices.HELD_OUT_VOICES:
        assert voice.language not in voices.TRAINING_LANGUAGES
        assert voice.name.partition("+")[2] not in voices.TRAINING_VARIANTS
    assert "rms" not in voices.TRAINING_FLITE_VOICES, "reserved for independent evaluation"
    assert set(held_out.PEOPLE_LINES) == {corpus.name for corpus in HELD_OUT_CORPORA}


def test_of_the_acted_english_the_hero_is_trained_on_and_all_others_are_held_out(monkeypatch, tmp_path) -> None:
    said = [recordings.Recording(tmp_path / name, "Hello.", "en-us", name, "") for name in (HERO, "WITCH")]
    for module in (corpora, held_out_recordings):
        monkeypatch.setattr(module, "AMAZON_QUEEN", replace(module.AMAZON_QUEEN, find=lambda *_: said))
    acted = next(corpus for corpus in HELD_OUT_CORPORA if corpus.name == "acted-en")
    assert [(line.speaker, line.language) for line in acted.find(acted, tmp_path)] == [("WITCH", "en")]
    assert [(line.speaker, line.language) for line in HERO_LINES.find(HERO_LINES, tmp_path)] == [(HERO, "en-us")]


def test_choices_are_made_on_other_acted_lines_than_are_reported(monkeypatch, tmp_path) -> None:
    """Of 600 recordings, each named by its number, whose words pocketsphinx is said to know."""
    said = [recordings.Recording(tmp_path / str(n), f"The line of number {n:04d}", "en", "", "") for n in range(600)]
    acted = replace(next(corpus for corpus in HELD_OUT_CORPORA if corpus.name == "acted-en"), find=lambda *_: said)
    spoken = Speech(np.zeros(160, np.float32), SAMPLE_RATE_HZ, ())
    monkeypatch.setattr(held_out, "HELD_OUT_CORPORA", (acted,))
    monkeypatch.setattr(held_out, "_of_middling_length", lambda found: found)
    monkeypatch.setattr(held_out, "_sphinx_lines", lambda found: ((line, spoken) for line in found))
    monkeypatch.setattr(held_out.recordings, "unpacked", lambda package, folder: folder)
    reported, choosing = (
        [example.truth.text for example in held_out.people(tmp_path, None, lambda _: None, chosen)]
        for chosen in (held_out.PEOPLE_LINES, held_out.CHOOSING_LINES)
    )
    assert (len(reported), len(choosing)) == (360, 120)
    assert set(reported).isdisjoint(choosing)


def test_nothing_reserved_is_measured_with() -> None:
    packages = {package for corpus in (*HELD_OUT_CORPORA, MUSIC) for package in corpus.packages}
    assert not any(word in package for package in packages for word in ("sounds-en", "pocketsphinx", "festvox"))


def test_dialogues_are_read() -> None:
    script = """
dialogId("rus-m-ahoj", "font_small", "Hello (you).")
dialogStr("Ahoj \\"ty\\".")

dialogId("no-text", "font_small", "Nothing")
dialogId("rus-v-dva", "font_big", "Two")
dialogStr("Dva.")
"""
    assert held_out_recordings.parse_dialogues(script) == {"rus-m-ahoj": 'Ahoj "ty".', "rus-v-dva": "Dva."}


def test_stamps_are_read() -> None:
    stamp = "A made-up bird.\nda.utf8=En opfundet fugl.\nel.utf8=\n"
    assert held_out_recordings.parse_stamp(stamp, "en") == "A made-up bird."
    assert held_out_recordings.parse_stamp(stamp, "da") == "En opfundet fugl."
    assert held_out_recordings.parse_stamp(stamp, "el") is None
    assert held_out_recordings.parse_stamp("", "en") is None


def test_a_part_of_a_recording_is_read(tmp_path, lines) -> None:
    whole = tmp_path / "whole.wav"
    held_out.save([held_out.Example(lines[0].truth, lines[0].pcm)], tmp_path)
    shutil.copy(tmp_path / "wav" / f"{lines[0].truth.id}.wav", whole)
    part = recordings.Recording(whole, "", "en", "", "", part_s=(0.5, 1.25))
    np.testing.assert_allclose(recordings.read(part), lines[0].pcm[8000:20_000], atol=1e-4)


_PAPA = "Papa sat up. A happy man bought a paper map."


@pytest.fixture(scope="module")
def papa() -> np.ndarray:
    pytest.importorskip("py_nanotts")
    return np.pad(pico.speak(_PAPA, "en-US"), 8000)


def test_english_phones_are_where_they_sound(papa) -> None:
    """The closures of p are quiet; 80 ms beside them it is mostly loud."""
    pytest.importorskip("pocketsphinx")
    segments = english_segments(papa, _PAPA)
    assert segments[0].start == 0 and segments[-1].end == len(papa) / SAMPLE_RATE_HZ
    assert all(before.end == after.start for before, after in pairwise(segments))
    stops = [segment for segment in segments if segment.ipa == "p"]
    assert len(stops) == 7
    at_stops, beside = (
        np.median([np.sqrt((_piece(papa, stop, shift) ** 2).mean()) for stop in stops]) for shift in (0.0, 0.08)
    )
    assert at_stops < 0.5 * beside


def _piece(pcm: np.ndarray, segment: Segment, shift: float) -> np.ndarray:
    """The first 30 ms of a segment, or of a place beside it."""
    start = round((segment.start + 0.01 + shift) * SAMPLE_RATE_HZ)
    return pcm[start : start + 480]


def test_the_recogniser_beside_nano_hears_the_line_and_not_its_reverse(papa) -> None:
    """A recogniser that hears nothing would make nano look good."""
    pytest.importorskip("pocketsphinx")
    closures = [segment.start for segment in english_segments(papa, _PAPA) if segment.ipa in {"p", "b", "m"}]

    def found(pcm: np.ndarray) -> int:
        heard = [segment.start for segment in heard_phones(pcm) if segment.ipa in {"p", "b", "m"}]
        return sum(any(abs(closure - start) < 0.05 for start in heard) for closure in closures)

    assert len(closures) == 10
    assert found(papa) >= 7
    assert found(papa[::-1].copy()) <= 3
    assert {"papa", "paper", "map"} <= set(heard_words(papa).split())
    assert not {"papa", "paper", "map"} <= set(heard_words(papa[::-1].copy()).split())


def test_a_line_whose_words_are_open_is_not_trained_on(papa) -> None:
    pytest.importorskip("pocketsphinx")
    said = english_speech((papa[4000:-4000], _PAPA))
    assert said is not None and said.duration_s == pytest.approx(len(papa) / SAMPLE_RATE_HZ)
    assert said.segments == english_segments(papa, _PAPA)
    for text in ("Papa sat up 2 times.", "Papa [sighs] sat up.", "Qwertzuiop sat up."):
        assert english_speech((papa, text)) is None


def test_unknown_words_are_named(papa) -> None:
    pytest.importorskip("pocketsphinx")
    with pytest.raises(FlashHeadError, match="qwertzuiop"):
        english_segments(papa, "Qwertzuiop sat up.")


def test_noisy_versions_keep_the_truth(lines) -> None:
    clean = [held_out.Example(line.truth, line.pcm) for line in lines]
    noisy, crowded = held_out.in_noise(clean), held_out.in_crowds(clean)
    assert {example.truth.noise for example in noisy} == {"babble10dB", "white20dB", "white10dB", "room", "telephone"}
    assert len({example.truth.noise for example in crowded}) == 6
    first, second, *_ = crowded
    assert not np.array_equal(first.pcm, second.pcm)
    by_id = {example.truth.id: example for example in clean}
    for example in noisy + crowded:
        original = by_id[example.truth.id.removesuffix(f".{example.truth.noise}")]
        assert example.truth.segments == original.truth.segments
        assert len(example.pcm) == len(original.pcm)
        assert 0.3 < np.corrcoef(example.pcm, original.pcm)[0, 1] < 0.9999


def test_saved_truth_names_its_clean_line(lines, tmp_path) -> None:
    noisy = held_out.in_noise([held_out.Example(line.truth, line.pcm) for line in lines])[:1]
    held_out.save(noisy, tmp_path)
    entry = json.loads((tmp_path / "truth" / f"{noisy[0].truth.id}.json").read_text("utf-8"))
    assert entry["clean_id"] == lines[0].truth.id
