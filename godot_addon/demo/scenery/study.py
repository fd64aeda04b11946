"""The scholar's study: a room for a camera that hardly moves, which lets two rendered pictures be its surface."""

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import bpy  # first: it brings bmesh

import bmesh  # isort: skip
import kit
import numpy as np
from kit import Look, box, lamp, material, panel, ring, sky, slab, turned
from mathutils import Euler, Matrix, Vector

EYE, TARGET, LENS_MM = (0.0, -1.05, 0.06), (0.0, 0.6, -0.03), 34
"""Where the projector of demo/room_3d is, what it looks at, and how wide: 36 mm of film."""

HEAD_PLACE, HEAD_TURN = (0.25, 0.06, 0.0), -10
"""Where the scholar is, and which way he looks: degrees to his right."""

CANDLES = ((0.44, -0.14, 0.0), (-0.01, -0.1, 0.02))
"""Where their flames are."""

_LEATHER = ("#5b1f1c", "#2d4a3a", "#27405f", "#6b4a22", "#43285a", "#7a6a4a", "#3b3432", "#8a3d25")
_DESK = -0.19  # metres: its top, below the scholar's chin


def build() -> tuple[list[bpy.types.Object], list[bpy.types.Object]]:
    """What is far and what is near, whose pictures are rendered apart."""
    random = np.random.default_rng(11)
    return _gather(lambda: _far(random)), _gather(lambda: _near(random))


def light() -> None:
    sky("#26304d", 0.35)
    panel((0.05, 1.2, 0.65), (0.0, 0.0, -0.2), 16, "#86aaff", 0.5)  # moonlight from the window
    panel((-0.3, -1.0, 1.3), (0.0, 0.4, -0.1), 20, "#ffd2a0", 0.8)
    for place in CANDLES:
        lamp(place, 2.4, "#ff9b45", 0.012)
    for x in (-0.95, 0.95):
        lamp((x, 0.75, 0.66), 6.0, "#ff9b45", 0.03)  # hang from the beams, above the picture


def _gather(make: Callable[[], None]) -> list[bpy.types.Object]:
    before = set(bpy.data.objects)
    make()
    return [thing for thing in bpy.data.objects if thing not in before and thing.type == "MESH"]


def _far(random) -> None:
    stone = material("Stone", Look("#5a5049", "#8d8073", (9, 9, 9), 0.008, 0.95))
    dark = material("Dark", Look("#2e1d13", "#5a3b24", (20, 20, 2), 0.004, 0.6))
    shelf = material("Shelf", Look("#4a2e1a", "#7d5230", (2, 20, 20), 0.003, 0.55))
    _wall(random, stone)
    for side in (-1, 1):
        _bookcase(random, side * 1.0, dark, shelf)
    _window(dark, stone)
    for x in np.arange(-1.7, 1.8, 0.42):
        box(dark, (0.1, 1.6, 0.12), (x, 0.6, 1.12), bevel=0.012)
    box(shelf, (4.2, 1.8, 0.03), (0, 0.6, 1.2), bevel=0)
    box(shelf, (4.2, 1.6, 0.03), (0, 0.6, -1.0), bevel=0)


def _wall(random, stone) -> None:
    z = -0.95
    while z < 1.2:
        x = -1.9 + random.uniform(0, 0.2)
        while x < 1.9:
            width = random.uniform(0.2, 0.36)
            if not (abs(x + width / 2) < 0.33 + width / 2 and -0.02 < z < 0.72):
                size = (width - 0.012, 0.1 + random.uniform(0, 0.025), 0.148)
                box(stone, size, (x + width / 2, 1.42, z), (0, 0, random.uniform(-1, 1)), 0.014)
            x += width
        z += 0.16
    mortar = material("Mortar", Look("#3a332d", "#4b443c", (20, 20, 20), 0.003, 1.0))
    for side in (-1, 1):
        box(mortar, (1.7, 0.06, 2.3), (side * 1.16, 1.44, 0.1), bevel=0)
    box(mortar, (0.7, 0.06, 0.8), (0, 1.44, -0.5), bevel=0)
    box(mortar, (0.7, 0.06, 0.5), (0, 1.44, 1.0), bevel=0)


def _bookcase(random, x: float, dark, shelf) -> None:
    half = 0.44
    for edge in (-half, half):
        box(dark, (0.05, 0.3, 2.2), (x + edge, 1.2, 0.0), bevel=0.008)
    box(dark, (2 * half, 0.02, 2.2), (x, 1.34, 0.0), bevel=0)
    for row in range(7):
        z = -0.85 + 0.32 * row
        box(shelf, (2 * half, 0.3, 0.03), (x, 1.2, z), bevel=0.006)
        _books(random, x - half + 0.04, x + half - 0.04, z + 0.015)
        box(shelf, (2 * half, 0.02, 0.05), (x, 1.05, z), bevel=0.006)


