"""`flashhead bake-project` as a person runs it: only what changed is baked, and what is wrong fails alone."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bake_formats"))

from heads import read_animation, write_head

from flashhead_engine.bake.head import load_head
from flashhead_engine.bake.line import bake_line
from flashhead_engine.bake.manifest import load_manifest
from flashhead_engine.bake.project.file import ProjectError, load_project
from flashhead_engine.bake.project.ledger import PENDING, Entry, Ledger
from flashhead_engine.bake.project.lock import FOLDER, output_lock
from flashhead_engine.bake.project.run import Plan, plan_run
from flashhead_engine.blendshapes.arkit import ARKIT_52
from flashhead_engine.errors import OutputError

from .conftest import PROJECT, csv_source, write_wav

HEADER = "id,character,audio\n"


def start(*words: object, **options: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "flashhead_engine", "bake-project", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def run(*words: object) -> tuple[int, dict]:
    process = start(*words, "--json", "--jobs", 1)
    output, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors, errors
    return process.returncode, json.loads(output)


def results(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".flashhead" not in path.relative_to(folder).parts
    }


def test_only_what_changed_is_baked_again_and_the_removed_is_pruned(project, tmp_path, speech):
    table = tmp_path / "lines.csv"
    broken = "empty,guard,voice/empty.wav\nbad,guard,voice/bad.wav\n"
    table.write_text(HEADER + "a,guard,voice/a.wav\nb,heroine,voice/b.wav\nc,guard,voice/c.wav\n" + broken)
    write_wav(tmp_path / "voice" / "empty.wav", np.zeros(0))
    (tmp_path / "voice" / "bad.wav").write_bytes(b"RIFF, or so it says")
    path = project(csv_source())
    code, summary = run(path)
    assert code == 1
    assert summary["baked"] == 3 and set(summary["failed"]) == {"empty", "bad"}
    baked = results(tmp_path / "baked")
    assert set(baked) == {f"{name}{end}" for name in "abc" for end in (".csv", ".flashhead.json")}
    manifest = load_manifest(tmp_path / "baked" / "a.flashhead.json")
    assert manifest.key is not None and manifest.quality.mouth_motion > 0.01

    table.write_text(HEADER + "a,guard,voice/a.wav\nb,heroine,voice/b.wav\n")
    write_wav(tmp_path / "voice" / "b.wav", speech[1_000:9_000])
    code, summary = run(path, "--prune")
    assert (code, summary["baked"], summary["unchanged"], summary["pruned"]) == (0, 1, 1, 2)
    after = results(tmp_path / "baked")
    assert set(after) == {"a.csv", "a.flashhead.json", "b.csv", "b.flashhead.json"}
    assert after["a.csv"] == baked["a.csv"] and after["b.csv"] != baked["b.csv"]

    # Without its ledger, and with one file gone: what is complete is recognised.
    for file in (tmp_path / "baked" / ".flashhead").iterdir():
        file.unlink()
    (tmp_path / "baked" / "b.csv").unlink()
    code, summary = run(path)
    assert (code, summary["baked"], summary["unchanged"]) == (0, 1, 1)
    assert results(tmp_path / "baked") == after


def test_formats_of_two_parts_are_named_as_bake_names_them(project, tmp_path):
    (tmp_path / "lines.csv").write_text(HEADER + "a,guard,voice/a.wav\n")
    path = project(csv_source(), PROJECT.replace('["csv"]', '["rhubarb-tsv", "json"]'))
    code, summary = run(path)
    assert (code, summary["baked"]) == (0, 1), summary
    assert set(results(tmp_path / "baked")) == {"a.rhubarb.tsv", "a.json", "a.flashhead.json"}
    (tmp_path / "baked" / ".flashhead" / "ledger.sqlite").unlink()
    assert run(path)[1]["unchanged"] == 1, "known by its manifest"


def test_a_ledger_that_cannot_be_written_is_told_in_words(tmp_path):
    (tmp_path / FOLDER).mkdir()
    with Ledger(tmp_path) as ledger:
        ledger.save([Entry("a", PENDING)])
        full = ledger._db.execute("PRAGMA page_count").fetchone()[0]
        ledger._db.execute(f"PRAGMA max_page_count = {full}")
        with pytest.raises(ProjectError, match="cannot be written"):
            ledger.save(Entry(f"line {number}", PENDING) for number in range(10_000))
        assert set(ledger.entries()) == {"a"}, "as a whole or not at all"


def test_killed_runs_go_on_and_nothing_is_baked_twice(project, tmp_path, speech):
    rows = []
    for number in range(24):
        rows.append(f"l{number},guard,voice/l{number}.wav")
        write_wav(tmp_path / "voice" / f"l{number}.wav", speech[100 * number : 100 * number + 6_000])
    (tmp_path / "lines.csv").write_text(HEADER + "\n".join(rows))
    path = project(csv_source())
    code, summary = run(path)
    assert code == 0 and summary["baked"] == 24
    undisturbed = results(tmp_path / "baked")

    path = project(csv_source(), PROJECT.replace('"baked"', '"again"'))
    output = tmp_path / "again"
    for target in (3, 11):
        process = start(path, "--quiet", "--jobs", 2, start_new_session=True)
        give_up = time.monotonic() + 60
        while len(list(output.glob("*.flashhead.json"))) < target and time.monotonic() < give_up:
            time.sleep(0.01)
        process.kill()
        process.communicate()
    (output / ".flashhead-1-dead.part").touch()
    code, summary = run(path)
    assert code == 0 and summary["baked"] + summary["unchanged"] == 24
    assert summary["unchanged"] >= 11
    assert results(output) == undisturbed


def test_ctrl_c_finishes_what_was_begun(project, tmp_path, speech):
    rows = [f"l{number},guard,voice/a.wav" for number in range(300)]
    (tmp_path / "lines.csv").write_text(HEADER + "\n".join(rows))
    path = project(csv_source())
    process = start(path, "--json", "--jobs", 1, start_new_session=True)
    give_up = time.monotonic() + 60
    while not list((tmp_path / "baked").glob("*.flashhead.json")) and time.monotonic() < give_up:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    summary = json.loads(output)
    assert process.returncode == 130 and summary["stopped"], errors
    assert 0 < summary["baked"] < 300 and summary["baked"] + summary["left"] == 300
    assert len(list((tmp_path / "baked").glob("*.flashhead.json"))) == summary["baked"]
    assert not list((tmp_path / "baked").glob("*.part"))


def test_lines_beyond_the_limits_are_named(project, tmp_path, speech):
    write_wav(tmp_path / "voice" / "silent.wav", np.zeros(8_000))
    write_wav(tmp_path / "voice" / "clipped.wav", speech[:8_000] * 1_000)
    names = ("a", "silent", "clipped")
    rows = [*(f"{name},guard,voice/{name}.wav" for name in names), "frozen,statue,voice/a.wav"]
    (tmp_path / "lines.csv").write_text(HEADER + "\n".join(rows))
    code, summary = run(project(csv_source(), PROJECT + "[characters.statue]\nmouth_strength = 0.0\n"))
    assert code == 3 and summary["baked"] == 4
    assert set(summary["beyond_limits"]) == {"silent", "clipped", "frozen"}
    assert "mouth_motion: 0.0000 is below 0.01" in summary["beyond_limits"]["frozen"]
    assert "silence: 1.00 is above 0.9" in summary["beyond_limits"]["silent"]
    assert any(what.startswith("clipping: ") for what in summary["beyond_limits"]["clipped"])


def test_two_runs_on_one_output_exclude_each_other(tmp_path):
    with output_lock(tmp_path), pytest.raises(ProjectError, match="another run"), output_lock(tmp_path):
        pass
    with output_lock(tmp_path):
        pass


def test_lines_of_a_worker_that_died_are_baked_by_another(project, tmp_path):
    rows = [f"l{number},guard,voice/a.wav" for number in range(120)]
    (tmp_path / "lines.csv").write_text(HEADER + "\n".join(rows))
    process = start(project(csv_source()), "--json", "--jobs", 2)
    give_up = time.monotonic() + 60
    while len(list((tmp_path / "baked").glob("*.flashhead.json"))) < 3 and time.monotonic() < give_up:
        time.sleep(0.01)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    output, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    summary = json.loads(output)
    assert (summary["baked"], summary["left"], summary["failed"]) == (120, 0, {})


def workers_of(parent: int) -> list[int]:
    """Its children that multiprocessing has spawned."""
    return [child for child in children_of(parent) if b"spawn_main" in command_of(child)]


def children_of(parent: int) -> list[int]:
    """Of all its threads (Linux)."""
    threads = Path(f"/proc/{parent}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def command_of(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def test_a_character_speaks_with_its_head(project, tmp_path):
    (tmp_path / "lines.csv").write_text(HEADER + "a,guard,voice/a.wav\nb,heroine,voice/b.wav\n")
    head = PROJECT.replace("[characters.guard]", '[characters.guard]\nformats = ["glb"]\nhead = "guard.glb"')
    path = project(csv_source(), head)
    with pytest.raises(ProjectError, match=r"characters.guard: .*guard.glb: cannot be read"):
        planned(path)
    write_head(tmp_path / "guard.glb")
    before = planned(path)
    assert not before.warnings and before.jobs[0].request.rig.head == tmp_path / "guard.glb"
    load_head.cache_clear()
    write_head(tmp_path / "guard.glb", ARKIT_52[:-1])
    after = planned(path)
    assert "tongueOut" in after.warnings["characters.guard"]
    keys = [[job.request.key for job in plan.jobs] for plan in (before, after)]
    assert keys[0][0] != keys[1][0] and keys[0][1] == keys[1][1], "only lines with the head are baked again"
    bake_line(after.jobs[0].request, lambda share: None)
    assert read_animation(tmp_path / "baked" / "a.glb")[2].std() > 0.01


def planned(path: Path) -> Plan:
    project = load_project(path)
    with output_lock(project.output), Ledger(project.output) as ledger:
        return plan_run(project, ledger)


def test_a_line_that_the_disk_has_no_room_for_fails_alone_and_leaves_nothing(project, tmp_path, speech):
    write_wav(tmp_path / "voice" / "long.wav", np.tile(speech, 6)[: 20 * 16_000])
    (tmp_path / "lines.csv").write_text(HEADER + "long,guard,voice/long.wav\na,guard,voice/a.wav\n")
    path = project(csv_source())
    # A file system's limit for one file is told like a full disk.
    most = 256 * 1024
    process = start(
        *(path, "--json", "--jobs", 1),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    output, errors = process.communicate(timeout=60)
    summary = json.loads(output)
    assert process.returncode == 1 and summary["baked"] == 1, errors
    assert set(summary["failed"]) == {"long"} and "the disk is full" in summary["failed"]["long"]
    assert set(results(tmp_path / "baked")) == {"a.csv", "a.flashhead.json"}
    code, summary = run("retry", path)
    assert (code, summary["baked"]) == (0, 1), "with room it goes on"


def test_a_read_only_disk_is_told_once(tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(OutputError, match="the disk is read-only"), output_lock(tmp_path / "baked"):
        pass


def test_names_of_any_script_and_length_are_baked(project, tmp_path):
    names = ["台詞 第一", "Grüße_ß", "x" * 200, "é" * 100]
    rows = [f"{name},guard,voice/a.wav" for name in names]
    (tmp_path / "lines.csv").write_text(HEADER + "\n".join(rows), encoding="utf-8")
    code, summary = run(project(csv_source('language = "日本"')))
    assert (code, summary["baked"]) == (0, 4), summary
    assert {f"日本/{name}.csv" for name in names} < set(results(tmp_path / "baked"))


def test_one_broken_file_of_many_fails_alone(project, tmp_path):
    (tmp_path / "voice" / "broken.wav").write_bytes(b"no audio")
    rows = [f"l{number},guard,voice/{'broken' if number == 17 else 'a'}.wav" for number in range(40)]
    (tmp_path / "lines.csv").write_text(HEADER + "\n".join(rows))
    code, summary = run(project(csv_source()))
    assert (code, summary["baked"]) == (1, 39) and set(summary["failed"]) == {"l17"}
