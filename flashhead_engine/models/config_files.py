"""The config.json files beside released weights: what they must say for our networks to be the same."""

from pathlib import Path

import msgspec

from ..audio.pcm import SAMPLE_RATE_HZ
from ..errors import ModelError
from .configs import DitConfig, FlashHeadConfig, LtxVaeConfig, Wav2Vec2Config
from .wav2vec2 import KERNELS, STRIDES

TEXT_DIM = 4096
"""Width of the text encoder of Wan 2.1, whose place the audio has taken."""


def expected(network: str, file: str, config: FlashHeadConfig) -> dict:
    """Fields of a config file, by network and file name."""
    if network == "dit":
        return _dit(config.dit, config.latent_stride)
    if network == "vae":
        return _ltx(config.vae)
    return _wav2vec2(config.wav2vec2) if file == "config.json" else _PREPROCESSOR


def differences(path: Path, fields: dict) -> list[str]:
    """What a config file says otherwise, in words; raises ModelError where it cannot be read."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict)
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ModelError(f"{path} is empty, cut off or no JSON object ({error}). Download it again.") from error
    wrong = [
        f"{name} is {found.get(name, 'missing')}, must be {value}"
        for name, value in fields.items()
        if name not in found or found[name] != value
    ]
    return [f"{path}: {'; '.join(wrong)}."] if wrong else []


def _dit(config: DitConfig, stride: int) -> dict:
    return {
        "dim": config.dim,
        "eps": config.eps,
        "ffn_dim": config.ffn_dim,
        "freq_dim": config.time_dim,
        "has_image_input": False,
        "in_dim": config.in_channels,
        "num_heads": config.heads,
        "num_layers": config.layers,
        "out_dim": config.out_channels,
        "patch_size": list(config.patch),
        "text_dim": TEXT_DIM,
        "vae_stride": [config.frames_per_latent, stride, stride],
    }


def _ltx(config: LtxVaeConfig) -> dict:
    return {
        "_class_name": "AutoencoderKLLTXVideo",
        "block_out_channels": list(config.widths),
        "decoder_causal": False,
        "encoder_causal": True,
        "in_channels": 3,
        "latent_channels": config.latent_channels,
        "layers_per_block": list(config.blocks),
        "out_channels": 3,
        "patch_size": 4,
        "patch_size_t": 1,
        "resnet_norm_eps": 1e-6,
        "scaling_factor": 1.0,
        "spatio_temporal_scaling": [True, True, True, False],
    }


def _wav2vec2(config: Wav2Vec2Config) -> dict:
    return {
        "conv_bias": False,
        "conv_dim": [config.conv_channels] * len(KERNELS),
        "conv_kernel": list(KERNELS),
        "conv_stride": list(STRIDES),
        "do_stable_layer_norm": False,
        "feat_extract_activation": "gelu",
        "feat_extract_norm": "group",
        "hidden_act": "gelu",
        "hidden_size": config.dim,
        "intermediate_size": config.ffn_dim,
        "layer_norm_eps": 1e-5,
        "model_type": "wav2vec2",
        "num_attention_heads": config.heads,
        "num_conv_pos_embedding_groups": config.position_groups,
        "num_conv_pos_embeddings": config.position_taps,
        "num_hidden_layers": config.layers,
    }


_PREPROCESSOR = {"do_normalize": True, "feature_size": 1, "sampling_rate": SAMPLE_RATE_HZ}
