"""Released checkpoints: what our networks expect is what is released, what is wrong is said in words before anything
is loaded, and what is loaded is what the files hold."""

import math
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from flashhead_engine.errors import ModelError
from flashhead_engine.models import config_files
from flashhead_engine.models.checkpoints import CONFIGS, check, load, shapes_in_files
from flashhead_engine.models.networks import Networks
from flashhead_engine.models.released import NETWORKS, ModelFolders, files_of, find_folders
from flashhead_engine.models.wan_vae import WanVae
from flashhead_engine.models.wav2vec2 import plain_weights
from flashhead_engine.runtimes.torch_flashhead import TorchFlashHead
from flashhead_engine.runtimes.torch_loading import load_runtime

from .golden import used
from .layout import RELEASED, SMALL, released_shapes, write_checkpoint, write_headers, write_holes

TIERS = ("lite", "pro")
MODEL, EAR = "SoulX-FlashHead-1_3B", "wav2vec2-base-960h"
DIT = f"{MODEL}/Model_Lite/diffusion_pytorch_model.safetensors"
LTX, WAN = f"{MODEL}/VAE_LTX/diffusion_pytorch_model.safetensors", f"{MODEL}/VAE_Wan/Wan2.1_VAE.pth"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """Both tiers, small and complete; not to be changed."""
    folder = tmp_path_factory.mktemp("models")
    for tier in TIERS:
        write_checkpoint(folder, tier, SMALL[tier])
    return folder


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "models"))


def problems(folder: Path, tier: str) -> list[str]:
    return check(find_folders(folder), tier, SMALL[tier])


# What is released.


@pytest.mark.parametrize(
    ("tier", "network", "model"),
    [
        ("lite", "dit", "dit_lite"),
        ("pro", "dit", "dit_pro"),
        ("lite", "vae", "vae_ltx"),
        ("pro", "vae", "vae_wan"),
        ("lite", "wav2vec2", "wav2vec2"),
        ("pro", "wav2vec2", "wav2vec2"),
    ],
)
def test_networks_have_exactly_the_released_weights(tier: str, network: str, model: str) -> None:
    assert shapes_in_files(CONFIGS[tier])[network] == released_shapes(model)


def test_names_lengths_and_hashes_are_the_released_ones() -> None:
    ours = {file.path: {"bytes": file.length, "sha256": file.sha256} for tier in TIERS for file in files_of(tier)}
    assert ours == {path: {"sha256": None} | about for path, about in RELEASED["files"].items()}


def test_released_config_files_say_what_we_expect() -> None:
    configs = RELEASED["configs"]
    for tier, network, file, model in (
        ("lite", "dit", "config.json", "dit_lite"),
        ("pro", "dit", "config.json", "dit_pro"),
        ("lite", "vae", "config.json", "vae_ltx"),
        ("lite", "wav2vec2", "config.json", "wav2vec2"),
        ("lite", "wav2vec2", "preprocessor_config.json", "preprocessor"),
    ):
        fields = config_files.expected(network, file, CONFIGS[tier])
        assert fields == {name: configs[model][name] for name in fields}


@pytest.mark.parametrize("tier", TIERS)
def test_files_of_the_released_sizes_are_complete(tier: str, tmp_path: Path) -> None:
    write_headers(tmp_path)
    folders = find_folders(tmp_path)
    assert check(folders, tier) == []
    for network in NETWORKS[tier]:
        path, file = folders.path(network.weights), network.weights
        # Holes have no length in a .pth; wav2vec2's file is of an older writer, which padded its header less.
        if network.name == "dit" or (tier == "lite" and network.name == "vae"):
            assert path.stat().st_size == file.length
    assert check(folders, tier, SMALL[tier]), "the check sees other networks"


