"""Training loop: random crops, one loss per head, a cosine learning rate."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn import functional

from ...drivers.nano.features import MEL_BANDS, SUBFRAMES
from ...drivers.nano.network import LOOKAHEAD_FRAMES
from .dataset import TrainingSet
from .model import SpeechToMouth
from .targets import NO_VISEME

_CROP = 200  # frames, 3.3 s
_BATCH = 32
_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-4
_CLIP = 1.0
_MASKED_SHARE, _WIDEST_MASK = 0.3, 8

# Loss weights. A missed closure is the error that everybody sees.
_CURVE_LOSS = torch.tensor([1.0, 1.0, 0.5, 3.0, 2.0, 1.0])
# f and v are rare and faint: without more weight the network never dares to say them.
_POSITIVES = torch.tensor([1.0, 1.0, 1.0, 1.0, 3.0, 1.0])
_PROBABILITIES = torch.tensor([False, False, False, True, True, True])
_POSITION_WEIGHT, _JITTER_WEIGHT, _VISEME_WEIGHT = 10.0, 20.0, 0.3


def _random_crops(data: TrainingSet, random: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """Features (B, T + 2, 80) and the targets (B, T, ...) of their first T frames."""
    starts = random.integers(0, len(data.features) - _CROP - LOOKAHEAD_FRAMES, _BATCH)
    seen = starts[:, None] + np.arange(_CROP + LOOKAHEAD_FRAMES)
    asked = seen[:, :_CROP]
    features = data.features[seen].astype(np.float32)
    for row in np.flatnonzero(random.random(_BATCH) < _MASKED_SHARE):
        _mask_band(features[row], random)
    return (
        torch.from_numpy(features),
        torch.from_numpy(data.curves[asked].astype(np.float32)),
        torch.from_numpy(data.visemes[asked].astype(np.int64)),
    )


def _mask_band(crop: np.ndarray, random: np.random.Generator) -> None:
    """Silence some neighbouring mel bands (T, 80) in place, as SpecAugment does (Park et al., 2019)."""
    width = int(random.integers(1, _WIDEST_MASK + 1))
    first = int(random.integers(0, MEL_BANDS - width + 1))
    for subframe in range(SUBFRAMES):
        band = subframe * MEL_BANDS + first
        crop[:, band : band + width] = -1.0


def loss(
    curve_logits: torch.Tensor, viseme_logits: torch.Tensor, curves: torch.Tensor, visemes: torch.Tensor
) -> torch.Tensor:
    """Squared error of poses, cross-entropy of contacts and visemes, squared error of the poses' speed."""
    positions = torch.sigmoid(curve_logits)
    squared = _POSITION_WEIGHT * (positions - curves) ** 2
    entropy = functional.binary_cross_entropy_with_logits(
        curve_logits, curves, reduction="none", pos_weight=_POSITIVES
    )
    per_curve = torch.where(_PROBABILITIES, entropy, squared).mean((0, 1))
    jitter = ((positions.diff(dim=1) - curves.diff(dim=1)) ** 2).mean()
    names = functional.cross_entropy(viseme_logits.flatten(0, 1), visemes.flatten(), ignore_index=NO_VISEME)
    return (per_curve * _CURVE_LOSS).sum() + _JITTER_WEIGHT * jitter + _VISEME_WEIGHT * names


def train(
    network: SpeechToMouth,
    versions: Sequence[TrainingSet],
    epochs: int,
    seed: int,
    report: Callable[[int, int], None],
) -> list[float]:
    """Train in place; epoch e reads the version e modulo their number of the same lines.

    `report(step, steps)` is called after every step. Returns the mean loss of every epoch.
    """
    random = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    steps_per_epoch = max(1, len(versions[0].features) // (_BATCH * _CROP))
    steps = epochs * steps_per_epoch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=steps + 1, pct_start=0.1)
    state = torch.zeros(_BATCH, network.state_size)
    losses = []
    network.train()
    for epoch in range(epochs):
        data = versions[epoch % len(versions)]
        total = 0.0
        for step in range(steps_per_epoch):
            features, curves, visemes = _random_crops(data, random)
            curve_logits, viseme_logits, _ = network(features, state)
            step_loss = loss(curve_logits[:, LOOKAHEAD_FRAMES:], viseme_logits[:, LOOKAHEAD_FRAMES:], curves, visemes)
            optimizer.zero_grad()
            step_loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
            optimizer.step()
            schedule.step()
            total += step_loss.item()
            report(epoch * steps_per_epoch + step + 1, steps)
        losses.append(total / steps_per_epoch)
    network.eval()
    return losses
