"""A frame of one colour around a picture, such as a mat, the bars of a film or the page of a screenshot: it has no noise."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from linn_cli.units import GREY_LEVELS

# Compression changes a frame by so much at most, but for as many pixels beside the picture as its blocks reach.
_EVEN, _BLOCK = 1.5 / GREY_LEVELS, 8
_LEAST_SIDE = 48  # pixels; what has less is no framed picture
# A drawing or a text lies on what seems its frame: more than this part of it is of that colour, about.
_PAGE, _ALIKE = 0.15, 6 / GREY_LEVELS


def within(channels: Sequence[Tensor], seen: Tensor | None = None) -> Tensor | None:
    """Which pixels of a picture are seen and lie within its frame, bool (H, W); None for all.

    Args:
        channels: planes (H, W), white at 1.
        seen: bool (H, W), where the picture is looked at; None for all of it.
    """
    framed = _inside(torch.stack([plane.detach() for plane in channels]).cpu())
    if framed is None or seen is None:
        return seen if framed is None else framed
    return framed & seen.cpu()


def _inside(picture: Tensor) -> Tensor | None:
    """Which pixels of a picture (C, H, W) lie within its frame, bool (H, W); None without a frame.

    Rows and columns along the edges belong to it as long as they are of one colour each; so there may be several frames,
    one within the other.
    """
    top, left, (bottom, right) = 0, 0, picture.shape[1:]
    before = None
    while before != (before := (top, bottom, left, right)):
        part = picture[:, top:bottom, left:right]
        if min(part.shape[1:]) < _LEAST_SIDE:
            return None
        above, below = _even_ends(part)
        top, bottom = top + above, bottom - below
        on_left, on_right = _even_ends(picture[:, top:bottom, left:right].mT)
        left, right = left + on_left, right - on_right
    height, width = picture.shape[1:]
    if (top, bottom, left, right) == (0, height, 0, width):
        return None
    colour = picture[:, top - 1 if top else bottom % height, left - 1 if left else right % width]
    part = picture[:, top:bottom, left:right]
    alike = ((part - colour[:, None, None]).abs() <= _ALIKE).all(0)
    if alike.float().mean() > _PAGE:
        return None
    seen = torch.zeros(height, width, dtype=torch.bool)
    rows, columns = (
        slice(first + _BLOCK * (first > 0), last - _BLOCK * (last < size))
        for first, last, size in ((top, bottom, height), (left, right, width))
    )
    seen[rows, columns] = True
    return seen


def _even_ends(part: Tensor) -> tuple[int, int]:
    """How many of the first and of the last rows are of one colour each; all are the first."""
    if not part.numel():
        return 0, 0
    uneven = ((part.amax(2) - part.amin(2)) > _EVEN).any(0)
    if not bool(uneven.any()):
        return len(uneven), 0
    found = uneven.nonzero()
    return int(found[0]), len(uneven) - 1 - int(found[-1])
