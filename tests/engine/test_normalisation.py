from __future__ import annotations

import math

import pytest
import torch

from linn_cli.engine.normalisation import (
    network_sigma,
    normalise,
    normalise_jointly,
    restore,
    restore_jointly,
)

SIGMAS = [(25.0,), (25.0, 25.0, 25.0), (12.0, 10.0, 18.0)]


@pytest.mark.parametrize("sigma", SIGMAS)
def test_restoring_undoes_normalising(sigma: tuple[float, ...]) -> None:
    picture = torch.rand((len(sigma), 7, 9), dtype=torch.float64)
    planes = normalise(picture, sigma)
    assert planes.shape == (len(sigma), 1, 7, 9)
    torch.testing.assert_close(restore(planes, sigma), picture, rtol=0, atol=1e-14)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_planes_lifted_together_are_restored_and_have_unit_noise_each(
    sigma: tuple[float, ...],
) -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((len(sigma), 300, 300), generator=generator, dtype=torch.float64)
    picture = 0.5 + noise * torch.tensor(sigma, dtype=torch.float64).view(-1, 1, 1) / 255
    planes = normalise_jointly(picture, sigma)
    assert planes.shape == (1, len(sigma), 300, 300)
    torch.testing.assert_close(restore_jointly(planes, sigma), picture, rtol=0, atol=1e-14)
    # A deviation over 90,000 samples is known to 0.24 %; five times that.
    deviations = planes[0].flatten(1).std(1)
    torch.testing.assert_close(deviations, torch.ones_like(deviations), rtol=0, atol=0.012)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_noise_becomes_white_and_of_unit_deviation(sigma: tuple[float, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((len(sigma), 300, 300), generator=generator, dtype=torch.float64)
    scaled = noise * torch.tensor(sigma, dtype=torch.float64).view(-1, 1, 1) / 255
    planes = normalise(0.5 + scaled, sigma, [1, 1]).flatten(1)
    covariance = planes @ planes.T / planes.shape[1]
    # 90,000 samples: a covariance is off by 1/300 or 1.4/300; five times that.
    expected = torch.eye(len(sigma), dtype=torch.float64)
    torch.testing.assert_close(covariance, expected, rtol=0, atol=0.024)


def test_grey_has_no_chroma() -> None:
    grey = torch.rand((1, 5, 6), dtype=torch.float64)
    luma, *chroma = normalise(grey.expand(3, -1, -1), (10, 10, 10))
    torch.testing.assert_close(luma[0], (grey[0] - 0.5) * math.sqrt(3) * 25.5)
    assert all(float(plane.abs().max()) < 1e-12 for plane in chroma)


def test_the_chroma_is_divided_by_its_strength() -> None:
    picture = torch.rand((3, 5, 6))
    plain, stronger = (normalise(picture, (10, 10, 10), [strength] * 2) for strength in (1, 2))
    torch.testing.assert_close(stronger[0], plain[0])
    torch.testing.assert_close(stronger[1:] * 2, plain[1:])


def test_the_networks_sigma_is_that_of_the_widest_plane() -> None:
    assert network_sigma((25,)) == 25
    assert network_sigma((25, 25, 25)) == pytest.approx(25 / math.sqrt(3))
    assert network_sigma((0, 0, 0)) == 0
    sigma = (12.0, 10.0, 18.0)
    black, white = (
        normalise(torch.full((3, 1, 1), level), sigma)[0].item() for level in (0.0, 1.0)
    )
    assert white - black == pytest.approx(255 / network_sigma(sigma))
