"""Godot without a window, a live worker beside it. Skipped where there is no Godot: `build.py godot` gets one."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))

from real_worker import TOKEN, running

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "godot_addon"
EXTENSION = PROJECT / "addons" / "flashhead" / "flashhead.gdextension"
LIBRARY = EXTENSION.parent / "bin" / "linux-x64" / "libflashhead_godot.so"
PLUGIN = '[editor_plugins]\nenabled=PackedStringArray("res://addons/flashhead/plugin.cfg")\n'
_DRAWING = ("--audio-driver", "Dummy", "--resolution", "512x512")
_RENDERERS = {
    "none": ("--headless",),
    "gl": (*_DRAWING, "--rendering-method", "gl_compatibility", "--rendering-driver", "opengl3"),
    "vulkan": (*_DRAWING, "--rendering-method", "mobile", "--rendering-driver", "vulkan"),
}
_ERROR = re.compile(r"^(?:SCRIPT |USER |USER SCRIPT )?ERROR: .*", re.MULTILINE)


@dataclass(frozen=True)
class Output:
    """What a run of Godot said."""

    stdout: str
    stderr: str
    code: int

    @property
    def reports(self) -> dict[str, list]:
        """What the tests reported, by name, in order."""
        found: dict[str, list] = {}
        for line in re.findall(r"^REPORT (.*)$", self.stdout, re.MULTILINE):
            name, value = line.split(" ", 1)
            found.setdefault(name, []).append(json.loads(value))
        return found

    def errors(self, allowed: tuple[str, ...] = ()) -> list[str]:
        """What Godot called an error, but for those that an expression of `allowed` is found in."""
        lines = _ERROR.findall(self.stderr) + _ERROR.findall(self.stdout)
        return [line for line in lines if not any(re.search(known, line) for known in allowed)]


class Godot:
    def __init__(self, program: str, project: Path = PROJECT) -> None:
        self.program = program
        self.project = project

    def copy(self, folder: Path) -> "Godot":
        """The same project, imported as far as it is, in an empty folder: files keep their times, by which Godot
        knows what it has imported."""
        shutil.copytree(self.project, folder, dirs_exist_ok=True, symlinks=True)
        return Godot(self.program, folder)

    def __call__(
        self,
        *words: str,
        project: Path | None = None,
        renderer: str = "none",
        timeout_s: float = 120,
        **environment: str,
    ) -> Output:
        """Godot in a project, by default its own, without a window, or with the `gl` or `vulkan` renderer on the
        display of `environment`."""
        command = [self.program, *_RENDERERS[renderer], "--path", str(project or self.project), *words]
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, env={**os.environ, **environment}
        )
        return Output(run.stdout, run.stderr, run.returncode)

    def test(self, *words: str, allowed: tuple[str, ...] = (), engine: tuple[str, ...] = (), **options) -> Output:
        """Run tests of godot_addon/tests, such as ("test_client.gd", "test_name", "key=value"); all must pass, and
        Godot must say no error but the `allowed` ones. `engine`: words for Godot itself. `options`: as of a call."""
        output = self(*engine, "--script", "res://tests/run_tests.gd", "--", *words, **options)
        said = f"{output.stdout}\n{output.stderr}"
        if "switching to OpenGL" in said and not os.environ.get("CI"):
            pytest.skip("no Vulkan driver: `build.py godot` without --godot brings one")
        assert re.search(r"^END passed=[1-9]\d* failed=0$", output.stdout, re.MULTILINE), said
        assert output.errors(allowed) == [], said
        assert output.code == 0, said
        return output


@pytest.fixture(scope="session")
def godot_program() -> str:
    program = os.environ.get("FLASHHEAD_GODOT")
    if not program or not shutil.which(program):
        pytest.skip("no Godot: python3 build.py godot gets one and runs these tests")
    return program


@pytest.fixture(scope="session")
def godot(godot_program: str) -> Godot:
    """Godot with the addon's project imported."""
    if not LIBRARY.exists():
        pytest.skip(f"{LIBRARY} was not built: python3 build.py godot")
    found = Godot(godot_program)
    prepare(PROJECT)
    output = found("--import")
    assert output.code == 0, output.stderr
    return found


