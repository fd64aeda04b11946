"""An output appears whole or not at all, and what cannot be written is said before the work."""

import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from synthetic import FPS, SIZE, dialogue_samples, track_frames, video_frames, write_wav

from flashhead_engine.bake.formats import BakeTarget, for_path
from flashhead_engine.bake.outputs import PendingFile, PendingFolder, raise_if_ended, sigterm_raises, write_whole
from flashhead_engine.drivers.base import Outputs
from flashhead_engine.errors import MissingDependencyError, OutputError

EXTENSIONS = ["mp4", "webm", "ogv", "png", "json", "csv", "visemes.csv", "livelink.csv"]
SHORT_S = 0.9
FRAME_NAME = re.compile(r"\d{6}\.png")


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def bake(path: Path, audio: Path) -> None:
    writer = for_path(path)(path, BakeTarget(audio=audio, fps=FPS, size=SIZE))
    try:
        for frame in video_frames(SHORT_S) if writer.needs is Outputs.VIDEO else track_frames(SHORT_S):
            writer.write(frame)
        writer.finish()
    finally:
        writer.abort()


@pytest.fixture(params=EXTENSIONS)
def extension(request, needs_theora) -> str:
    if request.param == "ogv":
        needs_theora()
    return request.param


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    folder = tmp_path / "voice"
    folder.mkdir()
    return write_wav(folder / "line.wav", dialogue_samples(SHORT_S))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "out"
    path.mkdir()
    return path


def final_name(extension: str) -> str:
    return "line_png" if extension == "png" else f"line.{extension}"


def test_only_the_finished_output_is_seen(folder, audio, extension):
    path = folder / f"line.{extension}"
    writer = for_path(path)(path, BakeTarget(audio=audio, fps=FPS, size=SIZE))
    for frame in video_frames(SHORT_S) if writer.needs is Outputs.VIDEO else track_frames(SHORT_S):
        writer.write(frame)
        assert all(name.startswith(".") for name in names(folder))
    assert writer.finish().file == final_name(extension)
    writer.abort()
    assert names(folder) == [final_name(extension)]


def test_an_older_output_is_replaced_and_stays_until_then(folder, audio, extension):
    bake(folder / f"line.{extension}", audio)
    older = folder / final_name(extension)
    stamp = older.stat().st_ino
    writer = for_path(folder / f"line.{extension}")(
        folder / f"line.{extension}", BakeTarget(audio=audio, fps=FPS, size=SIZE)
    )
    writer.abort()
    assert older.stat().st_ino == stamp
    bake(folder / f"line.{extension}", audio)
    assert names(folder) == [final_name(extension)]
    assert older.stat().st_ino != stamp


