"""Released checkpoints: checked by their headers before any weight is read, then loaded straight to a device.

folders = find_folders(Path("models"))                  # released.py
problems = check(folders, "lite")                       # in words; empty: complete
load(folders, "lite", "vae", "cuda", torch.bfloat16)    # one network
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import ModelError
from . import config_files, weight_files
from .configs import LITE, PRO, DitConfig, FlashHeadConfig
from .networks import Networks
from .released import NETWORKS, ModelFolders, ReleasedNetwork
from .wav2vec2 import plain_weights, released_shapes

CONFIGS = {"lite": LITE, "pro": PRO}

_DTYPE = "F32"
_PREFIX = "wav2vec2."
_LETTERS = 32  # that the speech recogniser which wav2vec2 was tells apart
_NAMED = 4  # weights that a message names; the others are counted


def check(folders: ModelFolders, tier: str, config: FlashHeadConfig | None = None) -> list[str]:
    """Everything that keeps a tier's files from being loaded, in words; empty when nothing does. Reads no weights.
    `config`: of the released model if None."""
    config = config or CONFIGS[tier]
    problems = []
    for network in NETWORKS[tier]:
        for file in network.configs:
            path = folders.path(file)
            fields = config_files.expected(network.name, path.name, config)
            problems += _told(config_files.differences, path, fields)
        problems += _told(_wrong_weights, folders.path(network.weights), shapes_in_file(network.name, config))
    return problems


def load(
    folders: ModelFolders,
    tier: str,
    name: str,
    device: torch.device | str,
    dtype: torch.dtype,
    config: FlashHeadConfig | None = None,
) -> nn.Module:
    """The network `name` (dit, vae or wav2vec2) of a tier that `check` has nothing against, without gradients.

    Its weights are copied one by one: at no time is there more than one copy of them and one weight.
    """
    config = config or CONFIGS[tier]
    path = folders.path(_released(tier, name).weights)
    network = _placeholder(name, config)
    names = _names_in_file(name, network)
    stored = weight_files.weights(path, list(names), lambda weight: _copied(weight, device, dtype))
    values = {names[in_file]: weight for in_file, weight in stored}
    if name == "wav2vec2":
        values = plain_weights(values)
    network.load_state_dict(values, assign=True)
    # Constants that no file has are moved too; weights are there already.
    return network.to(device, dtype).requires_grad_(False).eval()


def shapes_in_file(name: str, config: FlashHeadConfig) -> dict[str, tuple[int, ...]]:
    """Every weight of the released file, those that nothing reads included."""
    network = _placeholder(name, config)
    plain = _shapes(network)
    if name == "wav2vec2":
        plain = {f"{_PREFIX}{key}": shape for key, shape in released_shapes(plain).items()}
    return plain | _shapes(_never_read(name, config))


def _placeholder(name: str, config: FlashHeadConfig) -> nn.Module:
    """A network whose weights have shapes but no values."""
    with torch.device("meta"):
        return getattr(Networks.of(config), name)


def _never_read(name: str, config: FlashHeadConfig) -> nn.Module:
    """What the released file holds and no forward pass uses: text and an older way of hearing in the transformer, the
    letters that wav2vec2 was trained to tell."""
    with torch.device("meta"):
        if name == "dit":
            return _unused_dit(config.dit)
        return nn.ModuleDict({"lm_head": nn.Linear(config.wav2vec2.dim, _LETTERS)} if name == "wav2vec2" else {})


def _unused_dit(config: DitConfig) -> nn.Module:
    dim, heard = config.dim, config.audio.channels
    text = nn.Sequential(nn.Linear(config_files.TEXT_DIM, dim), nn.GELU(), nn.Linear(dim, dim))
    audio = nn.Sequential(
        nn.LayerNorm(heard), nn.Linear(heard, heard), nn.GELU(), nn.Linear(heard, dim), nn.LayerNorm(dim)
    )
    return nn.ModuleDict({"text_embedding": text, "audio_emb": nn.ModuleDict({"proj": audio})})


def _shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def _names_in_file(name: str, network: nn.Module) -> dict[str, str]:
    """Names of the weights that are read, in the file -> without the prefix."""
    if name != "wav2vec2":
        return {key: key for key in network.state_dict()}
    return {f"{_PREFIX}{key}": key for key in released_shapes(_shapes(network))}


def _copied(weight: Tensor, device: torch.device | str, dtype: torch.dtype) -> Tensor:
    # A copy even where nothing changes: what happens to the file later must not reach a network that runs.
    return weight.to(device, dtype, copy=True)


def _released(tier: str, name: str) -> ReleasedNetwork:
    return next(network for network in NETWORKS[tier] if network.name == name)


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
