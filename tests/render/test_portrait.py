"""The portrait renderer against what a viewer would notice."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import numpy as np
import pytest

from flashhead_engine.avatar.bundle import SAMPLES, Avatar, Layer, load_avatar
from flashhead_engine.avatar.images import resize_portrait
from flashhead_engine.blendshapes.aperture import lip_aperture
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.errors import SettingsError
from flashhead_engine.render.portrait import PortraitRenderer

from .shapes import STILL, both, shape

SIZE = 256
MARKER = (255, 0, 255)
MOUTH_INSIDE = ("mouth_cavity", "tongue", "teeth_lower", "teeth_upper")
EYE_INSIDE = ("eye_whites", "irises")


@pytest.fixture(scope="module", params=SAMPLES)
def avatar(request) -> Avatar:
    return load_avatar(request.param)


def marked(avatar: Avatar, names: tuple[str, ...], *, without: tuple[str, ...] = ()) -> Avatar:
    """The avatar with some layers painted in the marker colour and others taken away."""
    layers = dict(avatar.layers)
    for name in names + without:
        layer = layers[name]
        pixels = layer.pixels.copy()
        pixels[..., :3] = MARKER
        if name in without:
            pixels[..., 3] = 0
        layers[name] = Layer(layer.x, layer.y, pixels)
    digest = f"{avatar.digest} marked {names} without {without}"
    return dataclasses.replace(avatar, layers=MappingProxyType(layers), digest=digest)


def marker_pixels(frame: np.ndarray) -> np.ndarray:
    red, green, blue = (frame[..., channel].astype(int) for channel in range(3))
    return (red - green > 110) & (blue - green > 110) & (frame[..., 3] > 128)


def rendered_apertures(avatar: Avatar, weights: np.ndarray) -> np.ndarray:
    """How high the mouth's inside is seen in its middle, in pixels, for weights (n, 52)."""
    renderer = PortraitRenderer(marked(avatar, MOUTH_INSIDE), SIZE)
    x = np.mean([point[0] for point in avatar.landmarks.lip_upper_inner]) * SIZE / avatar.side
    middle = slice(int(x) - 2, int(x) + 3)
    return np.array([marker_pixels(renderer.render(row, STILL))[:, middle].sum() / 5 for row in weights])


def assert_mouth_follows(apertures: np.ndarray, weights: np.ndarray) -> None:
    """The rendered mouth opens as the weights ask: it moves, and in step with the lip aperture."""
    assert np.ptp(apertures) > 2, "the mouth is frozen"
    assert np.corrcoef(apertures, lip_aperture(weights))[0, 1] >= 0.9, "the mouth does not follow"


def speech() -> np.ndarray:
    """Weights (40, 52) of mouth shapes as speech mixes them."""
    mixer = np.random.default_rng(3)
    shapes = np.stack(
        [
            shape(jawOpen=0.7),
            shape(jawOpen=0.4, mouthFunnel=0.6),
            shape(jawOpen=0.2, mouthPucker=0.8),
            shape(jawOpen=0.3, **both("mouthStretch", 0.5)),
            shape(jawOpen=0.25, mouthClose=0.25, **both("mouthPress", 0.5)),
            shape(jawOpen=0.1, mouthRollLower=0.5, **both("mouthUpperUp", 0.4)),
            shape(jawOpen=0.1, **both("mouthLowerDown", 0.5)),
            shape(**both("mouthSmile", 0.6)),
            shape(),
        ]
    )
    return (mixer.dirichlet(np.full(len(shapes), 0.25), 40) @ shapes).astype(np.float32)


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_at_rest_it_is_the_painting(avatar, size):
    frame = PortraitRenderer(avatar, size).render(shape(), STILL)
    assert frame.shape == (size, size, 4)
    np.testing.assert_array_equal(frame, resize_portrait(avatar.portrait, size))


def test_mouth_opens_with_the_jaw(avatar):
    sweep = np.stack([shape(jawOpen=value) for value in np.linspace(0, 1, 9)])
    apertures = rendered_apertures(avatar, sweep)
    assert apertures[0] == 0
    assert np.all(np.diff(apertures) >= 0)
    assert apertures[-1] > 8


