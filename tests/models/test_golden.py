"""Every network gives the numbers of the published implementation on the same random weights."""

import numpy as np
import pytest
import torch

from flashhead_engine.models import colour, wav2vec2
from flashhead_engine.models.dit import Dit
from flashhead_engine.models.ltx_vae import LtxVae
from flashhead_engine.models.schedule import schedule, stepped
from flashhead_engine.models.wan_vae import WanVae

from .golden import TINY_LTX, TINY_WAN, TINY_WAV2VEC2, Case, dit_config, made, relative_error, used, weights

DITS = ("dit_lite_tiny", "dit_lite_wide1", "dit_pro_tiny")


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.inference_mode():
        yield


def test_weights_are_made_as_the_reference_says() -> None:
    assert made("selftest", "a.b", [5], 2.0, 0.5) == pytest.approx(
        [1.7302487, -0.49718249, 0.82771766, 2.9029202, 0.72038245], abs=1e-6
    )


def _flow(network: Dit, tensors: dict, timestep: float, context: str = "context") -> torch.Tensor:
    tokens = network.audio_tokens(tensors[context])
    return network(
        tensors["x"],
        network.reference_tokens(tensors["y"]),
        network.modulation(timestep),
        network.audio_keys_values(tokens),
    )


def _dit(name: str) -> tuple[Case, Dit]:
    case = Case(name)
    network = Dit(dit_config(case.about)).eval()
    network.load_state_dict(used(weights(case.about["weights"])))
    return case, network


@pytest.mark.parametrize("name", DITS)
def test_dit(name: str) -> None:
    case, network = _dit(name)
    tensors = case.tensors()
    first, last = case.about["timesteps"]
    rounded = float(torch.tensor(last).bfloat16())
    for output, timestep, context in (
        ("out_t0", first, "context"),
        ("out_t1", last, "context"),
        ("out_t1_rounded_timestep", rounded, "context"),
        ("out_alt_context", last, "context_alt"),
    ):
        assert relative_error(_flow(network, tensors, timestep, context), tensors[output]) < case.tolerance, output
    assert relative_error(_flow(network, tensors, rounded), tensors["out_t1"]) > 0.1, "the check sees a timestep"
    assert relative_error(_flow(network, tensors, last), tensors["out_alt_context"]) > 0.1, "and other audio"


@pytest.mark.parametrize("name", DITS)
def test_one_wrong_weight_of_the_dit_is_seen(name: str) -> None:
    case, network = _dit(name)
    tensors = case.tensors()
    network.blocks[-1].cross_attn.norm_k.weight[3] += 0.05
    assert relative_error(_flow(network, tensors, case.about["timesteps"][0]), tensors["out_t0"]) > case.tolerance


def test_dit_between_its_layers() -> None:
    case, network = _dit("dit_lite_tiny")
    tensors = case.tensors()
    assert relative_error(network.audio_tokens(tensors["context"]), tensors["t0.audio_context"]) < case.tolerance
    modulation = network.modulation(case.about["timesteps"][0])
    embedded = modulation.head - network.head.modulation[0]
    assert relative_error(embedded[:1], tensors["t0.t"]) < case.tolerance
    shared = modulation.blocks[1] - network.blocks[1].modulation[0]
    assert relative_error(shared.flatten()[None], tensors["t0.t_mod_flat"]) < case.tolerance


def test_dit_of_several_sessions_at_once() -> None:
    case, network = _dit("dit_pro_tiny")
    tensors = case.tensors()
    both = {name: torch.cat([tensors[name]] * 2) for name in ("x", "y")}
    both["context"] = torch.cat([tensors["context"], tensors["context_alt"]])
    timestep = case.about["timesteps"][1]
    first, second = _flow(network, both, timestep)
    assert relative_error(first[None], tensors["out_t1"]) < case.tolerance
    assert relative_error(second[None], tensors["out_alt_context"]) < case.tolerance


def test_ltx_vae() -> None:
    case = Case("ltx_vae_tiny")
    network = LtxVae(TINY_LTX).eval()
    network.load_state_dict(weights(case.about["weights"]))
    tensors = case.tensors()
    mean, log_variance = network.posterior(tensors["video"])
    assert relative_error(mean, tensors["enc_mean"]) < case.tolerance
    assert relative_error(log_variance, tensors["enc_logvar_channel"]) < case.tolerance
    sampled = network.encode(tensors["video"], tensors["sample_noise"])
    assert relative_error(sampled[0], tensors["enc_sample_normalised"]) < case.tolerance
    unsampled = network.encode(tensors["video"], torch.zeros_like(tensors["sample_noise"]))
    assert relative_error(unsampled, tensors["enc_mean_normalised"]) < case.tolerance
    assert relative_error(network.posterior(tensors["video_short"])[0], tensors["enc_short_mean"]) < case.tolerance
    image = network.posterior(tensors["video"][:, :, :1])[0]
    assert relative_error(image, tensors["enc_image_mean"]) < case.tolerance
    assert relative_error(network.decode(tensors["latent"][None]), tensors["dec"]) < case.tolerance
    network.decoder.up_blocks[3].resnets[3].conv2.conv.bias[0] += 0.01
    assert relative_error(network.decode(tensors["latent"][None]), tensors["dec"]) > case.tolerance


