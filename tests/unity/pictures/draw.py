"""Draws the samples' pictures for the package's documentation, from the objects that the samples' scripts make in the
hand-written engine, with a real worker's frames. They are no pictures of Unity: light and letters are drawn here.

    .venv/bin/python -m pytest tests/unity/pictures/draw.py
"""

import json
import math
import subprocess
from io import BytesIO

import numpy as np
import pytest
from conftest import COMPILE, HERE, NEWTONSOFT, PACKAGE
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1280, 720
SAVED = (960, 540)
# As TalkingNpc.cs has them.
CAMERA, FIELD_OF_VIEW = np.array([0, -0.07, 0.92]), 28
LIGHTS = (((1, 0.96, 0.9), 1.0, (30, 145)), ((0.6, 0.7, 1), 0.4, (10, 230)))
AMBIENT = np.array([0.3, 0.3, 0.34])
BACKGROUNDS = {"VisualNovel": (13, 18, 31), "CrowdOfSix": (31, 20, 15), "TalkingNpc": (23, 20, 31)}


@pytest.mark.parametrize(("sample", "seconds"), [("VisualNovel", 1.3), ("CrowdOfSix", 2.2), ("TalkingNpc", 1.0)])
def test_draw(sample, seconds, assemblies, surroundings, tmp_path):
    program = assemblies / "Pictures.exe"
    dlls = [assemblies / f"{one}.dll" for one in ("FlashHead.Core", "FlashHead", "UnityEngine")] + [NEWTONSOFT]
    sources = [HERE / "pictures" / "Pictures.cs", HERE / "samples" / "SceneFile.cs"]
    command = [*COMPILE, "-target:exe", f"-out:{program}", *(f"-r:{dll}" for dll in dlls), *sources]
    subprocess.run(command, check=True)
    endpoint, token = surroundings["FLASHHEAD_TEST_WORKER"].split("|")
    environment = {**surroundings, "FLASHHEAD_ENDPOINT": endpoint, "FLASHHEAD_TOKEN": token}
    subprocess.run(["mono", program, sample, str(seconds), tmp_path], check=True, env=environment, timeout=120)

    seen = json.loads((tmp_path / "seen.json").read_text("utf-8"))
    canvas = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUNDS[sample])
    if seen["meshes"]:
        canvas = Image.fromarray(rendered(seen["meshes"], np.asarray(canvas), tmp_path))
    for one in seen["graphics"]:
        paste(canvas, one, tmp_path)
    target = PACKAGE / "Documentation~" / "images" / f"{sample}.webp"
    canvas.resize(SAVED, Image.LANCZOS).save(target, quality=82, method=6)


def paste(canvas, one, folder) -> None:
    x, y, width, height = one["place"]
    left, top, right, bottom = x * WIDTH, (1 - y - height) * HEIGHT, (x + width) * WIDTH, (1 - y) * HEIGHT
    colour = tuple(round(255 * part) for part in one["color"])
    if "picture" in one:
        side = round(min(right - left, bottom - top))
        pixels = np.fromfile(folder / one["picture"], np.uint8).reshape(one["side"], one["side"], 4)
        if not one["topFirst"]:
            pixels = pixels[::-1]
        tinted = (pixels * np.array(one["color"])).astype(np.uint8)
        image = Image.fromarray(tinted, "RGBA").resize((side, side), Image.LANCZOS)
        canvas.paste(image, (round((left + right - side) / 2), round((top + bottom - side) / 2)), image)
    elif "text" in one:
        write(canvas, one, (left, top, right, bottom), colour)
    else:
        layer = Image.new("RGBA", canvas.size)
        ImageDraw.Draw(layer).rectangle((left, top, right, bottom), fill=colour)
        canvas.paste(layer, (0, 0), layer)


def write(canvas, one, place, colour) -> None:
    left, top, right, bottom = place
    font = ImageFont.load_default(one["size"] * 0.92)
    draw = ImageDraw.Draw(canvas)
    lines = [""]
    for word in one["text"].split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font) > right - left:
            lines.append(word)
        else:
            lines[-1] = longer
    text = "\n".join(lines)
    if one["middle"]:
        centre = ((left + right) / 2, (top + bottom) / 2)
        draw.multiline_text(centre, text, colour, font, anchor="mm", align="center")
    elif one["top"]:
        draw.multiline_text((left, top), text, colour, font)
    else:
        draw.multiline_text((left, (top + bottom) / 2), text, colour, font, anchor="lm")


