"""A frame of one colour around a picture, such as a mat, the bars of a film or the page of a screenshot: it has no noise."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from linn_cli.noise._sampling import STRIP
from linn_cli.units import GREY_LEVELS

# Compression changes a frame by so much at most, but for as many pixels beside the picture as its blocks reach.
_EVEN, _BLOCK = 1.5 / GREY_LEVELS, 8
_LEAST_SIDE = 48  # pixels; what has less is no framed picture
# A drawing or a text lies on what seems its frame: more than this part of it is of that colour, about.
_PAGE, _ALIKE = 0.15, 6 / GREY_LEVELS
_IN_STRIPS = 250_000  # pixels; of a larger picture linn looks at strips, which have to stay whole


def without(
    channels: Sequence[Tensor], seen: Tensor | None = None
) -> tuple[list[Tensor], Tensor | None]:
    """The part of a picture that lies within its frame: all of it if there is none.

    Args:
        channels: planes (H, W), white at 1.
        seen: bool (H, W), where the picture is looked at; None for all of it.
    """
    inside = _inside(torch.stack([plane.detach() for plane in channels]).cpu())
    if inside is None:
        return list(channels), seen
    return [plane[inside] for plane in channels], None if seen is None else seen[inside]


def _inside(picture: Tensor) -> tuple[slice, slice] | None:
    """The rows and columns of a picture (C, H, W) that lie within its frame; None without a frame.

    Rows and columns along the edges belong to it as long as they are of one colour each; so there may be several frames,
    one within the other.
    """
    height, width = picture.shape[1:]
    top, bottom, left, right = 0, height, 0, width
    before = None
    while before != (before := (top, bottom, left, right)):
        part = picture[:, top:bottom, left:right]
        if min(part.shape[1:]) < _LEAST_SIDE:
            return None
        above, below = _even_ends(part)
        top, bottom = top + above, bottom - below
        on_left, on_right = _even_ends(picture[:, top:bottom, left:right].mT)
        left, right = left + on_left, right - on_right
    if (top, bottom, left, right) == (0, height, 0, width):
        return None
    colour = picture[:, top - 1 if top else bottom % height, left - 1 if left else right % width]
    part = picture[:, top:bottom, left:right]
    alike = ((part - colour[:, None, None]).abs() <= _ALIKE).all(0)
    if alike.float().mean() > _PAGE:
        return None
    columns = slice(left + _BLOCK * (left > 0), right - _BLOCK * (right < width))
    if height * width <= _IN_STRIPS:
        return slice(top + _BLOCK * (top > 0), bottom - _BLOCK * (bottom < height)), columns
    top, bottom = -(-top // STRIP) * STRIP, bottom if bottom == height else bottom // STRIP * STRIP
    return (slice(top, bottom), columns) if bottom - top >= _LEAST_SIDE else None


def _even_ends(part: Tensor) -> tuple[int, int]:
    """How many of the first and of the last rows are of one colour each; all are the first."""
    if not part.numel():
        return 0, 0
    uneven = ((part.amax(2) - part.amin(2)) > _EVEN).any(0)
    if not bool(uneven.any()):
        return len(uneven), 0
    found = uneven.nonzero()
    return int(found[0]), len(uneven) - 1 - int(found[-1])
