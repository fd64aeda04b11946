"""Writes a whole export: it appears under its name when it is finished, or not at all."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np
import torch
from msgspec.structs import replace
from torch import nn

from .. import __version__
from ..bake.outputs import PendingFolder, explained
from ..errors import OutputError
from ..models.networks import Networks
from ..models.schedule import schedule
from ..runtimes.exported import (
    MANIFEST,
    OPSET,
    STEPS,
    VERSION,
    Export,
    Manifest,
    Steps,
    StoredConfig,
    StoredFile,
    read_export,
    stored_file,
)
from ..runtimes.graphs import graph_specs
from .graphs import modules, write_graph
from .settings import ExportSettings

_FILES = re.compile(r"(audio_cond|dit|vae_dec|vae_enc|reference)\.onnx(\.data)?|manifest\.json|steps\.npz")
_COPIES = 4  # of the transformer, which quantising leaves on the disk until it ends
_TOOLS = ("torch", "onnx", "onnxscript", "onnx-ir", "numpy")

Report = Callable[[str, float], None]
"""What is being done, and the share of all that is done."""


def export(
    networks: Networks, tier: str, settings: ExportSettings, model_sha256: str, folder: Path, report: Report
) -> Export:
    """Write the graphs of a tier to `folder`, in the place of an older export there. Casts the networks.

    Raises OutputError where it cannot be written, ModelError where a graph did not come out as specified; nothing is
    left then.
    """
    pending = PendingFolder(folder, _FILES)
    try:
        behind = modules(networks, settings)
        _check_room(pending.temporary, networks, settings)
        with explained(pending.path):
            _write(networks, tier, settings, model_sha256, behind, pending.temporary, report)
        pending.commit()
    finally:
        pending.discard()
    return read_export(folder)


def _write(
    networks: Networks,
    tier: str,
    settings: ExportSettings,
    model_sha256: str,
    behind: Mapping[str, nn.Module],
    folder: Path,
    report: Report,
) -> None:
    specs = graph_specs(networks.config, settings.size, settings.size, settings.precision)
    share = 1.0 if settings.eight_bit is None else 0.5  # of the work
    for number, spec in enumerate(specs):
        report(spec.name, share * number / (len(specs) + 1))
        write_graph(behind[spec.name], spec, networks.config, folder / f"{spec.name}.onnx")
    report("checking", share * len(specs) / (len(specs) + 1))
    _steps(networks, settings).save(folder / STEPS)
    manifest = Manifest(
        version=VERSION,
        tier=tier,
        config=StoredConfig.of(networks.config),
        size=settings.size,
        precision=settings.precision,
        steps=settings.steps,
        switches=settings.switches,
        colour_strength=settings.colour_strength,
        opset=OPSET,
        model_sha256=model_sha256,
        files=_files(folder),
        tools={"flashhead-engine": __version__, **_versions(_TOOLS)},
    )
    _save(manifest, folder)
    if settings.eight_bit is not None:
        from . import quantise  # needs an extra of its own

        quantisation = quantise.quantise(
            read_export(folder), settings.eight_bit, lambda text, done: report(text, share + (1.0 - share) * done)
        )
        tools = manifest.tools | _versions(quantise.TOOLS)
        _save(replace(manifest, quantisation=quantisation, files=_files(folder), tools=tools), folder)
    report("done", 1.0)


def _files(folder: Path) -> dict[str, StoredFile]:
    return {path.name: stored_file(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}


def _versions(packages: Iterable[str]) -> dict[str, str]:
    return {name: version(name) for name in packages}


def _save(manifest: Manifest, folder: Path) -> None:
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))


def _steps(networks: Networks, settings: ExportSettings) -> Steps:
    plan = schedule(settings.steps, settings.switches.rounded_timesteps)
    with torch.inference_mode():
        made = [networks.dit.modulation(timestep) for timestep in plan.timesteps]
    blocks, heads = (torch.stack([getattr(one, part) for one in made]).float().numpy() for part in ("blocks", "head"))
    return Steps(blocks, heads, np.float32(plan.sigmas))


def _check_room(folder: Path, networks: Networks, settings: ExportSettings) -> None:
    """Before hours of work: the weights are nearly all of an export."""
    copies = 0 if settings.eight_bit is None else _COPIES
    parts = (networks.dit, networks.vae, networks.wav2vec2, *[networks.dit] * copies)
    needed = sum(weight.nbytes for part in parts for weight in part.parameters())
    free = shutil.disk_usage(os.fspath(folder)).free
    if free < needed:
        raise OutputError(
            f"{folder.parent} has room for {free / 1e9:.1f} GB; the export needs {needed / 1e9:.1f} GB. Free some "
            "space or choose another disk."
        )