def rendered(meshes, background, folder) -> np.ndarray:
    """Triangles that show their front, which is clockwise in Unity, with the nearest in front."""
    glb = (PACKAGE / "Samples~" / "TalkingNpc" / "scholar.glb.bytes").read_bytes()
    length = int.from_bytes(glb[12:16], "little")
    root = json.loads(glb[20 : 20 + length])
    colours = (background / 255.0) ** 2.2
    depths = np.full((HEIGHT, WIDTH), np.inf)
    for mesh, source in zip(meshes, root["meshes"], strict=True):
        vertices = np.fromfile(folder / mesh["file"], "<f4").reshape(-1, 8).astype(float)
        focal = HEIGHT / 2 / math.tan(math.radians(FIELD_OF_VIEW / 2))
        depth = CAMERA[2] - vertices[:, 2]
        # The camera looks back along z, so its right is at -x.
        across = WIDTH / 2 - focal * (vertices[:, 0] - CAMERA[0]) / depth
        down = HEIGHT / 2 - focal * (vertices[:, 1] - CAMERA[1]) / depth
        points = np.stack([across, down, depth], 1)
        light = AMBIENT + sum(lit(vertices[:, 3:6], *one) for one in LIGHTS)
        for part, primitive in zip(mesh["parts"], source["primitives"], strict=True):
            texture = texture_of(part, primitive, root, glb[28 + length :], folder)
            triangles = np.array(part["triangles"]).reshape(-1, 3)
            fill(triangles, points, light, vertices[:, 6:8], texture, colours, depths)
    return (np.clip(colours, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def lit(normals, colour, intensity, angles) -> np.ndarray:
    pitch, yaw = (math.radians(one) for one in angles)
    forward = np.array([math.sin(yaw) * math.cos(pitch), -math.sin(pitch), math.cos(yaw) * math.cos(pitch)])
    return np.clip(normals @ -forward, 0, None)[:, None] * np.array(colour) * intensity * 0.75


def texture_of(part, primitive, root, binary, folder) -> np.ndarray:
    """In linear light, its first row the bottom one, times the material's colour."""
    if part["ramp"]:
        pixels = np.fromfile(folder / part["ramp"], np.uint8).reshape(1, -1, 4)[..., :3]
    else:
        look = root["materials"][primitive["material"]]["pbrMetallicRoughness"]
        image = root["images"][root["textures"][look["baseColorTexture"]["index"]]["source"]]
        view = root["bufferViews"][image["bufferView"]]
        data = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        pixels = np.asarray(Image.open(BytesIO(data)).convert("RGB"))[::-1]
    return (pixels / 255.0 * np.array(part["color"])) ** 2.2


def fill(triangles, points, light, uv, texture, colours, depths) -> None:
    corners = points[triangles]
    edges = corners[:, 1:, :2] - corners[:, :1, :2]
    # Down is positive on the screen, so a clockwise triangle has a positive area.
    areas = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    for triangle, corner, area in zip(triangles[areas > 0], corners[areas > 0], areas[areas > 0], strict=True):
        low = np.maximum(np.floor(corner[:, :2].min(0)).astype(int), 0)
        high = np.minimum(np.ceil(corner[:, :2].max(0)).astype(int) + 1, (WIDTH, HEIGHT))
        if (low >= high).any():
            continue
        x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
        (ax, ay, _), (bx, by, _), (cx, cy, _) = corner
        b = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
        c = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
        shares = np.stack([1 - b - c, b, c], -1)
        depth = shares @ corner[:, 2]
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        inside = (shares.min(-1) >= -1e-6) & (depth < depths[window])
        if not inside.any():
            continue
        place = np.clip(shares[inside] @ uv[triangle], 0, 1) * (texture.shape[1] - 1, texture.shape[0] - 1)
        rows, columns = place[:, 1].round().astype(int), place[:, 0].round().astype(int)
        colours[window][inside] = texture[rows, columns] * (shares[inside] @ light[triangle])
        depths[window][inside] = depth[inside]
