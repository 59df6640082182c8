"""Luma and chroma: colour turned, orthonormally, so that most of a picture lies in its first plane.

White noise stays white and of the same sigma in each plane.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

# Rows: luma, red against blue, green against both.
ROTATION = torch.tensor(
    [[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]], dtype=torch.float64
) / torch.tensor([3.0, 2.0, 6.0], dtype=torch.float64).sqrt().unsqueeze(1)


def from_channels(channels: Tensor) -> Tensor:
    """Channels (..., C, H, W) to as many planes; a single channel is its own plane."""
    return _turned(channels, ROTATION)


def to_channels(planes: Tensor) -> Tensor:
    """Undo `from_channels`."""
    return _turned(planes, ROTATION.T)


def sigma_of(channels: Sequence[float]) -> list[float]:
    """The noise of each plane, given that of each channel: independent noise adds up in squares."""
    if len(channels) == 1:
        return list(channels)
    variances = torch.tensor(channels, dtype=torch.float64).square()
    planes: list[float] = (ROTATION.square() @ variances).sqrt().tolist()
    return planes


def _turned(values: Tensor, rotation: Tensor) -> Tensor:
    if values.shape[-3] == 1:
        return values
    return torch.einsum("ij,...jhw->...ihw", rotation.to(values), values)
