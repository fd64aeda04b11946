"""What of the package is compiled beside runtime and editor: the samples, and the tests for Unity's own runner."""

from pathlib import Path

from metas import PACKAGE, SAMPLES

HERE = Path(__file__).parent
NAMES = ("VisualNovel", "TalkingNpc", "CrowdOfSix")


def parts(newtonsoft: Path, nunit: Path) -> dict[str, tuple[Path, tuple[str | Path, ...]]]:
    """Name of each assembly, its folder, and what it refers to."""
    runtime = ("FlashHead.Core", "FlashHead", "UnityEngine")
    return {
        **{f"FlashHead.Samples.{name}": (PACKAGE / SAMPLES / name, (*runtime, newtonsoft)) for name in NAMES},
        "FlashHead.Tests.Runtime": (PACKAGE / "Tests/Runtime", (*runtime, nunit)),
        "FlashHead.Tests.Editor": (PACKAGE / "Tests/Editor", (*runtime, "FlashHead.Editor", nunit)),
        "FlashHead.SampleTests": (HERE / "samples", (*runtime, newtonsoft, nunit)),
    }
