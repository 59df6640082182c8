"""White Gaussian noise for training: a sigma for each patch, in some patches for each channel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from linn_cli.network import planes
from linn_cli.training.draws import Noisy, chance, log_uniform, normal, uniform
from linn_cli.units import GREY_LEVELS

# How often the channels of a colour patch have noise of their own, and how far it lies from the patch's sigma.
_UNLIKE = 1 / 3
_SPREAD = 2.0


@dataclass(frozen=True)
class WhiteNoise:
    """Sigmas out of a range in 8-bit grey levels."""

    levels: tuple[float, float]
    margin: ClassVar[int] = 0  # pixels that the patches must have beyond those that come back

    def __call__(self, clean: Tensor, draws: Generator) -> Noisy:
        """Channels (B, C, H, W), white at 1, with noise added."""
        sigma = draw_sigma(self.levels, len(clean), draws)
        if clean.shape[1] == 1:
            return Noisy(clean + sigma * normal(clean.shape, draws), clean, sigma)
        unlike = chance(_UNLIKE, len(clean), draws)
        factor = log_uniform((*clean.shape[:2], 1, 1), draws, 1 / _SPREAD, _SPREAD)
        sigma = torch.where(unlike, sigma * factor, sigma)
        noisy = clean + sigma * normal(clean.shape, draws)
        variances = planes.ROTATION.square().to(sigma) @ sigma.square().flatten(1).T
        return Noisy(noisy, clean, variances.T.sqrt()[:, :, None, None])


def draw_sigma(levels: tuple[float, float], count: int, draws: Generator) -> Tensor:
    """Sigmas (B, 1, 1, 1), white at 1, out of a range in 8-bit grey levels.

    Their square root is the mean of two uniform ones, so that the middle of the range (25 of 1 to 80) is
    seen most and both ends least.
    """
    low, high = (math.sqrt(grey / GREY_LEVELS) for grey in levels)
    chosen = uniform((count, 2, 1, 1), draws).mean(1, keepdim=True)
    return (low + (high - low) * chosen).square()
