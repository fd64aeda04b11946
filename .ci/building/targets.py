"""The systems that are built for, and the compiler that builds for all of them."""

from dataclasses import dataclass

from .environment import install_zig, write_compiler_wrappers
from .places import VENV


@dataclass(frozen=True)
class Target:
    """A system that the library for engines is built for. `zig`: its name for zig; `library`: the file's name;
    `options`: of CMake."""

    zig: str
    system: str
    processor: str
    library: str
    options: tuple[str, ...] = ()

    @property
    def extension(self) -> str:
        """The Godot extension's file."""
        return self.library.replace("flashhead_bridge", "flashhead_godot")


TARGETS = {
    "linux-x64": Target("x86_64-linux-gnu.2.17", "Linux", "x86_64", "libflashhead_bridge.so"),
    "macos-arm64": Target("aarch64-macos.11.0", "Darwin", "arm64", "libflashhead_bridge.dylib"),
    "macos-x64": Target("x86_64-macos.11.0", "Darwin", "x86_64", "libflashhead_bridge.dylib"),
    # Without a version libzmq believes that this is Windows 98.
    "windows-x64": Target(
        "x86_64-windows-gnu", "Windows", "AMD64", "flashhead_bridge.dll", ("-DCMAKE_SYSTEM_VERSION=10.0",)
    ),
}


def cross_compiler(target: str) -> list[str]:
    """Options of CMake that build for another system with the wheel `ziglang`."""
    it, wrappers = TARGETS[target], VENV / f"zig-{target}"
    install_zig()
    write_compiler_wrappers(wrappers, it.zig)
    tools = {"C_COMPILER": "cc", "CXX_COMPILER": "c++", "AR": "ar", "RANLIB": "ranlib"}
    options = [f"-DCMAKE_{name}={wrappers / file}" for name, file in tools.items()]
    options += [f"-DCMAKE_SYSTEM_NAME={it.system}", f"-DCMAKE_SYSTEM_PROCESSOR={it.processor}", *it.options]
    if it.system == "Darwin":
        options.append("-DCMAKE_INSTALL_NAME_TOOL=/bin/true")
    return options