def inside_from_line(avatar: Avatar, size: int, weights: np.ndarray) -> np.ndarray:
    """Rows in the middle of the mouth that show its inside, in pixels below the line of the closed lips."""
    frame = PortraitRenderer(marked(avatar, MOUTH_INSIDE), size).render(weights, STILL)
    curve = np.array(avatar.landmarks.lip_upper_inner) * size / avatar.side
    x = round(float(curve[[0, -1], 0].mean()))
    return np.flatnonzero(marker_pixels(frame)[:, x]) - np.interp(x, *curve.T)


def test_lower_lip_comes_up_to_the_teeth_for_f_and_v(avatar):
    if avatar.mouth == "jaw_plate":
        pytest.skip("a plate does not roll in")
    weights = shape(jawOpen=0.1, mouthRollLower=0.6, **both("mouthUpperUp", 0.35))
    seen = inside_from_line(avatar, SIZE, weights)
    assert len(seen) >= 1
    assert seen[-1] <= 0.5, "the lower lip stays away from the teeth"


def test_rounded_lips_open_upwards_too(avatar):
    if avatar.mouth == "jaw_plate":
        pytest.skip("a plate stays straight")
    above = [
        (inside_from_line(avatar, 1024, shape(jawOpen=0.4, mouthPucker=rounded)) < 0).mean() for rounded in (0, 1)
    ]
    assert above[1] > 1.5 * above[0] > 0


def test_mouth_follows_speech(avatar):
    weights = speech()
    assert_mouth_follows(rendered_apertures(avatar, weights), weights)


def test_measure_fails_for_an_inverted_jaw_and_a_frozen_mouth():
    avatar, weights = load_avatar("heroine"), speech()
    inverted = weights.copy()
    inverted[:, INDEX["jawOpen"]] = 1 - weights[:, INDEX["jawOpen"]]
    with pytest.raises(AssertionError, match="does not follow"):
        assert_mouth_follows(rendered_apertures(avatar, inverted), weights)
    with pytest.raises(AssertionError, match="frozen"):
        assert_mouth_follows(rendered_apertures(avatar, np.zeros_like(weights)), weights)


@pytest.mark.parametrize(
    "closed",
    [
        shape(),
        shape(jawOpen=0.5, mouthClose=0.5),
        shape(jawOpen=0.2, mouthClose=0.3, **both("mouthPress", 1.0)),
        shape(mouthPucker=1.0),
        shape(mouthRollLower=1.0, mouthRollUpper=1.0),
        shape(**both("mouthSmile", 1.0)),
        shape(**both("mouthFrown", 1.0), mouthLeft=1.0),
    ],
)
def test_nothing_of_the_inside_shows_between_closed_lips(avatar, closed):
    plain, with_marker = (
        PortraitRenderer(a, SIZE).render(closed, STILL) for a in (avatar, marked(avatar, MOUTH_INSIDE))
    )
    np.testing.assert_array_equal(plain, with_marker)


def seen_eye_pixels(avatar: Avatar, *, without: tuple[str, ...] = ()) -> tuple[int, int]:
    """Pixels of the eyes that show half closed and closed."""
    renderer = PortraitRenderer(marked(avatar, EYE_INSIDE, without=without), SIZE)
    half, closed = (renderer.render(shape(**both("eyeBlink", value)), STILL) for value in (0.5, 1.0))
    return int(marker_pixels(half).sum()), int(marker_pixels(closed).sum())


def with_strip(avatar: Avatar, above: int, below: int) -> Avatar:
    """The avatar with a strip in the marker colour in front, so far above and below its closed mouth."""
    line = np.array(avatar.landmarks.lip_upper_inner)
    top, bottom = round(line[:, 1].min()) + above, round(line[:, 1].max()) + below
    width = round(np.ptp(line[:, 0]))
    pixels = np.full((bottom - top, width, 4), (*MARKER, 255), np.uint8)
    layers = {**avatar.layers, "front": Layer(round(line[0, 0]), top, pixels)}
    return dataclasses.replace(
        avatar, layers=MappingProxyType(layers), digest=f"{avatar.digest} strip {above} {below}"
    )


