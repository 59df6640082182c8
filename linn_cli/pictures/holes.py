"""Holes in a plane: pixels without a value, as NaN, as GDAL's nodata value, or wholly transparent.

What stands there says nothing of the picture and would bleed into its neighbours. So holes are filled with a thin
plate: a surface that bends as little as it can and yet goes near the values around them (a smoothing spline; Wahba,
"Spline models for observational data", SIAM 1990). It follows the picture and little of its noise. The texture that the
values around a hole have beyond it is mirrored at the hole's border, the more the clearer it is of noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise, product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

# What bending counts against distance from the values. The plate follows what is wider than the fourth root of it, in
# pixels: `benchmarks/quality/holes.py` compares.
_STIFFNESS = 100.0
# From the median of absolute values of a normal number to its deviation, and the side of where texture is compared with it.
_MEDIAN, _AROUND = 0.6745, 7
# Detail is mirrored about so far into a hole, a power of two.
_MIRRORED = 32
# The least and the largest number of a dtype are written in few digits: -3.40282e+38.
_HUGE, _ROUNDED = 1e30, 1e-5
# A value that lies far from all others counts if this part of the pixels has it.
_LEAST_LONELY = 1e-3
# Planes are filled tile by tile, and each tile sees this far beyond its edge.
TILE, _MARGIN = 224, 32
# Conjugate gradients on each level; the level of half the size begins them.
_STEPS = 50
_COARSEST = 8
_FINE = torch.tensor([0.5, -0.5, -0.5, 0.5], dtype=torch.float64)


def unknown(values: NDArray[np.generic], nodata: float | None) -> NDArray[np.bool_] | None:
    """Where values are not finite, are the largest float of either sign, or are `nodata`; None if nowhere.

    What writes a float of 32 or 64 bits for no value at all takes the largest, and often says so nowhere.
    """
    holes = _unknown(values, nodata)
    return holes if bool(holes.any()) else None


def _unknown(values: NDArray[np.generic], nodata: float | None) -> NDArray[np.bool_]:
    dtype: np.dtype[Any] = values.dtype
    holes = np.zeros(values.shape, np.bool_)
    if dtype.kind == "f":
        most = float(np.finfo(dtype).max)
        # Floats of 16 bits end where measured values may be.
        within = most * (1 - _ROUNDED) if dtype.itemsize > 2 else np.inf
        holes |= ~(np.abs(values) < dtype.type(within))
    if nodata is None or not math.isfinite(nodata):
        return holes
    if dtype.kind != "f":
        # What the dtype cannot hold stands nowhere.
        limits = np.iinfo(dtype)
        if float(nodata).is_integer() and limits.min <= nodata <= limits.max:
            holes |= values == dtype.type(int(nodata))
    elif abs(nodata) >= _HUGE:
        with np.errstate(over="ignore", invalid="ignore"):
            holes |= np.abs(values.astype(np.float64) - nodata) <= _ROUNDED * abs(nodata)
    else:
        with np.errstate(over="ignore"):
            holes |= values == dtype.type(nodata)
    return holes


def lonely(values: NDArray[np.generic]) -> float | None:
    """The least or largest of some values, if many have it and all others lie far from it: it may stand for no value."""
    for value, others in (
        (values.min(), values[values > values.min()]),
        (values.max(), values[values < values.max()]),
    ):
        if not others.size or values.size - others.size < _LEAST_LONELY * values.size:
            continue
        low, high, one = (float(part) for part in (others.min(), others.max(), value))
        if min(abs(one - low), abs(one - high)) > high - low > 0:
            return one
    return None


def filled(
    plane: NDArray[np.generic], known: NDArray[np.bool_], first: tuple[int, int] = (0, 0)
) -> NDArray[np.float64]:
    """A plane (H, W) as floats, filled where it is not `known`; zeros if nothing is. A tile begins at the pixel `first`."""
    answer = np.where(known, plane, 0).astype(np.float64)
    if bool(known.all()) or not bool(known.any()):
        return answer
    least, most = float(answer[known].min()), float(answer[known].max())
    centre = (least + most) / 2
    values = torch.from_numpy(answer - centre)
    weights = torch.from_numpy(known).double()
    values *= weights
    result = _spread(values[None, None], weights[None, None])[0, 0]  # far from all that is known
    for inner, outer, within in _tiles(known.shape, first):
        tile = known[outer]
        if tile.any() and not known[inner].all():
            plate = _plate(values[outer][None, None], weights[outer][None, None], _STIFFNESS)[0, 0]
            texture = _texture(values[outer], plate, weights[outer])
            result[inner] = (plate + _mirrored(texture, tile))[within]
    answer[~known] = (result.numpy() + centre).clip(least, most)[~known]
    return answer


def seen(begin: int, end: int, size: int) -> tuple[int, int]:
    """From where to where a picture's side of this size is needed to fill what lies from `begin` to `end`."""
    first, last = begin // TILE * TILE, -(-end // TILE) * TILE
    return max(0, first - _MARGIN), min(size, last + _MARGIN)


