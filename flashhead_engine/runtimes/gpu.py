"""What a game that renders leaves of its GPU to talking heads. Imports nothing that computes."""

import ctypes
import os
from dataclasses import dataclass

from ..errors import SettingsError

GPU_MEMORY, GPU_PRIORITY = "--gpu-memory-mib", "--gpu-priority"
"""Options of a worker that set the budget; errors name them."""

PRIORITIES = ("low", "normal")
_LEAST_MIB, _MOST_MIB = 64, 1 << 20


@dataclass(frozen=True, slots=True)
class GpuBudget:
    """`memory_mib`: most that a network may allocate on the GPU, 64..1048576; what CUDA itself needs comes on top.
    `priority`: "low" or "normal", of the CUDA stream that it computes on. Raises SettingsError for other values.
    """

    memory_mib: int
    priority: str = PRIORITIES[0]

    def __post_init__(self) -> None:
        if not _LEAST_MIB <= self.memory_mib <= _MOST_MIB:
            raise SettingsError(f"{GPU_MEMORY} {self.memory_mib}: must be from {_LEAST_MIB} to {_MOST_MIB}.")
        if self.priority not in PRIORITIES:
            raise SettingsError(f"{GPU_PRIORITY} {self.priority}: must be {' or '.join(PRIORITIES)}.")

    @classmethod
    def of_options(cls, memory_mib: int, priority: str) -> "GpuBudget | None":
        """From the options of a worker; None for 0 MiB: the GPU is left alone."""
        return cls(memory_mib, priority) if memory_mib else None

    def options(self) -> tuple[str, ...]:
        """Of the command line of another worker that has this budget."""
        return (GPU_MEMORY, str(self.memory_mib), GPU_PRIORITY, self.priority)


def has_nvidia_driver() -> bool:
    """Whether CUDA's driver can be loaded; it comes with the card's."""
    try:
        ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return False
    return True
