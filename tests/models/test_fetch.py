"""`flashhead models fetch` against a server of this machine that answers as the hub does: a redirection to where
files are kept, and parts of them. The hub itself was never asked."""

import hashlib
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from flashhead_engine.cli.models import models_app
from flashhead_engine.errors import ModelError, SettingsError
from flashhead_engine.models.fetch import REPOSITORIES, fetch, files_of_tiers
from flashhead_engine.models.released import ReleasedFile

MODEL, EAR = "SoulX-FlashHead-1_3B", "wav2vec2-base-960h"
LARGE, SMALL = f"{MODEL}/Model_Lite/diffusion_pytorch_model.safetensors", f"{EAR}/config.json"
_WAIT_S = 60.0


class Hub(ThreadingHTTPServer):
    """Serves `files`, by path of the released layout. `stalls`: stops in the middle of the large one."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = files
        self.knows_ranges, self.stalls = True, False
        self.ended = threading.Event()
        self.asked: list[tuple[str, int]] = []
        """Files and first bytes."""


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path.startswith("/kept/"):
            return self._send(self.path.removeprefix("/kept/"))
        for top, (repository, commit) in REPOSITORIES.items():
            start = f"/{repository}/resolve/{commit}/"
            name = f"{top}/{self.path.removeprefix(start)}"
            if self.path.startswith(start) and name in self.server.files:
                return self._begin(302, 0, {"Location": f"/kept/{name}"})
        self._begin(404, 0, {})

    def _send(self, name: str) -> None:
        contents = self.server.files[name]
        first = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.server.asked.append((name, first))
        if first >= len(contents):
            return self._begin(416, 0, {})
        if self.server.knows_ranges:
            about = {"Content-Range": f"bytes {first}-{len(contents) - 1}/{len(contents)}"}
            self._begin(206, len(contents) - first, about)
        else:
            first = 0
            self._begin(200, len(contents), {})
        if self.server.stalls and name == LARGE:
            self.wfile.write(contents[first : len(contents) // 2])
            self.server.ended.wait(_WAIT_S)
            return
        self.wfile.write(contents[first:])

    def _begin(self, code: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()


@pytest.fixture
def hub(monkeypatch):
    random = np.random.Generator(np.random.Philox(0))
    server = Hub({LARGE: random.bytes(20_000_000), SMALL: random.bytes(1000), f"{MODEL}/README.md": b"not asked for"})
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("no_proxy", "*")
    yield server
    server.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def wanted(hub: Hub) -> list[ReleasedFile]:
    return [
        ReleasedFile(name, len(hub.files[name]), hashlib.sha256(hub.files[name]).hexdigest())
        for name in (LARGE, SMALL)
    ]


def come(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_exactly_what_was_asked_for_comes_in_the_released_layout_and_once(hub, wanted, tmp_path: Path) -> None:
    for _ in range(2):
        told = []
        fetch(wanted, tmp_path / "new" / "models", told.append)
        assert come(tmp_path / "new" / "models") == {name: hub.files[name] for name in (LARGE, SMALL)}
        assert sum(told) == sum(file.length for file in wanted)
        assert hub.asked == [(LARGE, 0), (SMALL, 0)]


def test_a_killed_download_goes_on_where_it_stopped(hub: Hub, wanted, tmp_path: Path) -> None:
    hub.stalls = True
    script = (
        "from pathlib import Path\nfrom flashhead_engine.models.fetch import fetch\n"
        "from flashhead_engine.models.released import ReleasedFile\n"
        f"fetch({wanted!r}, Path({str(tmp_path)!r}), lambda count: None)"
    )
    process = subprocess.Popen([sys.executable, "-c", script])
    part = tmp_path / f"{LARGE}.part"
    deadline = time.monotonic() + _WAIT_S
    while not (part.is_file() and part.stat().st_size > 5_000_000):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    kept = part.stat().st_size
    assert kept < len(hub.files[LARGE]) and not (tmp_path / LARGE).exists()
    hub.stalls = False
    fetch(wanted, tmp_path, lambda count: None)
    assert hub.asked[1] == (LARGE, kept)
    assert come(tmp_path) == {name: hub.files[name] for name in (LARGE, SMALL)}


def test_a_server_without_ranges_sends_it_whole(hub: Hub, wanted, tmp_path: Path) -> None:
    hub.knows_ranges = False
    part = tmp_path / f"{LARGE}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(hub.files[LARGE][:3_000_000])
    fetch(wanted, tmp_path, lambda count: None)
    assert come(tmp_path)[LARGE] == hub.files[LARGE]


@pytest.mark.parametrize("extra", [0, 10])
def test_a_whole_or_longer_part_is_no_obstacle(hub: Hub, wanted, tmp_path: Path, extra: int) -> None:
    part = tmp_path / f"{LARGE}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(hub.files[LARGE] + bytes(extra))
    fetch(wanted, tmp_path, lambda count: None)
    assert come(tmp_path)[LARGE] == hub.files[LARGE]


def test_what_is_not_the_published_file_is_refused_and_removed(hub: Hub, wanted, tmp_path: Path) -> None:
    hub.files[LARGE] = hub.files[LARGE][:-1] + b"?"
    with pytest.raises(ModelError, match=r"safetensors was damaged on its way"):
        fetch(wanted, tmp_path, lambda count: None)
    assert come(tmp_path) == {}


def test_what_comes_short_is_kept_and_said(hub: Hub, wanted, tmp_path: Path) -> None:
    whole = hub.files[LARGE]
    hub.files[LARGE] = whole[:1_000_000]
    with pytest.raises(ModelError, match=r"came with 1000000 of 20000000 bytes.*goes on where it stopped"):
        fetch(wanted, tmp_path, lambda count: None)
    hub.files[LARGE] = whole
    fetch(wanted, tmp_path, lambda count: None)
    assert hub.asked[-2] == (LARGE, 1_000_000)


def test_without_a_network_or_a_file_a_person_is_told(hub: Hub, wanted, tmp_path: Path, monkeypatch) -> None:
    del hub.files[LARGE]
    with pytest.raises(ModelError, match=r"failed: .*404.*Run the same command again"):
        fetch(wanted, tmp_path, lambda count: None)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(ModelError, match=r"failed: .*refused.*Run the same command again"):
        fetch(wanted, tmp_path, lambda count: None)


def test_a_full_disk_is_said_before_anything_is_downloaded(hub: Hub, tmp_path: Path) -> None:
    files = [ReleasedFile(LARGE, 10**18)]
    with pytest.raises(ModelError, match=r"has room for .* GB; the files need 1000000000\.0 GB"):
        fetch(files, tmp_path, lambda count: None)
    assert hub.asked == []


def test_files_that_both_tiers_need_come_once() -> None:
    paths = [file.path for file in files_of_tiers(["lite", "pro"])]
    assert len(paths) == len(set(paths)) == 10


def test_the_command_refuses_an_unknown_tier_and_says_what_failed(hub: Hub, tmp_path: Path) -> None:
    def raised(*arguments: str) -> BaseException | None:
        return CliRunner().invoke(models_app, ["fetch", "--folder", str(tmp_path), *arguments]).exception

    assert isinstance(raised("--tier", "nano"), SettingsError)
    # The hub of these tests does not have the released files.
    assert isinstance(raised("--tier", "pro"), ModelError)
    assert hub.asked == []
