"""Heads taken off their key colour again, after what an autoencoder and the matching of colours do to a picture."""

import io
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from flashhead_engine.avatar.bundle import SAMPLES, load_avatar
from flashhead_engine.avatar.images import over_background, resize_portrait
from flashhead_engine.drivers.flashhead.keying import Keyer, key_colour, over_key
from flashhead_engine.models import colour

SIZE = 512
GREY = (128, 128, 128)


def _degraded(rgb: np.ndarray) -> np.ndarray:
    """Blurred, noisy and compressed, RGBA uint8: worse than autoencoders of videos are."""
    noise = np.random.default_rng(0).normal(0, 3, rgb.shape)
    soft = np.asarray(Image.fromarray(rgb).filter(ImageFilter.GaussianBlur(0.8))) + noise
    file = io.BytesIO()
    Image.fromarray(soft.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
    return np.asarray(Image.open(file).convert("RGBA")).copy()


def _matched(picture: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """With another picture's colours, as every generated picture gets the reference's."""

    def tensor(pixels: np.ndarray) -> torch.Tensor:
        return torch.tensor(pixels[..., :3] / 127.5 - 1, dtype=torch.float32).movedim(-1, 0)[None, :, None]

    moved = colour.matched(tensor(picture), colour.statistics(tensor(reference)))
    shades = ((moved[0, :, 0].movedim(0, -1) + 1) * 127.5).clamp(0, 255)
    return np.dstack([shades.numpy().astype(np.uint8), picture[..., 3]])


class Errors(NamedTuple):
    """`alpha`: mean, in levels of 255. `far`: the part of the picture where alpha is far off. `seen`: mean of what is
    seen over grey, where the head is."""

    alpha: float
    far: float
    seen: float


def _errors(picture: np.ndarray, truth: np.ndarray) -> Errors:
    off = np.abs(picture[..., 3].astype(int) - truth[..., 3])
    seen, wanted = (over_background(pixels, GREY).astype(int) for pixels in (picture, truth))
    return Errors(off.mean(), (off > 64).mean(), np.abs(seen - wanted)[truth[..., 3] > 0].mean())


def _head(name: str) -> tuple[np.ndarray, Keyer]:
    portrait = load_avatar(name).portrait
    return resize_portrait(portrait, SIZE), Keyer.of(portrait, key_colour([portrait]), SIZE)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_head_comes_off_its_key(name: str) -> None:
    portrait, keyer = _head(name)
    # The head moved since: a Keyer knows only the portrait.
    truth = np.roll(portrait, 24, axis=1)
    picture = _degraded(over_background(truth, keyer.colour))
    spoiled, damage = picture.copy(), _errors(_degraded(over_background(truth, GREY)), truth).seen
    keyer.key(picture)
    errors = _errors(picture, truth)
    assert errors.alpha < 2.5 and errors.far < 0.015
    assert errors.seen < damage + 0.5, "colours and edges are as good as the degraded head's own"
    other = next(key for key in ((24, 208, 40), (32, 48, 224)) if key != keyer.colour)
    replace(keyer, colour=other).key(spoiled)
    assert _errors(spoiled, truth).alpha > 50, "with another key nothing comes off"


@pytest.mark.parametrize("name", SAMPLES)
def test_matched_colours_do_not_break_the_key(name: str) -> None:
    truth, keyer = _head(name)
    laid = over_background(truth, keyer.colour)
    # Where a head fills less of the picture than of the reference, all colours are stretched: the key's as well.
    picture = _matched(_degraded(laid), laid[: SIZE * 3 // 4])
    moved = np.median(picture[:40, :40, :3], axis=(0, 1))
    assert np.abs(moved - keyer.colour).max() > 3
    keyer.key(picture)
    errors = _errors(picture, truth)
    assert errors.alpha < 2.5 and errors.far < 0.015
    assert (picture[:40, :40, 3] == 0).all()


def test_edges_keep_no_colour_of_the_key() -> None:
    truth, keyer = _head("guard")
    edge = (truth[..., 3] > 30) & (truth[..., 3] < 225)

    def spill(picture: np.ndarray) -> float:
        red, green, blue = picture[edge][:, :3].astype(int).T
        return float(np.percentile(green - np.maximum(red, blue), 95))

    picture = _degraded(over_background(truth, keyer.colour))
    before = spill(picture)
    keyer.key(picture)
    assert spill(picture) < 12 and before > 60


def test_transparent_pixels_have_the_colours_of_the_head() -> None:
    """A game filters between pixels: the key must not shine through there."""
    truth, keyer = _head("guard")
    picture = _degraded(over_background(truth, keyer.colour))
    keyer.key(picture)
    hidden = picture[picture[..., 3] == 0].astype(int)
    assert len(hidden) > 0.3 * SIZE**2 and (hidden[:, 1] - hidden[:, [0, 2]].max(1)).max() < 30


def test_the_key_is_unlike_the_head() -> None:
    green = load_avatar("guard").portrait.copy()
    green[500:700, 300:700, :3] = (30, 220, 60)
    plain = key_colour([load_avatar("guard").portrait])
    assert plain == (24, 208, 40)
    assert key_colour([green]) != plain
    assert key_colour([load_avatar("guard").portrait, green]) == key_colour([green]), "one key for all portraits"


def test_an_opaque_portrait_has_no_key() -> None:
    portrait = load_avatar("guard").portrait.copy()
    portrait[..., 3] = 255
    assert key_colour([portrait]) is None


def test_what_was_seen_goes_back_onto_the_key() -> None:
    truth, keyer = _head("guard")
    unkeyed = _degraded(over_background(truth, keyer.colour))
    picture = unkeyed.copy()
    keyer.key(picture)
    again = over_key(picture[None], keyer.colour)[0].astype(int)
    assert np.abs(again - unkeyed[..., :3]).mean() < 2.5
    assert np.abs(picture[..., :3].astype(int) - unkeyed[..., :3]).mean() > 20, "keyed it is far from that"


def test_a_ghost() -> None:
    """No pixel of the portrait is wholly there, and none is wholly background."""
    ghost = load_avatar("guard").portrait.copy()
    ghost[..., 3] = 90
    keyer = Keyer.of(ghost, key_colour([ghost]), SIZE)
    picture = _degraded(over_background(resize_portrait(ghost, SIZE), keyer.colour))
    keyer.key(picture)
    assert 30 < np.median(picture[..., 3]) < 150


def test_a_picture_without_head_or_without_key() -> None:
    """An untrained model may show anything."""
    _, keyer = _head("guard")
    blank = np.zeros((2, SIZE, SIZE, 4), np.uint8)
    blank[0, ..., :3], blank[1] = keyer.colour, 255
    keyer.key(blank)
    assert (blank[0, ~keyer.inside, 3] == 0).all() and (blank[1] == 255).all()
