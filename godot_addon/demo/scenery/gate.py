"""The north gate at night, behind the dialogue."""

import math

import numpy as np
from kit import Look, box, camera, lamp, material, panel, ring, sky, slab, turned

_OPENING, _TOP = 2.7, 3.3  # metres: width and height of the gate


def build() -> None:
    random = np.random.default_rng(7)
    stones = [
        material(f"Stone{n}", Look(dark, light, (7, 7, 9), 0.012, 0.9))
        for n, (dark, light) in enumerate([("#4a4d55", "#7b7f88"), ("#55545a", "#8b8784"), ("#43474f", "#6d747c")])
    ]
    iron = material("Iron", Look("#23252a", "#3d3a38", (9, 9, 9), 0.003, 0.55, 0.8))
    wood = material("Wood", Look("#3a2417", "#6a4428", (14, 14, 1.2), 0.006, 0.75))
    _wall(random, stones)
    _arch(random, stones)
    _portcullis(iron)
    _street(random, stones)
    _far_side(random)
    for side in (-1, 1):
        _torch(side * 2.25, iron, wood)
        _banner(side * 3.6)
    _barrels(wood, iron)
    sky("#1c2c50", 0.9)
    panel((-7, -9, 9), (0, 0, 1.5), 520, "#8fb2ff", 3.0)  # the moon
    camera((0, -7.6, 1.75), (0, 0, 1.95), 33, focus=6.3, f_stop=1.6)


def _wall(random, stones) -> None:
    """Rows of blocks, open where the gate is."""
    height, z = 0.36, 0.18
    while z < 6.2:
        x = -6.5 + random.uniform(0, 0.5)
        while x < 6.5:
            width = random.uniform(0.5, 0.95)
            left, right = x, x + width
            edge = _half_opening(z - height / 2) + 0.06
            if z - height / 2 < _TOP:
                left, right = (max(left, edge), right) if left + right > 0 else (left, min(right, -edge))
            if right - left > 0.08:
                size = (right - left - 0.025, 0.7 + random.uniform(0, 0.07), height - 0.025)
                turn = (0, 0, random.uniform(-1, 1))
                box(stones[random.integers(3)], size, ((left + right) / 2, 0.3, z), turn, 0.03)
            x += width
        z += height
    box(stones[2], (4.2, 0.2, 1.6), (0, 0.6, _TOP + 0.9), bevel=0)


def _half_opening(z: float) -> float:
    """Half the width of the gate at this height."""
    spring = _TOP - _OPENING / 2
    if z < spring:
        return _OPENING / 2
    return math.sqrt(max(0.0, (_OPENING / 2) ** 2 - (z - spring) ** 2))


