"""The levels of a pyramid: each value is the mean of the values in the level above that it stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# About so many values are averaged at a time, as floats of 8 bytes.
_MOST_VALUES = 2**22


def begins(side: int, smaller: int) -> NDArray[np.int64]:
    """Where the values of a smaller side begin in the larger one, and where the last one ends.

    They have the same number of values each where that gives the smaller side; what is left at the end is the last
    one's, or nobody's.
    """
    factor = max(1, round(side / smaller))
    if smaller in (-(-side // factor), side // factor):
        return np.minimum(np.arange(smaller + 1) * factor, side)
    return np.arange(smaller + 1) * side // smaller


def means(
    block: NDArray[Any], edges: list[NDArray[np.int64]], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """The means of a block's values between the edges of each axis, of a dtype.

    Integers are rounded. Values that are not finite are left out; where there are no others the answer is NaN.
    """
    sides = [len(ends) - 1 for ends in edges]
    longest = max(range(block.ndim), key=sides.__getitem__)
    step = max(1, _MOST_VALUES * sides[longest] // max(1, block.size))
    answer = np.empty(sides, dtype)
    for first in range(0, sides[longest], step):
        ends = edges[longest][first : first + step + 1]
        part = slice(int(ends[0]), int(max(ends[-1], ends[-2] + 1)))
        before = (slice(None),) * longest
        few = [*edges[:longest], ends - ends[0], *edges[longest + 1 :]]
        answer[before + (slice(first, first + step),)] = _means(block[before + (part,)], few, dtype)  # noqa: RUF005
    return answer


def _means(
    block: NDArray[Any], edges: list[NDArray[np.int64]], dtype: np.dtype[Any]
) -> NDArray[Any]:
    values = block.astype(np.float64)
    finite = np.isfinite(values) if block.dtype.kind == "f" else None
    if finite is None or bool(finite.all()):
        answer = _sums(values, edges) / _counts(edges, block.ndim)
    else:
        seen = _sums(finite.astype(np.float64), edges)
        with np.errstate(invalid="ignore"):
            answer = _sums(np.where(finite, values, 0), edges) / seen
    return (np.rint(answer) if dtype.kind in "iu" else answer).astype(dtype)


def _sums(values: NDArray[np.float64], edges: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    for axis, ends in enumerate(edges):
        values = np.add.reduceat(values, ends[:-1], axis)
    return values


def _counts(edges: list[NDArray[np.int64]], dimensions: int) -> NDArray[np.float64]:
    counts: NDArray[np.float64] = np.ones((1,) * dimensions)
    for axis, ends in enumerate(edges):
        shape = [1] * dimensions
        shape[axis] = -1
        counts = counts * np.maximum(1, np.diff(ends)).reshape(shape)
    return counts


def region(
    larger: Any, smaller_shape: tuple[int, ...], wanted: tuple[slice, ...], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """A region of the next level, from the one above it.

    Args:
        larger: the level above, which can be indexed by slices.
        smaller_shape: the shape of the next level.
        wanted: the region.
        dtype: of the answer.
    """
    edges = [
        begins(side, smaller)[one.start : one.stop + 1]
        for side, smaller, one in zip(larger.shape, smaller_shape, wanted, strict=True)
    ]
    # Where the next level is not smaller, several of its values may begin at the same one.
    needed = tuple(slice(int(ends[0]), int(max(ends[-1], ends[-2] + 1))) for ends in edges)
    block = np.asarray(larger[needed])
    return means(block, [ends - ends[0] for ends in edges], dtype)
