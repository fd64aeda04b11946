"""The tavern, out of focus behind six guests and behind the menu."""

import math

import numpy as np
from kit import Look, box, camera, lamp, material, panel, ring, sky, slab, turned

_BOTTLES = ("#2f5d3a", "#7a2b22", "#2c4a6b", "#8a6a2a", "#4a2b55")


def build() -> None:
    random = np.random.default_rng(3)
    wood = material("Wood", Look("#3b2314", "#7b4f2c", (1.2, 14, 14), 0.005, 0.6))
    post = material("Post", Look("#2c1a10", "#573520", (12, 12, 1.2), 0.008, 0.7))
    plaster = material("Plaster", Look("#8d7458", "#b0967a", (3, 3, 3), 0.01, 0.95))
    stone = material("Stone", Look("#4b4540", "#807466", (7, 7, 7), 0.012, 0.9))
    iron = material("Iron", Look("#26262a", "#403c38", (9, 9, 9), 0.003, 0.5, 0.8))
    wax = material("Wax", Look("#f0dfb8", rough=0.4))
    _room(wood, post, plaster)
    _fireplace(random, stone, post)
    _shelves(random, wood)
    _window(post)
    for x, y in ((-2.3, 0.4), (2.0, 1.0), (0.0, -0.6)):
        _table(x, y, wood, wax, random)
    _chandelier(iron, wax)
    outline = [(0.3, 0), (0.38, 0.28), (0.4, 0.5), (0.38, 0.72), (0.3, 1.0)]
    for x, y, z in ((3.1, 2.6, 0), (2.3, 2.75, 0), (2.7, 2.7, 1.0)):
        turned(post, outline, (x, y, z), sides=24)
        for height in (0.24, 0.76):
            ring(iron, 0.385, 0.014, (x, y, z + height))
    sky("#2a2018", 0.25)
    panel((0, -4, 3.1), (0, 1, 1), 260, "#ffc98a", 3.0)
    camera((0, -4.6, 1.65), (0, 1.5, 1.5), 26, focus=1.6, f_stop=0.75)


def _room(wood, post, plaster) -> None:
    for n, x in enumerate(np.arange(-5, 5, 0.28)):
        box(wood, (0.27, 10, 0.05), (x, 0, -0.03 + 0.004 * (n % 3)), bevel=0.008)
    box(plaster, (10, 0.2, 4), (0, 3.3, 2), bevel=0)
    for x in (-4.4, 4.4):
        box(plaster, (0.2, 10, 4), (x, 0, 2), bevel=0)
    box(wood, (10, 10, 0.1), (0, 0, 3.45), bevel=0)
    for x in (-4.2, -2.1, 0.9, 2.0, 4.2):
        box(post, (0.26, 0.26, 3.4), (x, 3.15, 1.7), bevel=0.02)
    for y in (-2.5, -0.8, 0.9, 2.6):
        box(post, (10, 0.26, 0.3), (0, y, 3.25), bevel=0.02)
    box(post, (10, 0.2, 0.24), (0, 3.12, 1.05), bevel=0.02)


def _fireplace(random, stone, post) -> None:
    for side in (-1, 1):
        for row in range(5):
            size = (0.42 + random.uniform(-0.04, 0.04), 0.6, 0.27)
            box(stone, size, (-0.6 + side * 0.85, 2.95, 0.14 + 0.28 * row), bevel=0.03)
    box(post, (2.5, 0.7, 0.2), (-0.6, 2.9, 1.5), bevel=0.03)
    for row in range(7):
        for column in range(4):
            place = (-1.25 + 0.43 * column + 0.2 * (row % 2), 3.05, 1.72 + 0.26 * row)
            box(stone, (0.41, 0.35, 0.24), place, bevel=0.03)
    soot = material("Soot", Look("#120d0a"))
    box(soot, (1.4, 0.1, 1.4), (-0.6, 3.18, 0.7), bevel=0)
    fire = material("Fire", Look("#ff8a22", glow=14))
    for n in range(7):
        x, tall = -0.6 + 0.13 * (n - 3), 0.55 - 0.05 * abs(n - 3) + random.uniform(-0.1, 0.08)
        turned(fire, [(0.05, 0), (0.09, 0.25 * tall), (0.05, 0.6 * tall), (0.003, tall)], (x, 2.95, 0.12), sides=12)
    for n in range(4):
        turned(post, [(0.07, -0.4), (0.07, 0.4)], (-0.6, 2.85 + 0.05 * n, 0.1 + 0.04 * n), (0, 90, 20 - 13 * n), 12)
    lamp((-0.6, 2.5, 0.6), 260, "#ff7a2a", 0.2)


