from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage import data
from torch import Tensor
from torch.nn import functional as F

from linn_cli.network.planes import from_channels
from linn_cli.noise import _spectra
from linn_cli.noise._bundled import GROUPS, Group
from linn_cli.noise._recognition import Recognised, least_odds, recognise

SIDE = 192


def scene() -> Tensor:
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    one = 0.5 + 0.2 * torch.sin(x / 19) * torch.cos(y / 23)
    return torch.stack([one * (1 - 0.1 * channel) for channel in range(3)])


def noise(sigma: float, reach: int) -> Tensor:
    """Noise (3, SIDE, SIDE) of this deviation, of neighbours averaged."""
    generator = torch.Generator().manual_seed(0)
    white = torch.randn((3, SIDE + reach - 1, SIDE + reach - 1), generator=generator)
    return reach * sigma / 255 * F.avg_pool2d(white, reach, 1)


def seen(picture: Tensor) -> Recognised:
    channels = list((255 * picture).round().clamp(0, 255) / 255)
    return recognise(_spectra.measure(channels), channels)


@pytest.mark.parametrize("sigma", [3.0, 8.0, 25.0])
@pytest.mark.parametrize(("channels", "reach"), [(1, 1), (1, 2), (3, 1), (3, 2), (3, 3)])
def test_noise_is_known_and_how_strong_it_is(sigma: float, reach: int, channels: int) -> None:
    added = noise(sigma, reach)[:channels]
    known = seen(scene()[:channels] + added)
    assert known.is_noise
    assert known.is_coarse == (reach > 1)
    truth = 255 * from_channels(added).std((1, 2))
    # Within the error of the logarithm that benchmarks/fit_noise.py prints for coarse noise, twice.
    assert known.deviations == pytest.approx(truth.tolist(), rel=0.5)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_without_noise_is_known(channels: int) -> None:
    assert not seen(scene()[:channels]).is_noise


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("factor", [1.5, 2.0])
def test_an_enlarged_picture_without_noise_is_known(factor: float, channels: int) -> None:
    picture = torch.from_numpy(data.rocket()).permute(2, 0, 1)[:channels].float() / 255
    parts = picture[:, :256, :256], picture[:, 200:456, 100:356]
    for part in parts:
        larger = F.interpolate(part[None], scale_factor=factor, mode="bicubic", antialias=True)[0]
        assert not seen(larger.clamp(0, 1)).is_noise


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("factor", [1.5, 2.0, 3.0])
def test_a_picture_whose_noise_went_as_it_was_made_smaller_may_be_enlarged(
    factor: float, channels: int
) -> None:
    for name in ("rocket", "chelsea", "coffee", "astronaut"):
        picture = torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255
        for scale in (0.5, factor):
            picture = F.interpolate(picture, scale_factor=scale, mode="bicubic", antialias=True)
        assert not seen(picture[0, :channels].clamp(0, 1)).is_noise


def shown(name: str, channels: int) -> Tensor:
    """A picture of scikit-image (channels, H, W), in colour; one that is grey gets a tint."""
    picture = torch.from_numpy(getattr(data, name)().copy()).float() / 255
    if picture.ndim == 2:
        picture = picture[..., None] * torch.tensor([1.0, 0.95, 0.8])
    picture = picture.permute(2, 0, 1)
    return picture if channels == 3 else picture.mean(0, keepdim=True)


def grain(like: Tensor, sigma: float, radius: float) -> Tensor:
    """Noise that is the same in all channels, its grains some pixels wide."""
    white = np.random.default_rng(0).normal(size=like.shape[1:])
    blurred = gaussian_filter(white, radius)
    return torch.from_numpy(sigma / 255 * blurred / blurred.std()).float()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["brick", "chelsea", "rocket"])
@pytest.mark.parametrize(("radius", "sigma"), [(0.7, 12.0), (1.5, 12.0), (2.2, 16.0)])
def test_grain_is_told_from_texture(name: str, radius: float, sigma: float, channels: int) -> None:
    picture = shown(name, channels)
    assert not seen(picture).is_noise
    known = seen(picture + grain(picture, sigma, radius))
    assert known.is_noise
    assert known.is_coarse


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["grass", "gravel"])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_what_fills_a_picture_with_texture_is_no_grain(
    name: str, scale: float, channels: int
) -> None:
    picture = F.interpolate(
        shown(name, channels)[None], scale_factor=scale, mode="bicubic", antialias=True
    )[0]
    assert not seen(picture.clamp(0, 1)).is_noise


def test_a_small_picture_must_be_surer_to_be_noisy() -> None:
    small, large = (Recognised((3.0, 1.0, 1.0), 1.2, -5.0, patches) for patches in (64, 3000))
    assert large.is_noise
    assert not small.is_noise
    least = [least_odds(patches, 3, "cameras") for patches in (64, 169, 729)]
    assert least[0] > 2 > least[1] > 1.2 > least[2]


def test_a_grey_picture_must_be_surer_to_be_noisy() -> None:
    colour, grey = (Recognised((3.0,) * planes, 1.2, -5.0, 3000) for planes in (3, 1))
    assert colour.is_noise
    assert not grey.is_noise


@pytest.mark.parametrize("group", GROUPS)
def test_even_noise_needs_less_assurance_of_those_that_know_grain(group: Group) -> None:
    even, uneven = (
        Recognised((3.0, 1.0, 1.0), 0.0, -5.0, 3000, group, is_even=is_even)
        for is_even in (True, False)
    )
    assert even.is_noise == (group == "grain")
    assert not uneven.is_noise


@pytest.mark.parametrize(("name", "radius", "sigma"), [("brick", 0.7, 6.0), ("camera", 0.5, 4.0)])
def test_weak_grain_is_known_by_its_evenness(name: str, radius: float, sigma: float) -> None:
    picture = shown(name, 3)
    assert not seen(picture).is_noise
    known = seen(picture + grain(picture, sigma, radius))
    assert known.is_noise
    assert not replace(known, is_even=False).is_noise


def test_the_patches_are_counted() -> None:
    # 192 pixels hold 20 patches of 16 that lie 9 apart.
    assert seen(scene()).patches == 20**2
