"""Files of weights, safetensors and torch's .pth: what is in them without reading it, and copies of weights one at a
time.

Nothing that such a file says is executed: a .pth may hold tensors and plain containers only.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import ModelError

_AS_NEW = "Download it again."


class StoredWeight(NamedTuple):
    """`dtype`: as safetensors calls it, F32 for float32."""

    shape: tuple[int, ...]
    dtype: str


def headers(path: Path) -> dict[str, StoredWeight]:
    """Names, shapes and dtypes. Raises ModelError for a file that is missing, damaged or something else."""
    _check_there(path)
    if path.suffix == ".pth":
        stored = _unpickled(path).items()
        return {name: StoredWeight(tuple(value.shape), _name(value.dtype)) for name, value in stored}
    with _opened(path) as file:
        slices = ((name, file.get_slice(name)) for name in file.keys())  # noqa: SIM118  (not a dict)
        return {name: StoredWeight(tuple(part.get_shape()), part.get_dtype()) for name, part in slices}


def copies(
    path: Path, names: list[str], device: torch.device | str, dtype: torch.dtype
) -> Iterator[tuple[str, Tensor]]:
    """Weights of a file that `headers` can read: copies even where nothing changes, so that what happens to the file
    later does not reach them."""
    if path.suffix == ".pth":
        stored = _unpickled(path)
        for name in names:
            yield name, stored[name].to(device, dtype, copy=True)
        return
    for name in names:
        # Opened anew for each: pages that were read stay with the process as long as the file is mapped.
        with _opened(path) as file:
            yield name, file.get_tensor(name).to(device, dtype, copy=True)


def _check_there(path: Path) -> None:
    try:
        if not path.is_file():
            raise ModelError(f"{path} is missing.")
        if path.stat().st_size == 0:
            raise ModelError(f"{path} is empty. {_AS_NEW}")
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error


def _opened(path: Path) -> safe_open:
    try:
        return safe_open(path, "pt")
    except SafetensorError as error:
        raise ModelError(f"{path} is cut off, damaged or no safetensors file ({error}). {_AS_NEW}") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}.") from error


def _unpickled(path: Path) -> dict[str, Tensor]:
    """Mapped, so that what is not used is not read."""
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}.") from error
    except Exception as error:
        # A damaged or malicious pickle may raise anything at all.
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"{path} is cut off, damaged, or no file of torch with weights alone ({reason}). Nothing of it was "
            f"executed. {_AS_NEW}"
        ) from error
    if not isinstance(stored, dict) or not all(_is_weight(name, value) for name, value in stored.items()):
        raise ModelError(f"{path} holds something else than weights by name. {_AS_NEW}")
    return stored


def _is_weight(name: object, value: object) -> bool:
    """Sparse tensors and those without values are none."""
    if not isinstance(name, str) or not isinstance(value, Tensor):
        return False
    return value.layout == torch.strided and value.device.type == "cpu"


def _name(dtype: torch.dtype) -> str:
    return "F32" if dtype == torch.float32 else str(dtype).removeprefix("torch.")