def test_wan_vae() -> None:
    case = Case("wan_vae_tiny")
    network = WanVae(TINY_WAN).eval()
    network.load_state_dict(weights(case.about["weights"]))
    tensors = case.tensors()
    assert relative_error(network.encode(tensors["video"])[0], tensors["enc"]) < case.tolerance
    assert relative_error(network.encode(tensors["video5"])[0], tensors["enc5"]) < case.tolerance
    assert relative_error(network.encode(tensors["video"][:, :, :1])[0], tensors["enc1"]) < case.tolerance
    latent = tensors["latent"][None]
    assert relative_error(network.decode(latent), tensors["dec"]) < case.tolerance
    assert relative_error(network.decode(latent[:, :, :1]), tensors["dec1"]) < case.tolerance
    assert relative_error(network.decode(latent[:, :, :2]), tensors["dec2"]) < case.tolerance
    network.decoder.upsamples[3].time_conv.bias[0] += 0.05
    assert relative_error(network.decode(latent), tensors["dec"]) > case.tolerance


def test_wav2vec2() -> None:
    case = Case("wav2vec2_tiny")
    network = wav2vec2.Wav2Vec2(TINY_WAV2VEC2).eval()
    network.load_state_dict(wav2vec2.plain_weights(weights(case.about["weights"])))
    tensors = case.tensors()
    pcm = wav2vec2.normalised(tensors["audio"][None])
    assert relative_error(pcm[0], tensors["input_values"]) < case.tolerance
    assert relative_error(network.feature_extractor(pcm[:, None]), tensors["conv_features"]) < case.tolerance
    heard = network(pcm)
    assert relative_error(heard[0], tensors["emb"]) < case.tolerance
    odd = network(wav2vec2.normalised(tensors["audio"][None, :25463]))
    assert relative_error(odd[0], tensors["emb_odd"]) < case.tolerance
    for name, first, end in (("all", 0, 40), ("tail", 28, 40), ("mid", 24, 35), ("head", 0, 6)):
        windows = heard[:, wav2vec2.window_indices(first, end, 5)]
        assert relative_error(windows, tensors[f"windows_{name}"]) < case.tolerance, name
    network.encoder.layers[0].attention.k_proj.weight[0, 0] += 0.1
    assert relative_error(network(pcm)[0], tensors["emb"]) > case.tolerance


def test_colour() -> None:
    tensors = Case("colour").tensors()
    reference = colour.statistics(tensors["ref"])
    for name, video, strength in (
        ("out_strength_1.0", "video", 1.0),
        ("out_strength_0.5", "video", 0.5),
        ("out_const", "const", 1.0),
    ):
        answer = colour.matched(tensors[video], reference, strength)
        assert (answer - tensors[name]).abs().max() < 2e-5, name
    lab = colour.rgb_to_lab(tensors["rgb01"])
    assert (lab - tensors["lab"]).abs().max() < 2e-5 * 100, "L* runs to 100"
    assert (colour.lab_to_rgb(tensors["lab"]) - tensors["rgb_back"]).abs().max() < 2e-5
    other = colour.statistics(tensors["ref"] * 0.99)
    assert (colour.matched(tensors["video"], other) - tensors["out_strength_1.0"]).abs().max() > 1e-3


@pytest.mark.parametrize("steps", [2, 4, 20])
def test_schedule(steps: int) -> None:
    tensors = Case("schedule").tensors()
    exact, deployed = schedule(steps, rounded=False), schedule(steps)
    assert np.abs(np.array([*exact.timesteps, 0.0]) - tensors[f"timesteps_{steps}"].numpy()).max() < 1e-4
    assert np.array_equal([*deployed.timesteps, 0.0], tensors[f"timesteps_{steps}_bf16"].float().numpy())
    assert np.array_equal(deployed.sigmas, tensors[f"sigmas_{steps}_bf16"].float().numpy())


def test_sampler() -> None:
    tensors = Case("sampler").tensors()
    sigmas = schedule(4, rounded=False).sigmas
    motion = tensors["ref_latent"][:, :1]
    latent = tensors["noise_0"].clone()
    for step, flow in enumerate(tensors["flows"]):
        latent[:, :1] = motion
        assert (latent - tensors[f"model_input_{step}"]).abs().max() < 2e-6
        latent = stepped(latent, flow, tensors[f"noise_{step + 1}"], sigmas[step], sigmas[step + 1])
    latent[:, :1] = motion
    assert (latent - tensors["final_latent"]).abs().max() < 2e-6
