"""The native kernels' arithmetic in numpy, for where none were built: the same functions, the same bytes.

`kernels` says what each does, and calls these with the arguments that bridge_cpp/render/module.cc takes. Change both
or none.
"""

import numpy as np

from .alpha import premultiply

_LOW_BYTES = np.uint64(0x00FF00FF00FF00FF)
_HALF = np.uint64(0x0080008000800080)
_ONES = np.uint64(0x0001000100010001)
_EIGHT, _TWENTY_FOUR, _FORTY_EIGHT = np.uint64(8), np.uint64(24), np.uint64(48)
_FAINTEST = np.uint32(1 << 24)
_COLOUR, _ALPHA = np.uint32(0x00FFFFFF), np.uint32(0xFF000000)
_STRIP = 32
"""Rows that are drawn at a time, so that what lies between two steps stays in the processor's cache."""


def expand(nodes, row_node, row_fraction, column_node, column_fraction, out) -> None:
    upper, lower = nodes[row_node], nodes[row_node + 1]
    lines = upper + row_fraction[:, None] * (lower - upper)
    shares = np.take(lines[:, 1:] - lines[:, :-1], column_node, axis=1, mode="clip")
    shares *= column_fraction
    np.add(np.take(lines, column_node, axis=1, mode="clip"), shares, out=out)


def warp(table, x, y, row_node, row_fraction, column_node, column_fraction, out) -> None:
    columns = column_node, column_fraction
    for start in range(0, len(out), _STRIP):
        strip = slice(start, start + _STRIP)
        at = np.empty((2, *out[strip].shape), np.float32)
        for nodes, values in zip((x, y), at, strict=True):
            expand(nodes, row_node[strip], row_fraction[strip], *columns, values)
        out[strip] = _mixed_straight(*_corners(table, *at))


