"""Released checkpoints, run by torch."""

from pathlib import Path

import torch

from ..errors import ModelError
from ..models.checkpoints import CONFIGS, check, load
from ..models.configs import FlashHeadConfig
from ..models.released import find_folders
from .torch_flashhead import TorchFlashHead


def load_runtime(
    folder: Path,
    tier: str,
    device: torch.device | str,
    dtype: torch.dtype,
    steps: int = 4,
    *,
    guidance: float | None = None,
    config: FlashHeadConfig | None = None,
) -> TorchFlashHead:
    """A tier from the folder of its released files. `steps`, `guidance`: see `TorchFlashHead`; 20 and 3 for a teacher
    of the same layout. `config`: of the released model if None.

    Raises ModelError with everything that is wrong with the files.
    """
    folders = find_folders(folder)
    config = config or CONFIGS[tier]
    if problems := check(folders, tier, config):
        raise ModelError("\n".join(problems))
    return TorchFlashHead(load(folders, tier, device, dtype, config), steps=steps, guidance=guidance)
