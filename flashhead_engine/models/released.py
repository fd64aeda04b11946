"""What is released of FlashHead: which files make a tier, their lengths and published hashes, and where they lie in a
folder that a person gives. Imports nothing that computes.

    models/
      SoulX-FlashHead-1_3B/
        Model_Lite/  Model_Pro/  VAE_LTX/  VAE_Wan/
      wav2vec2-base-960h/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import ModelError

MODEL, WAV2VEC2 = "SoulX-FlashHead-1_3B", "wav2vec2-base-960h"
"""Folders of the two repositories of the hub."""


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """`path`: in the folder that holds both repositories. `length`: in bytes. `sha256`: None where none was
    published."""

    path: str
    length: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ReleasedNetwork:
    """`name`: dit, vae or wav2vec2."""

    name: str
    weights: ReleasedFile
    configs: tuple[ReleasedFile, ...] = ()


_HEARING = ReleasedNetwork(
    "wav2vec2",
    ReleasedFile(
        f"{WAV2VEC2}/model.safetensors",
        377_607_901,
        "8aa76ab2243c81747a1f832954586bc566090c83a0ac167df6f31f0fa917d74a",
    ),
    (
        ReleasedFile(
            f"{WAV2VEC2}/config.json", 1_596, "d3ec255c063d9f95057b553b19c20135b259875834a4fe9deb218a6be25b4cf3"
        ),
        ReleasedFile(
            f"{WAV2VEC2}/preprocessor_config.json",
            159,
            "b225d617c025463b9e157e06afea8b90dc7078fc70b013c533328423e0486b4a",
        ),
    ),
)

NETWORKS: dict[str, tuple[ReleasedNetwork, ...]] = {
    "lite": (
        ReleasedNetwork(
            "dit",
            ReleasedFile(
                f"{MODEL}/Model_Lite/diffusion_pytorch_model.safetensors",
                6_107_542_048,
                "aaf1cde6e80ca23f740aae236c47954249f65b151db133cc0f77d3a138ccdf6e",
            ),
            (ReleasedFile(f"{MODEL}/Model_Lite/config.json", 357),),
        ),
        ReleasedNetwork(
            "vae",
            ReleasedFile(
                f"{MODEL}/VAE_LTX/diffusion_pytorch_model.safetensors",
                1_676_798_532,
                "265ca87cb5dff5e37f924286e957324e282fe7710a952a7dafc0df43883e2010",
            ),
            (ReleasedFile(f"{MODEL}/VAE_LTX/config.json", 501),),
        ),
        _HEARING,
    ),
    "pro": (
        ReleasedNetwork(
            "dit",
            ReleasedFile(
                f"{MODEL}/Model_Pro/diffusion_pytorch_model.safetensors",
                6_030_864_656,
                "e47e61b9023ea1aac60c0c0fff077289bc6cca443c71907e5a76a411480af250",
            ),
            (
                ReleasedFile(
                    f"{MODEL}/Model_Pro/config.json",
                    353,
                    "94b480d3af70e73989371ed0c106656c2c887201286b1210e835cd09e71e32b1",
                ),
            ),
        ),
        ReleasedNetwork(
            "vae",
            ReleasedFile(
                f"{MODEL}/VAE_Wan/Wan2.1_VAE.pth",
                507_609_880,
                "38071ab59bd94681c686fa51d75a1968f64e470262043be31f7a094e442fd981",
            ),
        ),
        _HEARING,
    ),
}
"""The networks of each tier."""


@dataclass(frozen=True, slots=True)
class ModelFolders:
    """Where the two repositories lie, with whatever names."""

    model: Path
    wav2vec2: Path

    def path(self, file: ReleasedFile) -> Path:
        top, *rest = PurePosixPath(file.path).parts
        return (self.wav2vec2 if top == WAV2VEC2 else self.model).joinpath(*rest)


def files_of(tier: str) -> Iterator[ReleasedFile]:
    for network in NETWORKS[tier]:
        yield from (network.weights, *network.configs)


def find_folders(folder: Path) -> ModelFolders:
    """In a folder that holds both repositories, or that is FlashHead's own with wav2vec2-base-960h in it or beside
    it. Raises ModelError when neither Model_Lite nor Model_Pro is there."""
    try:
        folder = Path(folder).expanduser().resolve()
        model = next((place for place in (folder, folder / MODEL) if tiers_in(place)), None)
        if model is None:
            what = "has neither Model_Lite nor Model_Pro in it" if folder.is_dir() else "is no folder"
            raise ModelError(
                f"{folder} {what}. Give the folder with {MODEL} and {WAV2VEC2} in it; `flashhead models fetch` "
                "downloads both."
            )
        ears = [parent / WAV2VEC2 for parent in (model, model.parent)]
        return ModelFolders(model, next((place for place in ears if place.is_dir()), ears[-1]))
    except OSError as error:
        raise ModelError(f"{folder} cannot be read: {error.strerror}.") from error


def tiers_in(model: Path) -> list[str]:
    """Tiers of which at least the transformer's folder is there."""
    return [tier for tier in NETWORKS if (model / f"Model_{tier.title()}").is_dir()]
