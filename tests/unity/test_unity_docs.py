"""The package's documentation against its sources: all that may be set or called is described, every message that is
explained is one that is said, and every link leads somewhere."""

import json
import re
from pathlib import Path

import pytest
from metas import PACKAGE
from stubcheck import types

DOCS = PACKAGE / "Documentation~"
ROOT = PACKAGE.parent
COMPONENTS = PACKAGE / "Runtime" / "Components"
# Where what is said comes from: the package, the bridge, the worker.
SPEAKERS = (
    "unity_package/Runtime/**/*.cs",
    "unity_package/Editor/**/*.cs",
    "unity_package/Samples~/**/*.cs",
    "bridge_cpp/src/**/*.cc",
)


def section(text: str, title: str) -> str:
    """From a heading to the next one of its rank or above."""
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^#{{1,3}} |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[2] if found else ""


def inspector_name(field: str) -> str:
    """As Unity shows a field: _audioSource is Audio Source."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", field.lstrip("_"))
    return words[0].upper() + words[1:]


def title_of(kind: str) -> str:
    """Components and assets go by what menus call them, other classes by their names."""
    source = (COMPONENTS / f"{kind}.cs").read_text("utf-8")
    menu = re.search(r'(?:AddComponentMenu\(|menuName = )"FlashHead/(?:FlashHead )?([^"]+)"', source)
    return f"FlashHead {menu[1]}" if menu else kind


def undescribed(text: str) -> list[str]:
    """Fields and members of the package's public classes that their sections do not name."""
    missing = []
    sources = {path: path.read_text("utf-8") for path in sorted(COMPONENTS.glob("*.cs"))}
    declared = types(source.encode() for source in sources.values())
    for name, one in declared.items():
        kind = name.removeprefix("FlashHead.")
        if not one.public or "." in kind:
            continue
        part = section(text, title_of(kind))
        described = " ".join(re.findall(r"`([^`]+)`", part))
        for member in one.members:
            pattern = rf"\b{member.name}\b" if member.parameters is None else rf"\b{member.name}\("
            if member.public and member.name.isidentifier() and not re.search(pattern, described):
                missing.append(f"{kind}.{member.name}")
        first = " ".join(re.findall(r"^\| ([^|]*) \|", part, re.MULTILINE))
        for path, source in sources.items():
            if path.stem.split("_")[0] != kind:
                continue
            fields = re.findall(r"\[SerializeField\] [\w\[\]<>]+ (_\w+)", source)
            if "CreateAssetMenu" not in source:
                missing += [f"{kind}: {inspector_name(f)}" for f in fields if inspector_name(f) not in first]
    return missing


def unsaid(text: str) -> list[str]:
    """Messages of the table that nobody says; `...` stands for what differs."""
    said = "".join(path.read_text("utf-8") for pattern in SPEAKERS for path in sorted(ROOT.glob(pattern)))
    # Long messages are written in pieces.
    said = re.sub(r'"\s*\+?\s*\n?\s*\+?\s*\$?"', "", said)
    cells = re.findall(r"^\| (`[^|]*) \|", section(text, "When something is wrong"), re.MULTILINE)
    messages = [message for cell in cells for message in re.findall(r"`([^`]+)`", cell)]
    assert len(messages) >= 5
    return [message for message in messages if not all(part in said for part in message.split("..."))]


def broken_links(folder: Path) -> list[str]:
    broken = []
    for page in sorted(folder.glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]*)(?:#([\w-]+))?\)", page.read_text("utf-8")):
            file = folder / target[0] if target[0] else page
            if not file.exists():
                broken.append(f"{page.name}: {target[0]}")
            elif target[1]:
                titles = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
                if target[1] not in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in titles}:
                    broken.append(f"{page.name}: {target[0]}#{target[1]}")
    return broken


@pytest.fixture
def index() -> str:
    return (DOCS / "index.md").read_text("utf-8")


def test_all_that_can_be_set_or_called_is_described(index):
    assert undescribed(index) == []


def test_every_message_that_is_explained_is_said(index):
    assert unsaid(index) == []


def test_every_link_leads_somewhere():
    assert broken_links(DOCS) == []


def test_every_sample_is_shown(index):
    samples = json.loads((PACKAGE / "package.json").read_text("utf-8"))["samples"]
    part = section(index, "Samples")
    assert [one["displayName"] for one in samples if f"| {one['displayName']} |" not in part] == []


@pytest.mark.parametrize(
    ("right", "spoiled", "said"),
    [
        ("| Patience | `Patience` |", "| Patience | |", "FlashHeadNPC.Patience"),
        ("| Patience | `Patience` |", "| Wait | `Patience` |", "FlashHeadNPC: Patience"),
        ("| Render Texture | `RenderTexture` |", "| | |", "FlashHeadVideoTarget.RenderTexture"),
        ("| `Cancel()` |", "| `Stop()` |", "FlashHeadNPC.Cancel"),
        ("### FlashHeadSpeech", "### Speech", "FlashHeadSpeech.Push"),
    ],
)
def test_what_is_left_out_is_found(right, spoiled, said, index):
    assert right in index
    assert said in undescribed(index.replace(right, spoiled))


def test_a_message_that_nobody_says_is_found(index):
    assert unsaid(index.replace("`no worker runs`", "`no worker walks`")) == ["no worker walks"]
    assert unsaid(index.replace("speaks protocol ", "sings protocol ")) == [
        "the worker (version ...) sings protocol "
    ]


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "page.md").write_text(
        "# One two\n[a](none.md) ![b](none.png) [c](#one-two) [d](#three) [e](http://x)"
    )
    assert broken_links(tmp_path) == ["page.md: none.md", "page.md: none.png", "page.md: #three"]
