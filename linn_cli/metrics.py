"""How close a picture is to the clean one, and the noise of the published protocol."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

# SSIM as Wang et al. (2004) define it: an 11x11 Gaussian window of 1.5 pixels, K1 = 0.01, K2 = 0.03.
_RADIUS, _SPREAD = 5, 1.5
_K1, _K2 = 0.01, 0.03


def add_noise(clean: Tensor, sigma: Tensor | float, seed: int) -> Tensor:
    """White Gaussian noise of sigma (units of `clean`), neither clipped nor rounded.

    The noise depends only on the seed and the shape, so the image with index i of a test set, given
    seed i, always gets the same.
    """
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed))
    return clean + sigma * noise.to(clean)


def psnr(estimate: Tensor, clean: Tensor) -> float:
    """Peak signal-to-noise ratio in dB for pictures in [0, 1]; infinite for equal ones."""
    error = (estimate.cpu().double() - clean.cpu().double()).square().mean().item()
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(estimate: Tensor, clean: Tensor) -> float | None:
    """Mean structural similarity of grey pictures (H, W) in [0, 1]; None if smaller than 11 x 11.

    Equal to scikit-image's `structural_similarity` with gaussian_weights, sigma 1.5, population
    statistics and data_range 1: local means over the windows that lie wholly inside the picture.
    """
    if min(clean.shape) < 2 * _RADIUS + 1:
        return None
    window = torch.arange(-_RADIUS, _RADIUS + 1, dtype=torch.float64)
    window = torch.exp(-(window**2) / (2 * _SPREAD**2))
    window /= window.sum()

    def smooth(value: Tensor) -> Tensor:
        down = F.conv2d(value[None, None], window.view(1, 1, -1, 1))
        return F.conv2d(down, window.view(1, 1, 1, -1))[0, 0]

    x, y = estimate.detach().double().cpu(), clean.detach().double().cpu()
    mean_x, mean_y = smooth(x), smooth(y)
    variance_x = smooth(x * x) - mean_x**2
    variance_y = smooth(y * y) - mean_y**2
    covariance = smooth(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _K1**2) / (mean_x**2 + mean_y**2 + _K1**2)
    structure = (2 * covariance + _K2**2) / (variance_x + variance_y + _K2**2)
    return (luminance * structure).mean().item()
