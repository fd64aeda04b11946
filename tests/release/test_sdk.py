"""The bridge SDK of a release, as a stranger's project takes it."""

import os
import shutil
import subprocess
import zipfile

import pytest
from building.environment import build_tool, compiler_environment

PROJECT = """cmake_minimum_required(VERSION 3.18)
project(game C)
find_package(flashhead_bridge {version} CONFIG REQUIRED PATHS "{sdk}" NO_DEFAULT_PATH)
add_executable(game "{sdk}/examples/minimal.c")
target_link_libraries(game PRIVATE flashhead::bridge m)
"""


@pytest.fixture
def sdk(released, tmp_path):
    with zipfile.ZipFile(released("flashhead-bridge-sdk-*.zip")) as files:
        files.extractall(tmp_path / "sdk")
    [folder] = (tmp_path / "sdk").iterdir()
    return folder


def configure(sdk, folder, version=""):
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(PROJECT.format(sdk=sdk, version=version))
    words = ["-S", folder, "-B", folder / "build", "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={build_tool('ninja')}"]
    environment = os.environ | compiler_environment(needs_native=True)
    return subprocess.run([build_tool("cmake"), *words], env=environment, capture_output=True, text=True)


def test_a_game_in_c_is_built_with_it_and_loads_its_library(sdk, tmp_path):
    version = sdk.name.rsplit("-", 1)[1]
    done = configure(sdk, tmp_path / "game", version)
    assert done.returncode == 0, done.stderr
    build = tmp_path / "game" / "build"
    subprocess.run([build_tool("ninja"), "-C", build], check=True, capture_output=True)
    loaded = subprocess.run(["ldd", build / "game"], check=True, capture_output=True, text=True).stdout
    assert f"=> {sdk}/lib/linux-x64/libflashhead_bridge.so" in loaded


@pytest.mark.parametrize(
    ("version", "library", "told"),
    [
        ("99.0", True, 'compatible with requested version "99.0"'),
        ("", False, "this SDK has no library for linux-x64"),
    ],
)
def test_what_it_does_not_have_is_told(sdk, tmp_path, version, library, told):
    if not library:
        shutil.rmtree(sdk / "lib" / "linux-x64")
    done = configure(sdk, tmp_path / "game", version)
    assert done.returncode != 0
    assert told in " ".join(done.stderr.split())
