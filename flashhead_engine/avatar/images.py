"""Pictures of avatars: safe reading, resizing and clean colours under transparent pixels."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import AvatarError
from ..render import kernels
from .manifest import MAX_IMAGE_SIDE

_FAINT = 12
"""Alpha up to which the colour of a pixel is too coarse to be enlarged."""


def decode_picture(data: bytes, where: str, formats: tuple[str, ...] | None = ("PNG",)) -> np.ndarray:
    """Decode a picture of any mode to straight-alpha RGBA, uint8 (height, width, 4), upright by its EXIF tag.

    Sides above 4096 pixels are refused before any pixel is decoded; with `formats` None, which stands for pictures
    of all kinds, they are shrunk. Raises AvatarError naming `where`.
    """
    wanted = "a picture" if formats is None else f"a {' or '.join(formats)}"
    if not data:
        raise AvatarError(f"{where}: the file is empty. Export or copy it again.")
    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:
            if formats is not None and max(image.size) > MAX_IMAGE_SIDE:
                width, height = image.size
                raise AvatarError(
                    f"{where}: the picture is {width}x{height} pixels; at most {MAX_IMAGE_SIDE} a side are read. "
                    "Make it smaller."
                )
            image.load()
            upright = ImageOps.exif_transpose(_eight_bits(image))
            upright = upright.convert("RGBA")
            upright.thumbnail((MAX_IMAGE_SIDE, MAX_IMAGE_SIDE))
            return np.asarray(upright)
    except AvatarError:
        raise
    except Image.DecompressionBombError as error:
        raise AvatarError(f"{where}: has far too many pixels. Make it smaller: 2000 a side are plenty.") from error
    except UnidentifiedImageError as error:
        raise AvatarError(
            f"{where}: cannot be read as {wanted}; it is damaged or of another kind. Save it as PNG."
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise AvatarError(
            f"{where}: cannot be read as {wanted} ({error}). It is damaged; export it again."
        ) from error


def over_background(pixels: np.ndarray, background: tuple[int, int, int]) -> np.ndarray:
    """Compose RGBA uint8 (h, w, 4) over an opaque colour: RGB uint8 (h, w, 3)."""
    height, width = pixels.shape[:2]
    portrait = Image.frombuffer("RGBA", (width, height), np.ascontiguousarray(pixels))
    canvas = Image.new("RGB", (width, height), background)
    canvas.paste(portrait, mask=portrait)
    return np.asarray(canvas)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Greys of 16 or 32 bits scaled to 8; Pillow's own conversion would clip them to white."""
    if image.mode == "F":
        grey = np.nan_to_num(np.asarray(image, np.float64), posinf=0.0, neginf=0.0)
        grey *= 255 if grey.max(initial=0.0) <= 1 else 1
    elif image.mode.startswith("I"):
        grey = np.asarray(image, np.float64) * (255 / 65535)
    elif image.mode in ("HSV", "RGBa", "La"):
        # Pillow knows no direct way from these to RGBA.
        return image.convert({"HSV": "RGB", "RGBa": "RGBA", "La": "LA"}[image.mode])
    else:
        return image
    scaled = Image.fromarray(grey.round().clip(0, 255).astype(np.uint8))
    scaled.info.update(image.info)
    return scaled


def read_picture(path: Path, formats: tuple[str, ...] | None = ("PNG",)) -> np.ndarray:
    """`decode_picture` of a file. Raises AvatarError when it cannot be opened."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AvatarError(f"{path}: cannot be opened ({error.strerror}). Check the path.") from error
    return decode_picture(data, str(path), formats)


def encode_png(rgba: np.ndarray) -> bytes:
    """Optimised PNG of straight-alpha RGBA; the colours of transparent pixels are kept."""
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def bounds(mask: np.ndarray) -> tuple[slice, slice] | None:
    """The smallest rows and columns that hold all True values of a mask (height, width); None without any."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    """A mask, bool (height, width), that reaches further by some pixels, on all sides."""
    # Along rows, then along columns. Pillow's MaxFilter looks at every pixel of its square: a hundred times slower.
    for _ in range(2):
        height, width = mask.shape
        before = np.zeros((height, width + 2 * pixels + 1), np.int32)
        np.cumsum(mask, axis=1, out=before[:, pixels + 1 : pixels + 1 + width])
        before[:, pixels + 1 + width :] = before[:, pixels + width : pixels + width + 1]
        mask = (before[:, 2 * pixels + 1 :] > before[:, :width]).T
    return mask


def bleed(rgba: np.ndarray, faint: int = 0) -> np.ndarray:
    """Give pixels with an alpha of at most `faint` the colour of their neighbours; the others are unchanged.

    Interpolation then never pulls black or white into an edge. Straight alpha, uint8 (height, width, 4).
    """
    hidden = rgba[..., 3] <= faint
    if not hidden.any() or hidden.all():
        return rgba
    return kernels.bleed(rgba, faint)


def resize_portrait(rgba: np.ndarray, size: int) -> np.ndarray:
    """The square portrait at (size, size), see `resample`; at its own size unchanged."""
    if rgba.shape[:2] == (size, size):
        return rgba
    return resample(rgba, size, size, (0, 0, rgba.shape[1], rgba.shape[0]))


def resample(rgba: np.ndarray, width: int, height: int, box: tuple[float, float, float, float]) -> np.ndarray:
    """The part of a picture in `box` (left, top, right, bottom) at another size, straight alpha, with Lanczos.

    Colour and alpha are filtered apart: together, colour would overshoot where alpha is cut off at 255, and leave a
    bright line along every edge.
    """
    colour = Image.fromarray(np.ascontiguousarray(bleed(rgba, _FAINT)[..., :3]))
    alpha = Image.fromarray(np.ascontiguousarray(rgba[..., 3]))
    filtered = [part.resize((width, height), Image.Resampling.LANCZOS, box=box) for part in (colour, alpha)]
    return np.dstack([np.asarray(part) for part in filtered])
