"""The native kernels against the numpy ones: the same bytes, kernel by kernel and for whole frames."""

import numpy as np
import pytest

from flashhead_engine.avatar.bundle import SAMPLES, load_avatar
from flashhead_engine.render import kernels, numpy_kernels
from flashhead_engine.render.kernels import Axis
from flashhead_engine.render.portrait import PortraitRenderer

from .shapes import STILL, pose, shape

SIZE = 256
NODES = 17
SHAPE = (90, 70)

native = pytest.importorskip("flashhead_engine.render._kernels", reason="the native kernels were not built")


def random_of(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def premultiplied(random: np.random.Generator) -> np.ndarray:
    """Random pixels, a third of them transparent and a third opaque."""
    alpha = np.clip(random.integers(-255, 511, SHAPE), 0, 255)
    colour = random.integers(0, 256, (*SHAPE, 3)) * alpha[..., None] // 255
    return np.dstack([colour, alpha]).astype(np.uint8).view(np.uint32)[..., 0]


def straight(random: np.random.Generator) -> np.ndarray:
    pixels = premultiplied(random)
    return (pixels & np.uint32(0xFF000000)) | random.integers(0, 1 << 24, SHAPE, np.uint32)


def axes() -> list[np.ndarray]:
    rows, columns = (Axis.spread(length, NODES) for length in SHAPE)
    return [rows.node, rows.fraction, columns.node, columns.fraction]


def expanded(loops, random):
    out = np.empty(SHAPE, np.float32)
    loops.expand(random.normal(size=(NODES, NODES)).astype(np.float32), *axes(), out)
    return out


def warped(loops, random):
    out, picture = np.empty(SHAPE, np.uint32), straight(random)
    x, y = random.uniform(-9, 99, (2, NODES, NODES)).astype(np.float32)
    loops.warp(picture, x, y, *axes(), out)
    return out


def sampled(loops, random):
    out, picture = np.empty(SHAPE, np.uint32), premultiplied(random)
    x, y = random.uniform(-9, 99, (2, *SHAPE)).astype(np.float32)
    loops.sample(picture, x, y, 0.9, 1.5, -2.25, out)
    return out


def composed(loops, random):
    above, below = premultiplied(random), premultiplied(random)
    loops.over(above, below)
    return below


def composed_faded(loops, random):
    above, below = premultiplied(random), premultiplied(random)
    loops.over_faded(above, random.uniform(-0.2, 1.2, SHAPE).astype(np.float32), below)
    return below


def put_keeping_alpha(loops, random):
    frame = straight(random)
    loops.put(premultiplied(random), random.uniform(-0.2, 1.2, SHAPE).astype(np.float32), True, frame)
    return frame


def put_with_alpha(loops, random):
    frame = straight(random)
    loops.put(premultiplied(random), random.uniform(-0.2, 1.2, SHAPE).astype(np.float32), False, frame)
    return frame


def interpolated(loops, random):
    out = np.empty((*SHAPE, 5), np.float32)
    u, v = random.uniform(-3, 20, (2, *SHAPE)).astype(np.float32)
    loops.interpolate(random.normal(size=(NODES, NODES - 2, 5)).astype(np.float32), u, v, out)
    return out


def bled(loops, random):
    height, width = random.integers((75, 60), (91, 71))
    picture = straight(random)[:height, :width].copy()
    picture[random.random(picture.shape) < 0.9] &= np.uint32(0x0AFFFFFF)
    out = np.zeros(SHAPE, np.uint32)
    loops.bleed(picture, 12, out[:height, :width])
    return out


KERNELS = (bled, expanded, warped, sampled, composed, composed_faded, put_keeping_alpha, put_with_alpha, interpolated)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kernel", KERNELS)
def test_native_and_numpy_give_the_same_bytes(kernel, seed):
    np.testing.assert_array_equal(kernel(native, random_of(seed)), kernel(numpy_kernels, random_of(seed)))


@pytest.mark.parametrize("kernel", KERNELS)
def test_other_inputs_give_other_bytes(kernel):
    assert (kernel(native, random_of(0)) != kernel(numpy_kernels, random_of(1))).mean() > 0.5


@pytest.mark.parametrize("name", SAMPLES)
def test_whole_frames_are_the_same(monkeypatch, name):
    renderer = PortraitRenderer(load_avatar(name), SIZE)
    random = random_of(4)
    cases = [(random.uniform(0, 0.6, 52).astype(np.float32), pose(headYaw=0.1, headRoll=-0.1, breath=0.4))]
    cases += [(shape(jawOpen=0.5, tongueOut=0.6), STILL), (shape(eyeBlinkLeft=0.9, eyeLookUpRight=0.5), STILL)]
    drawn = [renderer.render(*case) for case in cases]
    monkeypatch.setattr(kernels, "_loops", numpy_kernels)
    for picture, case in zip(drawn, cases, strict=True):
        np.testing.assert_array_equal(picture, renderer.render(*case))


@pytest.mark.parametrize("loops", [native, numpy_kernels])
def test_whole_positions_are_the_pixels_themselves(loops):
    picture = premultiplied(random_of(2))
    height, width = (length - 1 for length in SHAPE)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    out = np.empty((height, width), np.uint32)
    loops.sample(picture, x, y, 1.0, 0.0, 0.0, out)
    np.testing.assert_array_equal(out, picture[:height, :width])


@pytest.mark.parametrize("loops", [native, numpy_kernels])
def test_an_edge_of_straight_alpha_takes_no_colour_from_what_is_transparent(loops):
    red, transparent_green = 0xFF0000FF, 0x0000FF00
    picture = np.array([[red, transparent_green]] * 2, np.uint32)
    x = np.full((2, 2), 0.5, np.float32)
    rows = Axis.spread(4, 2)
    out = np.empty((4, 4), np.uint32)
    loops.warp(picture, x, x, rows.node, rows.fraction, rows.node, rows.fraction, out)
    assert set(out.ravel().tolist()) == {0x800000FF}


@pytest.mark.parametrize("name", ["x", "y", "out"])
def test_native_kernels_refuse_arrays_that_do_not_fit(name):
    arrays = {
        "x": np.zeros((6, 6), np.float32),
        "y": np.zeros((6, 6), np.float32),
        "out": np.zeros((6, 6), np.uint32),
    }
    arrays[name] = arrays[name][:5]
    with pytest.raises(ValueError, match="same shape"):
        native.sample(np.zeros((4, 4), np.uint32), scale=1.0, left=0.0, top=0.0, **arrays)


def test_native_kernels_refuse_nodes_that_are_not_there():
    rows = Axis.spread(6, 9)
    nodes, out = np.zeros((4, 4), np.float32), np.zeros((6, 6), np.float32)
    with pytest.raises(ValueError, match="not there"):
        native.expand(nodes, rows.node, rows.fraction, rows.node, rows.fraction, out)
