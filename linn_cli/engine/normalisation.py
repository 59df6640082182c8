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


def normalise(picture: Tensor, sigma: Sequence[float], strength: float = CHROMA_STRENGTH) -> Tensor:
    """A picture (C, n, W), white at 1, to planes (C, 1, n, W) of unit noise, each to be denoised by itself.

    Args:
        picture: any rows of it; C is 1 or 3.
        sigma: the noise of each channel in 8-bit grey levels, above 0.
        strength: the noise that the chroma is said to have, in units of what it has.
    """
    unit = (picture - _GREY) * GREY_LEVELS / _column(sigma, picture)
    turned = planes.from_channels(unit) / _column(_strengths(unit, strength), unit)
    return turned.unsqueeze(1)


def restore(parts: Tensor, sigma: Sequence[float], strength: float = CHROMA_STRENGTH) -> Tensor:
    """Undo `normalise`: planes (C, 1, n, W) to a picture (C, n, W)."""
    turned = parts.squeeze(1)
    unit = planes.to_channels(turned * _column(_strengths(turned, strength), turned))
    return unit * _column(sigma, unit) / GREY_LEVELS + _GREY


def normalise_jointly(picture: Tensor, sigma: Sequence[float]) -> Tensor:
    """A picture (C, n, W), white at 1, to planes (1, C, n, W) of unit noise, to be denoised together.

    Each plane is divided by its own sigma, so that the planes stay what they are where channels differ in noise.
    """
    turned = planes.from_channels(picture - _GREY) * GREY_LEVELS
    return (turned / _column(planes.sigma_of(sigma), turned)).unsqueeze(0)


def restore_jointly(parts: Tensor, sigma: Sequence[float]) -> Tensor:
    """Undo `normalise_jointly`: planes (1, C, n, W) to a picture (C, n, W)."""
    turned = parts.squeeze(0)
    turned = turned * _column(planes.sigma_of(sigma), turned)
    return planes.to_channels(turned) / GREY_LEVELS + _GREY


def _strengths(turned: Tensor, strength: float) -> list[float]:
    return [1.0] + [strength] * (len(turned) - 1)


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).view(-1, 1, 1).to(like)