@pytest.fixture(scope="session")
def template(godot_program) -> Path:
    """Godot's release template for Linux, beside the Godot that `build.py godot` gets."""
    folder = Path(shutil.which(godot_program)).resolve().parent
    found = folder / "root" / "usr" / "bin" / "godot-template-release"
    if not found.exists():
        pytest.skip(f"no export template: {found}; python3 build.py godot gets one")
    return found


@pytest.fixture
def copied(godot: Godot, tmp_path: Path) -> Godot:
    """The addon in a project of the test's own."""
    return godot.copy(tmp_path)


def prepare(project: Path) -> None:
    """Without this list Godot loads no extension, and its first import crashes (godotengine/godot#111048)."""
    known = project / ".godot" / "extension_list.cfg"
    known.parent.mkdir(exist_ok=True)
    known.write_text(f"res://{EXTENSION.relative_to(PROJECT)}\n")


@pytest.fixture(scope="session")
def bake() -> Callable[..., None]:
    """Call with the words after `flashhead bake`."""

    def call(*words: object) -> None:
        command = [sys.executable, "-m", "flashhead_engine", "bake", *map(str, words)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    return call


@pytest.fixture(scope="session")
def lines(bake: Callable[..., None], tmp_path_factory) -> Path:
    """A folder with the line guard_en: audio, video with alpha, track and manifest. Copy it, leave it as it is."""
    folder = tmp_path_factory.mktemp("lines")
    audio = folder / "guard_en.wav"
    shutil.copy(ROOT / "examples" / "dialogue" / audio.name, folder)
    bake(audio, "--size", 256, "-o", folder / "guard_en.ogv", "-o", folder / "guard_en.json")
    return folder


@pytest.fixture(scope="session")
def bare_project(godot_program: str, lines: Path, tmp_path_factory) -> Godot:
    """See `bare`. Imported once for all: copy it, leave it as it is."""
    native = shutil.ignore_patterns("bin", "*.gdextension*")
    return project_of_its_own(godot_program, lines, tmp_path_factory.mktemp("bare"), native)


@pytest.fixture(scope="session")
def whole_project(godot: Godot, lines: Path, tmp_path_factory) -> Godot:
    """See `whole`."""
    folder = tmp_path_factory.mktemp("whole")
    prepare(folder)
    return project_of_its_own(godot.program, lines, folder)


@pytest.fixture(scope="module")
def bare(bare_project: Godot, tmp_path_factory) -> Godot:
    """Godot with a project of its own, imported, whose addon has no native library, as on the web, phones and
    consoles. It has `lines`."""
    return bare_project.copy(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def whole(whole_project: Godot, tmp_path_factory) -> Godot:
    """The same with the native library."""
    return whole_project.copy(tmp_path_factory.mktemp("whole"))


def project_of_its_own(program: str, lines: Path, folder: Path, ignored: Callable | None = None) -> Godot:
    shutil.copytree(PROJECT / "addons", folder / "addons", ignore=ignored)
    shutil.copytree(PROJECT / "tests", folder / "tests")
    # The demos' own: their scene, and a window whose content grows with it.
    demos = re.compile("^(run/main_scene|window/stretch/).*\n", re.MULTILINE)
    settings = demos.sub("", (PROJECT / "project.godot").read_text())
    (folder / "project.godot").write_text(f"{settings}\n{PLUGIN}")
    shutil.copytree(lines, folder / "lines")
    found = Godot(program, folder)
    output = found("--import")
    assert output.code == 0 and output.errors() == [], output.stderr
    return found


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """The display of a virtual screen."""
    if not shutil.which("Xvfb"):
        message = "no Xvfb to draw on: sudo apt install xvfb"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x1024x24", "-nolisten", "tcp"]
    process = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(scope="module")
def worker(tmp_path_factory) -> dict[str, str]:
    """The environment by which Godot finds a live worker."""
    with running(tmp_path_factory.mktemp("worker")) as endpoint:
        yield {"FLASHHEAD_ENDPOINT": endpoint, "FLASHHEAD_TOKEN": TOKEN}
