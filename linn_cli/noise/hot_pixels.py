"""Single pixels far from all around them: a sensor's hot and dead ones, and salt and pepper.

They are no noise that a network removes: it takes a pixel ten sigmas away for a part of the picture. So they are found
here by their neighbours, and replaced by the median of these. Each channel is looked at by itself. Stars and points of
light are no outliers, since optics spread them over their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from linn_cli import samples
from linn_cli.engine.bands import marked

# An outlier is beyond all of its eight neighbours but two by so many deviations of the noise, or by this part of the
# picture's contrast, and by so many times what the middle four neighbours differ in: that is texture.
_FEWEST, _DEVIATIONS, _CONTRAST, _SPREADS = 6, 5.0, 0.1, 2.0
# It counts as one of many, if at least this part of the pixels are, and so many; if more are, it is a picture of dots.
_LEAST, _LEAST_COUNT, _MOST = 1e-4, 8, 0.25
# Its four next neighbours are hardly nearer to it than the diagonal ones, in parts of its distance. Of a star they are
# 0.1 nearer, or more.
_SPREAD_OUT = 0.04
# What stands beside an outlier may be another: looking twice takes two rows above and below.
_PASSES = 2
REACH = _PASSES  # how far around a pixel is looked
_AROUND = ((-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
_STRIP = 128  # rows that are looked at at a time
# The median of the difference of two normal numbers is this many deviations.
_MEDIAN = 0.954
_QUANTILES = (0.001, 0.999)
_SAMPLE = 100_000
_ROUNDING = 1e-6
# Dtypes whose elements torch does not write one by one, and others of the same bits.
_BITS = {torch.uint16: torch.int16, torch.uint32: torch.int32}


@dataclass(frozen=True)
class HotPixels:
    """Outliers of a picture: which part of its values they are, and by how much they stand out at least, white at 1."""

    share: float
    least: tuple[float, ...]

    def __str__(self) -> str:
        return f"{100 * self.share:.2g} % of the pixels are hot, dead, or salt and pepper"

    def advice(self, option: str) -> str:
        """What may be done about them, by an option that also removes stars of a single pixel."""
        return (
            f"{100 * self.share:.2g} % of the pixels stand out alone: if they are hot or dead pixels, "
            f"or salt and pepper, {option} removes them; stars of one pixel it removes too"
        )


def find(channels: Tensor, *, asked: bool = False) -> HotPixels | None:
    """The outliers of channels (C, H, W), float, white at 1; None if there are none.

    Unless they are `asked` for, few are none, and neither are those of a drawing or a starry sky.
    """
    if min(channels.shape[1:]) < 3:
        return None
    least = tuple(_least(plane) for plane in channels)
    found = [_outliers(plane, one) for plane, one in zip(channels, least, strict=True)]
    count, total = sum(len(one.places) for one in found), channels.numel()
    nearer = torch.cat([one.nearer for one in found])
    few = count < max(_LEAST_COUNT, _LEAST * total) or count > _MOST * total
    is_picture = few or nearer.mean().item() > _SPREAD_OUT or not any(map(_noise, channels))
    return None if not count or (is_picture and not asked) else HotPixels(count / total, least)


def removed(values: Tensor, found: HotPixels) -> Tensor:
    """Images (B, C, H, W) of any dtype without the outliers."""
    if min(values.shape[-2:]) < 3:
        return values
    return torch.stack(
        [torch.cat(list(removed_by_rows(image.split(_STRIP, 1), found)), 1) for image in values]
    )


def removed_by_rows(rows: Iterable[Tensor], found: HotPixels) -> Iterator[Tensor]:
    """`removed` for a picture given from the top as rows (C, n, W)."""
    kept: Tensor | None = None
    begun = 0  # how many of the kept rows are done already
    for band, last in marked(rows):
        band = band if kept is None else torch.cat((kept, band), 1)
        clear = band.shape[1] if last else band.shape[1] - _PASSES
        if clear > begun:
            yield _cleaned(band, found.least)[:, begun:clear]
            begun = clear
        kept = band[:, max(begun - _PASSES, 0) :]
        begun = min(begun, _PASSES)


def _cleaned(rows: Tensor, least: tuple[float, ...]) -> Tensor:
    """Rows (C, n, W) without outliers; the uppermost and lowest two are only right at the picture's edge."""
    if min(rows.shape[1:]) < 3:
        return rows
    cleaned = rows.clone()
    for channel, plane in enumerate(cleaned):
        one = least[min(channel, len(least) - 1)]
        for _ in range(_PASSES):
            found = _outliers(samples.to_floats(plane), one)
            median = samples.from_floats(found.median, plane.dtype)
            bits = _BITS.get(plane.dtype, plane.dtype)
            plane.view(-1).view(bits)[found.places] = median.view(bits)
    return cleaned


@dataclass(frozen=True)
class _Outliers:
    """Where they are in the flattened plane, the median around each, and how much nearer to it its next ones are."""

    places: Tensor
    median: Tensor
    nearer: Tensor


def _outliers(plane: Tensor, least: float) -> _Outliers:
    height, width = plane.shape
    padded = F.pad(plane[None, None], [1] * 4, "reflect")[0, 0]
    above = torch.zeros(plane.shape, dtype=torch.uint8)
    below = torch.zeros_like(above)
    high, low = plane - least, plane + least
    for down, across in _AROUND:
        other = padded[1 + down : 1 + down + height, 1 + across : 1 + across + width]
        above += high > other
        below += low < other
    places = ((above >= _FEWEST) | (below >= _FEWEST)).flatten().nonzero()[:, 0]
    row, column = places // width + 1, places % width + 1
    around = torch.stack([padded[row + down, column + across] for down, across in _AROUND], 1)
    ordered = around.sort(1).values
    median = ordered[:, 3:5].mean(1)
    height_of = plane.flatten()[places] - median
    is_clear = height_of.abs() > least + _SPREADS * (ordered[:, 5] - ordered[:, 2])
    nearer = (around[:, :4].mean(1) - around[:, 4:].mean(1)) / height_of
    return _Outliers(places[is_clear], median[is_clear], nearer[is_clear])


def _least(plane: Tensor) -> float:
    """By how much an outlier stands out of a plane."""
    every = max(1, plane.numel() // _SAMPLE)
    low, high = plane.flatten()[::every].quantile(torch.tensor(_QUANTILES)).tolist()
    least: float = max(_DEVIATIONS * _noise(plane), _CONTRAST * (high - low), _ROUNDING)
    return least


def _noise(plane: Tensor) -> float:
    """About the deviation of the noise; 0 where most pixels are like the next, as in drawings."""
    every = max(1, plane.numel() // _SAMPLE)
    differences = (plane[:, 1:] - plane[:, :-1]).abs().flatten()[::every]
    return differences.median().item() / _MEDIAN
