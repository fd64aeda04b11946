"""Every measure of `flashhead avatar check`: silent on good samples, loud on a sample spoiled in its own way."""

import dataclasses
import functools
import json
import shutil
from pathlib import Path
from types import MappingProxyType

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from flashhead_engine.avatar import face_mesh
from flashhead_engine.avatar.bundle import SAMPLES, SAMPLES_FOLDER, Avatar, Layer
from flashhead_engine.avatar.bundle import load_avatar as load_uncached
from flashhead_engine.avatar.check import check_avatar, check_picture
from flashhead_engine.avatar.source import FacePicture
from flashhead_engine.cli.avatar import avatar_app

PEOPLE = ("heroine", "guard", "merchant")
LIPS = tuple(name for name in SAMPLES if name != "robot")
SIDE = 1024
load_avatar = functools.cache(load_uncached)


def bad(avatar: Avatar) -> set[str]:
    return {finding.name for finding in check_avatar(avatar) if finding.bad}


def with_picture(avatar: Avatar, picture: Image.Image | np.ndarray) -> Avatar:
    return dataclasses.replace(avatar, portrait=np.asarray(picture))


def moved_points(avatar: Avatar, move) -> Avatar:
    """The avatar with `move` done to every point of its landmarks; radii and distances stay."""
    marks = msgspec.to_builtins(avatar.landmarks)
    for name, value in marks.items():
        if isinstance(value, dict):
            value["centre"] = move(np.array([value["centre"]]))[0].tolist()
        elif not isinstance(value, (int, float)):
            points = np.atleast_2d(np.array(value, float))
            marks[name] = move(points).tolist() if np.ndim(value) == 2 else move(points)[0].tolist()
    return dataclasses.replace(avatar, landmarks=msgspec.convert(marks, type(avatar.landmarks)))


def mouth_box(avatar: Avatar, margin: float) -> list[float]:
    """The rectangle around the lips, larger by `margin` widths of the mouth: left, top, right, bottom."""
    points = np.vstack([avatar.landmarks.lip_upper_outer, avatar.landmarks.lip_lower_outer])
    reach = margin * np.ptp(points[:, 0])
    return [*(points.min(axis=0) - reach), *(points.max(axis=0) + reach)]


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_good(name):
    findings = check_avatar(load_avatar(name))
    assert min(finding.score for finding in findings) >= 75
    assert ("mouth visible" in {finding.name for finding in findings}) == (name != "robot")


@pytest.mark.parametrize("name", SAMPLES)
def test_one_half_narrowed_as_in_a_turned_head(name):
    avatar = load_avatar(name)
    middle = avatar.landmarks.nose_tip[0]
    turned = moved_points(
        avatar, lambda p: np.stack([np.where(p[:, 0] > middle, (p[:, 0] + middle) / 2, p[:, 0]), p[:, 1]], axis=-1)
    )
    assert "facing front" in bad(turned)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_sheared_face(name):
    avatar = load_avatar(name)
    sheared = moved_points(avatar, lambda p: p + np.stack([0.35 * (p[:, 1] - SIDE / 2), 0 * p[:, 1]], axis=-1))
    assert "facing front" in bad(sheared)


@pytest.mark.parametrize("degrees", [-15, 15])
def test_a_tilted_head_still_faces_the_front(degrees):
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    tilted = moved_points(load_avatar("merchant"), lambda p: (p - SIDE / 2) @ matrix + SIDE / 2)
    assert "facing front" not in bad(tilted)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_face_far_away(name):
    avatar = load_avatar(name)
    # The fox and the robot have wide mouths.
    scale = 18 * 2 / np.ptp(np.array(avatar.landmarks.lip_upper_outer)[:, 0])
    assert "mouth size" in bad(moved_points(avatar, lambda p: (p - SIDE / 2) * scale + SIDE / 2))


@pytest.mark.parametrize("name", LIPS)
@pytest.mark.parametrize("colour", [(150, 40, 45, 255), (200, 150, 120, 255), (30, 30, 35, 255)])
def test_a_scarf_over_the_mouth(name, colour):
    avatar = load_avatar(name)
    picture = Image.fromarray(avatar.portrait)
    ImageDraw.Draw(picture).rectangle(mouth_box(avatar, 0.4), fill=colour)
    assert bad(with_picture(avatar, picture)) == {"mouth visible"}


@pytest.mark.parametrize(("share", "hidden"), [(0.3, False), (0.9, True)])
def test_a_layer_in_front_of_the_mouth(share, hidden):
    avatar = load_avatar("merchant")
    left, top, right, bottom = (round(value) for value in mouth_box(avatar, 0.0))
    cloth = Layer(left, top, np.full((bottom - top, round(share * (right - left)), 4), 255, np.uint8))
    covered = dataclasses.replace(avatar, layers=MappingProxyType({**avatar.layers, "front": cloth}))
    assert ("mouth visible" in bad(covered)) == hidden


