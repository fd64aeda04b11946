"""Training loop: random crops, one loss per head, a cosine learning rate, a checkpoint after every epoch."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch.func import functional_call
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ...drivers.nano.spoken import NO_VISEME
from .dataset import TrainingSet
from .feature_augment import varied
from .model import SpeechToMouth

_CROP = 200  # frames, 3.3 s
_BATCH = 32
FIRST_RATE, REFINING_RATE = 2e-3, 1.5e-3
"""Peaks of the learning rate: from random weights, and of a network that is good already."""

_WEIGHT_DECAY = 1e-2
_CLIP = 1.0
_VALIDATION_FRAMES = 2_000  # in one piece

# Loss weights. A missed closure is the error that everybody sees; a mouth that talks through music comes next.
_CURVE_LOSS = torch.tensor([1.0, 1.0, 0.5, 4.5, 2.0, 3.0])
# f and v are rare and faint: without more weight the network never dares to say them.
_POSITIVES = torch.tensor([1.0, 1.0, 1.0, 1.0, 3.0, 1.0])
_PROBABILITIES = torch.tensor([False, False, False, True, True, True])
_POSITION_WEIGHT, _JITTER_WEIGHT, _VISEME_WEIGHT, _PHONE_WEIGHT = 10.0, 20.0, 0.3, 0.2

Targets = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Curves (B, T, 6), visemes (B, T), phones (B, T)."""
Loss = Callable[[Targets, Targets], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Curves:
    """Mean loss of every epoch: on the training lines, and on lines kept apart."""

    training: list[float]
    validation: list[float]


def mouth_loss(said: Targets, meant: Targets) -> torch.Tensor:
    """Squared error of positions, cross-entropy of probabilities, visemes and phones, squared error of the positions'
    speed. `said`: the network's logits."""
    curve_logits, viseme_logits, phone_logits = said
    curves, visemes, phones = meant
    positions = torch.sigmoid(curve_logits)
    squared = _POSITION_WEIGHT * (positions - curves) ** 2
    entropy = functional.binary_cross_entropy_with_logits(
        curve_logits, curves, reduction="none", pos_weight=_POSITIVES
    )
    per_curve = torch.where(_PROBABILITIES, entropy, squared).mean((0, 1))
    jitter = ((positions.diff(dim=1) - curves.diff(dim=1)) ** 2).mean()
    names = functional.cross_entropy(viseme_logits.flatten(0, 1), visemes.flatten(), ignore_index=NO_VISEME)
    heard = functional.cross_entropy(phone_logits.flatten(0, 1), phones.flatten())
    curve_loss = (per_curve * _CURVE_LOSS).sum()
    return curve_loss + _JITTER_WEIGHT * jitter + _VISEME_WEIGHT * names + _PHONE_WEIGHT * heard


def phone_loss(said: Targets, meant: Targets) -> torch.Tensor:
    """Cross-entropy of the phones alone: what an aligner needs."""
    return functional.cross_entropy(said[2].flatten(0, 1), meant[2].flatten())


def _tensors(data: TrainingSet, frames: np.ndarray) -> Targets:
    return (
        torch.from_numpy(data.curves[frames].astype(np.float32)),
        torch.from_numpy(data.visemes[frames].astype(np.int64)),
        torch.from_numpy(data.phones[frames].astype(np.int64)),
    )


def _random_crops(
    versions: Sequence[TrainingSet], lookahead: int, random: np.random.Generator
) -> tuple[torch.Tensor, Targets]:
    """Features (B, T + lookahead, 80) and the targets of their first T frames, each crop of any of the versions."""
    features, targets = [], []
    for data, crops in zip(versions, random.multinomial(_BATCH, [1 / len(versions)] * len(versions)), strict=True):
        starts = random.integers(0, len(data.features) - _CROP - lookahead, crops)
        seen = starts[:, None] + np.arange(_CROP + lookahead)
        features.append(data.features[seen])
        targets.append(_tensors(data, seen[:, :_CROP]))
    varied_features = varied(np.concatenate(features).astype(np.float32), random)
    return torch.from_numpy(varied_features), tuple(torch.cat(parts) for parts in zip(*targets, strict=True))


@cache
def _knows_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16. With them a step takes half the time; without them, where
    torch converts every number, three times as long."""
    known = torch.cpu.get_capabilities()
    return any(known.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _answers(network: SpeechToMouth, features: torch.Tensor, lookahead: int) -> Targets:
    number = torch.bfloat16 if _knows_bfloat16() else torch.float32
    # The weights that learn stay float32. A step under torch.autocast takes a fifth longer, for its conversions.
    weights = {name: weight.to(number) for name, weight in network.named_parameters()}
    state = torch.zeros(len(features), network.state_size, dtype=number)
    *logits, _ = functional_call(network, weights, (features.to(number), state))
    return tuple(answer[:, lookahead:].float() for answer in logits)


def validate(network: SpeechToMouth, data: TrainingSet, lookahead: int, loss: Loss) -> float:
    """Mean loss over the data, from one end to the other."""
    losses = []
    network.eval()
    with torch.no_grad():
        for start in range(0, len(data.features) - lookahead - 1, _VALIDATION_FRAMES):
            features = data.features[start : start + _VALIDATION_FRAMES + lookahead].astype(np.float32)
            asked = start + np.arange(len(features) - lookahead)
            said = _answers(network, torch.from_numpy(features[None]), lookahead)
            losses.append(loss(said, _tensors(data, asked[None])).item())
    network.train()
    return float(np.mean(losses))


def _optimizers(network: SpeechToMouth, peak_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks (Jordan et al., 2024), which learn faster with it; AdamW for the others."""
    matrices, others = [], []
    for name, weight in network.named_parameters():
        (matrices if name.startswith("blocks.") and weight.ndim == 2 else others).append(weight)
    return [
        torch.optim.Muon(matrices, lr=peak_rate, weight_decay=_WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=peak_rate, weight_decay=_WEIGHT_DECAY),
    ]


class _Float32(TorchFunctionMode):
    """torch's Muon computes in bfloat16 whatever its weights are; within this, in float32."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is torch.Tensor.bfloat16:
            return args[0].to(torch.float32, copy=True)
        return function(*args, **(kwargs or {}))


def _muons_number() -> AbstractContextManager:
    """Without instructions for bfloat16 a step took six times as long with Muon's own numbers."""
    return nullcontext() if _knows_bfloat16() else _Float32()


def train(
    network: SpeechToMouth,
    versions: Sequence[TrainingSet],
    validation: TrainingSet,
    epochs: int,
    seed: int,
    lookahead: int,
    loss: Loss,
    report: Callable[[int, int], None],
    checkpoint: Path | None = None,
    peak_rate: float = FIRST_RATE,
) -> Curves:
    """Train in place. Every step sees crops of all versions of the same lines: in turn, the last version's kind would
    be remembered best.

    `lookahead`: frames of audio after a frame that its answer may know. `report(step, steps)` is called after every
    step. With a `checkpoint` file, training that was interrupted goes on after its last whole epoch; a finished run
    leaves the file. `peak_rate`: of learning, reached after a tenth of the steps.
    """
    optimizers = _optimizers(network, peak_rate)
    steps_per_epoch = max(1, len(versions[0].features) // (_BATCH * _CROP))
    steps = epochs * steps_per_epoch
    schedules = [
        torch.optim.lr_scheduler.OneCycleLR(optimizer, peak_rate, total_steps=steps + 1, pct_start=0.1)
        for optimizer in optimizers
    ]
    learning = (*optimizers, *schedules)
    curves = Curves([], [])
    if checkpoint is not None and checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"])
        for part, state in zip(learning, saved["learning"], strict=True):
            part.load_state_dict(state)
        curves = Curves(saved["training"], saved["validation"])
    network.train()
    for epoch in range(len(curves.training), epochs):
        random = np.random.default_rng([seed, epoch])
        total = 0.0
        for step in range(steps_per_epoch):
            features, meant = _random_crops(versions, lookahead, random)
            step_loss = loss(_answers(network, features, lookahead), meant)
            network.zero_grad()
            step_loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
            with _muons_number():
                for part in learning:
                    part.step()
            total += step_loss.item()
            report(epoch * steps_per_epoch + step + 1, steps)
        curves.training.append(total / steps_per_epoch)
        curves.validation.append(validate(network, validation, lookahead, loss))
        if checkpoint is not None:
            _save(checkpoint, network, learning, curves)
    network.eval()
    return curves


def _save(path: Path, network: SpeechToMouth, learning: Sequence, curves: Curves) -> None:
    state = {
        "network": network.state_dict(),
        "learning": [part.state_dict() for part in learning],
        "training": curves.training,
        "validation": curves.validation,
    }
    partial = path.with_name(f"partial-{path.name}")
    torch.save(state, partial)
    partial.replace(path)