def blocks(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The rows from `begin` to `end`, cut where tiles of the whole picture are."""
    return pairwise([begin, *range(begin // TILE * TILE + TILE, end, TILE), end])


def filled_by_rows(
    rows: Iterable[NDArray[Any]], nodata: float | None, middle: float, left: int = 0
) -> Iterator[NDArray[Any]]:
    """`filled` for a picture given from the top as blocks of rows (n, W, C), each of which sees a little of the others.

    Where a block and what it sees of its neighbours hold no value, it is filled with `middle`. A tile begins at each
    block, and at the column `left`.
    """
    above: NDArray[Any] | None = None
    for block, below in pairwise(chain(rows, [None])):
        if block is None:
            continue
        answer = block
        if unknown(block, nodata) is not None:
            before = block[:0] if above is None else above
            after = block[:0] if below is None else below[:_MARGIN]
            together = np.concatenate((before, block, after))
            inner = slice(len(before), len(before) + len(block))
            answer = block.copy()
            gaps = _unknown(together, nodata)
            for channel in range(block.shape[2]):
                gap, plane = gaps[:, :, channel], together[:, :, channel]
                first = len(before), left
                whole = np.full(gap.shape, middle) if gap.all() else filled(plane, ~gap, first)
                answer[:, :, channel][gap[inner]] = whole[inner][gap[inner]]
        above = block[-_MARGIN:]
        yield answer


Window = tuple[slice, slice]


def _tiles(
    shape: tuple[int, ...], first: tuple[int, int]
) -> Iterator[tuple[Window, Window, Window]]:
    """Tiles, each with its surroundings and where it lies in them; one begins at the pixel `first`."""
    rows, columns = (
        [*([0] if begin else []), *range(begin, side, TILE), side]
        for begin, side in zip(first, shape, strict=True)
    )
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            start, begin = max(0, top - _MARGIN), max(0, left - _MARGIN)
            outer = slice(start, bottom + _MARGIN), slice(begin, right + _MARGIN)
            within = slice(top - start, bottom - start), slice(left - begin, right - begin)
            yield (slice(top, bottom), slice(left, right)), outer, within


def _plate(weighted: Tensor, weights: Tensor, stiffness: float) -> Tensor:
    """The thin plate near values (1, 1, H, W), given times their weights, which are 0 where nothing is known."""
    height, width = weights.shape[-2:]
    if min(height, width) < _COARSEST or bool((weights > 0).all()):
        start = torch.zeros_like(weights)
    else:
        # A pixel of half the size stands for four, and bends a sixteenth as much.
        values, known = (F.avg_pool2d(part, 2, ceil_mode=True) for part in (weighted, weights))
        half = _plate(values, known, stiffness / 16)
        start = F.interpolate(half, scale_factor=2, mode="bilinear")[..., :height, :width]

    def system(plate: Tensor) -> Tensor:
        return weights * plate + stiffness * _laplacian(_laplacian(plate))

    answer, rest = start, weighted - system(start)
    towards, size = rest.clone(), rest.square().sum()
    enough = 1e-12 * weighted.square().sum()
    for _ in range(_STEPS):
        if size <= enough:
            break
        image = system(towards)
        step = size / (towards * image).sum()
        answer = answer + step * towards
        rest = rest - step * image
        before, size = size, rest.square().sum()
        towards = rest + size / before * towards
    return answer


def _texture(values: Tensor, plate: Tensor, known: Tensor) -> Tensor:
    """What values (H, W) have beyond the plate, where they are `known`, less what is likely noise (Wiener's filter)."""
    detail = (values - plate) * known
    if min(values.shape) < 2:  # noise is told by squares
        return torch.zeros_like(detail)
    squares = known.unfold(0, 2, 1).unfold(1, 2, 1).flatten(2).all(dim=-1)
    # Of 2 x 2 pixels, what neither rows nor columns explain is mostly noise.
    fine = values.unfold(0, 2, 1).unfold(1, 2, 1).flatten(2)[squares] @ _FINE
    noise = float(fine.abs().median()) / _MEDIAN if len(fine) else 0.0
    power, part = (
        F.avg_pool2d(plane[None, None], _AROUND, 1, _AROUND // 2)[0, 0]
        for plane in (detail.square(), known)
    )
    return detail * (1 - noise**2 * part / power.clamp(min=1e-300)).clamp(min=0)


def _mirrored(detail: Tensor, known: NDArray[np.bool_]) -> Tensor:
    """Detail (H, W) of what is known, mirrored into the holes at the nearest pixel that is known, fading; 0 elsewhere."""
    places, nearest = np.indices(known.shape), np.moveaxis(_nearest(known), -1, 0)
    fading = (1 - np.hypot(*(nearest - places)) / _MIRRORED).clip(0)
    rows, columns = 2 * nearest - places
    height, width = known.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width) & ~known
    rows, columns = np.where(inside, rows, 0), np.where(inside, columns, 0)
    inside &= known[rows, columns]
    return detail[rows, columns] * torch.from_numpy(inside * fading)


def _nearest(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The row and column (H, W, 2) of the nearest pixel that is known; far away if there is none nearby.

    Each pixel asks others which is nearest to them, in smaller and smaller steps (jump flooding; Rong and Tan, I3D 2006).
    """
    places = np.moveaxis(np.indices(known.shape), 0, -1)
    nearest = np.where(known[:, :, None], places, -4 * max(known.shape))
    distance = np.square(nearest - places).sum(axis=-1)
    step = _MIRRORED
    while step:
        for down, right in product((-step, 0, step), repeat=2):
            pairs = _shifted(known.shape[0], down), _shifted(known.shape[1], right)
            here, there = zip(*pairs, strict=True)
            apart = np.square(nearest[there] - places[here]).sum(axis=-1)
            closer = apart < distance[here]
            nearest[here] = np.where(closer[:, :, None], nearest[there], nearest[here])
            distance[here] = np.where(closer, apart, distance[here])
        step //= 2
    return nearest


def _shifted(side: int, by: int) -> tuple[slice, slice]:
    """The places along a side that have one `by` further on, and these."""
    count = max(side - abs(by), 0)
    return slice(max(-by, 0), max(-by, 0) + count), slice(max(by, 0), max(by, 0) + count)


def _laplacian(plate: Tensor) -> Tensor:
    """How much each pixel differs from its neighbours; beyond the edge lies what is at it."""
    wide = F.pad(plate, (1, 1, 1, 1), mode="replicate")
    around = wide[..., 1:-1, 2:] + wide[..., 1:-1, :-2] + wide[..., 2:, 1:-1] + wide[..., :-2, 1:-1]
    return around - 4 * plate


def _spread(weighted: Tensor, known: Tensor) -> Tensor:
    """Values (1, C, H, W), zero where `known` is, with the gaps filled from coarser and coarser means."""
    values = weighted / known.clamp(min=1e-6)
    if bool(known.all()):
        return values
    coarse = _spread(*(F.avg_pool2d(part, 2, ceil_mode=True) for part in (weighted, known)))
    wide = F.interpolate(coarse, scale_factor=2)[:, :, : known.shape[2], : known.shape[3]]
    return torch.where(known > 0, values, wide)
