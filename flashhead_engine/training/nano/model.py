"""The nano network in torch: a causal temporal convolution network (TCN) with its memory in one flat state vector.

    features (B, T, 80) ─► 1x1 conv ─► residual blocks, dilated causal convs ─► heads ─► ARKit mapping
    state (B, S)        ─► the last inputs of every block                    ─► state'

Training and streaming run the same code: a whole file is one call that starts from a state of zeros.
"""

import torch
from torch import Tensor, nn

from ...blendshapes.arkit import ARKIT_52
from ...blendshapes.visemes import VISEMES
from ...drivers.nano.features import FEATURES
from .targets import CURVES

CHANNELS = 160
KERNEL = 3
DILATIONS = (1, 2, 4, 8, 16)

_JAW, _ROUNDING, _SPREAD, _LIPS_SHUT, _LIPS_ON_TEETH, _SPEECH = range(len(CURVES))


class ResidualBlock(nn.Module):
    """x + conv1x1(relu(dilated causal conv(relu(x)))), carrying the inputs that the next call still needs."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.memory = (KERNEL - 1) * dilation
        self.look_back = nn.Conv1d(CHANNELS, CHANNELS, KERNEL, dilation=dilation)
        self.mix = nn.Conv1d(CHANNELS, CHANNELS, 1)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, C, T), past (B, C, memory) -> output (B, C, T), new past."""
        history = torch.cat([past, torch.relu(x)], dim=2)
        return x + self.mix(torch.relu(self.look_back(history))), history[:, :, -self.memory :]


class SpeechToMouth(nn.Module):
    """Features to logits: curves (B, T, 6) in the order of `targets.CURVES` and visemes (B, T, 15)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv1d(FEATURES, CHANNELS, 1)
        self.blocks = nn.ModuleList(ResidualBlock(dilation) for dilation in DILATIONS)
        self.heads = nn.Conv1d(CHANNELS, len(CURVES) + len(VISEMES), 1)
        self.state_size = sum(CHANNELS * block.memory for block in self.blocks)

    def forward(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.enter(features.transpose(1, 2))
        pasts = torch.split(state, [CHANNELS * block.memory for block in self.blocks], dim=1)
        kept = []
        for block, past in zip(self.blocks, pasts, strict=True):
            x, past = block(x, past.reshape(-1, CHANNELS, block.memory))
            kept.append(past.flatten(1))
        logits = self.heads(torch.relu(x)).transpose(1, 2)
        return logits[..., : len(CURVES)], logits[..., len(CURVES) :], torch.cat(kept, dim=1)


# How the mouth's parts move ARKit's muscles: weight = sum of part * factor. Hand-set by this project. jawOpen,
# mouthClose and what lip_aperture() reads decide how open the lips look; the rest brings life.
_PARTS = ("jaw", "shut_jaw", "open", "parted", "rounded", "funnelled", "spread", "teeth", "shut", "TH", "CH", "SS")
_FACTORS: dict[str, dict[str, float]] = {
    "jawOpen": {"jaw": 0.55},
    "mouthClose": {"shut_jaw": 0.55},
    "jawForward": {"CH": 0.06, "rounded": 0.05},
    "mouthPucker": {"rounded": 0.7},
    "mouthFunnel": {"funnelled": 0.3},
    "mouthStretchLeft": {"spread": 0.3, "SS": 0.05},
    "mouthStretchRight": {"spread": 0.3, "SS": 0.05},
    "mouthSmileLeft": {"spread": 0.12},
    "mouthSmileRight": {"spread": 0.12},
    "mouthDimpleLeft": {"spread": 0.06, "shut": 0.05},
    "mouthDimpleRight": {"spread": 0.06, "shut": 0.05},
    "mouthRollLower": {"teeth": 0.4, "shut": 0.1},
    "mouthRollUpper": {"shut": 0.08},
    "mouthShrugLower": {"CH": 0.12, "shut": 0.06},
    "mouthShrugUpper": {"CH": 0.1},
    "mouthPressLeft": {"shut": 0.25},
    "mouthPressRight": {"shut": 0.25},
    "mouthLowerDownLeft": {"open": 0.22, "parted": 0.1},
    "mouthLowerDownRight": {"open": 0.22, "parted": 0.1},
    "mouthUpperUpLeft": {"open": 0.1, "parted": 0.04, "teeth": 0.15},
    "mouthUpperUpRight": {"open": 0.1, "parted": 0.04, "teeth": 0.15},
    "cheekSquintLeft": {"spread": 0.05},
    "cheekSquintRight": {"spread": 0.05},
    "tongueOut": {"TH": 0.2},
}

# Networks answer with doubt; a mouth must decide. Logits are steepened around the point of decision.
_SHUT_STEEPNESS, _SHUT_BIAS = 2.0, 0.5
_SPEECH_STEEPNESS, _SPEECH_BIAS = 1.5, 0.0
_REST_BELOW = 0.05


def _mapping() -> Tensor:
    matrix = torch.zeros(len(_PARTS), len(ARKIT_52))
    for name, factors in _FACTORS.items():
        for part, factor in factors.items():
            matrix[_PARTS.index(part), ARKIT_52.index(name)] = factor
    return matrix


class ArkitMapping(nn.Module):
    """Logits to ARKit weights (B, T, 52) in 0..1 and viseme posteriors (B, T, 15)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("matrix", _mapping())

    def forward(self, curves: Tensor, visemes: Tensor) -> tuple[Tensor, Tensor]:
        posteriors = torch.softmax(visemes, dim=-1)
        likely = torch.sigmoid(curves)
        sounding = torch.sigmoid(curves[..., _SPEECH] * _SPEECH_STEEPNESS + _SPEECH_BIAS)
        sounding = torch.clamp((sounding - _REST_BELOW) / (1 - _REST_BELOW), min=0.0)
        shut = torch.sigmoid(curves[..., _LIPS_SHUT] * _SHUT_STEEPNESS + _SHUT_BIAS)
        jaw = likely[..., _JAW] * sounding
        apart = (1 - shut) * sounding
        on_teeth = likely[..., _LIPS_ON_TEETH]
        rounded = likely[..., _ROUNDING] * sounding
        of_viseme = {name: posteriors[..., VISEMES.index(name)] * apart for name in ("TH", "CH", "SS")}
        parts = {
            "jaw": jaw,
            "shut_jaw": jaw * shut,
            "open": jaw * (1 - shut) * (1 - on_teeth),
            "parted": apart * (1 - on_teeth),
            "rounded": rounded,
            "funnelled": rounded * (1 - shut),
            "spread": likely[..., _SPREAD] * sounding,
            "teeth": on_teeth * apart,
            "shut": shut * sounding,
            **of_viseme,
        }
        weights = torch.stack([parts[name] for name in _PARTS], dim=-1) @ self.matrix
        return torch.clamp(weights, 0.0, 1.0), posteriors


class Nano(nn.Module):
    """What is exported: features (B, T, 80), state (B, S) -> weights (B, T, 52), visemes (B, T, 15), state'."""

    def __init__(self, speech_to_mouth: SpeechToMouth) -> None:
        super().__init__()
        self.speech_to_mouth = speech_to_mouth
        self.arkit = ArkitMapping()

    def forward(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        curves, visemes, state = self.speech_to_mouth(features, state)
        weights, posteriors = self.arkit(curves, visemes)
        return weights, posteriors, state
