"""A part of a large picture that knows its noise: strips of rows from top to bottom, always the same ones."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli.pictures.picture import Picture

# The noise of a larger picture is estimated from about so many pixels, in strips of so many rows.
_MOST_PIXELS, STRIP = 1_000_000, 64


def strips(height: int, width: int, most: int = _MOST_PIXELS) -> NDArray[np.int64] | None:
    """The rows of a picture that have about so many pixels; None for all rows."""
    count = max(1, most // (STRIP * width))
    if count * STRIP >= height:
        return None
    tops = np.linspace(0, height - STRIP, count).astype(np.int64)
    rows: NDArray[np.int64] = (tops[:, None] + np.arange(STRIP)).ravel()
    return rows


def sampled(picture: Picture) -> Picture:
    """The picture, or strips of a large one as a lower picture."""
    width, height = picture.size
    rows = strips(height, width)
    return picture if rows is None else picture.part(rows)


def in_strips(picture: Tensor, most: int) -> Tensor:
    """A picture (C, H, W), or strips of a large one that have about `most` pixels, (n, C, h, W).

    A picture that was sampled consists of such strips, and none goes across two of these.
    """
    height, width = picture.shape[1:]
    count = max(1, most // (STRIP * width))
    if count * STRIP >= height:
        return picture[None]
    whole = height // STRIP
    strips: Tensor = picture[:, : whole * STRIP].unflatten(1, (whole, STRIP)).transpose(0, 1)
    places = torch.linspace(0, whole - 1, count, device=picture.device).long()
    return strips.index_select(0, places)