def _in_header(path: Path, before: str, after: str) -> None:
    """Change a file's header, which keeps its length."""
    with open(path, "r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length).decode().replace(before, after).rstrip()
        assert len(text) <= length
        file.seek(8)
        file.write(text.ljust(length).encode())


def test_what_is_wrong_is_said_of_files_of_the_released_sizes(tmp_path: Path) -> None:
    write_headers(tmp_path)
    path, folders = tmp_path / DIT, find_folders(tmp_path)
    _in_header(path, "blocks.7.ffn.0.bias", "blocks.7.ffn.0.bi")
    assert check(folders, "lite") == [
        f"{path}: 1 weight is missing: blocks.7.ffn.0.bias.",
        f"{path}: 1 weight is unknown to this model: blocks.7.ffn.0.bi.",
    ]
    write_headers(tmp_path)
    entry = '"blocks.7.ffn.0.weight":{"dtype":"F32","shape":[%s]'
    _in_header(path, entry % "8960,1536", entry % "1536,8960")
    assert check(folders, "lite") == [
        f"{path}: 1 weight is of a wrong shape: blocks.7.ffn.0.weight is 1536 x 8960, must be 8960 x 1536."
    ]
    write_headers(tmp_path)
    os.truncate(path, path.stat().st_size - 1)
    (problem,) = check(folders, "lite")
    assert problem.startswith(f"{path} is cut off")


# Where it lies.


@pytest.mark.parametrize("given", ["models", f"models/{MODEL}"])
def test_the_folder_may_be_the_parent_or_the_models_own(copy: Path, given: str) -> None:
    assert find_folders(copy.parent / given) == ModelFolders(copy / MODEL, copy / EAR)


def test_the_model_may_have_another_name_and_the_ear_lie_in_it(copy: Path) -> None:
    shutil.move(copy / MODEL, copy / "flashhead")
    shutil.move(copy / EAR, copy / "flashhead" / EAR)
    assert check(find_folders(copy / "flashhead"), "lite", SMALL["lite"]) == []


def test_a_folder_without_a_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"neither Model_Lite nor Model_Pro.*flashhead models fetch"):
        find_folders(tmp_path)
    with pytest.raises(ModelError, match="is no folder"):
        find_folders(tmp_path / "nothing")
    with pytest.raises(ModelError, match="cannot be read"):
        find_folders(tmp_path / ("long" * 1000))


# What is wrong.