def _shelves(random, wood) -> None:
    for z in (1.5, 2.05, 2.6):
        box(wood, (1.9, 0.3, 0.05), (-3.15, 3.0, z), bevel=0.01)
        for x in np.arange(-3.95, -2.3, 0.17):
            look = Look(_BOTTLES[random.integers(len(_BOTTLES))], rough=0.15)
            tall, wide = random.uniform(0.2, 0.32), random.uniform(0.045, 0.065)
            outline = [(wide, 0), (wide, 0.6 * tall), (0.018, 0.75 * tall), (0.018, tall)]
            turned(material("Bottle", look), outline, (x, 2.98, z + 0.025), sides=16)
    lamp((-3.15, 2.4, 2.0), 40, "#ffb060", 0.1)


def _window(post) -> None:
    night = material("Night", Look("#5f86c8", glow=1.6))
    for column in range(2):
        for row in range(3):
            box(night, (0.38, 0.02, 0.38), (1.25 + 0.42 * column, 3.18, 1.55 + 0.42 * row), bevel=0)
    box(post, (1.0, 0.12, 0.08), (1.46, 3.15, 1.28), bevel=0.01)
    box(post, (1.0, 0.12, 0.08), (1.46, 3.15, 2.64), bevel=0.01)


def _table(x: float, y: float, wood, wax, random) -> None:
    turned(wood, [(0.62, 0), (0.64, 0.02), (0.64, 0.06), (0.62, 0.08)], (x, y, 0.74), sides=40)
    turned(wood, [(0.28, 0), (0.1, 0.12), (0.09, 0.74)], (x, y, 0), sides=20)
    pewter = material("Pewter", Look("#a9a49a", rough=0.35, metal=0.8))
    for _ in range(4):
        angle, far = random.uniform(0, 2 * math.pi), random.uniform(0.25, 0.5)
        place = (x + far * math.cos(angle), y + far * math.sin(angle), 0.82)
        turned(pewter, [(0.05, 0), (0.055, 0.02), (0.045, 0.06), (0.058, 0.15)], place, sides=20)
    _candle(wax, (x, y, 0.82), 0.16)


def _candle(wax, place, tall: float) -> None:
    x, y, z = place
    turned(wax, [(0.022, 0), (0.02, tall)], place, sides=14)
    flame = material("Flame", Look("#ffb545", glow=30))
    turned(flame, [(0.004, 0), (0.013, 0.02), (0.009, 0.04), (0.001, 0.065)], (x, y, z + tall + 0.005), sides=10)
    lamp((x, y, z + tall + 0.1), 22, "#ffa24a", 0.03)


def _chandelier(iron, wax) -> None:
    ring(iron, 0.75, 0.025, (0.2, 1.2, 2.55))
    for n in range(8):
        angle = 2 * math.pi * n / 8
        _candle(wax, (0.2 + 0.75 * math.cos(angle), 1.2 + 0.75 * math.sin(angle), 2.57), 0.11)
    for n in range(4):
        angle = math.pi * (n + 0.5) / 2
        place = (0.2 + 0.375 * math.cos(angle), 1.2 + 0.375 * math.sin(angle), 2.9)
        box(iron, (0.02, 0.02, 1.02), place, (0, -47 * math.cos(angle), 0), 0)
    slab(iron, [(-0.02, 0), (0.02, 0), (0.02, 0.5), (-0.02, 0.5)], 0.04, (0.2, 1.2, 2.95))
