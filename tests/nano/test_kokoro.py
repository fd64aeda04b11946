"""Lines for the neural voices: the same for the same number, in the alphabet of the network, kept on disk."""

import io
import tarfile
import zipfile

import numpy as np
import pytest

pytest.importorskip("torch")

from flashhead_engine.errors import FlashHeadError
from flashhead_engine.training.nano import kokoro, recordings
from flashhead_engine.training.nano.kokoro import SAMPLE_RATE_HZ, Voice, read_spoken_line, spoken_line

TEXTS = ["Wait.", "You must be the mapmaker.", "Nobody has seen him since the storm.", "Why?", "I said wait."]


class Hum:
    """Speaks like Kokoro, but hums: a tone as long as the text."""

    voices = tuple(Voice(name, kokoro.LANGUAGES[name[0]], np.zeros((510, 256))) for name in ("af_x", "if_y"))

    def speak(self, text, voice, tempo):
        if "storm" in text:
            raise FlashHeadError("too stormy")
        return np.sin(np.arange(len(text) * SAMPLE_RATE_HZ // 20) * 0.1).astype(np.float32)


@pytest.fixture
def letters(need_program):
    need_program("espeak-ng")
    return kokoro._letters


def test_english_is_written_in_the_letters_of_the_network(letters):
    assert letters("Go home now, John!", "en-us") == "ɡˌO hˈOm nˈW, ʤˈɑn!"
    assert letters("A boy, a church", "en-gb") == "ə bˈY, ə ʧˈɜɹʧ."


def test_other_languages_keep_their_vowels(letters):
    assert "ː" not in letters("more", "en-us")
    assert letters("ciao", "it").endswith(".")
    assert "ʧ" in letters("ciao", "it")


def test_a_line_depends_on_its_number_and_seed_alone():
    one = spoken_line(Hum(), TEXTS[:2], 3, 0)
    spoken_line(Hum(), TEXTS[:2], 4, 0)
    again = spoken_line(Hum(), TEXTS[:2], 3, 0)
    assert one.text == again.text
    assert np.array_equal(one.pcm, again.pcm)
    said = {(line.language, line.text) for number in range(40) for line in [spoken_line(Hum(), TEXTS[:2], number, 0)]}
    assert len(said) > 5
    assert {language for language, _ in said} == {"en-us", "it"}


def test_every_line_has_a_speaker_between_two_of_its_language(monkeypatch):
    names = ("af_x", "am_y", "bf_z", "if_v", "im_w")
    voices = tuple(Voice(name, kokoro.LANGUAGES[name[0]], np.eye(510, 256) * n) for n, name in enumerate(names, 1))
    heard = []
    monkeypatch.setattr(Hum, "voices", voices)
    monkeypatch.setattr(Hum, "speak", lambda self, text, voice, tempo: heard.append(voice) or np.zeros(2400, "f4"))
    for number in range(60):
        spoken_line(Hum(), TEXTS[:2], number, 0)
    assert len({voice.styles[0, 0] for voice in heard}) > 30
    for voice in heard:
        first, second = (next(v for v in voices if v.name == name) for name in voice.name.split("+"))
        assert first.language == second.language == voice.language
        low, high = sorted((first.styles[0, 0], second.styles[0, 0]))
        assert low <= voice.styles[0, 0] <= high


def test_short_texts_are_spoken_with_those_that_follow():
    assert kokoro._passage(TEXTS, 0) == "Wait. You must be the mapmaker. Nobody has seen him since the storm."
    assert kokoro._passage(TEXTS, 4) == "I said wait."


def test_lines_are_kept_and_what_cannot_be_spoken_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(kokoro, "_speaking", [(Hum(), TEXTS[:2])])
    path = tmp_path / "00001.npz"
    kokoro.write_spoken_line((1, 0, path))
    assert [file.name for file in tmp_path.iterdir()] == ["00001.npz"]
    made, kept = spoken_line(Hum(), TEXTS[:2], 1, 0), read_spoken_line(path)
    assert (kept.text, kept.language) == (made.text, made.language)
    assert np.abs(kept.pcm - made.pcm.clip(-1, 1)).max() < 1e-4
    stormy = [number for number in range(40) if _fails(number)]
    assert stormy
    monkeypatch.setattr(kokoro, "_speaking", [(Hum(), TEXTS)])
    kokoro.write_spoken_line((stormy[0], 0, path))
    assert read_spoken_line(path) is None


def _fails(number):
    try:
        spoken_line(Hum(), TEXTS, number, 0)
    except FlashHeadError:
        return True
    return False


@pytest.mark.parametrize("kind", ["whl", "tgz"])
def test_packages_of_every_registry_become_a_folder(tmp_path, kind):
    if kind == "whl":
        with zipfile.ZipFile(tmp_path / "a-1.whl", "w") as wheel:
            wheel.writestr("a/part.bin", b"1")
        inside = "a/part.bin"
    else:
        with tarfile.open(tmp_path / "a-1.tgz", "w:gz") as archive:
            about = tarfile.TarInfo("package/part.bin")
            about.size = 1
            archive.addfile(about, io.BytesIO(b"1"))
        inside = "part.bin"
    assert (recordings._extracted(tmp_path) / inside).read_bytes() == b"1"


def test_an_archive_that_leads_out_of_its_folder_is_refused(tmp_path):
    with tarfile.open(tmp_path / "a-1.tgz", "w:gz") as archive:
        about = tarfile.TarInfo("../part.bin")
        about.size = 1
        archive.addfile(about, io.BytesIO(b"1"))
    with pytest.raises(tarfile.FilterError):
        recordings._extracted(tmp_path)


@pytest.mark.parametrize(("package", "folder"), [("a=1:2-3", "a"), ("a==1.0", "a"), ("a-js@1.2", "a-js")])
def test_a_package_is_unpacked_under_its_name(tmp_path, package, folder):
    assert recordings.unpacked(package, tmp_path) == tmp_path / folder
