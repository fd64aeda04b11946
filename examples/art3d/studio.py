"""The head in Blender: objects, materials, lights and the camera."""

import math
import tempfile
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from morphs import ARKIT_52
from parts import Part
from PIL import Image
from textures import skin_uv

_METRES = 0.01
_LIGHTS = (
    ("Key", (-0.62, -0.85, 0.62), 15.5, 0.40, (1, 0.92, 0.82)),
    ("Fill", (0.85, -0.8, 0.0), 2.3, 0.9, (0.86, 0.89, 1)),
    ("Bounce", (0.1, -0.6, -0.7), 1.9, 0.6, (1, 0.86, 0.76)),
    ("RimRight", (-0.55, 0.95, 0.45), 8.1, 0.3, (0.78, 0.88, 1)),
    ("RimLeft", (0.6, 0.95, 0.40), 10.4, 0.3, (1, 0.84, 0.66)),
    ("Top", (0, -0.1, 1.0), 2.2, 0.6, (1, 0.96, 0.9)),
)


def linear(colours: np.ndarray) -> np.ndarray:
    colours = np.asarray(colours, float)
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def to_blender(points: np.ndarray) -> np.ndarray:
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], 1) * _METRES


def materials(skin: np.ndarray, eye: np.ndarray, white: np.ndarray) -> dict[str, bpy.types.Material]:
    """All materials by the names that parts use; `skin`, `eye` and `white`, an eye without iris, are textures."""
    return {
        "skin": _material("Skin", picture=_image("skin", skin), rough=0.48, subsurface=0.16),
        "mouth": _material("MouthInside", colour=(0.60, 0.20, 0.20), rough=0.6),
        "eye": _material("Eye", picture=_image("eye", eye), rough=0.25, coat=0.3),
        "white": _material("EyeWhite", picture=_image("white", white), rough=0.25, coat=0.3),
        "sparkle": _material("EyeSparkle", colour=(1, 1, 1), rough=0.3, glow=1.0),
        "lash": _material("Lash", rough=0.7),
        "painted": _material("Painted", rough=0.42),
        "hair": _material("Hair", rough=0.52),
        "brass": _material("Brass", rough=0.28, metal=0.9),
        "cloth": _material("Cloth", rough=0.85),
    }


