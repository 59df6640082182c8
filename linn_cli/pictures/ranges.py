"""The range that a picture's values really have, found by robust quantiles and by its noise.

Files of more than 8 bits hold what instruments count: electrons, elevations, Hounsfield units. The network is made
for pictures from 0 to 1 with noise between 1 and 80 grey levels. So each picture is brought to its own range first,
unless the range of its dtype fits it, as it does a photograph's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from linn_cli.samples import Range, white
from linn_cli.units import GREY_LEVELS

# Means over squares of this side have so much less noise than pixels. Narrow pictures have narrower ones.
_SQUARE = 4
# The part of these means that may lie below black or above white.
_BEYOND = 0.001
# A range fits values that use at least this part of it, and leave it by at most that part. What is in colour and darker is
# rather a dark photograph than an instrument's, as long as it uses this part.
_LEAST_USED, _LEAST_OF_COLOURS, _MOST_BEYOND = 0.5, 0.25, 0.25
# Photographs seldom use all from black to white. This part of the span stays free at either end, so that the network
# sees the contrast that it was trained for.
_FREE = 0.125
# Black stays at 0 where values begin this near to it, measured by how far they reach, or where so many deviations of the
# noise reach it and may be cut off. Elsewhere a camera may have added an offset, and below that its noise does not fall.
_NEAR_ZERO, _REACHES = 0.1, 3.0
# The network takes noise of up to this many 255ths of the range.
_MOST_SIGMA = 80.0
# From the median of absolute values of a normal number to its deviation.
_MEDIAN = 0.6745
# No more values than this are looked at.
_MOST_VALUES = 2**22


@dataclass(frozen=True)
class Spread:
    """How far values spread without their noise, and that noise's standard deviation; in the file's values."""

    low: float
    high: float
    noise: float


def common(found: Sequence[Spread], usual: Range, *, in_colour: bool = False) -> Range | None:
    """One range for planes that spread so far; None if the usual one fits, or if nothing is known of them.

    Args:
        found: how far each spreads.
        usual: the range that the dtype suggests.
        in_colour: the planes are those of colours.
    """
    if not found:
        return None
    low, high = min(one.low for one in found), max(one.high for one in found)
    together = Spread(low, high, max(one.noise for one in found))
    settled = settle(together, usual, _LEAST_OF_COLOURS if in_colour else _LEAST_USED)
    return None if settled == usual else settled


def usual(dtype: np.dtype[np.generic]) -> Range:
    """The range that a dtype suggests."""
    return Range(0.0, white(dtype))


def spread(plane: NDArray[np.generic], known: NDArray[np.bool_] | None = None) -> Spread | None:
    """How far the values of a plane (H, W) spread, where they are `known`; None where too few are."""
    every = max(1, math.isqrt(plane.size // _MOST_VALUES))
    tall, wide = square = min(_SQUARE, plane.shape[0]), min(_SQUARE, plane.shape[1])
    height, width = plane.shape[0] // tall * tall, plane.shape[1] // wide * wide
    rows = _every(plane[:height, :width], every, square)
    values = torch.from_numpy(np.ascontiguousarray(rows).astype(np.float64))[None, None]
    whole = torch.isfinite(values)
    if known is not None:
        whole &= torch.from_numpy(_every(known[:height, :width], every, square).copy())
    values = values.where(whole, 0.0)
    whole = F.avg_pool2d(whole.double(), square)[0, 0] == 1
    if not bool(whole.any()):
        return None
    means = F.avg_pool2d(values, square)[0, 0][whole]
    noise = _noise(values[0, 0], square, whole)
    low, middle, high = np.quantile(means.numpy(), (_BEYOND, 0.5, 1 - _BEYOND)).tolist()
    # What is left of the noise in the means does not count.
    varies = max(float(means.var(correction=0)), 1e-300)
    clear = math.sqrt(max(0.0, 1 - noise**2 / (tall * wide) / varies))
    return Spread(middle - clear * (middle - low), middle + clear * (high - middle), noise)


def _noise(values: Tensor, square: tuple[int, int], whole: Tensor) -> float:
    """The noise of values (H, W) in squares that are `whole`.

    Of 2 x 2 pixels, what neither rows nor columns explain: the finest detail, mostly noise. Of a line, of two pixels.
    """
    for axis, side in enumerate(square):
        if side > 1:
            begun = values.unfold(axis, 2, side)
            values = (begun[..., 0] - begun[..., 1]) / math.sqrt(2)
    return float(values[whole].abs().median()) / _MEDIAN


def settle(found: Spread, usual: Range, least_used: float = _LEAST_USED) -> Range:
    """The usual range if values spread over this part of it and little beyond; else their own."""
    span = found.high - found.low
    if span == 0 and found.noise == 0:
        return usual
    beyond = _MOST_BEYOND * usual.span
    inside = usual.low - beyond <= found.low and found.high <= usual.high + beyond
    if inside and max(span, found.noise * GREY_LEVELS / _MOST_SIGMA) >= least_used * usual.span:
        return usual
    least = found.noise * GREY_LEVELS / _MOST_SIGMA
    if 0 <= found.low <= max(_NEAR_ZERO * found.high, _REACHES * found.noise):
        return Range(0.0, max(found.high * (1 + 2 * _FREE), least))
    free = max(_FREE * span, (least - span) / 2)
    return Range(found.low - free, found.high + free)


def _every(plane: NDArray[np.generic], step: int, square: tuple[int, int]) -> NDArray[np.generic]:
    """Every so many squares of a plane, down and across."""
    if step == 1:
        return plane
    rows, columns = (
        (np.arange(0, side, part * step)[:, None] + np.arange(part)).ravel()
        for side, part in zip(plane.shape, square, strict=True)
    )
    chosen: NDArray[np.generic] = plane[rows[rows < plane.shape[0]]]
    return chosen[:, columns[columns < plane.shape[1]]]
