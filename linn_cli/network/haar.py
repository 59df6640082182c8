"""The undecimated Haar transform: an image and four channels, split and merge.

The four shifted copies of the orthonormal 2x2 Haar transform are a tight frame of redundancy 4, so
merging is the adjoint divided by 4, and `merge(*split(image))` is the image up to rounding, borders
included. The transform is written as sums and differences of neighbours at the distance `dilation`,
first down the columns, then along the rows.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

ROWS, COLUMNS = -2, -1


def split(image: Tensor, dilation: int = 1) -> tuple[Tensor, Tensor]:
    """Image (B, 1, H, W) to coarse (B, 1, H + d, W + d) and detail (B, 3, H + d, W + d).

    The filters, each times 1/2: coarse [[+, +], [+, +]]; detail [[+, -], [+, -]], [[+, +], [-, -]] and
    [[+, -], [-, +]].
    """
    return split_padded(reflect(image, dilation, ROWS), dilation)


def split_padded(image: Tensor, dilation: int) -> tuple[Tensor, Tensor]:
    """Split an image (B, 1, H + 2d, W) whose rows are padded already; columns are padded here."""
    low, high = _pairs(image, dilation, ROWS)
    coarse, across = _pairs(reflect(low, dilation, COLUMNS), dilation, COLUMNS)
    down, diagonal = _pairs(reflect(high, dilation, COLUMNS), dilation, COLUMNS)
    return coarse / 2, torch.cat((across, down, diagonal), dim=1) / 2


def merge(coarse: Tensor, detail: Tensor, dilation: int = 1) -> Tensor:
    """Undo `split`: coarse (B, 1, H + d, W + d) and detail (B, 3, ...) to an image (B, 1, H, W)."""
    across, down, diagonal = detail.chunk(3, dim=1)
    high = _unpair(down, diagonal, dilation, COLUMNS)
    low = _unpair(coarse, across, dilation, COLUMNS)
    return _unpair(low, high, dilation, ROWS) / 8


def _pairs(value: Tensor, dilation: int, dim: int) -> tuple[Tensor, Tensor]:
    here, there = _neighbours(value, dilation, dim)
    return here + there, here - there


def _unpair(low: Tensor, high: Tensor, dilation: int, dim: int) -> Tensor:
    _, here = _neighbours(low + high, dilation, dim)
    there, _ = _neighbours(low - high, dilation, dim)
    return here + there


def _neighbours(value: Tensor, dilation: int, dim: int) -> tuple[Tensor, Tensor]:
    length = value.shape[dim] - dilation
    return value.narrow(dim, 0, length), value.narrow(dim, dilation, length)


def reflect(image: Tensor, margin: int, dim: int) -> Tensor:
    """Pad one spatial dimension (ROWS or COLUMNS) by `margin` on both sides.

    The border is mirrored without repeating the edge pixel; an axis of `margin` pixels or fewer is too
    short for that and repeats its edge instead.
    """
    mode = "reflect" if image.shape[dim] > margin else "replicate"
    sides = (margin, margin, 0, 0) if dim == COLUMNS else (0, 0, margin, margin)
    return F.pad(image, sides, mode=mode)
