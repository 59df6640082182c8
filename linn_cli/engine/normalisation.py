"""Pictures in the network's own units: planes whose noise is white, of standard deviation 1.

The channels of a colour picture are divided by their sigma and rotated, orthonormally, into one luma and
two chroma planes: the noise stays white and of the same sigma in each of them, while most of the picture
moves into the luma, so that the chroma can be cleaned more thoroughly than any channel could. For a network that
lifts the planes together they are rotated first and then divided, each by its own sigma.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from linn_cli.network import planes
from linn_cli.units import GREY_LEVELS

_GREY = 0.5

# The chroma is smoother than the grey pictures that the network knows, and takes a little more than its
# sigma: `benchmarks/quality/chroma.py` compares on held-out pictures.
CHROMA_STRENGTH = 1.05


def network_sigma(sigma: Sequence[float]) -> float:
    """The sigma of a grey picture whose normalised range is that of the widest plane, the luma's.

    For one channel its own; for three alike, since the luma reaches sqrt(3) times as far, theirs over
    sqrt(3). It decides which weights and which precision suit.
    """
    if not all(sigma):
        return 0.0
    return math.sqrt(len(sigma)) / sum(1 / value for value in sigma)


def normalise(picture: Tensor, sigma: Sequence[float], chroma: Sequence[float] = ()) -> Tensor:
    """A picture (C, n, W), white at 1, to planes (C, 1, n, W) of unit noise, each to be denoised by itself.

    Args:
        picture: any rows of it; C is 1 or 3.
        sigma: the noise of each channel in 8-bit grey levels, above 0.
        chroma: the noise that the two chroma planes are said to have, in units of the luma's; () for white noise.
    """
    unit = (picture - _GREY) * GREY_LEVELS / _column(sigma, picture)
    turned = planes.from_channels(unit) / _column(_strengths(unit, chroma), unit)
    return turned.unsqueeze(1)


def restore(parts: Tensor, sigma: Sequence[float], chroma: Sequence[float] = ()) -> Tensor:
    """Undo `normalise`: planes (C, 1, n, W) to a picture (C, n, W)."""
    turned = parts.squeeze(1)
    unit = planes.to_channels(turned * _column(_strengths(turned, chroma), turned))
    return unit * _column(sigma, unit) / GREY_LEVELS + _GREY


def normalise_jointly(
    picture: Tensor, sigma: Sequence[float], chroma: Sequence[float] = ()
) -> Tensor:
    """A picture (C, n, W), white at 1, to planes (1, C, n, W) of unit noise, to be denoised together.

    Each plane is divided by its own sigma, so that the planes stay what they are where channels differ in noise.
    `chroma` is as in `normalise`.
    """
    turned = planes.from_channels(picture - _GREY) * GREY_LEVELS
    return (turned / _column(_plane_sigmas(sigma, chroma), turned)).unsqueeze(0)


def restore_jointly(parts: Tensor, sigma: Sequence[float], chroma: Sequence[float] = ()) -> Tensor:
    """Undo `normalise_jointly`: planes (1, C, n, W) to a picture (C, n, W)."""
    turned = parts.squeeze(0)
    turned = turned * _column(_plane_sigmas(sigma, chroma), turned)
    return planes.to_channels(turned) / GREY_LEVELS + _GREY


def _strengths(turned: Tensor, chroma: Sequence[float]) -> list[float]:
    return [1.0, *(chroma or [CHROMA_STRENGTH] * 2)][: len(turned)]


def _plane_sigmas(sigma: Sequence[float], chroma: Sequence[float]) -> list[float]:
    """What a network for all planes is told: of white noise exactly what there is."""
    strengths = [1.0, *(chroma or [1.0] * 2)]
    return [
        one * strength for one, strength in zip(planes.sigma_of(sigma), strengths, strict=False)
    ]


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).view(-1, 1, 1).to(like)
