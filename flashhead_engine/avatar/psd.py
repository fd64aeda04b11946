"""Named layers of a PSD, without rendering it: what only Photoshop can mix is refused, not guessed."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops

from ..errors import AvatarError, MissingDependencyError
from .manifest import MAX_IMAGE_SIDE

_MAX_FILE_BYTES = 1 << 30
_MAX_DECODED_BYTES = 1 << 31


@dataclass(frozen=True)
class PsdLayer:
    """A layer on the whole canvas: straight-alpha RGBA, uint8 (height, width, 4)."""

    name: str
    pixels: np.ndarray


@dataclass(frozen=True)
class PsdDocument:
    """The wanted layers of a PSD, bottom to top; `ignored`: names of the others.

    `flattened`: the picture that was seen when it was saved, straight-alpha RGBA; None where it was saved without.
    """

    layers: list[PsdLayer]
    ignored: list[str]
    flattened: np.ndarray | None


def read_psd(file: Path, wanted: Callable[[str], bool]) -> PsdDocument:
    """Read the layers and groups of a PSD or PSB whose names are wanted, visible or not.

    A group becomes one picture of what is visible in it. Opacity and masks are applied; 16-bit colours are
    rounded to 8 bits. Raises MissingDependencyError without psd-tools, AvatarError for a file that cannot be read
    or holds what would have to be rendered.
    """
    document = _opened(file)
    layers, ignored = [], []
    for layer in _named_layers(document, wanted, ignored):
        canvas = Image.new("RGBA", document.size)
        _draw(layer, canvas, _opacity_of_parents(layer), f"{file}: layer '{layer.name}'")
        layers.append(PsdLayer(layer.name, np.asarray(canvas)))
    return PsdDocument(layers, ignored, _flattened(document, file))


def _opened(file: Path) -> Any:
    try:
        from psd_tools import PSDImage
        from psd_tools.constants import ColorMode
    except ImportError as error:
        raise MissingDependencyError(
            f'{file}: reading PSD files needs psd-tools. Install it with: pip install "flashhead-engine[psd]", or '
            "export the layers as PNG files into one folder."
        ) from error
    try:
        stream = file.open("rb")
    except OSError as error:
        raise AvatarError(f"{file}: cannot be opened ({error.strerror}). Check the path.") from error
    with stream:
        if file.stat().st_size > _MAX_FILE_BYTES:
            raise AvatarError(f"{file}: larger than {_MAX_FILE_BYTES >> 20} MiB. Delete layers that are not needed.")
        with _answering(str(file)):
            document = PSDImage.open(stream, max_alloc_bytes=_MAX_DECODED_BYTES)
    width, height = document.size
    if max(width, height) > MAX_IMAGE_SIDE:
        raise AvatarError(
            f"{file}: {width}x{height} pixels; at most {MAX_IMAGE_SIDE} a side are read. Make a smaller copy."
        )
    if document.color_mode not in (ColorMode.RGB, ColorMode.GRAYSCALE) or document.depth not in (8, 16):
        raise AvatarError(
            f"{file}: its colours are {document.color_mode.name} of {document.depth} bits. Save a copy as RGB of 8 "
            "or 16 bits (Photoshop: Image > Mode)."
        )
    return document


@contextlib.contextmanager
def _answering(where: str) -> Iterator[None]:
    """Turn whatever a parser makes of a damaged file, for which there is no common base, into an AvatarError."""
    from psd_tools.compression import PSDDecompressionWarning

    try:
        with warnings.catch_warnings():
            # Pixels that cannot be decoded come out black.
            warnings.simplefilter("error", PSDDecompressionWarning)
            yield
    except Exception as error:
        raise AvatarError(f"{where}: cannot be read ({error}). The file is damaged; save it again.") from error


def _named_layers(group: Any, wanted: Callable[[str], bool], ignored: list[str]) -> Iterator[Any]:
    """Wanted layers and groups, bottom to top; what lies in a wanted group belongs to it."""
    for layer in group:
        if wanted(layer.name):
            yield layer
        elif layer.is_group():
            yield from _named_layers(layer, wanted, ignored)
        else:
            ignored.append(layer.name)


def _opacity_of_parents(layer: Any) -> float:
    opacity = 1.0
    while (layer := layer.parent) is not None and layer.parent is not None:
        opacity *= layer.opacity / 255
    return opacity


def _draw(layer: Any, canvas: Image.Image, opacity: float, where: str) -> None:
    """Draw a layer, or what is visible in a group, over an RGBA canvas."""
    _refuse_what_must_be_rendered(layer, where)
    if layer.is_group():
        inside = Image.new("RGBA", canvas.size)
        for child in layer:
            if child.visible:
                _draw(child, inside, 1.0, f"{where}: '{child.name}'")
        canvas.alpha_composite(_masked(inside, layer, opacity, where))
        return
    with _answering(where):
        picture = layer.topil()
    if picture is not None:
        on_canvas = Image.new("RGBA", canvas.size)
        on_canvas.paste(picture.convert("RGBA"), layer.offset)
        canvas.alpha_composite(_masked(on_canvas, layer, opacity, where))


def _refuse_what_must_be_rendered(layer: Any, where: str) -> None:
    from psd_tools.constants import BlendMode

    if layer.blend_mode not in (BlendMode.NORMAL, BlendMode.PASS_THROUGH):
        found = f"is blended as '{layer.blend_mode.name.lower().replace('_', ' ')}'"
    elif layer.has_clip_layers(visible=True) or layer.clipping:
        found = "has a clipping mask"
    elif layer.has_vector_mask() and (layer.mask is None or not layer.mask.has_real()):
        found = "has a vector mask"
    elif layer.has_effects():
        found = "has effects"
    elif not layer.is_group() and layer.kind not in ("pixel", "smartobject") and not layer.has_pixels():
        found = f"is a {layer.kind} layer without pixels"
    else:
        return
    raise AvatarError(f"{where}: {found}, which only the painting program can draw. Merge or rasterise it first.")


def _masked(picture: Image.Image, layer: Any, opacity: float, where: str) -> Image.Image:
    """A layer's picture on the canvas, with the layer's mask and opacity taken into its alpha."""
    alpha = picture.getchannel("A")
    mask = layer.mask
    if mask is not None and not mask.disabled:
        shown = Image.new("L", picture.size, mask.background_color)
        with _answering(where):
            stored = mask.topil()
        if stored is not None:
            shown.paste(stored.convert("L"), (mask.left, mask.top))
        alpha = ImageChops.multiply(alpha, shown)
    opacity *= layer.opacity / 255 * layer.fill_opacity / 255
    if opacity < 1:
        alpha = alpha.point(lambda value: round(opacity * value))
    picture.putalpha(alpha)
    return picture


def _flattened(document: Any, file: Path) -> np.ndarray | None:
    with _answering(f"{file}: the flattened picture"):
        flattened = document.topil()
    return None if flattened is None else np.asarray(flattened.convert("RGBA"))
