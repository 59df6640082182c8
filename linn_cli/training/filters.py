"""What software does to the pixels of a photograph: it blurs, sharpens, enlarges and makes smaller.

All of it is separable, so each is a matrix from the left and its transpose from the right.
"""

from __future__ import annotations

import torch
from torch import Tensor


def blur(picture: Tensor, sigma: Tensor) -> Tensor:
    """Pictures (B, C, H, H) under a Gaussian of `sigma` >= 0 pixels, (B, 1, 1, 1)."""
    place = torch.arange(picture.shape[2], device=picture.device)
    distance = (place - place[:, None]) / sigma.clamp(min=1e-3)
    return _apply(torch.exp(-0.5 * distance.square()), picture)


def sharpen(picture: Tensor, sigma: Tensor, amount: Tensor) -> Tensor:
    """The unsharp mask: pictures (B, C, H, H) plus `amount` times what a blur of `sigma` takes from them."""
    return picture + amount * (picture - blur(picture, sigma))


def edges(picture: Tensor, sigma: Tensor, least: Tensor) -> Tensor:
    """How much of an edge is near each pixel of pictures (B, C, H, H), 0 to 1, (B, 1, H, H).

    It is half where the grey picture under a Gaussian of `sigma` pixels has a deviation of `least` > 0, (B, 1, 1, 1).
    """
    grey = picture.mean(1, keepdim=True)
    variance = blur(grey.square(), sigma) - blur(grey, sigma).square()
    return variance.clamp(min=0) / (variance.clamp(min=0) + least.square())


def zoom(picture: Tensor, size: int, spacing: Tensor) -> Tensor:
    """The middle of pictures (B, C, H, H) sampled every `spacing` pixels, (B, 1, 1, 1), to (B, C, size, size).

    The filter is Catmull and Rom's cubic; above a spacing of 1 it spreads, so that fine detail does not fold over.
    """
    side = picture.shape[2]
    place = torch.arange(side, device=picture.device)
    centre = (torch.arange(size, device=picture.device) - (size - 1) / 2)[:, None] * spacing
    return _apply(_cubic((place - (side - 1) / 2 - centre) / spacing.clamp(min=1)), picture)


def cut(picture: Tensor, size: int, top: Tensor, left: Tensor) -> Tensor:
    """Squares out of pictures (B, C, H, W), each from its own `top` and `left` (B,), to (B, C, size, size)."""
    across = torch.arange(size, device=picture.device)
    rows = (top[:, None] + across)[:, :, None]
    columns = (left[:, None] + across)[:, None, :]
    number = torch.arange(len(picture), device=picture.device)[:, None, None]
    return picture.permute(0, 2, 3, 1)[number, rows, columns].permute(0, 3, 1, 2)


def _apply(weights: Tensor, picture: Tensor) -> Tensor:
    matrix = weights / weights.sum(3, keepdim=True)
    return matrix @ picture @ matrix.mT


def _cubic(distance: Tensor) -> Tensor:
    d = distance.abs()
    near = (1.5 * d - 2.5) * d.square() + 1
    far = ((2.5 - 0.5 * d) * d - 4) * d + 2
    return torch.where(d < 1, near, torch.where(d < 2, far, 0.0))
