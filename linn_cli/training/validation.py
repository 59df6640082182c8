"""Held-out pictures, which judge what a network has learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor, nn

from linn_cli.metrics import add_noise, psnr
from linn_cli.network import planes
from linn_cli.training.patches import read
from linn_cli.units import GREY_LEVELS

_TESTED_SIGMAS = (15.0, 25.0, 50.0)
_CROP = 160


class Validation:
    """Held-out pictures under the published protocol's noise: the only judge of a run.

    The centre of each picture is used, at the sigmas of the published tables that lie in the range.
    """

    def __init__(
        self, pictures: Sequence[Path], sigma: tuple[float, float], *, as_grey: bool = True
    ) -> None:
        low, high = sigma
        self.pictures = [_centre(read(picture, as_grey=as_grey)) for picture in pictures]
        self.sigmas = [grey for grey in _TESTED_SIGMAS if low <= grey <= high] or [low]

    @torch.inference_mode()
    def measure(self, model: nn.Module) -> dict[str, float]:
        """Mean PSNR in dB over the pictures, by sigma in 8-bit grey levels."""
        device = next(model.parameters()).device

        def score(index: int, sigma: float) -> float:
            clean = self.pictures[index]
            noisy = planes.from_channels(add_noise(clean, sigma, seed=index).to(device) - 0.5)
            estimate = planes.to_channels(model(noisy + 0.5, sigma) - 0.5) + 0.5
            return psnr(estimate.clamp(0, 1), clean)

        return {
            f"{grey:g}": fmean(score(k, grey / GREY_LEVELS) for k in range(len(self.pictures)))
            for grey in self.sigmas
        }


def _centre(picture: Tensor) -> Tensor:
    """The middle of uint8 levels (H, W, C) as float32 (1, C, h, w) in [0, 1]."""
    height, width = (min(side, _CROP) for side in picture.shape[:2])
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    crop = picture[top : top + height, left : left + width]
    return crop.permute(2, 0, 1)[None].float() / GREY_LEVELS