def _arch(random, stones) -> None:
    spring, inner, outer = _TOP - _OPENING / 2, _OPENING / 2, _OPENING / 2 + 0.5
    count = 15
    for n in range(count):
        begin, end = math.pi * (n + 0.02) / count, math.pi * (n + 0.98) / count
        grown = outer + (0.14 if n == count // 2 else random.uniform(0, 0.04))
        corners = [(inner, begin), (grown, begin), (grown, end), (inner, end)]
        outline = [(r * math.cos(a), spring + r * math.sin(a)) for r, a in corners]
        slab(stones[random.integers(3)], outline, 0.95, (0, 0.25, 0))
    for side in (-1, 1):
        z = 0.0
        while z < spring:
            tall = random.uniform(0.34, 0.5)
            tall = tall if z + tall + 0.2 < spring else spring - z
            place = (side * (inner + 0.25), 0.25, z + tall / 2)
            box(stones[random.integers(3)], (0.5 + random.uniform(-0.03, 0.06), 0.95, tall - 0.02), place, bevel=0.03)
            z += tall


def _portcullis(iron) -> None:
    """Drawn up: its lower third hangs in the gate."""
    for x in np.arange(-1.2, 1.21, 0.3):
        bottom = 2.25
        box(iron, (0.06, 0.06, 2.0), (x, 0.35, bottom + 1.0), bevel=0.01)
        turned(iron, [(0.001, -0.18), (0.045, 0.0)], (x, 0.35, bottom), sides=8)
    for z in (2.45, 2.75, 3.05):
        box(iron, (2.7, 0.05, 0.06), (0, 0.33, z), bevel=0.01)


def _street(random, stones) -> None:
    for y in np.arange(-7.0, 6.0, 0.3):
        shift = random.uniform(0, 0.3)
        for x in np.arange(-4.5, 4.5, 0.34):
            size = (0.3 + random.uniform(-0.03, 0.03), 0.26, 0.2)
            place = (x + shift, y, -0.1 + random.uniform(-0.02, 0.02))
            box(stones[random.integers(3)], size, place, (0, 0, random.uniform(-6, 6)), 0.05)
    box(stones[2], (30, 30, 0.1), (0, 0, -0.2), bevel=0)


def _far_side(random) -> None:
    """Houses of the town, seen through the gate, with lit windows."""
    house, light = material("House", Look("#4a5670")), material("Window", Look("#ffb35c", glow=7))
    for n, (x, y, width, tall) in enumerate([(-3.4, 9, 3.0, 4.2), (0.9, 14, 3.4, 5.4), (3.6, 8.5, 2.6, 3.6)]):
        box(house, (width, 2, tall), (x, y, tall / 2), bevel=0)
        slab(house, [(-width * 0.6, 0), (width * 0.6, 0), (0, width * 0.75)], 2.2, (x, y, tall))
        for _ in range(4):
            place = (x + random.uniform(-0.35, 0.35) * width, y - 1.01, tall * random.uniform(0.35, 0.9))
            box(light, (0.22, 0.02, 0.34), place, bevel=0)
        lamp((x, y - 2.2, 1.4), 240 + 60 * n, "#ff9a45", 0.3)


def _torch(x: float, iron, wood) -> None:
    turned(wood, [(0.03, -0.45), (0.045, 0.1)], (x, -0.42, 2.25), (14, 0, 0), 12)
    for z in (2.1, 2.3):
        ring(iron, 0.05, 0.012, (x, -0.42, z))
    box(iron, (0.06, 0.34, 0.04), (x, -0.25, 2.08), bevel=0.01)
    flame = material(f"Flame{x}", Look("#ffa034", glow=11))
    outline = [(0.02, 0), (0.075, 0.06), (0.085, 0.13), (0.06, 0.22), (0.025, 0.31), (0.002, 0.38)]
    turned(flame, outline, (x, -0.45, 2.36), (6, 0, 0), 16)
    lamp((x, -0.75, 2.62), 210, "#ff8a35", 0.09)


def _banner(x: float) -> None:
    cloth = material(f"Cloth{x}", Look("#4d1220", "#7a1f2c", (3, 3, 20), 0.01, 0.9))
    gold = material(f"Gold{x}", Look("#b98a32", rough=0.4, metal=0.7))
    slab(cloth, [(-0.45, 0), (0, -0.35), (0.45, 0), (0.45, 2.0), (-0.45, 2.0)], 0.03, (x, -0.12, 2.1))
    box(gold, (1.1, 0.05, 0.05), (x, -0.13, 4.12), bevel=0.01)
    ring(gold, 0.2, 0.03, (x, -0.15, 3.2), (90, 0, 0))
    turned(gold, [(0.001, 0), (0.09, 0.001)], (x, -0.145, 3.2), (90, 0, 0), 6)


def _barrels(wood, iron) -> None:
    outline = [(0.26, 0), (0.33, 0.22), (0.345, 0.42), (0.33, 0.62), (0.26, 0.84)]
    for x, y in ((-3.3, -1.0), (-2.75, -0.6), (3.2, -0.8)):
        turned(wood, outline, (x, y, 0.0), sides=24)
        for z, radius in ((0.2, 0.335), (0.64, 0.335)):
            ring(iron, radius, 0.012, (x, y, z))
