"""Gives every generated picture the colours of the reference: mean and spread of each channel in CIE L*a*b*.

Colours drift when each chunk continues the last; this holds them (Reinhard et al., "Color Transfer between Images",
2001, with L*a*b* for its colour space). sRGB and L*a*b* as in IEC 61966-2-1 and CIE 15, white D65.
"""

from typing import NamedTuple

import torch
from torch import Tensor

_RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_XYZ_TO_RGB = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
_WHITE = (0.95047, 1.0, 1.08883)
_EPSILON, _KAPPA = 0.008856, 903.3
_LEAST_SPREAD = 1e-8


class ColourStatistics(NamedTuple):
    """Mean and standard deviation of L*, a*, b* over a picture: (..., 1, 1, 3)."""

    mean: Tensor
    spread: Tensor


def statistics(pictures: Tensor) -> ColourStatistics:
    """Of pictures (B, 3, T, H, W) in -1..1."""
    return _statistics(rgb_to_lab(_channels_last(pictures)))


def matched(pictures: Tensor, reference: ColourStatistics, strength: float = 1.0) -> Tensor:
    """Pictures (B, 3, T, H, W) in about -1..1 with the reference's colours, in -1..1. `strength`: 0 (as they were) to
    1 (wholly)."""
    rgb = _channels_last(pictures)
    lab = rgb_to_lab(rgb)
    own = _statistics(lab)
    spread = torch.where(own.spread < _LEAST_SPREAD, torch.ones_like(own.spread), own.spread)
    moved = lab_to_rgb((lab - own.mean) * (reference.spread / spread) + reference.mean)
    mixed = (1.0 - strength) * rgb + strength * moved
    return (mixed * 2.0 - 1.0).movedim(-1, 1)


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """sRGB (..., 3) in 0..1 -> L* in 0..100, a*, b*."""
    linear = torch.where(rgb > 0.04045, ((rgb.clamp(min=0.0) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = linear @ rgb.new_tensor(_RGB_TO_XYZ).T / rgb.new_tensor(_WHITE)
    xyz = xyz.clamp(1e-8, 1.0)
    f = torch.where(xyz > _EPSILON, xyz ** (1.0 / 3.0), (_KAPPA * xyz + 16.0) / 116.0)
    x, y, z = f.unbind(-1)
    return torch.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], -1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """L*a*b* (..., 3) -> sRGB, cut to 0..1."""
    lightness, a, b = lab.unbind(-1)
    y = (lightness + 16.0) / 116.0
    x, z = a / 500.0 + y, y - b / 200.0

    def unfolded(f: Tensor) -> Tensor:
        return torch.where(f**3 > _EPSILON, f**3, (116.0 * f - 16.0) / _KAPPA)

    luminance = torch.where(lightness > _KAPPA * _EPSILON, y**3, lightness / _KAPPA)
    xyz = torch.stack([unfolded(x), luminance, unfolded(z)], -1) * lab.new_tensor(_WHITE)
    linear = xyz @ lab.new_tensor(_XYZ_TO_RGB).T
    bright = 1.055 * linear.clamp(min=1e-12) ** (1.0 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, bright, 12.92 * linear).clamp(0.0, 1.0)


def _channels_last(pictures: Tensor) -> Tensor:
    """(B, 3, T, H, W) in -1..1 -> (B, T, H, W, 3) in 0..1."""
    return (pictures.movedim(1, -1) + 1.0) / 2.0


def _statistics(lab: Tensor) -> ColourStatistics:
    return ColourStatistics(lab.mean((-3, -2), keepdim=True), lab.std((-3, -2), correction=0, keepdim=True))
