"""Things to build scenery from in Blender: shapes, materials, lights. Metres, z up, the viewer looks along +y."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import bpy  # first: it brings the two others

import bmesh  # isort: skip
import numpy as np
from mathutils import Euler, Vector

Point = tuple[float, float, float]
Colour = tuple[float, float, float]


def empty_scene() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.world = bpy.data.worlds.new("World")


# --- materials


def linear(colour: str) -> Colour:
    """Of a colour as painters write it, "#rrggbb"."""
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return tuple(np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4))


@dataclass(frozen=True)
class Look:
    """A surface. Its colour wanders between `colour` and `other` with noise that is stretched by `grain`; `relief` in
    metres. `glow`: what it sends out itself."""

    colour: str
    other: str = ""
    grain: Point = (6, 6, 6)
    relief: float = 0.0
    rough: float = 0.7
    metal: float = 0.0
    glow: float = 0.0


def material(name: str, look: Look) -> bpy.types.Material:
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = nodes["Principled BSDF"].inputs
    shader["Roughness"].default_value, shader["Metallic"].default_value = look.rough, look.metal
    shader["Base Color"].default_value = (*linear(look.colour), 1)
    if look.glow:
        shader["Emission Color"].default_value = (*linear(look.colour), 1)
        shader["Emission Strength"].default_value = look.glow
    if look.other:
        place, stretch, noise = (nodes.new(f"ShaderNode{kind}") for kind in ("TexCoord", "Mapping", "TexNoise"))
        stretch.inputs["Scale"].default_value = look.grain
        noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = 1.0, 6
        ramp = nodes.new("ShaderNodeValToRGB")
        ramp.color_ramp.elements[0].color = (*linear(look.colour), 1)
        ramp.color_ramp.elements[1].color = (*linear(look.other), 1)
        ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.36, 0.66
        links.new(place.outputs["Object"], stretch.inputs["Vector"])
        links.new(stretch.outputs[0], noise.inputs["Vector"])
        links.new(noise.outputs[0], ramp.inputs[0])
        links.new(ramp.outputs[0], shader["Base Color"])
        if look.relief:
            bump = nodes.new("ShaderNodeBump")
            bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = 0.8, look.relief
            links.new(noise.outputs[0], bump.inputs["Height"])
            links.new(bump.outputs[0], shader["Normal"])
    return made


# --- shapes


def _object(name: str, mesh: bpy.types.Mesh, surface: bpy.types.Material, place: Point, turn: Point):
    mesh.materials.append(surface)
    made = bpy.data.objects.new(name, mesh)
    made.location, made.rotation_euler = place, Euler([math.radians(angle) for angle in turn])
    bpy.context.scene.collection.objects.link(made)
    return made


def box(surface, size: Point, place: Point, turn: Point = (0, 0, 0), bevel: float = 0.004) -> bpy.types.Object:
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=1.0)
    bmesh.ops.scale(shape, vec=size, verts=shape.verts)
    if bevel:
        width = min(bevel, 0.3 * min(size))
        bmesh.ops.bevel(shape, geom=shape.edges[:], offset=width, segments=2, profile=0.6, affect="EDGES")
    mesh = bpy.data.meshes.new("Box")
    shape.to_mesh(mesh)
    shape.free()
    return _object("Box", mesh, surface, place, turn)


def turned(surface, outline: Sequence[tuple[float, float]], place: Point, turn: Point = (0, 0, 0), sides: int = 32):
    """A thing from the lathe: `outline` is (radius, height) from below to above."""
    around = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    points = [(r * np.cos(a), r * np.sin(a), z) for r, z in outline for a in around]
    faces = []
    for row in range(len(outline) - 1):
        for side in range(sides):
            here, there = row * sides + side, row * sides + (side + 1) % sides
            faces.append((here, there, there + sides, here + sides))
    faces += [tuple(range(sides))[::-1], tuple(range((len(outline) - 1) * sides, len(outline) * sides))]
    mesh = bpy.data.meshes.new("Turned")
    mesh.from_pydata(points, [], faces)
    mesh.polygons.foreach_set("use_smooth", [True] * (len(faces) - 2) + [False] * 2)
    return _object("Turned", mesh, surface, place, turn)


def slab(surface, outline: Sequence[tuple[float, float]], thick: float, place: Point, turn: Point = (0, 0, 0)):
    """A flat shape in the x-z plane, `thick` along y, facing the viewer."""
    shape = bmesh.new()
    front = [shape.verts.new((x, -thick / 2, z)) for x, z in outline]
    face = shape.faces.new(front)
    grown = bmesh.ops.extrude_face_region(shape, geom=[face])
    moved = [part for part in grown["geom"] if isinstance(part, bmesh.types.BMVert)]
    bmesh.ops.translate(shape, vec=(0, thick, 0), verts=moved)
    bmesh.ops.recalc_face_normals(shape, faces=shape.faces)
    mesh = bpy.data.meshes.new("Slab")
    shape.to_mesh(mesh)
    shape.free()
    return _object("Slab", mesh, surface, place, turn)


def ring(surface, radius: float, thick: float, place: Point, turn: Point = (0, 0, 0)):
    bpy.ops.mesh.primitive_torus_add(
        major_radius=radius, minor_radius=thick, major_segments=64, minor_segments=12, location=place,
        rotation=[math.radians(angle) for angle in turn],
    )
    made = bpy.context.object
    made.data.materials.append(surface)
    made.data.polygons.foreach_set("use_smooth", [True] * len(made.data.polygons))
    return made


def arch(width: float, height: float, steps: int = 24) -> list[tuple[float, float]]:
    """Outline of a round-headed opening that stands on z = 0, from the right foot over the top to the left one."""
    half = width / 2
    angles = np.linspace(0, np.pi, steps)
    return [(half, 0.0), *[(half * np.cos(a), height - half + half * np.sin(a)) for a in angles], (-half, 0.0)]


# --- light and camera


def lamp(place: Point, watts: float, colour: str, radius: float = 0.02) -> None:
    data = bpy.data.lights.new("Lamp", "POINT")
    data.energy, data.color, data.shadow_soft_size = watts, linear(colour), radius
    made = bpy.data.objects.new("Lamp", data)
    made.location = place
    bpy.context.scene.collection.objects.link(made)


def panel(place: Point, target: Point, watts: float, colour: str, size: float) -> None:
    data = bpy.data.lights.new("Panel", "AREA")
    data.energy, data.color, data.size = watts, linear(colour), size
    made = bpy.data.objects.new("Panel", data)
    made.location = place
    made.rotation_euler = (Vector(target) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(made)


def sky(colour: str, strength: float) -> None:
    world = bpy.context.scene.world
    world.use_nodes = True
    background = world.node_tree.nodes["Background"].inputs
    background[0].default_value, background[1].default_value = (*linear(colour), 1), strength


def camera(place: Point, target: Point, millimetres: float, focus: float = 0.0, f_stop: float = 2.0) -> None:
    data = bpy.data.cameras.new("Camera")
    data.lens = millimetres
    if focus:
        data.dof.use_dof, data.dof.focus_distance, data.dof.aperture_fstop = True, focus, f_stop
    made = bpy.data.objects.new("Camera", data)
    made.location = place
    made.rotation_euler = (Vector(target) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(made)
    bpy.context.scene.camera = made


def cycles(samples: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples, scene.cycles.use_adaptive_sampling, scene.cycles.adaptive_threshold = samples, True, 0.03
    scene.cycles.use_denoising, scene.cycles.max_bounces = True, 5
    scene.cycles.sample_clamp_indirect = 3.0
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.render.threads_mode, scene.render.threads = "FIXED", 2


def render(file: str, width: int, height: int) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = width, height, 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = file
    bpy.ops.render.render(write_still=True)
