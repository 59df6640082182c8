"""Random numbers for training, drawn on the device that the pictures are on."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor


class Noisy(NamedTuple):
    """Patches and their noise: channels (B, C, H, W), white at 1, and the sigma of each plane (B, C, 1, 1)."""

    noisy: Tensor
    clean: Tensor
    sigma: Tensor


def uniform(
    shape: tuple[int, ...], draws: Generator, low: float = 0.0, high: float = 1.0
) -> Tensor:
    """Numbers between `low` and `high`."""
    return low + (high - low) * torch.rand(shape, generator=draws, device=draws.device)


def log_uniform(shape: tuple[int, ...], draws: Generator, low: float, high: float) -> Tensor:
    """Numbers between `low` and `high`, both above 0, whose logarithm is uniform."""
    return uniform(shape, draws, math.log(low), math.log(high)).exp()


def normal(shape: tuple[int, ...] | torch.Size, draws: Generator) -> Tensor:
    """Numbers of mean 0 and standard deviation 1."""
    return torch.randn(shape, generator=draws, device=draws.device)


def chance(probability: float, count: int, draws: Generator) -> Tensor:
    """Whether something happens to each patch, bool (B, 1, 1, 1)."""
    return uniform((count, 1, 1, 1), draws) < probability
