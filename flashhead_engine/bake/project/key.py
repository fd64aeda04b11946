"""The key of a line: a hash of all that its files depend on. Equal keys, equal files."""

import functools
import hashlib
from dataclasses import asdict
from pathlib import Path

import msgspec

from ... import __version__
from ...avatar.bundle import load_avatar
from ...drivers import load_driver
from ...drivers.base import Outputs, SessionSettings
from ...drivers.flashhead import UNTRAINED
from ..formats import FORMATS, for_path
from ..head import load_head
from ..manifest import VERSION as MANIFEST_VERSION

GLB = "glb"


def line_key(
    audio_sha256: str,
    formats: tuple[str, ...],
    avatar: str,
    head: Path | None,
    tier: str,
    settings: SessionSettings,
    language: str,
    text: str,
) -> str:
    """`text`: the words that the mouth follows, "" for none.

    Raises AvatarError, SettingsError, ModelError or MissingDependencyError when what the line needs is not there.
    """
    facts = {
        "engine": __version__,
        "manifest": MANIFEST_VERSION,
        "audio": audio_sha256,
        "formats": sorted(formats),
        "avatar": _avatar_digest(avatar) if any(map(_shows_avatar, formats)) else None,
        "head": load_head(head).sha256 if GLB in formats else None,
        "tier": tier,
        "model": _model_sha256(tier),
        "settings": asdict(settings) | {"outputs": None},
        "transcript": [language, text] if text else None,
    }
    return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()


@functools.cache
def _shows_avatar(name: str) -> bool:
    return Outputs.VIDEO in for_path(Path(f"line{FORMATS[name]}")).needs


@functools.cache
def _avatar_digest(avatar: str) -> str:
    return load_avatar(avatar).digest


@functools.cache
def _model_sha256(tier: str) -> str:
    if tier in ("nano", UNTRAINED):
        return load_driver(tier).model_sha256
    # Theirs take the GPU; what was recorded when they were added or exported says the same.
    from ...drivers.flashhead.choice import choose
    from ...models.registry import added_model

    export = choose(tier, None).export
    return added_model(tier).sha256 if export is None else export.manifest.model_sha256
