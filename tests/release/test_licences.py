"""What archives hold of others: read from the archives, and from the wheels that the documentation speaks of."""

import json
import zipfile
from importlib.metadata import distribution

import av
import pytest
from releases import ROOT
from shipping.archives import write_tar_gz, write_zip
from shipping.errors import BuildError
from shipping.sbom import bill, contents, written

TIME = 1_000_000_000
NOTICES = (
    b"libzmq 4.3.4, unchanged; msgpack-c; Jansson; libc++ of LLVM: Apache License 2.0 with LLVM's exceptions; "
    b"wepoll, in libzmq; MinGW-w64 runtime: Zope Public License 2.1"
)
ELF = b"\x7fELF and so on"
ADDON = {
    "addons/flashhead/plugin.gd": b"extends EditorPlugin",
    "addons/flashhead/bin/linux-x64/libflashhead_godot.so": ELF,
    "addons/flashhead/bin/linux-x64/THIRD_PARTY_NOTICES.txt": NOTICES,
    "addons/flashhead/bin/windows-x64/flashhead_godot.dll": b"MZ\x90\x00",
    "addons/flashhead/bin/windows-x64/THIRD_PARTY_NOTICES.txt": NOTICES,
}
# In PyAV's wheel. The first lines are named in docs/licences.md; the others are under terms such as MIT's and BSD's.
KNOWN = {
    *("libavcodec", "libavdevice", "libavfilter", "libavformat", "libavutil", "libswresample", "libswscale"),
    *("libx264", "libx265", "libgnutls", "libnettle", "libhogweed", "libgmp", "libunistring", "libmp3lame"),
    *("libasound", "libSvtAv1Enc", "libXau", "libdav1d", "libdrm", "libopencore", "libopus", "libsharpyuv", "libvpl"),
    *("libvpx", "libwebp", "libwebpmux", "libxcb"),
}
TEXT = (ROOT / "docs" / "licences.md").read_text("utf-8")


def archive(folder, entries, name="addon.zip"):
    write = write_zip if name.endswith(".zip") else write_tar_gz
    write(folder / name, entries, TIME)
    return folder / name


@pytest.mark.parametrize("name", ["addon.zip", "addon.tgz"])
def test_the_parts_of_an_addon_are_found(tmp_path, name):
    found = {one.name: (one.version, one.licence) for one in contents(archive(tmp_path, ADDON, name))}
    assert found["libzmq"] == ("4.3.4", "LGPL-3.0-or-later WITH LGPL-3.0-linking-exception")
    assert found["MinGW-w64 runtime"] == ("", "ZPL-2.1")
    assert {"msgpack-c", "Jansson", "wepoll", "libc++", "flashhead-engine"} < set(found)


@pytest.mark.parametrize(
    ("file", "data", "told"),
    [
        ("av.libs/libx264-d6533a8d.so.165", ELF, "belongs to no known component: .*libx264"),
        ("worker/espeak-ng", ELF, "belongs to no known component: .*espeak-ng"),
        (
            "reader-1.0.dist-info/METADATA",
            b"Metadata-Version: 2.4\nName: reader\nVersion: 1.0\nLicense-Expression: GPL-3.0-or-later\n",
            r"holds what a closed game may not: reader \(GPL-3.0-or-later\)",
        ),
        (
            "nvidia_curand-10.4.dist-info/METADATA",
            b"Metadata-Version: 2.4\nName: nvidia-curand\nVersion: 10.4\n",
            r"holds what a closed game may not: nvidia-curand \(LicenseRef-NVIDIA-CUDA-EULA\)",
        ),
    ],
)
def test_an_archive_with_what_may_not_be_there_is_refused(tmp_path, file, data, told):
    entries = {**ADDON, file: data}
    if file.endswith("METADATA"):
        entries[file.replace("METADATA", "RECORD")] = f"{file},,\n".encode()
    with pytest.raises(BuildError, match=told):
        contents(archive(tmp_path, entries))


def test_the_bill_of_materials_follows_its_schema_and_is_the_same_twice(tmp_path):
    made = archive(tmp_path, ADDON)
    text = written(bill([made], "1.2.3", TIME))
    assert text == written(bill([made], "1.2.3", TIME))
    told = json.loads(text)
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert told["metadata"]["timestamp"].startswith("2001-09-09T01:46:40")
    [whole] = told["components"]
    assert whole["name"] == "addon.zip"
    parts = {part["name"]: part for part in whole["components"]}
    assert parts["libzmq"]["version"] == "4.3.4"
    assert parts["Jansson"]["licenses"] == [{"expression": "MIT"}]


def test_a_bill_that_its_schema_refuses_is_not_written(tmp_path):
    spoiled = bill([archive(tmp_path, ADDON)], "1.2.3", TIME)
    spoiled.metadata.component.mime_type = "no type at all"
    with pytest.raises(BuildError, match="does not follow CycloneDX"):
        written(spoiled)


def test_the_archives_of_a_release_hold_what_their_bill_says(released):
    told = json.loads(released("*.cdx.json").read_text("utf-8"))
    archives = {whole["name"]: whole.get("components", []) for whole in told["components"]}
    sdk, wheel = released("flashhead-bridge-sdk-*.zip"), released("*linux*.whl")
    assert {sdk.name, wheel.name} < set(archives)
    assert {"libzmq", "msgpack-c", "Jansson"} <= {part["name"] for part in archives[sdk.name]}
    assert {"pybind11", "libc++"} == {part["name"] for part in archives[wheel.name]}
    for name, parts in archives.items():
        for part in parts:
            [licence] = part["licenses"]
            for term in licence["expression"].split(" AND "):
                assert "GPL" not in term.replace("LGPL", "") or " WITH " in term, (name, part)


def test_each_library_of_a_release_has_its_notices_beside_it(released):
    for pattern in ("flashhead-bridge-sdk-*.zip", "flashhead-godot-addon-*.zip"):
        with zipfile.ZipFile(released(pattern)) as files:
            names = files.namelist()
            libraries = [name for name in names if name.endswith((".so", ".dll", ".dylib"))]
            assert libraries
            for name in libraries:
                notices = files.read(f"{name.rsplit('/', 1)[0]}/THIRD_PARTY_NOTICES.txt").decode()
                assert all(part in notices for part in ("libzmq 4.", "msgpack-c", "Jansson"))
    with zipfile.ZipFile(released("*linux*.whl")) as files:
        [notices] = (name for name in files.namelist() if name.endswith("licenses/THIRD_PARTY_NOTICES.txt"))
        assert "Wenzel Jakob" in files.read(notices).decode()
        assert any(name.endswith("licenses/LICENSE") for name in files.namelist())


def test_the_documentation_says_what_pyav_brings():
    files = {file.name for file in distribution("av").files if "av.libs" in str(file)}
    stems = {file.split("-")[0].split(".")[0] for file in files}
    assert {"libx264", "libx265", "libgnutls", "libnettle", "libgmp", "libunistring"} <= stems
    assert stems <= KNOWN, f"read the licences of {stems - KNOWN}, and say in docs/licences.md what they mean"
    [licence] = {library["license"] for library in av._core.library_meta.values()}
    assert f"| {licence}, as they say themselves |" in TEXT