def _material(name, *, picture=None, colour=None, rough, metal=0.0, subsurface=0.0, coat=0.0, glow=0.0):
    """Coloured by a picture, by one colour, or else by the vertices."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"].inputs
    shader["Roughness"].default_value, shader["Metallic"].default_value = rough, metal
    if picture is not None:
        texture = nodes.new("ShaderNodeTexImage")
        texture.image = picture
        links.new(texture.outputs[0], shader["Base Color"])
    elif colour is not None:
        shader["Base Color"].default_value = (*linear(colour), 1)
    else:
        attribute = nodes.new("ShaderNodeVertexColor")
        attribute.layer_name = "Col"
        links.new(attribute.outputs[0], shader["Base Color"])
    shader["Subsurface Weight"].default_value = subsurface
    shader["Subsurface Radius"].default_value = (1, 0.35, 0.2)
    shader["Subsurface Scale"].default_value = 0.006
    shader["Coat Weight"].default_value, shader["Coat Roughness"].default_value = coat, 0.06
    shader["Emission Color"].default_value = (1, 1, 1, 1)
    shader["Emission Strength"].default_value = glow
    return material


def add_relief(looks: dict[str, bpy.types.Material], skin: np.ndarray) -> None:
    """What only a rendered picture shows: pores and lines of the skin (its relief texture), single hairs, weave.

    glTF has no room for it, and a mesh that small no need.
    """
    image = _image("relief", skin)
    image.colorspace_settings.name = "Non-Color"
    nodes = looks["skin"].node_tree.nodes
    lines = nodes.new("ShaderNodeTexImage")
    lines.image = image
    pores = _noise(looks["skin"], "Object", (800, 800, 800), detail=3)
    _bump(looks["skin"], _bump(looks["skin"], None, pores, 0.20, 0.0006), lines.outputs[0], 0.55, 0.0011)
    strands = _noise(looks["hair"], "UV", (14, 0.7, 1), detail=2)
    _bump(looks["hair"], None, strands, 0.75, 0.0009)
    threads = _noise(looks["cloth"], "Generated", (70, 160, 160), detail=2)
    folds = _noise(looks["cloth"], "Generated", (5, 2.2, 2.2), detail=1)
    _bump(looks["cloth"], _bump(looks["cloth"], None, threads, 0.35, 0.0006), folds, 0.8, 0.045)
    cloth = looks["cloth"].node_tree.nodes["Principled BSDF"].inputs
    cloth["Sheen Weight"].default_value, cloth["Sheen Roughness"].default_value = 0.35, 0.4


def _noise(material: bpy.types.Material, coordinates: str, scale: tuple[float, float, float], *, detail: float):
    nodes, links = material.node_tree.nodes, material.node_tree.links
    place, stretched = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeMapping")
    stretched.inputs["Scale"].default_value = scale
    noise = nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = 1.0, detail
    links.new(place.outputs[coordinates], stretched.inputs["Vector"])
    links.new(stretched.outputs[0], noise.inputs["Vector"])
    return noise.outputs["Factor" if "Factor" in noise.outputs else "Fac"]


def _bump(material: bpy.types.Material, below, height, strength: float, distance: float):
    """A relief over the one `below`, or over the plain surface; `distance` in metres."""
    nodes, links = material.node_tree.nodes, material.node_tree.links
    bump = nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = strength, distance
    links.new(height, bump.inputs["Height"])
    if below is not None:
        links.new(below, bump.inputs["Normal"])
    links.new(bump.outputs[0], nodes["Principled BSDF"].inputs["Normal"])
    return bump.outputs[0]


def _image(name: str, pixels: np.ndarray) -> bpy.types.Image:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.png"
        Image.fromarray((pixels[::-1] * 255 + 0.5).astype(np.uint8)).save(file)
        image = bpy.data.images.load(str(file))
        image.pack()
    image.name = name
    return image


def add_object(name: str, parts: list[Part], looks: dict, *, morphs: bool) -> bpy.types.Object:
    """Parts as one object with one material slot for each material, and all 52 shape keys."""
    starts = np.cumsum([0] + [len(part.vertices) for part in parts])
    vertices = np.vstack([part.vertices for part in parts])
    faces = np.vstack([part.faces + start for part, start in zip(parts, starts, strict=False)])
    names = np.concatenate([np.broadcast_to(part.material, len(part.faces)) for part in parts])
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(to_blender(vertices).tolist(), [], faces.tolist())
    slots = sorted(set(names))
    for slot in slots:
        mesh.materials.append(looks[slot])
    mesh.polygons.foreach_set("material_index", [slots.index(one) for one in names])
    mesh.polygons.foreach_set("use_smooth", [True] * len(faces))
    _add_uv(mesh, parts, faces, names)
    colours = np.vstack([part.colours for part in parts])
    attribute = mesh.color_attributes.new("Col", "FLOAT_COLOR", "POINT")
    opaque = np.concatenate([linear(colours), np.ones((len(colours), 1))], 1)
    attribute.data.foreach_set("color", opaque.astype(np.float32).ravel())
    mesh.update()
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    if morphs:
        _add_shape_keys(thing, parts, vertices, starts)
    return thing


def _add_uv(mesh: bpy.types.Mesh, parts: list[Part], faces: np.ndarray, names: np.ndarray) -> None:
    uv = np.vstack([part.uv if part.uv is not None else np.zeros((len(part.vertices), 2)) for part in parts])[faces]
    # Triangles across the seam of the skin's cylinder.
    seam = (np.ptp(uv[:, :, 0], axis=1) > 0.5) & np.isin(names, ("skin", "mouth"))
    uv[seam, :, 0] += uv[seam, :, 0] < 0.5
    mesh.uv_layers.new(name="UVMap").data.foreach_set("uv", uv.astype(np.float32).ravel())


def _add_shape_keys(thing: bpy.types.Object, parts: list[Part], vertices: np.ndarray, starts: np.ndarray) -> None:
    thing.shape_key_add(name="Basis")
    for name in ARKIT_52:
        moved = vertices.copy()
        for part, start in zip(parts, starts, strict=False):
            if name in part.morphs:
                motion = part.morphs[name]
                length = np.linalg.norm(motion, axis=1)[:, None]
                # What hardly moves stays: only so are the sparse morphs of the file small.
                moved[start : start + len(motion)] += motion * np.clip((length - 0.004) / 0.016, 0, 1)
        key = thing.shape_key_add(name=name)
        key.data.foreach_set("co", to_blender(moved).astype(np.float32).ravel())


def skin_part(skin, morphs) -> list[Part]:
    """The skin as a part; the mouth bag's faces have their own material."""
    white, uv = np.ones_like(skin.vertices), skin_uv(skin.vertices)
    materials_of = np.where(skin.in_mouth, "mouth", "skin")
    return [Part("Skin", skin.vertices, skin.faces, materials_of, white, morphs, uv)]


def light_up(size: int, samples: int) -> None:
    """Lights, camera and the settings of Cycles."""
    scene = bpy.context.scene
    for name, place, energy, width, colour in _LIGHTS:
        _add_light(name, place, energy, width, colour)
    scene.world = bpy.data.worlds.new("World")
    scene.world.use_nodes = True
    background = scene.world.node_tree.nodes["Background"].inputs
    background[0].default_value, background[1].default_value = (0.50, 0.50, 0.56, 1), 0.34
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.lens, camera.data.sensor_width = 85, 36
    elevation, distance, target = math.radians(2), 0.84, (0, -0.03, -0.012)
    across, up = distance * math.cos(elevation), distance * math.sin(elevation)
    camera.location = (target[0], target[1] - across, target[2] + up)
    camera.rotation_euler = (math.pi / 2 - elevation, 0, 0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", samples
    scene.cycles.use_denoising, scene.cycles.max_bounces = True, 5
    scene.render.film_transparent = True
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.view_settings.view_transform, scene.view_settings.exposure = "Khronos PBR Neutral", 0.25


def _add_light(name: str, place, energy: float, width: float, colour) -> None:
    data = bpy.data.lights.new(name, "AREA")
    data.energy, data.size, data.color = energy, width, colour
    thing = bpy.data.objects.new(name, data)
    thing.location = place
    thing.rotation_euler = (Vector((0, -0.04, -0.02)) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
    thing.visible_glossy = name not in ("Fill", "Bounce")
    bpy.context.scene.collection.objects.link(thing)


def render(file: Path, weights: dict[str, float], part: tuple[float, float, float, float] | None = None) -> None:
    """`part`: left, bottom, right, top of what is rendered, 0 to 1; the rest stays transparent."""
    settings = bpy.context.scene.render
    settings.use_border = part is not None
    if part is not None:
        settings.border_min_x, settings.border_min_y, settings.border_max_x, settings.border_max_y = part
    for thing in (thing for thing in bpy.data.objects if thing.type == "MESH"):
        for key in thing.data.shape_keys.key_blocks[1:] if thing.data.shape_keys else ():
            key.value = weights.get(key.name, 0.0)
    settings.filepath = str(file)
    bpy.ops.render.render(write_still=True)