def test_missing_folders_are_made(folder, audio):
    bake(folder / "a" / "b" / "line.csv", audio)
    assert names(folder / "a" / "b") == ["line.csv"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_bake_that_is_stopped_leaves_nothing(folder, audio, extension, number):
    script = Path(__file__).with_name("bake_forever.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder / f"line.{extension}"), str(audio)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == b"baking\n"
        assert len(names(folder)) == 1
        process.send_signal(number)
        _, messages = process.communicate(timeout=20)
    finally:
        process.kill()
    assert names(folder) == []
    assert process.returncode != 0
    assert (b"KeyboardInterrupt" in messages) == (number == signal.SIGINT)


class Destroyed:
    """Is hit by a signal while it is destroyed, where Python drops whatever is raised."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        signal.raise_signal(self.number)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_that_python_drops_ends_the_work_all_the_same(number, raised):
    with pytest.raises(raised), sigterm_raises():
        Destroyed(number)
        raise_if_ended()
        pytest.fail("it went on")
    with pytest.raises(raised), sigterm_raises():
        Destroyed(number)
    raise_if_ended()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


# A full disk.


@pytest.fixture
def small_disk(tmp_path: Path):
    """Make a real file system of a given size; skipped where mounting is not allowed."""
    mounted = []

    def mount(size_bytes: int) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes},nr_inodes=500", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("mounting a small file system is not allowed here; the limit on file sizes is tested instead")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.6, 0.95])
def test_a_full_disk_is_said_and_nothing_partial_is_left(folder, audio, extension, small_disk, fraction):
    bake(folder / f"line.{extension}", audio)
    whole = folder / final_name(extension)
    files = whole.iterdir() if whole.is_dir() else [whole]
    pages = sum(-(-file.stat().st_size // 4096) for file in files)
    disk = small_disk(max(1, int(pages * fraction)) * 4096)
    with pytest.raises(OutputError, match="the disk is full"):
        bake(disk / f"line.{extension}", audio)
    assert names(disk) == []


@pytest.mark.parametrize("fraction", [0.02, 0.5, 0.99])
@pytest.mark.parametrize("extension", ["mp4", "webm", "json", "csv"])
def test_a_limit_on_file_sizes_counts_as_a_full_disk(folder, audio, extension, fraction):
    path = folder / f"line.{extension}"
    bake(path, audio)
    size = path.stat().st_size
    path.unlink()
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size * fraction), unlimited[1]))
    try:
        with pytest.raises(OutputError, match="the disk is full"):
            bake(path, audio)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert names(folder) == []


def test_how_much_was_needed_is_said_where_it_is_known(small_disk):
    disk = small_disk(4096)
    with pytest.raises(OutputError, match="20000 bytes were needed"):
        write_whole(disk / "line.json", b"x" * 20_000)
    assert names(disk) == []


# Refused before any work.


def refused(path: Path, audio: Path) -> str:
    with pytest.raises(OutputError) as caught:
        for_path(path)(path, BakeTarget(audio=audio, fps=FPS, size=SIZE))
    return str(caught.value)


def test_a_read_only_output_is_for_version_control_to_unlock(folder, audio, extension):
    bake(folder / f"line.{extension}", audio)
    locked = folder / final_name(extension)
    locked = locked / "000003.png" if locked.is_dir() else locked
    locked.chmod(0o444)
    message = refused(folder / f"line.{extension}", audio)
    assert "read-only" in message
    assert "Check it out" in message
    assert names(folder) == [final_name(extension)]


def test_an_output_that_was_locked_during_the_bake_is_kept(folder):
    path = folder / "line.csv"
    path.write_text("old")
    pending = PendingFile(path)
    pending.temporary.write_text("new")
    path.chmod(0o444)
    with pytest.raises(OutputError, match="read-only"):
        pending.commit()
    pending.discard()
    assert path.read_text() == "old"
    assert names(folder) == ["line.csv"]


def test_a_read_only_folder(folder, audio, extension):
    folder.chmod(0o555)
    try:
        assert "read-only" in refused(folder / f"line.{extension}", audio)
        assert "read-only" in refused(folder / "new" / f"line.{extension}", audio)
        assert names(folder) == []
    finally:
        folder.chmod(0o755)


def test_a_folder_in_the_way_of_a_file(folder, audio):
    (folder / "line.mp4").mkdir()
    assert "a folder is in the way" in refused(folder / "line.mp4", audio)


def test_a_file_in_the_way_of_a_folder(folder, audio):
    (folder / "line_png").write_text("mine")
    assert "a file is in the way" in refused(folder / "line.png", audio)
    (folder / "sub").write_text("mine")
    assert "is in the way" in refused(folder / "sub" / "line.csv", audio)
    assert "is in the way" in refused(folder / "sub" / "deeper" / "line.csv", audio)


def test_a_picture_folder_with_other_files_is_not_emptied(folder, audio):
    (folder / "line_png").mkdir()
    (folder / "line_png" / "notes.txt").write_text("mine")
    assert "notes.txt" in refused(folder / "line.png", audio)
    assert (folder / "line_png" / "notes.txt").read_text() == "mine"


def test_a_picture_folder_is_replaced_as_a_whole(folder):
    pending = PendingFolder(folder / "line_png", FRAME_NAME)
    for index in range(3):
        (pending.temporary / f"{index:06d}.png").touch()
    pending.commit()
    pending = PendingFolder(folder / "line_png", FRAME_NAME)
    (pending.temporary / "000000.png").touch()
    pending.commit()
    assert names(folder) == ["line_png"]
    assert names(folder / "line_png") == ["000000.png"]


@pytest.mark.parametrize("name", ["line.avi", "line", "line.mp4.bak", ".mp4"])
def test_an_unknown_extension_lists_the_known(name):
    with pytest.raises(OutputError, match=r"\.mp4, \.webm, \.ogv, \.png, \.json, \.csv"):
        for_path(Path(name))


def test_extensions_in_capitals_are_known():
    assert for_path(Path("LINE.MP4")) is for_path(Path("line.mp4"))


@pytest.mark.parametrize("name", ["what?.mp4", "a:b.csv", "con.json", "NUL.csv", "a|b.webm", "tab\t.csv", 'a"b.png'])
def test_names_that_windows_forbids(folder, audio, name):
    assert "Choose another name" in refused(folder / name, audio)


def test_a_name_that_is_too_long(folder, audio):
    assert "too long" in refused(folder / ("a" * 300 + ".csv"), audio)
    assert "too long" in refused(Path("/".join([str(folder), *["b" * 200] * 25, "line.csv"])), audio)


def test_the_longest_possible_name_and_other_scripts(folder, audio):
    for name in ("a" * 251 + ".csv", "Привет – 対話.webm", "100 %d.mp4"):
        bake(folder / name, audio)
        assert name in names(folder)


def test_without_pyav_tracks_can_be_written_and_videos_say_what_to_install():
    program = (
        "import sys; sys.modules['av'] = None\n"
        "from pathlib import Path\n"
        "from flashhead_engine.bake.formats import for_path\n"
        "from flashhead_engine.errors import MissingDependencyError\n"
        "print(for_path(Path('a.json')), for_path(Path('a.csv')))\n"
        "for name in ('a.mp4', 'a.webm', 'a.ogv'):\n"
        "    try:\n        for_path(Path(name))\n"
        "    except MissingDependencyError as error:\n        print(error)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.count('pip install "flashhead-engine[bake]"') == 3


def test_ogv_without_theora_says_what_to_install_and_what_works(monkeypatch, folder, audio):
    from flashhead_engine.bake.formats import theora

    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(theora, "_packaged_ffmpeg", lambda: None)
    theora.find_ffmpeg.cache_clear()
    try:
        with pytest.raises(MissingDependencyError, match=r"libtheora.*apt install ffmpeg.*\.webm or \.mp4"):
            for_path(folder / "line.ogv")(folder / "line.ogv", BakeTarget(audio=audio, fps=FPS, size=SIZE))
    finally:
        theora.find_ffmpeg.cache_clear()
    assert names(folder) == []


def test_a_relative_path_works(folder, audio, monkeypatch):
    monkeypatch.chdir(folder)
    bake(Path("line.mp4"), audio)
    bake(Path("sub/line.csv"), Path(os.path.relpath(audio)))
    assert names(folder) == ["line.mp4", "sub"]
