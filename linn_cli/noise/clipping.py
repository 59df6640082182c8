"""Noise that a file cuts off at black and at white, and what that does to a denoised picture.

Where the picture is dark, noise below black is cut off and the mean of what is left lies above the true
value. A denoiser finds that mean; `Clipping.undo` is the exact inverse (Foi, "Clipped noisy images:
heteroskedastic modeling and practical denoising", Signal Processing 89, 2009).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from linn_cli import samples
from linn_cli.units import GREY_LEVELS

# Noise counts as cut off if about as many pixels are at the limit as it would put there, and if their
# variance is about what it would leave, in small squares that can tell: with a mean nearer to the limit than
# sigma, and not cut off as a whole. On held-out pictures both ratios are 0.97 to 1.25 for noise cut off; a
# camera's noise, which is weaker in the dark, is not like that.
_LEAST, _MOST = 0.95, 1.4
_CELL = 8
_WHOLE = 0.95
_LEAST_PIXELS = 20
# Stronger noise is that of single photons, whose counts can look like noise cut off.
_MOST_SIGMA = 100 / GREY_LEVELS
_TABLE_SIZE = 4096
_FLOATS = 2**20  # pixels that are held as floats at a time
# No noise at all would be divided by.
_LEAST_SIGMA = 1e-9


@dataclass(frozen=True)
class Clipping:
    """Whether noise is cut off at black and at white; sigma in 8-bit grey levels, one or by channel."""

    sigma: tuple[float, ...] = ()
    black: bool = False
    white: bool = False

    def scaled(self, strength: float) -> Clipping:
        """What is to be undone if not all of the noise is removed; more than all is not."""
        return replace(self, sigma=tuple(min(strength, 1.0) * level for level in self.sigma))

    @property
    def where(self) -> tuple[str, ...]:
        """In words."""
        return ("black",) * self.black + ("white",) * self.white

    def undo(self, estimate: Tensor) -> Tensor:
        """From the means of what is left of the noisy values to the true values; (C, n, W), white at 1."""
        if not (self.black or self.white):
            return estimate
        planes = [
            self._undo(plane, self.sigma[min(channel, len(self.sigma) - 1)] / GREY_LEVELS)
            for channel, plane in enumerate(estimate)
        ]
        return torch.stack(planes)

    def _undo(self, plane: Tensor, sigma: float) -> Tensor:
        true = torch.linspace(0, 1, _TABLE_SIZE, dtype=torch.float64)
        means = self.expected(true, sigma)
        found = np.asarray(np.interp(plane.double().cpu(), means, true))
        undone = torch.from_numpy(found).to(plane)
        # Beyond a limit that nothing is cut off at there is nothing to undo.
        if not self.black:
            undone = torch.where(plane < means[0].item(), plane, undone)
        if not self.white:
            undone = torch.where(plane > means[-1].item(), plane, undone)
        return undone

    def expected(self, true: Tensor, sigma: float) -> Tensor:
        """The mean of what is left of true values with noise of sigma, all white at 1."""
        means = true
        sigma = max(sigma, _LEAST_SIGMA)
        if self.black:
            means = means + _above(true / sigma) * sigma
        if self.white:
            means = means - _above((1 - true) / sigma) * sigma
        return means

    def remaining(self, true: Tensor, sigma: float) -> Tensor:
        """The part of the noise's variance that is left around true values, all white at 1."""
        sigma = max(sigma, _LEAST_SIGMA)
        left = 1 - ((self.expected(true, sigma) - true) / sigma).square()
        if self.black:
            left = left + _square_above(true / sigma)
        if self.white:
            left = left + _square_above((1 - true) / sigma)
        return left


NONE, BOTH = Clipping(), Clipping(black=True, white=True)


def find_in(images: Tensor, sigma: Sequence[float]) -> Clipping:
    """See whether the noise of images (B, C, H, W) of any dtype is cut off at black and at white.

    Raises:
        UsageError: the dtype is neither float nor an integer of up to 32 bits.
        InputError: the images are empty or hold values that are not finite.
    """
    samples.check(images)
    # Whole squares of what `find` looks at, yet few pixels at a time as floats.
    height = max(1, _FLOATS // (_CELL * images.shape[-1])) * _CELL
    bands = (band for image in images for band in image.split(height, dim=1))
    return find((samples.to_floats(band.cpu()) for band in bands), sigma)


def find(bands: Iterable[Tensor], sigma: Sequence[float]) -> Clipping:
    """See whether noise of sigma is cut off, from noisy bands (C, n, W), floats that are white at 1.

    Args:
        bands: all of the picture, or parts of it.
        sigma: in 8-bit grey levels, one for all channels or one for each.
    """
    # Black and white; the share of pixels there and the variance; as seen and as expected.
    counts = torch.zeros((2, 2, 2), dtype=torch.float64)
    for band in bands:
        for channel, plane in enumerate(band):
            level = sigma[min(channel, len(sigma) - 1)] / GREY_LEVELS
            if 0 < level <= _MOST_SIGMA and min(plane.shape) >= _CELL:
                counts += torch.stack([_count(plane, level), _count(1 - plane, level)])
    black, white = (_suits(*pairs) for pairs in counts.tolist())
    return Clipping(tuple(sigma), black, white)


def _suits(share: list[float], variance: list[float]) -> bool:
    """Whether both, seen and expected, are about the same, for as many pixels as there are."""
    pixels = share[1] * _CELL**2
    if pixels < _LEAST_PIXELS:
        return False
    slack = 2 / math.sqrt(pixels)
    return all(
        _LEAST - slack <= seen / expected <= _MOST + slack for seen, expected in (share, variance)
    )


def _count(plane: Tensor, sigma: float) -> Tensor:
    """How much is black where that can tell, and the variance there; each as seen and as noise makes it."""
    squares = plane[None].double()
    seen = F.avg_pool2d((squares == 0).double(), _CELL)
    means = F.avg_pool2d(squares, _CELL)
    unbiased = _CELL**2 / (_CELL**2 - 1)
    variances = unbiased * (F.avg_pool2d(squares.square(), _CELL) - means.square())
    black = Clipping((sigma * GREY_LEVELS,), black=True)
    telling = (means < black.expected(torch.tensor(sigma).double(), sigma)) & (seen < _WHOLE)
    true = black.undo(means)[telling]
    share = torch.special.ndtr(-true / sigma)
    left = black.remaining(true, sigma) * sigma**2
    pairs = [[seen[telling].sum(), share.sum()], [variances[telling].sum(), left.sum()]]
    return torch.tensor(pairs, dtype=torch.float64)


def _above(limit: Tensor) -> Tensor:
    """The mean of max(n - limit, 0) for standard normal n."""
    tail: Tensor = torch.special.ndtr(-limit)
    return _density(limit) - limit * tail


def _square_above(limit: Tensor) -> Tensor:
    """The mean of limit^2 - n^2 where standard normal n is above the limit, 0 elsewhere."""
    tail: Tensor = torch.special.ndtr(-limit)
    return (limit.square() - 1) * tail - limit * _density(limit)


def _density(value: Tensor) -> Tensor:
    """That of a standard normal number."""
    return torch.exp(-value.square() / 2) / math.sqrt(2 * math.pi)
