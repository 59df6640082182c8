"""Pictures in the network's own units: planes whose noise is white, of standard deviation 1.

The channels of a colour picture are divided by their sigma and rotated, orthonormally, into one luma and
two chroma planes: the noise stays white and of the same sigma in each of them, while most of the picture
moves into the luma, so that the chroma can be cleaned more thoroughly than any channel could.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from linn_cli.units import GREY_LEVELS

_GREY = 0.5

# Rows: luma, red against blue, green against both.
_ROTATION = torch.tensor(
    [[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]], dtype=torch.float64
) / torch.tensor([3.0, 2.0, 6.0], dtype=torch.float64).sqrt().unsqueeze(1)

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


def rotated(picture: Tensor) -> Tensor:
    """The luma and chroma planes of a picture (3, H, W), or a grey picture's one plane as it is."""
    return _rotate(picture, _ROTATION)


def normalise(
    picture: Tensor, sigma: Sequence[float], strength: float | Sequence[float] = CHROMA_STRENGTH
) -> Tensor:
    """A picture (C, n, W), white at 1, to planes (C, 1, n, W) of unit noise; C is 1 or 3.

    Args:
        picture: any rows of it.
        sigma: the noise of each channel in 8-bit grey levels, above 0.
        strength: the noise that the chroma is said to have, in units of what it has; one for both planes, or two.
    """
    unit = (picture - _GREY) * GREY_LEVELS / _column(sigma, picture)
    planes = _rotate(unit, _ROTATION) / _column(_strengths(unit, strength), unit)
    return planes.unsqueeze(1)


def restore(
    planes: Tensor, sigma: Sequence[float], strength: float | Sequence[float] = CHROMA_STRENGTH
) -> Tensor:
    """Undo `normalise`: planes (C, 1, n, W) to a picture (C, n, W)."""
    planes = planes.squeeze(1)
    unit = _rotate(planes * _column(_strengths(planes, strength), planes), _ROTATION.T)
    return unit * _column(sigma, unit) / GREY_LEVELS + _GREY


def _rotate(planes: Tensor, rotation: Tensor) -> Tensor:
    if len(planes) == 1:
        return planes
    return torch.einsum("ij,jhw->ihw", rotation.to(planes), planes)


def _strengths(planes: Tensor, strength: float | Sequence[float]) -> list[float]:
    chroma = strength if isinstance(strength, Sequence) else [strength] * 2
    return [1.0, *chroma][: len(planes)]


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).view(-1, 1, 1).to(like)
