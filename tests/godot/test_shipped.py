"""An exported demo with the worker bundle beside it, where nothing else is: a root of its own without Python, in a
read-only folder with a space and letters that are not ASCII in its name."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from exports import add_loader, command, exported, libraries

sys.path.insert(0, str(Path(__file__).parents[1] / "shipping"))

from played_game import check_it_outlives_its_worker_and_leaves_nothing, played

GAME = Path("Spiele & Co") / "Ätna 東京"
WATCH = """
extends Node

var _worker := 0
var _before := 0


func _process(_delta: float) -> void:
	var worker: int = get_node("/root/FlashHeadWorker").get_info().get("worker_pid", 0)
	for head: TalkingHead in get_tree().root.find_children("*", "TalkingHead", true, false):
		if not head.is_speaking():
			continue
		if worker != _worker:
			_worker = worker
			_before = head.texture.frames_shown
		var shown: int = head.texture.frames_shown - _before
		if worker and shown and shown % 10 == 0:
			print("SHOWS %d %d" % [worker, shown])
"""
LIBC = ("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1")
LOADER = Path("lib64") / "ld-linux-x86-64.so.2"
LIBRARIES = Path("/libraries")
# All is read-only there, and without an environment, but the folder for temporary files.
ENTER = """set -e
root=$1; libraries=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$libraries" "$root/libraries"
mount --rbind /dev "$root/dev"
mount --bind /proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
exec env -i HOME=/tmp /usr/sbin/chroot "$root" "$@"
"""


@pytest.fixture(scope="module")
def demo(godot, template, bundle, tmp_path_factory) -> Path:
    """A root with the exported demo of the dialogue, which begins to speak by itself, in its folder GAME."""
    root = tmp_path_factory.mktemp("root")
    for name in ("dev", "proc", "tmp", "libraries", "lib64", "lib/x86_64-linux-gnu", GAME.parent):
        (root / name).mkdir(parents=True)
    shutil.copy("/" / LOADER, root / LOADER)
    for name in LIBC:
        shutil.copy(Path("/lib/x86_64-linux-gnu") / name, root / "lib" / "x86_64-linux-gnu")
    project = godot.copy(tmp_path_factory.mktemp("demo"))
    (project.project / "watch.gd").write_text(WATCH)
    settings = project.project / "project.godot"
    text = settings.read_text().replace("res://demo/menu.tscn", "res://demo/dialogue_2d/dialogue_2d.tscn")
    text = text.replace("[autoload]\n", '[autoload]\nWatch="*res://watch.gd"\n')
    # Else an exported game keeps what it says until it ends.
    settings.write_text(text.replace("[application]\n", "[application]\nrun/flush_stdout_on_print=true\n"))
    assert "watch.gd" in settings.read_text() and "flush_stdout" in settings.read_text()
    found = exported(project, template, root / GAME, worker=1, worker_folder=str(bundle))
    assert "flashhead_worker/flashhead-worker" in found.files(), found.stderr
    add_loader(root / GAME / "game.x86_64", libraries(template))
    return root


def enter(root: Path, template: Path) -> list[str]:
    if os.geteuid() != 0:
        message = "a root of its own needs the rights of root"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    words = command("/" / GAME / "game.x86_64", LIBRARIES)
    return ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", ENTER, "sh", str(root), str(libraries(template)), *words]


def test_the_demo_talks_without_python_and_leaves_nothing(demo, template):
    assert not [path for path in demo.rglob("python*") if path.is_file()]
    with played(enter(demo, template), PATH="/usr/sbin:/usr/bin") as game:
        check_it_outlives_its_worker_and_leaves_nothing(game)


def test_without_its_manifest_the_worker_is_not_started(demo, template):
    manifest = demo / GAME / "flashhead_worker" / "flashhead-worker.json"
    kept = manifest.rename(demo / "kept.json")
    try:
        with played(enter(demo, template), PATH="/usr/sbin:/usr/bin") as game:
            game.wait_for(r"there is no worker.*flashhead-worker\.json is missing")
    finally:
        kept.rename(manifest)
