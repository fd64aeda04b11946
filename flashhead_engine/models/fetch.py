"""Downloads the released files from the Hugging Face hub; interrupted, it goes on where it stopped.

Plain HTTP, because the hub's own client begins a file anew when its process was stopped (huggingface_hub 2.4), and
one file has 6 GB. Never run against the hub itself: the machines that this was made on do not reach it.
"""

import hashlib
import http.client
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.request import Request, urlopen

from .. import __version__
from ..errors import ModelError
from .released import MODEL, WAV2VEC2, ReleasedFile, files_of

REPOSITORIES = {
    MODEL: ("Soul-AILab/SoulX-FlashHead-1_3B", "59119b6c681230c3eeee157e224ae1941746711e"),
    WAV2VEC2: ("facebook/wav2vec2-base-960h", "22aad52d435eb6dbaf354bdad9b0da84ce7d6156"),
}
"""Repository and commit of each folder of the released layout."""

_HUB = "HF_ENDPOINT"  # of the hub's own client: names a mirror
_BLOCK = 1 << 20
_TIMEOUT_S = 30.0


def files_of_tiers(tiers: Iterable[str]) -> list[ReleasedFile]:
    """Those that tiers share come once."""
    return list({file.path: file for tier in tiers for file in files_of(tier)}.values())


def fetch(files: Iterable[ReleasedFile], folder: Path, advance: Callable[[int], None]) -> None:
    """Download into `folder`, in the released layout. Files that are there in their full length are left as they are.
    `advance`: told of bytes as they come, and of those that are there.

    Raises ModelError without a network or room, and for a file that is not the published one.
    """
    files = list(files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        missing = sum(file.length - _there(folder / file.path, file) for file in files)
        free = shutil.disk_usage(folder).free
        if free < missing:
            raise ModelError(f"{folder} has room for {free / 1e9:.1f} GB; the files need {missing / 1e9:.1f} GB.")
        for file in files:
            _fetch_one(file, folder / file.path, advance)
    except (OSError, http.client.HTTPException) as error:
        raise ModelError(
            f"The download into {folder} failed: {error}. Run the same command again: it goes on where it stopped."
        ) from error


def _fetch_one(file: ReleasedFile, path: Path, advance: Callable[[int], None]) -> None:
    begun = _there(path, file)
    advance(begun)
    if _is_whole(path, file):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part(path)
    if begun < file.length:
        _go_on(_address(file), part, begun, advance)
    if part.stat().st_size != file.length:
        raise ModelError(
            f"{path} came with {part.stat().st_size} of {file.length} bytes. Run the same command again: it goes on "
            "where it stopped."
        )
    if file.sha256 and _sha256(part) != file.sha256:
        part.unlink()
        raise ModelError(f"{path} was damaged on its way, and is removed. Run the same command again.")
    os.replace(part, path)


def _go_on(address: str, part: Path, begun: int, advance: Callable[[int], None]) -> None:
    headers = {"User-Agent": f"flashhead-engine/{__version__}", "Range": f"bytes={begun}-"}
    with urlopen(Request(address, headers=headers), timeout=_TIMEOUT_S) as answer, open(part, "ab") as out:
        # A server that does not know ranges sends the whole again.
        out.truncate(begun if answer.status == http.client.PARTIAL_CONTENT else 0)
        while block := answer.read(_BLOCK):
            out.write(block)
            advance(len(block))


def _address(file: ReleasedFile) -> str:
    top, _, name = file.path.partition("/")
    repository, commit = REPOSITORIES[top]
    hub = os.environ.get(_HUB) or "https://huggingface.co"
    return f"{hub.rstrip('/')}/{repository}/resolve/{commit}/{name}"


def _there(path: Path, file: ReleasedFile) -> int:
    """Bytes that need not be downloaded."""
    if _is_whole(path, file):
        return file.length
    part = _part(path)
    begun = part.stat().st_size if part.is_file() else 0
    return begun if begun <= file.length else 0  # a longer one is of another file


def _is_whole(path: Path, file: ReleasedFile) -> bool:
    return path.is_file() and path.stat().st_size == file.length


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
