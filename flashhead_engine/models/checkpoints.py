"""Released checkpoints: checked by their headers before any weight is read, then loaded straight to a device.

    folders = find_folders(Path("models"))                      # released.py
    problems = check(folders, "lite")                           # in words; empty: complete
    networks = load(folders, "lite", "cuda", torch.bfloat16)

Files have names and shapes of their own for some weights, and weights that no network reads.
"""

from pathlib import Path

import torch
from torch import nn

from ..errors import ModelError
from . import config_files, weight_files
from .configs import LITE, PRO, DitConfig, FlashHeadConfig
from .networks import Networks
from .released import NETWORKS, ModelFolders
from .wav2vec2 import plain_weights, released_shapes

CONFIGS = {"lite": LITE, "pro": PRO}

_DTYPE = "F32"
_EAR, _PREFIX = "wav2vec2", "wav2vec2."
_LETTERS = 32  # that the speech recogniser which wav2vec2 was tells apart
_NAMED = 4  # weights that a message names; the others are counted


def check(folders: ModelFolders, tier: str, config: FlashHeadConfig | None = None) -> list[str]:
    """Everything that keeps a tier's files from being loaded, in words; empty when nothing does. Reads no weights.
    `config`: of the released model if None."""
    config = config or CONFIGS[tier]
    shapes = shapes_in_files(config)
    problems = []
    for released in NETWORKS[tier]:
        for file in released.configs:
            path = folders.path(file)
            fields = config_files.expected(released.name, path.name, config)
            problems += _told(config_files.differences, path, fields)
        problems += _told(_wrong_weights, folders.path(released.weights), shapes[released.name])
    return problems


def load(
    folders: ModelFolders,
    tier: str,
    device: torch.device | str,
    dtype: torch.dtype,
    config: FlashHeadConfig | None = None,
) -> Networks:
    """The networks of a tier that `check` has nothing against, without gradients; wav2vec2 in float32, as deployed.

    Weights are copied one by one: at no time is there more than one copy of them and one weight.
    """
    networks = _placeholders(config or CONFIGS[tier])
    for released in NETWORKS[tier]:
        name, path = released.name, folders.path(released.weights)
        network = getattr(networks, name)
        precision = torch.float32 if name == _EAR else dtype
        plain = _plain_names(name, network)
        values = {plain[key]: value for key, value in weight_files.copies(path, list(plain), device, precision)}
        network.load_state_dict(plain_weights(values) if name == _EAR else values, assign=True)
        # Constants that no file has are moved too; weights are there already.
        network.to(device, precision).requires_grad_(False).eval()
    return networks


def shapes_in_files(config: FlashHeadConfig) -> dict[str, dict[str, tuple[int, ...]]]:
    """Of every weight in the released file of each network, those that nothing reads included."""
    networks = _placeholders(config)
    found = {}
    for name in ("dit", "vae", _EAR):
        shapes = _shapes(getattr(networks, name))
        if name == _EAR:
            shapes = {f"{_PREFIX}{key}": shape for key, shape in released_shapes(shapes).items()}
        found[name] = shapes | _shapes(_never_read(name, config))
    return found


def _placeholders(config: FlashHeadConfig) -> Networks:
    """Networks whose weights have shapes but no values."""
    with torch.device("meta"):
        return Networks.of(config)


def _never_read(name: str, config: FlashHeadConfig) -> nn.Module:
    """What the released file holds and no forward pass uses: text and an older way of hearing in the transformer, the
    letters that wav2vec2 was trained to tell."""
    with torch.device("meta"):
        if name == "dit":
            return _unused_dit(config.dit)
        return nn.ModuleDict({"lm_head": nn.Linear(config.wav2vec2.dim, _LETTERS)} if name == _EAR else {})


def _unused_dit(config: DitConfig) -> nn.Module:
    dim, heard = config.dim, config.audio.channels
    text = nn.Sequential(nn.Linear(config_files.TEXT_DIM, dim), nn.GELU(), nn.Linear(dim, dim))
    audio = nn.Sequential(
        nn.LayerNorm(heard), nn.Linear(heard, heard), nn.GELU(), nn.Linear(heard, dim), nn.LayerNorm(dim)
    )
    return nn.ModuleDict({"text_embedding": text, "audio_emb": nn.ModuleDict({"proj": audio})})


def _shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def _plain_names(name: str, network: nn.Module) -> dict[str, str]:
    """Names in the file of the weights that are read -> without the prefix."""
    if name != _EAR:
        return {key: key for key in network.state_dict()}
    return {f"{_PREFIX}{key}": key for key in released_shapes(_shapes(network))}


def _told(examine, path: Path, expected: dict) -> list[str]:
    try:
        return examine(path, expected)
    except ModelError as error:
        return [str(error)]


def _wrong_weights(path: Path, expected: dict[str, tuple[int, ...]]) -> list[str]:
    found = weight_files.headers(path)
    both = [name for name in expected if name in found]
    shapes = [
        f"{name} is {_size(found[name].shape)}, must be {_size(expected[name])}"
        for name in both
        if found[name].shape != expected[name]
    ]
    dtypes = [f"{name} is {found[name].dtype}" for name in both if found[name].dtype != _DTYPE]
    kinds = (
        ("missing", [name for name in expected if name not in found]),
        ("unknown to this model", [name for name in found if name not in expected]),
        ("of a wrong shape", shapes),
        (f"of a wrong dtype (must be {_DTYPE})", dtypes),
    )
    return [f"{path}: {_counted(names)} {what}: {_listed(names)}." for what, names in kinds if names]


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a single value"


def _counted(names: list[str]) -> str:
    return "1 weight is" if len(names) == 1 else f"{len(names)} weights are"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
