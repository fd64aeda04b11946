"""What is in a worker bundle, and that no part of it is under the GPL."""

import sys
from pathlib import Path, PurePosixPath

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / ".ci" / "shipping"))

from components import ALLOWED, Component, UnknownComponentError, components

# Of a distribution: its licence, then whether it may lie in a bundle.
LICENCES = {
    "MIT": True,
    "(Apache-2.0 OR MIT) AND BSD-3-Clause": True,
    "FTL OR GPL-2.0-or-later": False,
    "MIT AND GPL-3.0-only": False,
    "GPL-2.0-or-later": False,
    "AGPL-3.0-only OR LicenseRef-Commercial": False,
}


@pytest.fixture(scope="module")
def found(bundle) -> dict[str, Component]:
    return {component.name: component for component in components(bundle)}


def add_distribution(folder: Path, licence: str) -> None:
    metadata = folder / "_internal" / "stranger-1.0.dist-info"
    metadata.mkdir(parents=True)
    head = f"Metadata-Version: 2.4\nName: stranger\nVersion: 1.0\n{licence}"
    (metadata / "METADATA").write_text(f"{head}\n")
    (metadata / "RECORD").write_text("stranger/__init__.py,,\n")
    (folder / "_internal" / "stranger").mkdir()
    (folder / "_internal" / "stranger" / "__init__.pyc").write_bytes(b"code")


def test_every_part_may_be_given_away_in_a_closed_game(found):
    assert {one.name: one.licence for one in found.values() if not one.is_allowed()} == {}
    under_gpl = {licence for licence in ALLOWED if "GPL" in licence and not licence.startswith("LGPL")}
    assert all(" WITH " in licence for licence in under_gpl)


def test_every_part_has_the_text_of_its_licence(found):
    assert [one.name for one in found.values() if not one.texts] == []


def test_what_a_player_needs_is_in_it_and_nothing_else(bundle, found):
    distributions = {"numpy", "pyzmq", "msgspec", "samplerate", "pillow", "onnxruntime", "flashhead-engine"}
    assert distributions <= set(found)
    metadata = {path.name.split("-")[0] for path in bundle.rglob("*.dist-info")}
    assert metadata == {name.replace("-", "_") for name in distributions}
    # The version from which on it is under the MPL, not under the LGPL.
    assert found["libzmq"].version >= "4.3.5" and found["libzmq"].licence == "MPL-2.0"
    assert found["libsamplerate"].licence == "BSD-2-Clause"


def test_each_file_is_counted(bundle, found):
    files = {PurePosixPath(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file()}
    assert files == {file for component in found.values() for file in component.files}


@pytest.mark.parametrize("name", ["libreadline.so.8", "libx264-d6533a8d.so.165", "av/_core.abi3.so", "av/audio.pyc"])
def test_code_of_nobody_is_an_error(tmp_path, name):
    path = tmp_path / "_internal" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x7fELF")
    with pytest.raises(UnknownComponentError, match=Path(name).name):
        components(tmp_path)


def test_a_program_without_a_suffix_is_code(tmp_path):
    (tmp_path / "ffmpeg").write_bytes(b"\x7fELF")
    with pytest.raises(UnknownComponentError, match="ffmpeg"):
        components(tmp_path)


@pytest.mark.parametrize("licence", LICENCES)
def test_licences_of_distributions(tmp_path, licence):
    add_distribution(tmp_path, f"License-Expression: {licence}")
    [stranger] = (one for one in components(tmp_path) if one.name == "stranger")
    assert stranger.is_allowed() is LICENCES[licence]
    assert len(stranger.files) == 3 and stranger.version == "1.0"


def test_a_distribution_without_a_licence_is_an_error(tmp_path):
    add_distribution(tmp_path, "License: see the file")
    with pytest.raises(UnknownComponentError, match="names no licence"):
        components(tmp_path)


def test_an_older_libzmq_is_an_error(tmp_path):
    folder = tmp_path / "pyzmq.libs"
    folder.mkdir()
    (folder / "libzmq-2f02442c.so.5.2.4").write_bytes(b"\x7fELF")
    with pytest.raises(UnknownComponentError, match=r"libzmq-2f02442c\.so\.5\.2\.4"):
        components(tmp_path)
