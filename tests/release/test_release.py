"""One version in one place, one commit, and what a release's archives hold: two runs make the same bytes."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from releases import NAMES, ROOT, checkout, git, head, libraries
from shipping.archives import write_tar_gz, write_zip
from shipping.contents import Built
from shipping.dist import Builders, make_dist
from shipping.errors import BuildError
from shipping.index import sha256
from shipping.release import other_versions, project_version, read_release

from flashhead_engine import __version__
from flashhead_engine.avatar.manifest import VERSION as AVATAR
from flashhead_engine.bake.formats.track import VERSION as TRACK
from flashhead_engine.bake.manifest import VERSION as BAKED
from flashhead_engine.bake.project.file import VERSION as PROJECT
from flashhead_engine.runtimes.exported import VERSION as EXPORTED
from flashhead_engine.transport.messages import PROTOCOL

SYSTEMS = tuple(NAMES)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    return checkout(tmp_path_factory.mktemp("untouched"))


@pytest.fixture(scope="module")
def whole(untouched, tmp_path_factory):
    """A release of the untouched checkout, for all tests that only look."""
    return made(untouched, tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture
def place(tmp_path):
    return checkout(tmp_path / "checkout")


def unavailable(*_):
    raise BuildError("no compiler here")


def builders(folder: Path, **others) -> Builders:
    wheel, sdist = folder / "one.whl", folder / "one.tar.gz"
    wheel.write_text("wheel")
    sdist.write_text("sdist")
    parts = {
        "library": lambda system: libraries(folder / system, system),
        "wheel": lambda system: wheel if system == "linux-x64" else unavailable(),
        "sdist": lambda: sdist,
        "worker": None,
        "bill": lambda folder, version, seconds, bill: bill.write_text("{}"),
    }
    return Builders(**parts | others)


def made(place: Path, folder: Path, systems=SYSTEMS, **others) -> Path:
    folder.mkdir()
    make_dist(read_release(place), systems, builders(folder, **others), folder / "dist")
    return folder / "dist"


def names_in(archive: Path) -> set[str]:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as files:
            return set(files.namelist())
    with tarfile.open(archive) as files:
        return set(files.getnames())


def one(folder: Path, pattern: str) -> Path:
    [found] = folder.glob(pattern)
    return found


def test_every_place_says_the_version_of_pyproject():
    assert other_versions(ROOT) == {}
    assert project_version(ROOT) == __version__


@pytest.mark.parametrize(
    "spoiled", ["unity_package/package.json", "godot_addon/addons/flashhead/plugin.cfg", "docs/CHANGELOG.md"]
)
def test_another_version_is_found(place, spoiled):
    file = place / spoiled
    file.write_text(file.read_text("utf-8").replace(__version__, "9.9.9"), "utf-8")
    assert other_versions(place) == {spoiled: "9.9.9"}
    git(place, "commit", "--all", "--quiet", "--message", "spoiled")
    with pytest.raises(BuildError, match=f"{spoiled} says 9.9.9"):
        read_release(place)


def test_the_changelog_names_the_versions_of_protocol_and_files():
    header = (ROOT / "bridge_cpp" / "include" / "flashhead_bridge.h").read_text("utf-8")
    rings = (ROOT / "bridge_cpp" / "src" / "core" / "ring_layout.h").read_text("utf-8")
    abi = re.search(r"#define FLASHHEAD_ABI (\d+)u", header)[1]
    ring = re.search(r"kRingVersion = (\d+);", rings)[1]
    text = (ROOT / "docs" / "CHANGELOG.md").read_text("utf-8")
    newest = text.split(f"## [{__version__}]")[1].split("\n## [")[0]
    assert (
        f"protocol {PROTOCOL}, shared-memory rings {ring}, bridge ABI {abi}, avatars {AVATAR}, baked lines {BAKED}, "
        f"blendshape tracks {TRACK}, projects {PROJECT}, exported tiers {EXPORTED}." in newest
    )


def test_a_checkout_with_changes_is_refused(place):
    (place / "unity_package" / "README.md").write_text("changed")
    with pytest.raises(BuildError, match=r"(?s)not what its commit says.*unity_package/README.md"):
        read_release(place)
    git(place, "checkout", "--quiet", ".")
    (place / "unity_package" / "new.cs").write_text("new")
    with pytest.raises(BuildError, match=r"unity_package/new\.cs"):
        read_release(place)


def test_a_folder_that_is_no_checkout_is_refused(tmp_path):
    with pytest.raises(BuildError, match="is no git checkout"):
        read_release(tmp_path)


def test_two_runs_make_the_same_bytes(whole, tmp_path):
    # Another day, another umask, another order on the disk: none of it may be seen.
    other = checkout(tmp_path / "other")
    for path in [*other.rglob("*.cs"), *other.rglob("*.gd")]:
        os.utime(path, (1, 1))
        path.chmod(0o600)
    git(other, "config", "core.fileMode", "false")
    second = made(other, tmp_path / "second")
    hashes = [{path.name: sha256(path) for path in folder.iterdir()} for folder in (whole, second)]
    assert hashes[0] == hashes[1] and len(hashes[0]) == 10
    # The same comparison sees one other letter.
    file = other / "unity_package" / "README.md"
    file.write_text(file.read_text("utf-8") + "x", "utf-8")
    git(other, "commit", "--all", "--quiet", "--message", "spoiled")
    third = {path.name: sha256(path) for path in made(other, tmp_path / "third").iterdir()}
    changed = {name for name, value in third.items() if hashes[0][name] != value}
    unity = {f"com.flashhead.engine-{__version__}.tgz", f"flashhead-upm-{__version__}.tar.gz"}
    assert changed == unity | {"dist.json", "SHA256SUMS"}


def test_the_list_tells_every_file_and_what_is_missing(untouched, whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "dist")
    told = json.loads((folder / "dist.json").read_text("utf-8"))
    assert told["version"] == __version__ and told["commit"] == head(untouched)
    assert {file["name"] for file in told["files"]} == {path.name for path in folder.iterdir()} - {
        "dist.json",
        "SHA256SUMS",
    }
    systems = {file["name"]: file["systems"] for file in told["files"]}
    assert systems["one.whl"] == ["linux-x64"] and systems[f"flashhead-godot-addon-{__version__}.zip"] == [*SYSTEMS]
    assert told["left_out"] == {"wheel for windows-x64": "no compiler here", "worker": "not asked for"}
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=folder).returncode == 0
    one(folder, "*.tgz").write_bytes(one(folder, "*.tgz").read_bytes()[:-1])
    assert subprocess.run(check, cwd=folder, capture_output=True).returncode != 0


def test_a_system_that_could_not_be_built_is_left_out_everywhere(untouched, tmp_path):
    def library(system: str) -> Built:
        if system == "windows-x64":
            raise BuildError("no compiler here")
        return libraries(tmp_path / "run" / system, system)

    folder = made(untouched, tmp_path / "run", library=library)
    left_out = json.loads((folder / "dist.json").read_text("utf-8"))["left_out"]
    assert left_out["libraries for windows-x64"] == "no compiler here"
    for archive in folder.glob("*flashhead*.[tz]*"):
        assert not any("windows" in name for name in names_in(archive)), archive
    with zipfile.ZipFile(one(folder, "*addon*.zip")) as files:
        listed = files.read("addons/flashhead/flashhead.gdextension").decode()
    assert "bin/linux-x64/libflashhead_godot.so" in listed and "windows" not in listed


def test_a_library_that_is_not_where_it_should_be_is_left_out(untouched, tmp_path):
    def library(system: str) -> Built:
        built = libraries(tmp_path / "run" / system, system)
        if system == "windows-x64":
            built.notices.unlink()
        return built

    folder = made(untouched, tmp_path / "run", library=library)
    left_out = json.loads((folder / "dist.json").read_text("utf-8"))["left_out"]
    assert left_out["libraries for windows-x64"].endswith("windows-x64/THIRD_PARTY_NOTICES.txt is missing")


def test_without_a_compiler_there_is_no_release(untouched, tmp_path):
    with pytest.raises(BuildError, match="no library could be built: no compiler here"):
        made(untouched, tmp_path / "run", library=unavailable)
    assert not (tmp_path / "run" / "dist").exists()


def test_unity_finds_each_file_with_its_meta_file_and_no_other(untouched, tmp_path):
    folder = made(untouched, tmp_path / "run", systems=["linux-x64"])
    names = {name.removeprefix("package/") for name in names_in(one(folder, "*.tgz"))}
    assert "package.json" in names and "Plugins/linux-x64/libflashhead_bridge.so" in names
    # Unity reads no folder that ends with ~, nor what is in it until a sample is imported.
    seen = {name for name in names if "~" not in name}
    folders = {str(parent) for name in seen for parent in Path(name).parents if str(parent) != "."}
    metas = {name for name in seen if name.endswith(".meta")}
    assert {name.removesuffix(".meta") for name in metas} == (seen - metas) | folders
    assert names == names_in(one(folder, "flashhead-upm-*"))


def test_the_godot_archive_is_a_project_and_the_addon_alone_is_one_folder(whole):
    addon = names_in(one(whole, "*addon*.zip"))
    assert all(name.startswith("addons/flashhead/") for name in addon)
    assert {"addons/flashhead/plugin.cfg", "addons/flashhead/LICENSE"} < addon
    assert {"addons/flashhead/bin/windows-x64/flashhead_godot.dll"} < addon
    project = names_in(one(whole, f"flashhead-godot-{__version__}.tar.gz"))
    assert addon < project and {"project.godot", "demo/menu.tscn", "LICENSE"} < project
    assert not any(name.startswith("tests/") or name.endswith((".py", ".gitignore")) for name in project)


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    script = f"""
import random, resource, sys
sys.path.insert(0, {str(ROOT / ".ci")!r})
from pathlib import Path
from shipping.archives import write_tar_gz, write_zip
from shipping.contents import Built
from shipping.errors import BuildError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
noise = random.Random(0).randbytes(1_000_000)
for name, write in (("a.zip", write_zip), ("a.tar.gz", write_tar_gz)):
    try:
        write(Path({str(tmp_path)!r}, name), {{"noise": noise}}, 1_000_000_000)
    except BuildError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == [
        str(tmp_path / "a.zip"),
        str(tmp_path / "a.tar.gz"),
    ]
    assert done.stdout.count("Is there room on its disk?") == 2
    assert list(tmp_path.iterdir()) == []