def bleed(picture, faint, out) -> None:
    rgba = picture[..., None].view(np.uint8)
    hidden = rgba[..., 3] <= faint
    # Push colour up to one pixel, then pull it down to where there is none.
    levels = [premultiply(np.where(hidden[..., None], np.uint8(0), rgba)).astype(np.float32)]
    while len(levels) == 1 or max(levels[-1].shape[:2]) > 1:
        fine = levels[-1]
        fine = np.pad(fine, ((0, fine.shape[0] % 2), (0, fine.shape[1] % 2), (0, 0)))
        coarse = fine[::2, ::2] + fine[1::2, ::2] + fine[::2, 1::2] + fine[1::2, 1::2]
        # Normalised, so that a level far from anything visible keeps a usable weight.
        coarse *= np.minimum(1.0, 255.0 / np.maximum(coarse[..., 3:], 1.0))
        levels.append(coarse)
    fill = levels.pop()
    for fine in reversed(levels[1:]):
        empty = np.nonzero(fine[..., 3] == 0)
        fine[empty] = fill[empty[0] // 2, empty[1] // 2]
        fill = fine
    rows, columns = np.nonzero(hidden)
    around = fill[rows // 2, columns // 2]
    out[:] = picture
    coloured = out[..., None].view(np.uint8)
    coloured[rows, columns, :3] = np.clip(
        around[:, :3] * (255.0 / np.maximum(around[:, 3:], 1e-3)) + 0.5, 0, 255
    ).astype(np.uint8)


def sample(table, x, y, scale, left, top, out) -> None:
    scale, left, top = (np.float32(value) for value in (scale, left, top))
    out[:] = _mixed(*_corners(table, x * scale - left, y * scale - top))


def over(above, below) -> None:
    _compose(_spread(above), below)


def over_faded(above, opacity, below) -> None:
    _compose(_mix(np.uint64(0), _spread(above), _part(opacity)), below)


def put(drawn, opacity, keep_alpha, frame) -> None:
    alpha = drawn >> 24
    straight = alpha << 24
    divisor = np.maximum(alpha, 1)
    for shift in (0, 8, 16):
        colour = (((drawn >> shift) & 255) * 255 + alpha // 2) // divisor
        straight |= np.minimum(colour, 255) << shift
    pixels = np.where(drawn < _FAINTEST, frame & _COLOUR, straight)
    if keep_alpha:
        pixels = (pixels & _COLOUR) | (frame & _ALPHA)
    frame[:] = _pack(_mix(_spread(frame), _spread(pixels), _part(opacity)))


def trace_back(values, left, top, scale, x, y, rounds, shift) -> None:
    for _ in range(rounds):
        _interpolate(values, *_cells(left, top, scale, x - shift[..., 0], y - shift[..., 1]), shift)


def pull_apart(values, left, top, scale, x, y, rest_x, rest_y, out) -> None:
    sampled = np.empty((*x.shape, 5), np.float32)
    _interpolate(values, *_cells(left, top, scale, x, y), sampled)
    share = sampled[..., 4]
    for side in (0, 2):
        for axis, (point, rest) in enumerate(((x, rest_x), (y, rest_y)), start=side):
            out[axis] = rest + share * (point - sampled[..., axis] - rest)


def within(x, y, left, top, right, bottom, inside) -> tuple[int, int, int, int]:
    left, top, right, bottom = (np.float32(edge) for edge in (left, top, right, bottom))
    mask = (x >= left) & (x < right) & (y >= top) & (y < bottom)
    if inside is not None:
        inside[:] = mask
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _interpolate(values, u, v, out) -> None:
    rows, columns, channels = values.shape
    u = np.minimum(np.maximum(u, np.float32(0)), np.float32(columns) - np.float32(1.001))
    v = np.minimum(np.maximum(v, np.float32(0)), np.float32(rows) - np.float32(1.001))
    column, row = u.astype(np.intp), v.astype(np.intp)
    u = (u - column.astype(np.float32))[..., None]
    v = (v - row.astype(np.float32))[..., None]
    flat = values.reshape(-1, channels)
    first = row * columns + column
    top, bottom = (_between(flat, node, u) for node in (first, first + columns))
    out.reshape(top.shape)[:] = top + v * (bottom - top)


def _cells(left, top, scale, x, y) -> tuple[np.ndarray, np.ndarray]:
    """Points in cells of a grid."""
    left, top, scale = (np.float32(value) for value in (left, top, scale))
    return (x - left) * scale, (y - top) * scale


def _between(flat: np.ndarray, node: np.ndarray, part: np.ndarray) -> np.ndarray:
    left = np.take(flat, node, axis=0)
    return left + part * (np.take(flat, node + 1, axis=0) - left)


def _corners(table: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple:
    """The four pixels around each position, uint32, and how far it lies between them, in 1/256: uint64."""
    height, width = table.shape
    column, row = _fixed_point(x, width), _fixed_point(y, height)
    first = ((row >> 8) * width + (column >> 8)).astype(np.intp)
    pixels = table.ravel()
    # "clip" is faster than "raise", and every index lies inside.
    around = [np.take(pixels[step:], first, mode="clip") for step in (0, 1, width, width + 1)]
    return (*around, (column & 255).astype(np.uint64), (row & 255).astype(np.uint64))


def _fixed_point(position: np.ndarray, count: int) -> np.ndarray:
    last = np.float32(count - 1) - np.float32(1 / 256)
    inside = np.minimum(np.maximum(position, np.float32(0)), last)
    return (inside * np.float32(256) + np.float32(0.5)).astype(np.int32)


def _mixed(top_left, top_right, bottom_left, bottom_right, across, down) -> np.ndarray:
    across, down = _in_lanes(across), _in_lanes(down)
    up = 256 - down
    left = _weighted(_lanes(top_left), up, _lanes(bottom_left), down)
    right = _weighted(_lanes(top_right), up, _lanes(bottom_right), down)
    return _weighted(left, 256 - across, right, across).astype(np.uint8).view(np.uint32)


def _lanes(pixels: np.ndarray) -> np.ndarray:
    """Four channels of each pixel beside each other: uint16, on which numpy is faster than on wider integers."""
    return pixels.view(np.uint8).astype(np.uint16)


def _in_lanes(parts: np.ndarray) -> np.ndarray:
    """Parts (uint64) once for each channel: uint16."""
    return (parts * _ONES).view(np.uint16)


def _weighted(a: np.ndarray, part_a: np.ndarray, b: np.ndarray, part_b: np.ndarray) -> np.ndarray:
    """(a * part_a + b * part_b) / 256, rounded; a and b are changed."""
    a *= part_a
    b *= part_b
    a += b
    a += 128
    a >>= 8
    return a


def _mixed_straight(top_left, top_right, bottom_left, bottom_right, across, down) -> np.ndarray:
    """For straight alpha: colours count as much as they are opaque."""
    corners = top_left, top_right, bottom_left, bottom_right
    transparent = (top_left | top_right | bottom_left | bottom_right) < _FAINTEST
    mixed = np.where(transparent, top_left, _mixed(*corners, across, down))
    differing = ((top_left ^ top_right) | (top_left ^ bottom_left) | (top_left ^ bottom_right)) >= _FAINTEST
    if differing.any():
        mixed[differing] = _mixed_by_alpha(*(values[differing] for values in (*corners, across, down)))
    return mixed


def _mixed_by_alpha(top_left, top_right, bottom_left, bottom_right, across, down) -> np.ndarray:
    pixels = np.stack([top_left, top_right, bottom_left, bottom_right]).astype(np.uint64)
    near_x, near_y = 256 - across, 256 - down
    weights = np.stack([near_x * near_y, across * near_y, near_x * down, across * down]) * (pixels >> _TWENTY_FOUR)
    total = weights.sum(axis=0)
    mixed = ((total + 32768) >> np.uint64(16)) << _TWENTY_FOUR
    for shift in (0, 8, 16):
        colour = (weights * ((pixels >> np.uint64(shift)) & np.uint64(255))).sum(axis=0)
        mixed |= ((colour + total // 2) // np.maximum(total, 1)) << np.uint64(shift)
    return np.where(total == 0, top_left, mixed.astype(np.uint32))


def _compose(above: np.ndarray, below: np.ndarray) -> None:
    product = _spread(below) * (255 - (above >> _FORTY_EIGHT)) + _HALF
    covered = ((product + ((product >> _EIGHT) & _LOW_BYTES)) >> _EIGHT) & _LOW_BYTES
    below[:] = _pack(above + covered)


def _part(opacity: np.ndarray) -> np.ndarray:
    """Opacities in 1/256."""
    inside = np.minimum(np.maximum(opacity, np.float32(0)), np.float32(1))
    return (inside * np.float32(256) + np.float32(0.5)).astype(np.uint64)


def _spread(pixels: np.ndarray) -> np.ndarray:
    """Four channels of each pixel, 16 bits apart."""
    wide = pixels.astype(np.uint64)
    return (wide & np.uint64(0x00FF00FF)) | ((wide & np.uint64(0xFF00FF00)) << _TWENTY_FOUR)


def _pack(lanes: np.ndarray) -> np.ndarray:
    return ((lanes & np.uint64(0x00FF00FF)) | ((lanes >> _TWENTY_FOUR) & np.uint64(0xFF00FF00))).astype(np.uint32)


def _mix(a: np.ndarray, b: np.ndarray, part: np.ndarray) -> np.ndarray:
    """a + (b - a) * part / 256, rounded, of every lane."""
    return (((a << _EIGHT) + (b - a) * part + _HALF) >> _EIGHT) & _LOW_BYTES
