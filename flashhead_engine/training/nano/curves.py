"""The picture of a training run."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from .train import Curves


def draw_curves(losses: Curves, path: Path) -> None:
    """Draw the losses over the epochs to a PNG file."""
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    epochs = range(1, len(losses.training) + 1)
    axes.plot(epochs, losses.training, label="training lines")
    axes.plot(epochs, losses.validation, label="lines kept apart")
    axes.set(xlabel="epoch", ylabel="loss", title="nano: loss over the epochs")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=100)
    plt.close(figure)
