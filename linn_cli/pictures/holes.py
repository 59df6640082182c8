"""Holes in a plane: pixels without a value, as NaN, as GDAL's nodata value, or wholly transparent.

What stands there says nothing of the picture and would bleed into its neighbours. So holes are filled from their
border inwards: ring by ring, with what a plane through the values nearby leads to (local linear regression).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

# How wide the rings are, from the border inwards. What lies deeper is hardly seen from the border, and takes coarse means.
_RINGS = (1,) * 8 + (2,) * 4 + (4,) * 4
_DEPTH = sum(_RINGS)
# The regression's reach in pixels, the deviation of its bell-shaped weights, and what keeps its slopes small where few
# pixels are known.
_REACH = 8
_BELL = _REACH / 2
_RIDGE = 0.25 * _BELL**2
# Planes are filled tile by tile, and each tile sees this far beyond its edge.
_TILE, _MARGIN = 256, _DEPTH + 2 * _REACH


def unknown(values: NDArray[np.generic], nodata: float | None) -> NDArray[np.bool_] | None:
    """Where values are not finite or are `nodata`, in the shape of the values; None if nowhere."""
    holes = np.zeros(values.shape, np.bool_)
    if values.dtype.kind == "f":
        holes |= ~np.isfinite(values)
    if nodata is not None and nodata == nodata:
        with np.errstate(over="ignore"):
            # As the file's dtype holds it: -3.4e38 of a float32 is written in fewer digits.
            holes |= values == np.asarray(nodata).astype(values.dtype, casting="unsafe")
    return holes if bool(holes.any()) else None


def filled(plane: NDArray[np.generic], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """A plane (H, W) as floats, filled where it is not `known`; zeros if nothing is."""
    answer = np.where(known, plane, 0).astype(np.float64)
    if bool(known.all()) or not bool(known.any()):
        return answer
    least, most = float(answer[known].min()), float(answer[known].max())
    centre = (least + most) / 2
    values = torch.from_numpy(answer - centre)
    weights = torch.from_numpy(known).double()
    values *= weights
    deep = _spread(values[None, None], weights[None, None])[0, 0]
    result = deep.clone()
    for inner, outer, within in _tiles(*known.shape):
        tile = known[outer]
        if not tile.all() and tile.any() and not known[inner].all():
            result[inner] = _peeled(values[outer], weights[outer] > 0, deep[outer])[within]
    answer[~known] = (result.numpy() + centre).clip(least, most)[~known]
    return answer


Window = tuple[slice, slice]


def _tiles(height: int, width: int) -> Iterator[tuple[Window, Window, Window]]:
    """Tiles, each with its surroundings and where it lies in them."""
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            first, begin = max(0, top - _MARGIN), max(0, left - _MARGIN)
            bottom, right = min(top + _TILE, height), min(left + _TILE, width)
            outer = slice(first, bottom + _MARGIN), slice(begin, right + _MARGIN)
            within = slice(top - first, bottom - first), slice(left - begin, right - begin)
            yield (slice(top, bottom), slice(left, right)), outer, within


def _peeled(values: Tensor, known: Tensor, deep: Tensor) -> Tensor:
    """Values (H, W) filled ring by ring, and from `deep` beyond the last ring."""
    values, known = values.where(known, 0.0), known.clone()
    for width in _RINGS:
        near = F.max_pool2d(known[None].double(), 2 * width + 1, 1, width)[0] > 0
        ring = near & ~known
        if not bool(ring.any()):
            break
        values = torch.where(ring, _extended(values, known), values)
        known |= ring
    return values.where(known, deep)


def _extended(values: Tensor, known: Tensor) -> Tensor:
    """At each pixel the value of the weighted regression plane through the known values (H, W) around it."""
    place = torch.arange(-_REACH, _REACH + 1, dtype=torch.float64)
    bell = torch.exp(-(place**2) / (2 * _BELL**2))
    kernels = torch.stack([bell, place * bell, place**2 * bell])

    def moments(plane: Tensor) -> Tensor:
        """Weighted sums of a plane times y^i x^j, (3, 3, H, W)."""
        down = F.conv2d(plane[None, None], kernels[:, None, :, None], padding=(_REACH, 0))
        across = F.conv2d(down[0][:, None], kernels[:, None, None, :], padding=(0, _REACH))
        return across

    weight, total = moments(known.double()), moments(values)
    count = weight[0, 0].clamp(min=1e-12)
    y, x, mean = weight[1, 0] / count, weight[0, 1] / count, total[0, 0] / count
    yy = weight[2, 0] / count - y**2 + _RIDGE
    xx = weight[0, 2] / count - x**2 + _RIDGE
    xy = weight[1, 1] / count - x * y
    down, across = total[1, 0] / count - y * mean, total[0, 1] / count - x * mean
    determinant = yy * xx - xy**2
    slope_down = (down * xx - across * xy) / determinant
    slope_across = (across * yy - down * xy) / determinant
    return mean - y * slope_down - x * slope_across


def _spread(weighted: Tensor, known: Tensor) -> Tensor:
    """Values (1, C, H, W), zero where `known` is, with the gaps filled from coarser and coarser means."""
    values = weighted / known.clamp(min=1e-6)
    if bool(known.all()):
        return values
    coarse = _spread(*(F.avg_pool2d(part, 2, ceil_mode=True) for part in (weighted, known)))
    wide = F.interpolate(coarse, scale_factor=2)[:, :, : known.shape[2], : known.shape[3]]
    return torch.where(known > 0, values, wide)
