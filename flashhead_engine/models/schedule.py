"""The few steps in which noise becomes a latent (flow matching, shifted towards noise as in Wan 2.1).

A latent at time t is (1 - t) * picture + t * noise. The network tells the flow, noise - picture; a step takes the
picture that this implies and adds noise again, less of it. The teacher that the released models were distilled from
follows the flow itself, in many steps, and away from what it would show of silence (classifier-free guidance).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_SHIFT = 5.0
_FULL = 1000.0
_DISTILLED = {2: (1000.0, 500.0), 4: (1000.0, 750.0, 500.0, 250.0)}
"""Steps before the shift that the released models were distilled for; others are spread evenly."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`timesteps`: what the time embedding is told at each step, 0..1000. `sigmas`: share of noise before each step,
    and 0 after the last."""

    timesteps: tuple[float, ...]
    sigmas: tuple[float, ...]


def schedule(steps: int, rounded: bool = True) -> Schedule:
    """The steps of the sampler. `rounded`: to bfloat16, as the deployed model has them: 937.5 becomes 936, 833.3
    becomes 832, 625 becomes 624. Raises ValueError for fewer than one step."""
    if steps < 1:
        raise ValueError(f"{steps} steps: must be 1 or more.")
    base = np.float32(_DISTILLED.get(steps, np.linspace(_FULL, 1.0, steps, dtype=np.float32)))
    share = np.append(base, np.float32(0.0)) / np.float32(_FULL)
    shifted = torch.from_numpy(_SHIFT * share / (1.0 + (_SHIFT - 1.0) * share) * np.float32(_FULL))
    sigmas = shifted / _FULL
    if rounded:
        shifted, sigmas = shifted.bfloat16().float(), sigmas.bfloat16().float()
    return Schedule(tuple(shifted[:-1].tolist()), tuple(sigmas.tolist()))


def stepped(latent: Tensor, flow: Tensor, noise: Tensor, sigma: float, next_sigma: float) -> Tensor:
    """One step of the distilled models: to the picture, and back to less noise."""
    picture = latent - flow * sigma
    return (1.0 - next_sigma) * picture + next_sigma * noise


def guided(flow: Tensor, unheard: Tensor, guidance: float) -> Tensor:
    """The flow of the teacher: beyond the one without speech, `unheard`, by so much. 1: the flow as it is."""
    return unheard + guidance * (flow - unheard)


def descended(latent: Tensor, flow: Tensor, sigma: float, next_sigma: float) -> Tensor:
    """One step of the teacher: along the flow to less noise."""
    return latent - flow * (sigma - next_sigma)
