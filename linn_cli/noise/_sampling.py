"""A part of a large picture that knows its noise: strips of rows from top to bottom, always the same ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linn_cli.pictures.picture import Picture

# The noise of a larger picture is estimated from about so many pixels, in strips of so many rows.
_MOST_PIXELS, _STRIP = 1_000_000, 64


def sampled(picture: Picture) -> Picture:
    """The picture, or strips of a large one as a lower picture."""
    width, height = picture.size
    strips = max(1, _MOST_PIXELS // (_STRIP * width))
    if strips * _STRIP >= height:
        return picture
    tops = np.linspace(0, height - _STRIP, strips).astype(int)
    rows: NDArray[np.int64] = (tops[:, None] + np.arange(_STRIP)).ravel()
    alpha = None if picture.alpha is None else picture.alpha[rows]
    return replace(picture, values=picture.values[rows], alpha=alpha)
