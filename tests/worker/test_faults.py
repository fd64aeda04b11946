"""A fault ends what has it, in words, and nothing else."""

import os
import time

import pytest
from real_worker import LINE, TOKEN, running, wait_for

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)

from flashhead_engine.client import connect
from flashhead_engine.transport import messages
from flashhead_engine.worker.heads import Heads
from flashhead_engine.worker.limits import Limits


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dialogue")


@pytest.fixture(scope="module")
def worker(folder, tmp_path_factory):
    with (
        running(tmp_path_factory.mktemp("worker"), "--allow-path", str(folder)) as address,
        connect(address, TOKEN, timeout_s=20) as connection,
    ):
        yield connection


@pytest.fixture
def talking(folder):
    talking = Talking(folder)
    try:
        for request in (1, 2):
            talking.ask(messages.Open(request=request, avatar="", frames="messages"))
        until(lambda: len(talking.told_of(messages.Opened)) == 2)
        yield talking
    finally:
        talking.heads.close()


def refusal(head):
    return next(event for event in wait_for(head, messages.Error) if isinstance(event, messages.Error))


def frames(head, utterance):
    return list(head.frames(utterance, real_time=False))


def test_a_file_of_an_allowed_folder_is_spoken(worker, folder):
    (folder / "line.wav").write_bytes(LINE.read_bytes())
    with worker.open() as head:
        assert len(frames(head, head.speak_file(folder / "line.wav"))) > 200
        wait_for(head, messages.Finished)


@pytest.mark.parametrize("damage", ["not audio", "cut in its header"])
def test_a_damaged_file_ends_its_utterance_and_the_next_is_spoken(worker, folder, damage):
    broken = folder / "broken.wav"
    broken.write_bytes(b"no sound at all" * 100 if damage == "not audio" else LINE.read_bytes()[:30])
    (folder / "good.wav").write_bytes(LINE.read_bytes())
    with worker.open() as head:
        bad = head.speak_file(broken)
        good = head.speak_file(folder / "good.wav")
        shown = frames(head, good)
        assert len(shown) > 200
        error = refusal(head)
        assert error.code == "bad_audio"
        assert "broken.wav" in error.message
        assert head.frame_at(bad, 0) is None


def test_files_outside_the_allowed_folders_are_not_read(worker, tmp_path):
    outside = tmp_path / "secret.wav"
    outside.write_bytes(LINE.read_bytes())
    with worker.open() as head:
        head.speak_file(outside)
        error = refusal(head)
        assert error.code == "bad_audio"
        assert "--allow-path" in error.message


@pytest.mark.parametrize("way", ["link", "dots", "link to its folder"])
def test_no_name_leads_out_of_the_allowed_folders(talking, way, folder, tmp_path):
    """Sent as they are; our own client resolves names first."""
    outside = tmp_path / "secret.wav"
    outside.write_bytes(LINE.read_bytes())
    link = folder / way
    if way == "link":
        link.symlink_to(outside)
    elif way == "link to its folder":
        link.symlink_to(tmp_path)
    name = {"link": link, "dots": folder / ".." / ".." / outside.relative_to(folder.parent.parent)}.get(
        way, link / outside.name
    )
    assert name.is_file()
    talking.ask(messages.Speak(session=1, utterance=1, path=str(name)))
    until(lambda: talking.told_of(messages.Error))
    (error,) = talking.told_of(messages.Error)
    assert error.code == "bad_audio"
    assert "--allow-path" in error.message
    assert not talking.told_of(messages.Started)


def test_a_pipe_or_a_missing_file_keeps_nobody_waiting(worker, folder):
    os.mkfifo(folder / "pipe.wav")
    for name, words in (("pipe.wav", "not a file"), ("none.wav", "does not exist")):
        with worker.open() as head:
            head.speak_file(folder / name)
            assert words in refusal(head).message


def until(condition, timeout_s=5.0):
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


@pytest.mark.parametrize("part", ["turn", "feed", "collect"])
def test_a_head_that_fails_is_closed_and_the_others_go_on(talking, part):
    of = talking.told_of
    opened = talking.heads._opened[1]
    opened.head = Failing(opened.head, part)
    until(lambda: of(messages.Closed))
    assert of(messages.Closed) == [messages.Closed(1, "failed")]
    assert "out of order" in of(messages.Error)[0].message
    assert of(messages.Error)[0].session == 1
    shown = len(of(messages.Frame))
    until(lambda: len([frame for frame in of(messages.Frame)[shown:] if frame.session == 2]) > 10)


class Talking:
    """The compute thread alone, with two heads open: what it is asked, and what it tells."""

    def __init__(self, folder):
        self._told = []
        self.heads = Heads(Limits(), (folder,), lambda _, message, __: self._told.append(message), {b"a": "game"})

    def ask(self, message):
        self.heads.ask(b"a", message, b"")

    def told_of(self, kind):
        return [message for message in self._told if isinstance(message, kind)]


class Failing:
    """A head one part of which fails."""

    def __init__(self, head, part):
        self._head, self._part = head, part

    def __getattr__(self, name):
        return self._fail if name == self._part else getattr(self._head, name)

    def _fail(self, *_):
        raise RuntimeError("out of order")
