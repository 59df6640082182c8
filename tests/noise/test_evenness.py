from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage import data
from torch import Tensor

from linn_cli.noise import _evenness, _spectra
from linn_cli.noise._spectra import Spectrum

SIDE = 192


def noise(sigma: float, radius: float) -> Tensor:
    """Noise (SIDE, SIDE) of this deviation, its grains some pixels wide."""
    blurred = gaussian_filter(np.random.default_rng(0).normal(size=(SIDE, SIDE)), radius)
    return torch.from_numpy(sigma / 255 * blurred / blurred.std()).float()


def spectra(picture: Tensor, channels: int) -> tuple[Spectrum, ...]:
    return _spectra.measure([picture] * channels)


def scene() -> Tensor:
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    return 0.5 + 0.2 * torch.sin(x / 19) * torch.cos(y / 23)


@pytest.mark.parametrize("sigma", [2.0, 5.0, 14.0])
def test_noise_is_even_and_its_strength_known(sigma: float) -> None:
    grey, colour = (spectra(scene() + noise(sigma, 0.5), channels) for channels in (1, 3))
    assert _evenness.is_even(grey)
    # Luma of three equal channels is sqrt(3) times as strong. A twentieth of the patches, those where noise happens to be
    # weak, misses up to a fifth.
    assert _evenness.strength(grey[0]) == pytest.approx(sigma, rel=0.2)
    assert _evenness.strength(colour[0]) == pytest.approx(sigma * 3**0.5, rel=0.2)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["grass", "gravel", "brick"])
def test_texture_is_not_even(name: str, channels: int) -> None:
    picture = torch.from_numpy(getattr(data, name)()[:SIDE, :SIDE].copy()).float() / 255
    assert not _evenness.is_even(spectra(picture, channels))


def test_noise_that_differs_from_place_to_place_is_less_even() -> None:
    bed = torch.linspace(0.3, 1.7, SIDE)
    even, less = (spectra(scene() + by * noise(5, 0.5), 1)[0] for by in (1.0, bed))
    assert 0 < _evenness.unevenness(even) < _evenness.unevenness(less)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_weaker_or_stronger_than_noise_of_photographs_is_not_even(channels: int) -> None:
    for sigma in (0.3, 60.0):
        assert not _evenness.is_even(spectra(scene() + noise(sigma, 0.5), channels))