def _changed(path: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    weights = torch.load(path) if path.suffix == ".pth" else load_file(path)
    change(weights)
    (torch.save if path.suffix == ".pth" else save_file)(weights, path)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


@dataclass(frozen=True)
class Harm:
    """`said`: what a person must be told, all of it in one problem that names the file."""

    tier: str
    file: str
    said: tuple[str, ...]
    do: Callable[[Path], object]


def _weights(tier: str, file: str, *said: str):
    return lambda change: Harm(tier, file, said, lambda path: _changed(path, change))


HARMS = {
    "one weight missing": _weights("lite", DIT, "1 weight is missing", "blocks.1.ffn.0.bias")(
        lambda weights: weights.pop("blocks.1.ffn.0.bias")
    ),
    "many weights missing": _weights("lite", DIT, "weights are missing", "more")(
        lambda weights: [weights.pop(name) for name in list(weights) if name.startswith("blocks.0.")]
    ),
    "an unread weight missing": _weights("pro", DIT.replace("Lite", "Pro"), "missing", "text_embedding.0.bias")(
        lambda weights: weights.pop("text_embedding.0.bias")
    ),
    "a wrong shape": _weights("lite", LTX, "wrong shape", "latents_std is 7, must be 8")(
        lambda weights: weights.update(latents_std=torch.ones(7))
    ),
    "an unknown weight": _weights("lite", DIT, "unknown to this model", "blocks.2.norm3.bias")(
        lambda weights: weights.update({"blocks.2.norm3.bias": torch.ones(3)})
    ),
    "a wrong dtype": _weights("lite", LTX, "wrong dtype", "must be F32", "latents_mean is BF16")(
        lambda weights: weights.update(latents_mean=weights["latents_mean"].bfloat16())
    ),
    "ear: a missing length": _weights("pro", f"{EAR}/model.safetensors", "missing", "weight_g")(
        lambda weights: weights.pop("wav2vec2.encoder.pos_conv_embed.conv.weight_g")
    ),
    "pth: one weight missing": _weights("pro", WAN, "1 weight is missing", "conv2.bias")(
        lambda weights: weights.pop("conv2.bias")
    ),
    "pth: a wrong shape": _weights("pro", WAN, "wrong shape", "conv2.bias is 3 x 1, must be 16")(
        lambda weights: weights.update({"conv2.bias": torch.ones(3, 1)})
    ),
    "pth: a wrong dtype": _weights("pro", WAN, "wrong dtype", "conv2.bias is float16")(
        lambda weights: weights.update({"conv2.bias": torch.ones(16).half()})
    ),
    "pth: no dictionary": Harm("pro", WAN, ("something else",), lambda path: torch.save([torch.ones(2)], path)),
    "pth: not only tensors": _weights("pro", WAN, "something else")(lambda weights: weights.update(step=3)),
    "pth: numbers for names": _weights("pro", WAN, "something else")(
        lambda weights: weights.update({3: torch.ones(2)})
    ),
    "pth: a sparse weight": _weights("pro", WAN, "something else")(
        lambda weights: weights.update({"conv2.bias": torch.ones(16).to_sparse()})
    ),
    "pth: a weight without values": _weights("pro", WAN, "something else")(
        lambda weights: weights.update({"conv2.bias": torch.ones(16, device="meta")})
    ),
    "cut off": Harm("lite", DIT, ("cut off", "Download it again"), _cut),
    "cut in its header": Harm("lite", DIT, ("cut off",), lambda path: path.write_bytes(path.read_bytes()[:500])),
    "empty": Harm("lite", DIT, ("is empty",), lambda path: path.write_bytes(b"")),
    "a web page": Harm("lite", LTX, ("no safetensors file",), lambda path: path.write_text("<!doctype html>" * 9)),
    "a pointer of git": Harm(
        "lite", LTX, ("no safetensors file",), lambda path: path.write_text("version https://git-lfs.github.com/spec")
    ),
    "gone": Harm("lite", LTX, ("is missing",), lambda path: path.unlink()),
    "pth: cut off": Harm("pro", WAN, ("cut off", "Download it again"), _cut),
    "pth: empty": Harm("pro", WAN, ("is empty",), lambda path: path.write_bytes(b"")),
    "pth: text": Harm("pro", WAN, ("no file of torch",), lambda path: path.write_text("<!doctype html>" * 9)),
    "pth: gone": Harm("pro", WAN, ("is missing",), lambda path: path.unlink()),
    "config: another value": Harm(
        "lite",
        f"{MODEL}/Model_Lite/config.json",
        ("num_heads is 3, must be 2",),
        lambda path: path.write_text(path.read_text().replace('"num_heads": 2', '"num_heads": 3')),
    ),
    "config: a value missing": Harm(
        "lite",
        f"{MODEL}/VAE_LTX/config.json",
        ("decoder_causal is missing, must be False",),
        lambda path: path.write_text(path.read_text().replace('"decoder_causal": false,', "")),
    ),
    "config: cut off": Harm(
        "pro", f"{EAR}/config.json", ("no JSON object",), lambda path: path.write_text(path.read_text()[:40])
    ),
    "config: a list": Harm("pro", f"{EAR}/config.json", ("no JSON object",), lambda path: path.write_text("[]")),
    "config: gone": Harm("pro", f"{EAR}/preprocessor_config.json", ("is missing",), lambda path: path.unlink()),
}


@pytest.mark.parametrize("tier", TIERS)
def test_a_complete_checkpoint_has_no_problems(tiny: Path, tier: str) -> None:
    assert problems(tiny, tier) == []


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_what_is_wrong_is_said_with_the_file_and_nothing_is_loaded(copy: Path, harm: Harm) -> None:
    path = copy / harm.file
    harm.do(path)
    (problem,) = problems(copy, harm.tier)
    assert problem.startswith(str(path))
    for words in harm.said:
        assert words in problem
    with pytest.raises(ModelError) as raised:
        load_runtime(copy, harm.tier, "cpu", torch.float32, config=SMALL[harm.tier])
    assert str(raised.value) == problem


def test_all_that_is_wrong_is_said_at_once(copy: Path) -> None:
    _changed(copy / DIT, lambda weights: weights.pop("head.head.bias"))
    _changed(copy / DIT, lambda weights: weights.update({"head.modulation": torch.ones(2)}))
    shutil.rmtree(copy / EAR)
    found = "\n".join(problems(copy, "lite"))
    for words in (
        "head.head.bias",
        "head.modulation is 2, must be 1 x 2 x 32",
        f"{EAR}/model.safetensors is missing",
    ):
        assert words in found


class Malicious:
    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple:
        return Path.touch, (self.proof,)


@pytest.mark.parametrize("how", ["zip", "plain pickle"])
def test_a_malicious_pth_is_refused_and_not_executed(copy: Path, tmp_path: Path, how: str) -> None:
    proof = tmp_path / "executed"
    torch.save({"weight": Malicious(proof)}, copy / WAN, _use_new_zipfile_serialization=how == "zip")
    (problem,) = problems(copy, "pro")
    assert str(copy / WAN) in problem and "Nothing of it was executed" in problem
    assert not proof.exists()
    pickle.loads(pickle.dumps(Malicious(proof)))
    assert proof.exists(), "the file would do harm"


# What is loaded.


def _by_hand(folder: Path, tier: str) -> TorchFlashHead:
    """The same files, read whole into networks made as usual."""
    networks = Networks.of(SMALL[tier])
    networks.dit.load_state_dict(used(load_file(folder / DIT.replace("Lite", tier.title()))))
    networks.vae.load_state_dict(load_file(folder / LTX) if tier == "lite" else torch.load(folder / WAN))
    heard = load_file(folder / EAR / "model.safetensors").items()
    networks.wav2vec2.load_state_dict(
        plain_weights({name[9:]: value for name, value in heard if name.startswith("wav2vec2.")})
    )
    return TorchFlashHead(networks)


def _pictures(runtime: TorchFlashHead) -> np.ndarray:
    """Of two chunks, with fixed noise."""
    random = np.random.Generator(np.random.Philox(3))
    shape = runtime.config.latent_shape(64, 64, 33)
    noise = random.standard_normal((1, 4, *shape), dtype=np.float32)
    portrait = random.integers(0, 255, (64, 64, 3), np.uint8)
    reference = runtime.reference(portrait, noise[0, 0])
    heard = runtime.hear(random.standard_normal((1, 128_000), dtype=np.float32), [128_000])
    first, tail = runtime.show(runtime.denoise([reference], [None], heard, noise), [reference])
    motion = runtime.remember(
        tail, random.standard_normal((1, *runtime.config.latent_shape(64, 64, tail.shape[2])), np.float32)
    )
    second, _ = runtime.show(runtime.denoise([reference], motion, heard, noise), [reference])
    return np.concatenate([first, second], 1)


@pytest.mark.parametrize("tier", TIERS)
def test_pictures_are_those_of_the_same_weights_loaded_by_hand(copy: Path, tier: str) -> None:
    loaded = load_runtime(copy, tier, "cpu", torch.float32, config=SMALL[tier])
    expected = _pictures(_by_hand(copy, tier))
    assert expected.std() > 10, "not one colour"
    # What happens to the files afterwards is nothing to a network that runs.
    for path in (file for file in copy.rglob("*") if file.is_file()):
        with open(path, "r+b") as file:
            file.write(bytes(path.stat().st_size))
    np.testing.assert_array_equal(_pictures(loaded), expected)


@pytest.mark.parametrize("tier", TIERS)
def test_another_weight_gives_other_pictures(copy: Path, tier: str) -> None:
    before = _pictures(load_runtime(copy, tier, "cpu", torch.float32, config=SMALL[tier]))
    _changed(copy / DIT.replace("Lite", tier.title()), lambda weights: weights["head.head.weight"].mul_(1.5))
    assert (_pictures(load_runtime(copy, tier, "cpu", torch.float32, config=SMALL[tier])) != before).any()


@pytest.mark.parametrize("tier", TIERS)
def test_weights_come_in_the_precision_asked_for_and_the_ear_stays_exact(tiny: Path, tier: str) -> None:
    networks = load(find_folders(tiny), tier, "cpu", torch.bfloat16, SMALL[tier])
    for name, dtype in (("dit", torch.bfloat16), ("vae", torch.bfloat16), ("wav2vec2", torch.float32)):
        network = getattr(networks, name)
        tensors = [*network.parameters(), *network.buffers()]
        assert {value.dtype for value in tensors} == {dtype}
        assert {value.device.type for value in tensors} == {"cpu"}
        assert not any(value.requires_grad for value in tensors)
    exact = load_file(tiny / DIT.replace("Lite", tier.title()))["blocks.1.ffn.2.weight"]
    rounded = networks.dit.blocks[1].ffn[2].weight
    assert torch.equal(rounded, exact.bfloat16()) and not torch.equal(rounded.float(), exact)


def test_a_header_that_is_not_padded_is_read(copy: Path) -> None:
    """As the released wav2vec2 has it: no number of the file lies at a multiple of four."""
    path = copy / EAR / "model.safetensors"
    name = "feature_projection.projection.weight"
    before = load_file(path)[f"wav2vec2.{name}"].clone()
    whole = path.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    text = whole[8 : 8 + length].rstrip()
    text += b" " * ((1 - len(text)) % 4)
    path.write_bytes(len(text).to_bytes(8, "little") + text + whole[8 + length :])
    assert len(text) % 4 == 1
    assert problems(copy, "lite") == []
    network = load(find_folders(copy), "lite", "cpu", torch.float32, SMALL["lite"]).wav2vec2
    assert torch.equal(network.get_parameter(name), before)


def test_constants_that_no_file_has_are_there(tiny: Path) -> None:
    vae = load(find_folders(tiny), "pro", "cpu", torch.bfloat16, SMALL["pro"]).vae
    made = WanVae(SMALL["pro"].vae)
    for name in ("mean", "spread"):
        assert torch.equal(getattr(vae, name), getattr(made, name).bfloat16())


_PEAK = """
import sys
from dataclasses import replace
from pathlib import Path
import torch
from safetensors.torch import load_file
from flashhead_engine.models.checkpoints import load
from flashhead_engine.models.configs import TINY
from flashhead_engine.models.released import find_folders
folder, file, how = sys.argv[1:]

def peak_kb():
    # Not getrusage's, which a process begins with that of the one that started it.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

config = replace(TINY, dit=replace(TINY.dit, dim=768, ffn_dim=3072, layers=6))
before = peak_kb()
if how == "one by one":
    kept = load(find_folders(folder), "lite", "cpu", torch.float32, config)
else:
    kept = [weight.clone() for weight in load_file(file).values()]
print(peak_kb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory as Linux tells it")
def test_loading_takes_the_memory_of_one_copy_of_the_weights(copy: Path) -> None:
    config = replace(SMALL["lite"], dit=replace(SMALL["lite"].dit, dim=768, ffn_dim=3072, layers=6))
    shapes = shapes_in_files(config)["dit"]
    write_holes(copy / DIT, shapes)
    weights = 4 * sum(math.prod(shape) for shape in shapes.values())

    def taken(how: str) -> float:
        """In copies of the weights."""
        command = [sys.executable, "-c", _PEAK, str(copy), str(copy / DIT), how]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(result.stdout) * 1024 / weights

    assert 0.8 < taken("one by one") < 1.2
    assert taken("from a file that stays mapped") > 1.8


@pytest.mark.parametrize("tier", TIERS)
def test_the_measuring_script_runs_on_tiny_checkpoints(tiny: Path, tier: str) -> None:
    script = Path(__file__).parents[2] / "benchmarks" / "flashhead" / "load_checkpoint.py"
    command = [sys.executable, script, tiny, "--tier", tier, "--tiny", "--size", "64"]
    environment = {**os.environ, "PYTHONPATH": str(script.parents[2])}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    assert "| one step of the transformer |" in result.stdout and "finite: True" in result.stdout


def test_steps_are_those_asked_for(tiny: Path) -> None:
    assert load_runtime(tiny, "lite", "cpu", torch.float32, steps=2, config=SMALL["lite"]).steps == 2
