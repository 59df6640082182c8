"""A part of a large picture that knows its noise: strips of rows from top to bottom, always the same ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