@pytest.mark.parametrize("name", LIPS)
@pytest.mark.parametrize("height", [0.05, 0.1])
def test_a_white_strip_between_the_lips(name, height):
    avatar = load_avatar(name)
    picture = Image.fromarray(avatar.portrait)
    line = [tuple(point) for point in avatar.landmarks.lip_upper_inner]
    width = round(height * (line[-1][0] - line[0][0]))
    ImageDraw.Draw(picture).line(line[1:-1], fill=(240, 238, 230, 255), width=width)
    assert "teeth hidden" in bad(with_picture(avatar, picture))


@pytest.mark.parametrize("own", ["left", "right"])
@pytest.mark.parametrize("name", SAMPLES)
def test_one_eye_closed(name, own):
    avatar = load_avatar(name)
    outline = np.array(getattr(avatar.landmarks, f"eye_{own}"))
    outline[:, 1] = outline[:, 1].mean()
    marks = msgspec.structs.replace(avatar.landmarks, **{f"eye_{own}": outline.tolist()})
    assert bad(dataclasses.replace(avatar, landmarks=marks)) == {"eyes open"}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_small_picture_enlarged(name):
    avatar = load_avatar(name)
    small = Image.fromarray(avatar.portrait).resize((128, 128), Image.Resampling.BICUBIC)
    assert "sharp" in bad(with_picture(avatar, small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)))


@pytest.mark.parametrize("name", SAMPLES)
def test_half_the_size_is_sharp_enough(name):
    avatar = load_avatar(name)
    small = Image.fromarray(avatar.portrait).resize((512, 512), Image.Resampling.LANCZOS)
    assert "sharp" not in bad(with_picture(avatar, small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)))


@pytest.mark.parametrize(("name", "level"), [*((name, 255) for name in SAMPLES), ("guard", 0), ("fox", 0)])
def test_edges_that_keep_an_old_background(name, level):
    avatar = load_avatar(name)
    alpha = avatar.portrait[..., 3:] / 255
    stained = avatar.portrait[..., :3] * alpha + level * (1 - alpha)
    dirty = np.dstack([stained.astype(np.uint8), avatar.portrait[..., 3]])
    assert bad(with_picture(avatar, dirty)) == {"clean edges"}


@pytest.mark.parametrize("portrait_side", [256, 1024])
def test_an_opaque_portrait_has_no_dirty_edges(portrait_side):
    avatar = load_avatar("merchant")
    canvas = Image.new("RGBA", (SIDE, SIDE), (90, 120, 60, 255))
    canvas.alpha_composite(Image.fromarray(avatar.portrait))
    scale = portrait_side / SIDE
    # The layers keep the size of the sample.
    small = dataclasses.replace(moved_points(avatar, lambda p: p * scale), layers=MappingProxyType({}))
    assert not bad(with_picture(small, canvas.resize((portrait_side, portrait_side), Image.Resampling.LANCZOS)))


def test_a_picture_with_parted_lips():
    avatar = load_avatar("heroine")
    face = FacePicture(np.asarray(avatar.portrait), msgspec.to_builtins(avatar.landmarks), 0.3, "heroine")
    assert {finding.name for finding in check_picture(face) if finding.bad} == {"mouth closed"}


def test_command_on_samples_and_bundles(tmp_path: Path):
    runner = CliRunner()
    good = runner.invoke(avatar_app, ["check", "guard"])
    assert good.exit_code == 0
    assert "mouth visible" in good.output
    folder = tmp_path / "spoiled"
    shutil.copytree(SAMPLES_FOLDER / "guard", folder)
    small = Image.open(folder / "portrait.png").resize((96, 96))
    small.resize((SIDE, SIDE)).save(folder / "portrait.png")
    spoiled = runner.invoke(avatar_app, ["check", str(folder)])
    assert spoiled.exit_code == 1
    assert "sharper" in spoiled.output
    assert runner.invoke(avatar_app, ["check", "guard", "--landmarks", str(folder / "avatar.json")]).exit_code == 2


def test_command_on_a_picture_with_landmarks(tmp_path: Path):
    avatar = load_avatar("merchant")
    canvas = Image.new("RGB", (SIDE, SIDE), (200, 210, 220))
    canvas.paste(Image.fromarray(avatar.portrait), mask=Image.fromarray(avatar.portrait[..., 3]))
    canvas.save(tmp_path / "merchant.jpg", quality=90)
    marks = tmp_path / "marks.json"
    marks.write_text(json.dumps(msgspec.to_builtins(avatar.landmarks)))
    shown = CliRunner().invoke(avatar_app, ["check", str(tmp_path / "merchant.jpg"), "--landmarks", str(marks)])
    assert shown.exit_code == 0, shown.output
    assert "mouth closed" in shown.output


@pytest.mark.skipif(not face_mesh.DETECTOR_PYTHON.is_file(), reason="needs MediaPipe: python3 build.py avatar-tools")
def test_command_finds_the_face_of_a_picture(tmp_path: Path):
    Image.fromarray(load_avatar("merchant").portrait).save(tmp_path / "merchant.png")
    shown = CliRunner().invoke(avatar_app, ["check", str(tmp_path / "merchant.png")])
    assert shown.exit_code == 0, shown.output