def test_hair_in_front_hangs_into_the_mouth_from_above_only():
    """Hair that ends above the closed lips stays out of the mouth; what hangs over them is seen in it."""
    avatar = load_avatar("guard")
    ends_above, hangs_over = (
        marker_pixels(PortraitRenderer(with_strip(avatar, -16, below), SIZE).render(shape(jawOpen=0.8), STILL)).sum()
        for below in (-6, 8)
    )
    assert ends_above == 0
    assert hangs_over > 20


def test_lids_cover_the_eyes(avatar):
    half, closed = seen_eye_pixels(avatar)
    assert half > 40
    assert closed == 0


def half_covered_eye_pixels(avatar: Avatar, blink: float) -> int:
    """Pixels, edges aside, of which the eye's own colour makes up between a sixth and five sixths."""
    frame = PortraitRenderer(marked(avatar, EYE_INSIDE), SIZE).render(shape(**both("eyeBlink", blink)), STILL)
    red, green, blue = (frame[..., channel].astype(int) for channel in range(3))
    share = (np.minimum(red, blue) - green) / 255
    half = (share > 1 / 6) & (share < 5 / 6)
    inner = half[1:-1, 1:-1] & half[2:, 1:-1] & half[:-2, 1:-1] & half[1:-1, 2:] & half[1:-1, :-2]
    return int(inner.sum())


@pytest.mark.parametrize("blink", [0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95])
def test_no_eye_shows_through_its_lids(avatar, blink):
    if avatar.lower_lid == "slide":
        pytest.skip("soft edges of two plates may meet in the middle")
    assert half_covered_eye_pixels(avatar, blink) <= 8


def test_measure_fails_for_lids_that_do_not_close():
    half, closed = seen_eye_pixels(load_avatar("heroine"), without=("lid_upper", "lid_lower"))
    assert closed > 0.5 * half > 0


