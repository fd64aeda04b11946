"""What must be said of the parts of others."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from .environment import python_of
from .places import VENV
from .sources import zeromq_version

ZEROMQ_UNDER_MPL = (4, 3, 5)  # older ones are under the LGPL


def third_party_notices(sources: Mapping[str, Path], system: str, *, zig: bool) -> str:
    """What must lie beside a library that is given away: the licences of what is inside, from their own sources.
    `zig`: who compiled it; g++'s runtime asks for no notice."""
    zeromq = sources["zeromq"]
    version = zeromq_version(zeromq)
    licence, file = (
        ("Mozilla Public License 2.0", "LICENSE")
        if version >= ZEROMQ_UNDER_MPL
        else (
            "GNU Lesser General Public License 3 with the exception for static linking at its end",
            "COPYING.LESSER",
        )
    )
    parts = [
        (
            f"libzmq {'.'.join(map(str, version))}, unchanged, copyright the contributors that AUTHORS in its source "
            f"names (https://zeromq.org): {licence}",
            zeromq / file,
        ),
        (
            "msgpack-c, copyright 2008-2015 FURUHASHI Sadayuki and contributors, with parts of Boost: Boost Software "
            "License 1.0",
            sources["msgpack"] / "LICENSE_1_0.txt",
        ),
        ("Jansson, copyright 2009-2020 Petri Lehtinen: MIT License", sources["jansson"] / "LICENSE"),
    ]
    if system == "Windows":
        parts.append(("wepoll, in libzmq", zeromq / "external" / "wepoll" / "license.txt"))
    return notices("flashhead_bridge", [*parts, *(zig_runtimes(system) if zig else ())])


def notices(whole: str, parts: Iterable[tuple[str, Path]]) -> str:
    """`parts`: what is told of each of them, and the file of its licence."""
    texts = [f"{told}\n\n{file.read_text('utf-8').strip()}\n" for told, file in parts]
    return f"\n{'-' * 80}\n\n".join([f"What {whole} contains of others.\n", *texts])


def zig_runtimes(system: str) -> list[tuple[str, Path]]:
    """What zig puts into each library beside what it compiles: what is told of it, and the file of its licence."""
    asked = [python_of(VENV), "-c", "import ziglang; print(*ziglang.__path__)"]
    zig = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    parts = [("libc++ of LLVM: Apache License 2.0 with LLVM's exceptions", zig / "lib" / "libcxx" / "LICENSE.TXT")]
    if system == "Windows":
        parts.append(("MinGW-w64 runtime: Zope Public License 2.1", zig / "lib" / "libc" / "mingw" / "COPYING"))
    return parts
