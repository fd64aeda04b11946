"""The nano network in torch: a causal temporal convolution network (TCN) with its memory in one flat state vector.

    features (B, T, 80) ─► linear ─► residual blocks, dilated causal convs ─► heads ─► mouth, visemes, phones
    state (B, S)        ─► the last inputs of every block                  ─► state'

Training and streaming run the same code: a whole file is one call that starts from a state of zeros. A convolution
is written as one matrix product over the joined taps, the form that runs fastest for one frame at a time.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...blendshapes.phone_classes import PHONE_CLASSES
from ...blendshapes.visemes import VISEMES
from ...drivers.nano.articulation import CURVES
from ...drivers.nano.features import FEATURES

CHANNELS = 224
KERNEL = 3
DILATIONS = (1, 2, 4, 8, 16, 1, 2, 4, 8)

_HEADS = (len(CURVES), len(VISEMES), len(PHONE_CLASSES))


class ResidualBlock(nn.Module):
    """x + linear(relu(dilated causal conv(relu(x)))), carrying the inputs that the next call still needs."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.memory = (KERNEL - 1) * dilation
        self.look_back = nn.Linear(KERNEL * channels, channels)
        self.mix = nn.Linear(channels, channels)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, T, C), past (B, memory, C) -> output (B, T, C), new past."""
        newest = torch.relu(x)
        history = torch.cat([past, newest], dim=1)
        oldest = history[:, : -self.memory]
        middle = history[:, self.dilation : -self.dilation]
        seen = self.look_back(torch.cat([oldest, middle, newest], dim=2))
        return x + self.mix(torch.relu(seen)), history[:, -self.memory :]


class SpeechToMouth(nn.Module):
    """Features to logits: curves (B, T, 6) in the order of `CURVES`, visemes (B, T, 15), phones (B, T, 34).

    `dilations`: of the blocks, in frames.
    """

    def __init__(self, channels: int = CHANNELS, dilations: Sequence[int] = DILATIONS) -> None:
        super().__init__()
        self.channels = channels
        self.enter = nn.Linear(FEATURES, channels)
        self.blocks = nn.ModuleList(ResidualBlock(channels, dilation) for dilation in dilations)
        self.heads = nn.Linear(channels, sum(_HEADS))
        self.memory = sum(block.memory for block in self.blocks)
        self.state_size = channels * self.memory

    def forward(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x = self.enter(features)
        # Plain slices: in a graph for one frame at a time every node costs as much as a product.
        pasts = state.reshape(-1, self.memory, self.channels)
        kept = []
        start = 0
        for block in self.blocks:
            x, past = block(x, pasts[:, start : start + block.memory])
            kept.append(past)
            start += block.memory
        curves, visemes, phones = torch.split(self.heads(torch.relu(x)), _HEADS, dim=2)
        return curves, visemes, phones, torch.cat(kept, dim=1).flatten(1)


class Nano(nn.Module):
    """What is exported: features (B, T, 80), state (B, S) -> curves (B, T, 6) in 0..1, viseme posteriors (B, T, 15),
    log posteriors of phones (B, T, 34), state'."""

    def __init__(self, speech_to_mouth: SpeechToMouth) -> None:
        super().__init__()
        self.speech_to_mouth = speech_to_mouth

    def forward(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        curves, visemes, phones, state = self.speech_to_mouth(features, state)
        return torch.sigmoid(curves), torch.softmax(visemes, dim=2), torch.log_softmax(phones, dim=2), state