def _books(random, left: float, right: float, z: float) -> None:
    gold = material("Gilt", Look("#c79a45", rough=0.35))
    x = left
    while x < right - 0.05:
        if random.random() < 0.09:
            x += random.uniform(0.03, 0.1)
            continue
        wide, tall, deep = random.uniform(0.022, 0.052), random.uniform(0.17, 0.265), random.uniform(0.15, 0.2)
        if x + wide > right:
            break
        colour = _LEATHER[random.integers(len(_LEATHER))]
        leather = material("Leather", Look(colour, colour[:1] + _lighter(colour), (30, 30, 30), 0.001, 0.5))
        lean = random.uniform(-3, 3) if random.random() < 0.25 else 0
        place = (x + wide / 2, 1.06 + deep / 2 + random.uniform(0, 0.03), z + tall / 2)
        box(leather, (wide, deep, tall), place, (0, lean, 0), 0.006)
        for share in (0.22, 0.78) if random.random() < 0.6 else ():
            band = (place[0], place[1] - 0.001, z + share * tall)
            box(gold, (wide + 0.001, deep + 0.001, 0.006), band, (0, lean, 0), 0)
        x += wide + 0.002


def _lighter(colour: str) -> str:
    return "".join(f"{min(255, int(int(colour[i : i + 2], 16) * 1.25 + 6)):02x}" for i in (1, 3, 5))


def _window(dark, stone) -> None:
    """A round-headed window with the night, its stars and the late comet."""
    night = material("Night", Look("#0d1a3a", "#203f7d", (2.2, 2.2, 3.0), rough=1.0, glow=0.0))
    shader = night.node_tree.nodes["Principled BSDF"].inputs
    shader["Emission Strength"].default_value = 1.0
    night.node_tree.links.new(night.node_tree.nodes["Color Ramp"].outputs[0], shader["Emission Color"])
    slab(night, kit.arch(0.66, 0.74), 0.01, (0, 1.52, 0.0))
    star = material("Star", Look("#dfe8ff", glow=6))
    random = np.random.default_rng(5)
    for _ in range(46):
        place = (random.uniform(-0.3, 0.3), 1.51, random.uniform(0.02, 0.7))
        turned(star, [(0.0005, -0.001), (random.choice([0.0011, 0.0016, 0.0028]), 0.0)], place, (90, 0, 0), 8)
    tail = material("Tail", Look("#9fc4ff", glow=2.2))
    for n in range(9):
        outline = [(0, 0.0035), (0, -0.0035), (0.2 - 0.012 * abs(n - 4), 0.012 * (n - 4))]
        slab(tail, outline, 0.001, (-0.16, 1.505, 0.5), (0, -24, 0))
    turned(star, [(0.001, -0.001), (0.011, 0.0)], (-0.16, 1.503, 0.5), (90, 0, 0), 20)
    box(dark, (0.025, 0.05, 0.74), (0, 1.46, 0.37), bevel=0.004)
    for z in (0.22, 0.42):
        box(dark, (0.66, 0.05, 0.022), (0, 1.46, z), bevel=0.004)
    outer, inner = kit.arch(0.84, 0.83, 20), kit.arch(0.66, 0.74, 20)
    for (a, b), (c, d) in zip(pairwise(outer), pairwise(inner), strict=True):
        slab(stone, [a, b, d, c], 0.14, (0, 1.38, 0))
    box(stone, (0.9, 0.2, 0.06), (0, 1.36, -0.03), bevel=0.012)


def _near(random) -> None:
    oak = material("Oak", Look("#4b2d18", "#8a5a33", (1.5, 18, 18), 0.0015, 0.4))
    brass = material("Brass", Look("#b8863b", "#d9ad62", (20, 20, 20), rough=0.35))
    paper = material("Paper", Look("#d9c69a", "#efe2bf", (12, 12, 12), rough=0.9))
    wax = material("Wax", Look("#efdcae", rough=0.5))
    for n in range(4):
        box(oak, (2.3, 0.118, 0.04), (0, -0.49 + 0.12 * n, _DESK - 0.02), bevel=0.006)
    _open_book(paper, (0.0, -0.3, _DESK))
    for height, (turn, colour, size) in enumerate([(8, 0, 0.22), (-5, 2, 0.19)]):
        _lying_book(random, (0.46, -0.15, _DESK + 0.0205 + 0.041 * height), turn, _LEATHER[colour], size, paper)
    _lying_book(random, (-0.4, -0.2, _DESK + 0.0205), -16, _LEATHER[3], 0.2, paper)
    _candle(brass, wax, (*CANDLES[0][:2], _DESK + 0.082), CANDLES[0][2] - _DESK - 0.152)
    _candle(brass, wax, (*CANDLES[1][:2], _DESK), CANDLES[1][2] - _DESK - 0.07)
    for turn, place in ((70, (0.26, -0.26, 0.016)), (102, (0.29, -0.3, 0.014))):
        turned(paper, [(0.014, -0.12), (0.014, 0.12)], (place[0], place[1], _DESK + place[2]), (90, 0, turn), 20)
    _globe(brass, (-0.62, -0.1, _DESK))