def test_a_release_that_fails_leaves_the_one_before(untouched, whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "dist")
    before = {path.name: sha256(path) for path in folder.iterdir()}

    def bill(*_):
        raise BuildError("a part that may not be in a game")

    with pytest.raises(BuildError, match="may not be in a game"):
        make_dist(read_release(untouched), SYSTEMS, builders(tmp_path, bill=bill), folder)
    assert {path.name: sha256(path) for path in folder.iterdir()} == before
    assert not (tmp_path / "dist.partial").exists()


def test_archives_keep_what_may_be_run(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    entries = {"b/program": program, "a.txt": b"text"}
    write_tar_gz(tmp_path / "a.tar.gz", entries, 1_000_000_000)
    write_zip(tmp_path / "a.zip", entries, 1_000_000_000)
    with tarfile.open(tmp_path / "a.tar.gz") as files:
        assert [(file.name, file.mode, file.uid, file.uname, file.mtime) for file in files] == [
            ("a.txt", 0o644, 0, "", 1_000_000_000),
            ("b/program", 0o755, 0, "", 1_000_000_000),
        ]
    with zipfile.ZipFile(tmp_path / "a.zip") as files:
        assert [(file.filename, file.external_attr >> 16 & 0o777) for file in files.infolist()] == [
            ("a.txt", 0o644),
            ("b/program", 0o755),
        ]
        assert files.read("a.txt") == b"text"
