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


PLACE = -3.0, 2.0, 0.2  # of a grid of NODES x (NODES - 2) under points from -20 to 110


def grid_and_points(random, channels):
    values = random.normal(scale=4, size=(NODES, NODES - 2, channels)).astype(np.float32)
    return values, random.uniform(-20, 110, (4, *SHAPE)).astype(np.float32)


def traced_back(loops, random):
    values, (x, y, *_) = grid_and_points(random, 2)
    shift = random.normal(size=(*SHAPE, 2)).astype(np.float32)
    loops.trace_back(values, *PLACE, x, y, 3, shift)
    return shift


def pulled_apart(loops, random):
    values, points = grid_and_points(random, 5)
    out = np.empty((4, *SHAPE), np.float32)
    loops.pull_apart(values, *PLACE, *points, out)
    return out


def found_within(loops, random):
    x, y = random.uniform(0, 100, (2, *SHAPE)).astype(np.float32)
    inside = np.empty(SHAPE, bool)
    edges = random.uniform(10, 20, 2), random.uniform(80, 90, 2)
    found = loops.within(x, y, *edges[0], *edges[1], inside)
    return np.append(np.flatnonzero(inside)[:500], found)


def bled(loops, random):
    height, width = random.integers((75, 60), (91, 71))
    picture = straight(random)[:height, :width].copy()
    picture[random.random(picture.shape) < 0.9] &= np.uint32(0x0AFFFFFF)
    out = np.zeros(SHAPE, np.uint32)
    loops.bleed(picture, 12, out[:height, :width])
    return out


KERNELS = (bled, expanded, warped, sampled, composed, composed_faded, put_keeping_alpha, put_with_alpha)
KERNELS += (traced_back, pulled_apart, found_within)


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
def test_what_a_shift_moved_is_traced_back(loops):
    """A grid whose shifts grow evenly: a point that lies at p now was at p / 1.1 before."""
    nodes = np.arange(0, 100, 10, dtype=np.float32)
    values = 0.1 * np.stack(np.meshgrid(nodes, nodes), axis=-1)
    x, y = np.array([[11.0, 44.0]], np.float32), np.array([[22.0, 77.0]], np.float32)
    shift = np.zeros((1, 2, 2), np.float32)
    loops.trace_back(values, 0.0, 0.0, 0.1, x, y, 12, shift)
    np.testing.assert_allclose(x - shift[..., 0], x / 1.1, atol=1e-4)
    np.testing.assert_allclose(y - shift[..., 1], y / 1.1, atol=1e-4)


@pytest.mark.parametrize("loops", [native, numpy_kernels])
def test_sides_of_a_cut_are_pulled_apart_by_their_share(loops):
    values = np.zeros((3, 3, 5), np.float32)
    values[...] = 1.0, 2.0, 3.0, 4.0, 0.25
    x, y, rest = np.full((1, 1), 10, np.float32), np.full((1, 1), 20, np.float32), np.full((1, 1), 6, np.float32)
    out = np.empty((4, 1, 1), np.float32)
    loops.pull_apart(values, 0.0, 0.0, 1.0, x, y, rest, rest, out)
    np.testing.assert_allclose(out.ravel(), [6 + 3 / 4, 6 + 12 / 4, 6 + 1 / 4, 6 + 10 / 4])


@pytest.mark.parametrize("loops", [native, numpy_kernels])
def test_points_in_a_box_are_bounded(loops, monkeypatch):
    monkeypatch.setattr(kernels, "_loops", loops)
    y, x = np.mgrid[0:9, 0:7].astype(np.float32)
    inside = np.empty(x.shape, bool)
    assert kernels.within(x, y, (2.0, 3.0, 5.0, 3.5), inside) == (slice(3, 4), slice(2, 5))
    assert np.argwhere(inside).tolist() == [[3, 2], [3, 3], [3, 4]]
    assert kernels.within(x, y, (2.2, 3.2, 2.8, 9.0)) is None
    assert kernels.within(x[:, 2:], y[:, 2:], (0.0, 0.0, 4.0, 1.0)) == (slice(0, 1), slice(0, 2))


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


def test_native_kernels_refuse_grids_that_do_not_fit():
    x, shift = np.zeros((4, 4), np.float32), np.zeros((4, 4, 2), np.float32)
    with pytest.raises(ValueError, match="two channels"):
        native.trace_back(np.zeros((3, 3, 5), np.float32), *PLACE, x, x, 1, shift)
    with pytest.raises(ValueError, match="five channels"):
        native.pull_apart(np.zeros((3, 3, 5), np.float32), *PLACE, x, x, x, x, shift)
    with pytest.raises(ValueError, match="points' shape"):
        native.within(x, x, 0.0, 0.0, 1.0, 1.0, np.zeros((3, 4), bool))


def test_native_kernels_refuse_nodes_that_are_not_there():
    rows = Axis.spread(6, 9)
    nodes, out = np.zeros((4, 4), np.float32), np.zeros((6, 6), np.float32)
    with pytest.raises(ValueError, match="not there"):
        native.expand(nodes, rows.node, rows.fraction, rows.node, rows.fraction, out)