@pytest.mark.parametrize(("own", "half"), [("Left", slice(SIZE // 2, None)), ("Right", slice(None, SIZE // 2))])
@pytest.mark.parametrize("weight", ["eyeBlink", "mouthSmile", "browOuterUp"])
def test_sides_are_the_faces_own(avatar, weight, own, half):
    if avatar.mouth == "jaw_plate" and weight == "mouthSmile":
        pytest.skip("a plate does not smile")
    renderer = PortraitRenderer(avatar, SIZE)
    moved, rest = (renderer.render(weights, STILL).astype(int) for weights in (shape(**{weight + own: 1.0}), shape()))
    # Skin between brows that nearly meet follows by a fraction of a pixel, which nearest lookup left out and bilinear
    # lookup shows as steps of one or two.
    changed = np.abs(moved - rest).max(axis=-1) > 2
    assert changed[:, half].sum() > 10
    # The other side may follow by a hair where skin is shared.
    assert changed[:, half].sum() > 0.95 * changed.sum()


def test_gaze_and_head_turn_to_the_faces_own_left():
    avatar = load_avatar("merchant")
    renderer = PortraitRenderer(marked(avatar, ("irises",)), SIZE)

    def iris_x(weights: np.ndarray, yaw: float = 0.0) -> float:
        frame = renderer.render(weights, np.array([yaw, 0, 0, 0], np.float32))
        return float(np.argwhere(marker_pixels(frame))[:, 1].mean())

    left = shape(eyeLookOutLeft=1.0, eyeLookInRight=1.0)
    right = shape(eyeLookInLeft=1.0, eyeLookOutRight=1.0)
    assert iris_x(left) > iris_x(right) + 3
    assert iris_x(left, yaw=0.2) > iris_x(left) + 3


def test_head_pitches_down_and_rolls_to_its_right_shoulder(avatar):
    renderer = PortraitRenderer(avatar, SIZE)

    def top_of_head(**pose: float) -> np.ndarray:
        values = np.array([0, pose.get("pitch", 0), pose.get("roll", 0), 0], np.float32)
        rows, columns = np.nonzero(renderer.render(shape(), values)[: SIZE // 3, :, 3] > 128)
        return np.array([columns.mean(), rows.min()])

    rest = top_of_head()
    assert top_of_head(pitch=0.2)[1] > rest[1] + 1
    assert top_of_head(roll=0.2)[0] < rest[0] - 5


def test_breath_lifts_the_shoulders_only_a_little(avatar):
    renderer = PortraitRenderer(avatar, SIZE)
    rest, inhaled = (renderer.render(shape(), np.array([0, 0, 0, b], np.float32)) for b in (0, 1))
    covered = [int((frame[SIZE // 2 :, :, 3] > 128).sum()) for frame in (rest, inhaled)]
    assert covered[0] < covered[1] < 1.05 * covered[0]


def test_alpha_is_unchanged_where_nothing_moves(avatar):
    renderer = PortraitRenderer(avatar, SIZE)
    rest = renderer.render(shape(), STILL)
    blinking = renderer.render(shape(**both("eyeBlink", 1.0), eyeLookUpLeft=0.5), STILL)
    np.testing.assert_array_equal(blinking[..., 3], rest[..., 3])
    speaking = renderer.render(shape(jawOpen=0.8, mouthFunnel=0.3), STILL)
    eyes = int(max(point[1] for point in avatar.landmarks.eye_left) * SIZE / avatar.side)
    np.testing.assert_array_equal(speaking[:eyes], rest[:eyes])


def fringes(frame: np.ndarray) -> np.ndarray:
    """Shares of the half transparent pixels that are darker and that are brighter than every opaque one around.

    Shares, not counts: a painted edge that lies on whole pixels gets more half transparent ones as soon as it moves
    by part of a pixel, which only nearest lookup hides.
    """
    grey = frame[..., :3].mean(axis=2)
    opaque = frame[..., 3] > 250
    darker, brighter = [], []
    for row, column in np.argwhere((frame[..., 3] > 20) & (frame[..., 3] < 235)):
        around = np.s_[max(0, row - 4) : row + 5, max(0, column - 4) : column + 5]
        inner = grey[around][opaque[around]]
        if len(inner):
            darker.append(grey[row, column] < inner.min() - 20)
            brighter.append(grey[row, column] > inner.max() + 20)
    return np.array([np.mean(darker), np.mean(brighter)])


def has_more_fringes(moved: np.ndarray, painted: np.ndarray) -> bool:
    return bool(np.any(fringes(moved) > 1.15 * fringes(painted) + 0.05))


def turned(avatar: Avatar) -> np.ndarray:
    renderer = PortraitRenderer(avatar, SIZE)
    return renderer.render(shape(jawOpen=0.4), np.array([0.15, 0.05, 0.1, 0.5], np.float32))


def test_edges_stay_clean_on_black_and_white(avatar):
    """A moving head has no more dark or bright fringes, seen on white or black, than the painting itself."""
    assert not has_more_fringes(turned(avatar), PortraitRenderer(avatar, SIZE).render(shape(), STILL))


@pytest.mark.parametrize("background", [0, 255])
def test_edges_that_were_mixed_with_a_background_are_found(avatar, background):
    painted, moved = PortraitRenderer(avatar, SIZE).render(shape(), STILL), turned(avatar)
    alpha = moved[..., 3:] / 255
    moved[..., :3] = alpha * moved[..., :3] + (1 - alpha) * background
    assert has_more_fringes(moved, painted)


def test_transparent_pixels_have_the_colour_of_their_neighbours(avatar):
    """Clients filter textures: black under a transparent pixel would darken the edge beside it."""
    renderer = PortraitRenderer(avatar, SIZE)

    def steps(weights: np.ndarray) -> float:
        frame = renderer.render(weights, STILL).astype(int)
        grey, alpha = frame[..., :3].mean(axis=2), frame[..., 3]
        beside = (alpha[:, 1:] == 0) & (alpha[:, :-1] > 60)
        return float(np.abs(grey[:, 1:] - grey[:, :-1])[beside].mean())

    assert steps(shape(jawOpen=0.5, eyeBlinkLeft=0.5)) < 1.1 * steps(shape()) + 4


def test_rendering_is_deterministic_and_leaves_its_inputs(avatar):
    weights = np.random.default_rng(1).random(52).astype(np.float32)
    pose = np.array([0.1, -0.1, 0.05, 0.5], np.float32)
    before = weights.copy(), pose.copy()
    first = PortraitRenderer(avatar, SIZE).render(weights, pose)
    renderer = PortraitRenderer(load_avatar(avatar.name), SIZE)
    renderer.render(shape(jawOpen=1.0), STILL)
    out = np.empty_like(first)
    assert renderer.render(weights, pose, out) is out
    np.testing.assert_array_equal(first, out)
    np.testing.assert_array_equal(weights, before[0])
    np.testing.assert_array_equal(pose, before[1])


def test_threads_may_share_a_renderer():
    renderer = PortraitRenderer(load_avatar("heroine"), SIZE)
    shapes = [shape(jawOpen=value, eyeBlinkLeft=value) for value in np.linspace(0, 1, 16)]
    alone = [renderer.render(weights, STILL) for weights in shapes]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda weights: renderer.render(weights, STILL), shapes))
    np.testing.assert_array_equal(alone, together)


def test_every_weight_at_once_and_extreme_poses_do_not_fail(avatar):
    renderer = PortraitRenderer(avatar, SIZE)
    for weights in (np.ones(52, np.float32), np.full(52, 7.0, np.float32), np.full(52, -1.0, np.float32)):
        for angle in (-3.0, 0.0, 3.0):
            renderer.render(weights, np.array([angle, angle, -angle, 1], np.float32))


def seen_on_black(frame: np.ndarray) -> np.ndarray:
    """Colour over black, and alpha, float (height, width, 4): what lies under transparent pixels does not count."""
    alpha = frame[..., 3:].astype(float)
    return np.dstack([frame[..., :3] * alpha / 255, alpha])


def test_small_motions_make_small_changes(avatar):
    """No jump between the painting and what is drawn over it."""
    renderer = PortraitRenderer(avatar, SIZE)
    rest = seen_on_black(renderer.render(shape(), STILL))
    tiny = {"jawOpen": 0.004, **both("eyeBlink", 0.004), **both("eyeLookDown", 0.004), "mouthSmileLeft": 0.004}
    moved = seen_on_black(renderer.render(shape(**tiny), STILL))
    difference = np.abs(moved - rest).max(axis=-1)
    assert np.percentile(difference, 99.9) <= 24


@pytest.mark.parametrize("size", [0, 100, 255, 270, 1056])
def test_wrong_size(size):
    with pytest.raises(SettingsError, match="multiple of 32"):
        PortraitRenderer(load_avatar("merchant"), size)


@pytest.mark.parametrize(
    ("weights", "pose", "words"),
    [
        (np.zeros(51, np.float32), STILL, "weights"),
        (np.zeros(52, int), STILL, "weights"),
        (np.full(52, np.nan, np.float32), STILL, "not numbers"),
        (np.zeros(52, np.float32), np.zeros(3, np.float32), "pose"),
        (np.zeros(52, np.float32), np.full(4, np.inf, np.float32), "not numbers"),
    ],
)
def test_wrong_inputs(weights, pose, words):
    with pytest.raises(SettingsError, match=words):
        PortraitRenderer(load_avatar("merchant"), SIZE).render(weights, pose)


@pytest.mark.parametrize("out", [np.empty((SIZE, SIZE, 3), np.uint8), np.empty((SIZE, SIZE, 4), np.float32)])
def test_wrong_out(out):
    with pytest.raises(SettingsError, match="out"):
        PortraitRenderer(load_avatar("merchant"), SIZE).render(shape(), STILL, out)
