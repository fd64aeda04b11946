"""Games exported with Godot's release template, and the command that runs one."""

import shutil
from dataclasses import dataclass
from pathlib import Path

PRESET = """[preset.0]
name="Linux"
platform="Linux"
runnable=true
export_filter="all_resources"
export_path="{target}"
[preset.0.options]
custom_template/debug="{template}"
custom_template/release="{template}"
binary_format/embed_pck=false
flashhead/worker={worker}
flashhead/worker_folder="{folder}"
"""


@dataclass(frozen=True)
class Exported:
    folder: Path
    stderr: str

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


def exported(godot, template: Path, folder: Path, worker: int = 0, worker_folder: str = "") -> Exported:
    """`worker`, `worker_folder`: the choices of the preset."""
    target = folder / "game.x86_64"
    folder.mkdir(exist_ok=True)
    choices = {"target": target, "template": template, "worker": worker, "folder": worker_folder}
    (godot.project / "export_presets.cfg").write_text(PRESET.format(**choices))
    output = godot("--export-release", "Linux", str(target))
    return Exported(folder, output.stdout + output.stderr)


def libraries(template: Path) -> Path:
    """Those that were unpacked beside the template; its Godot needs them."""
    return template.parents[1] / "lib" / "x86_64-linux-gnu"


def command(game: Path, libraries: Path) -> list[str]:
    """Runs a game's executable with the libraries and their loader, which lies where the game is: a game takes the
    running program's folder for its own."""
    return [
        str(game.with_name("game")),
        "--library-path",
        f"{libraries}:{libraries / 'pulseaudio'}",
        str(game),
        "--headless",
    ]


def add_loader(game: Path, libraries: Path) -> None:
    shutil.copy(libraries / "ld-linux-x86-64.so.2", game.with_name("game"))