def _open_book(paper, place: kit.Point) -> None:
    x, y, z = place
    cover = material("Cover", Look(_LEATHER[0], rough=0.5))
    box(cover, (0.36, 0.24, 0.008), (x, y, z + 0.004), bevel=0.003)
    for side in (-1, 1):
        steps = np.linspace(0, 1, 12)
        upper = [(side * 0.17 * t, 0.03 * math.sqrt(max(0.0, 1 - t)) * (0.35 + t) + 0.012) for t in steps]
        outline = [(side * 0.17, 0.008), (0, 0.008), *upper]
        slab(paper, outline if side > 0 else outline[::-1], 0.22, (x, y, z))


def _lying_book(random, place: kit.Point, turn: float, colour: str, size: float, paper) -> None:
    leather = material("Leather", Look(colour, "#" + _lighter(colour), (30, 30, 30), 0.001, 0.5))
    x, y, z = place
    for lid in (-1, 1):
        box(leather, (size, size * 0.72, 0.005), (x, y, z + lid * 0.018), (0, 0, turn), 0.002)
    box(paper, (size * 0.95, size * 0.67, 0.031), place, (0, 0, turn), 0.002)


def _candle(brass, wax, place: kit.Point, tall: float) -> None:
    foot = [(0.055, 0), (0.052, 0.008), (0.02, 0.014), (0.014, 0.03), (0.022, 0.04), (0.022, 0.05)]
    turned(brass, foot, place, sides=28)
    x, y, z = place
    turned(wax, [(0.012, 0), (0.0115, tall), (0.009, tall + 0.003)], (x, y, z + 0.05), sides=20)


def _globe(brass, place: kit.Point) -> None:
    x, y, z = place
    sea = material("Sea", Look("#2b5560", "#b59a5f", (14, 14, 14), 0.001, 0.4))
    turned(brass, [(0.07, 0), (0.065, 0.012), (0.014, 0.03), (0.012, 0.08)], place, sides=28)
    angles = np.linspace(-math.pi / 2, math.pi / 2, 24)
    turned(sea, [(max(0.001, 0.1 * math.cos(a)), 0.1 * math.sin(a)) for a in angles], (x, y, z + 0.2), (0, 23, 0), 40)
    ring(brass, 0.112, 0.005, (x, y, z + 0.2), (90, 23, 0))


# --- what the room becomes: two meshes, and two pictures that a projector in the camera's place throws on them


def join(things: list[bpy.types.Object], name: str) -> bpy.types.Object:
    """One thing of many, without the faces that look away from every place where the camera may be."""
    with bpy.context.temp_override(active_object=things[0], selected_editable_objects=things):
        bpy.ops.object.join()
    whole = things[0]
    whole.name = name
    shape = bmesh.new()
    shape.from_mesh(whole.data)
    shape.transform(whole.matrix_world)
    eyes = [Vector(EYE) + Vector(step) for step in ((0.3, 0, 0), (-0.3, 0, 0), (0, 0, 0.2), (0, 0, -0.15))]
    unseen = [
        face for face in shape.faces if all(face.normal.dot(eye - face.calc_center_median()) < 0 for eye in eyes)
    ]
    bmesh.ops.delete(shape, geom=unseen, context="FACES")
    whole.matrix_world = Matrix()
    shape.to_mesh(whole.data)
    shape.free()
    whole.data.materials.clear()
    whole.data.polygons.foreach_set("material_index", [0] * len(whole.data.polygons))
    return whole


def cast_shadow(head: Path) -> None:
    """The head darkens and colours the room, but is not part of it."""
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(head))
    for thing in set(bpy.data.objects) - before:
        thing.visible_camera = False
        if thing.parent is None:
            thing.location = Vector(HEAD_PLACE) + thing.location
            thing.rotation_mode = "XYZ"
            thing.rotation_euler = Euler((0, 0, math.radians(HEAD_TURN)))


def export(things: list[bpy.types.Object], target: Path) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    for thing in things:
        thing.select_set(True)
    bpy.ops.export_scene.gltf(
        filepath=str(target), export_format="GLB", use_selection=True, export_normals=False, export_texcoords=False
    )
