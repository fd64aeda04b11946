"""Downloads the released files from the Hugging Face hub with its own client, which goes on where it was stopped.

Never run against the hub itself: the machines that this was made on do not reach it.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from ..errors import MissingDependencyError, ModelError
from .released import MODEL, WAV2VEC2, files_of

REPOSITORIES = {
    MODEL: ("Soul-AILab/SoulX-FlashHead-1_3B", "59119b6c681230c3eeee157e224ae1941746711e"),
    WAV2VEC2: ("facebook/wav2vec2-base-960h", "22aad52d435eb6dbaf354bdad9b0da84ce7d6156"),
}
"""Repository and commit of each folder of the released layout."""


def fetch(tiers: Iterable[str], folder: Path) -> None:
    """Download the files of tiers into `folder`; those that are there whole are left.

    Raises MissingDependencyError without the client, ModelError without a network or room.
    """
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingDependencyError(
            'The download needs huggingface_hub, which is not installed: pip install "flashhead-engine[fetch]". Or '
            "download the files otherwise (docs/models.md) and run `flashhead models add DIR`."
        ) from error
    files = {file.path: file for tier in tiers for file in files_of(tier)}
    missing = sum(file.length for path, file in files.items() if not (folder / path).is_file())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < missing:
            raise ModelError(f"{folder} has room for {free / 1e9:.1f} GB; the files need {missing / 1e9:.1f} GB.")
        for top, (repository, revision) in REPOSITORIES.items():
            wanted = [path.removeprefix(f"{top}/") for path in files if path.startswith(f"{top}/")]
            snapshot_download(repo_id=repository, revision=revision, local_dir=folder / top, allow_patterns=wanted)
    except OSError as error:
        # The client's own errors of the network are OSErrors too.
        raise ModelError(
            f"The download into {folder} failed: {error}\nRun the same command again; it goes on where it stopped."
        ) from error
