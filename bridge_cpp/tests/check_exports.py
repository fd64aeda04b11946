"""Fails when anything but what the header declares leaves a built library, on any system's format.

python check_exports.py LIBRARY

For macOS also when its install name is wrong or, for arm64, it is not signed (ad hoc): it would not be loaded.
"""

import re
import sys
from pathlib import Path

import lief

LINKERS_OWN = {"_mh_dylib_header", "__dso_handle"}  # zig's linker for macOS always exports these two marks
HEADER = Path(__file__).parents[1] / "include" / "flashhead_bridge.h"


def declared() -> set[str]:
    code = re.sub(r"/\*.*?\*/", "", HEADER.read_text("utf-8"), flags=re.S)
    return set(re.findall(r"\b(flashhead_\w+)\(", code))


def exported(library: lief.Binary) -> set[str]:
    if isinstance(library, lief.PE.Binary):
        return {entry.name for entry in library.get_export().entries}
    names = {symbol.name for symbol in library.exported_symbols}
    # C names begin with an underscore there.
    if isinstance(library, lief.MachO.Binary):
        return {name.removeprefix("_") for name in names} - LINKERS_OWN
    return names


def problems(path: Path) -> list[str]:
    library = lief.parse(str(path))
    if library is None:
        return ["this is no library"]
    found, wanted = exported(library), declared()
    more, missing = sorted(found - wanted), sorted(wanted - found)
    told = [f"{len(more)} symbols leave it that the header does not declare: {' '.join(more[:20])}"] if more else []
    if missing:
        told.append(f"missing: {' '.join(missing)}")
    if isinstance(library, lief.MachO.Binary):
        name = next(one.name for one in library.commands if one.command == lief.MachO.LoadCommand.TYPE.ID_DYLIB)
        if name != f"@rpath/{path.name}":
            told.append(f"its install name is {name}")
        arm64 = library.header.cpu_type == lief.MachO.Header.CPU_TYPE.ARM64
        if arm64 and not library.has_code_signature:
            told.append("it has no signature")
    return told


if __name__ == "__main__":
    lief.logging.disable()
    found = problems(Path(sys.argv[1]))
    if found:
        sys.exit("\n".join(f"{sys.argv[1]}: {problem}" for problem in found))
