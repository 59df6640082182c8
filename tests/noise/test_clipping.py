from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from torch import Tensor

from linn_cli.noise import clipping
from linn_cli.noise.clipping import Clipping

AT_25 = Clipping((25.0,), black=True, white=True)


def noisy(clean: Tensor, sigma: float, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return clean + sigma / 255 * torch.randn(clean.shape, generator=generator)


def ramp(low: float = 0.0, high: float = 1.0) -> Tensor:
    return torch.linspace(low, high, 256).expand(1, 128, -1).contiguous()


@pytest.mark.parametrize("black", [True, False])
@pytest.mark.parametrize("white", [True, False])
@pytest.mark.parametrize("true", [0.0, 0.03, 0.3, 0.98, 1.0])
@pytest.mark.parametrize("sigma", [0.02, 0.3])
def test_the_expected_mean_is_that_of_the_integral(
    black: bool, white: bool, true: float, sigma: float
) -> None:
    low, high = 0.0 if black else -np.inf, 1.0 if white else np.inf

    def value(level: float) -> float:
        return float(np.clip(level, low, high) * norm.pdf(level, true, sigma))

    ends = true - 12 * sigma, true + 12 * sigma
    mean, _ = quad(value, *ends, points=[0.0, true, 1.0], limit=200)
    found = Clipping((1.0,), black, white).expected(torch.tensor(true).double(), sigma)
    assert found.item() == pytest.approx(mean, abs=1e-7)


@pytest.mark.parametrize(("mean", "sigma"), [(0.5, 0.3), (0.1, 0.2), (0.9, 0.01), (0.0, 0.5)])
def test_the_remaining_variance_is_that_of_the_integral(mean: float, sigma: float) -> None:
    normal = norm(mean, sigma)
    first, second = (
        normal.expect(lambda x, n=n: np.clip(x, 0, 1) ** n, lb=0, ub=1) + normal.sf(1)
        for n in (1, 2)
    )
    left = clipping.BOTH.remaining(torch.tensor(mean).double(), sigma)
    assert left.item() == pytest.approx((second - first**2) / sigma**2, abs=1e-6)


@pytest.mark.parametrize("sides", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("sigma", [2.0, 25.0, 100.0])
def test_undo_is_the_inverse_of_the_expected_mean(sides: tuple[bool, bool], sigma: float) -> None:
    subject = Clipping((sigma,), *sides)
    true = torch.rand((1, 20, 30), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    # The table is piecewise linear: its nodes are 1 / 4095 apart.
    undone = subject.undo(subject.expected(true, sigma / 255))
    torch.testing.assert_close(undone, true, atol=2e-6, rtol=0)


def test_nothing_is_undone_where_nothing_is_cut_off() -> None:
    estimate = torch.tensor([[[-0.3, 0.01, 0.5, 0.99, 1.3]]])
    assert torch.equal(clipping.NONE.undo(estimate), estimate)
    at_black = Clipping((25.0,), black=True).undo(estimate)
    assert torch.equal(at_black[..., 2:], estimate[..., 2:])
    assert torch.equal(at_black[..., :2], torch.zeros(1, 1, 2))
    at_white = Clipping((25.0,), white=True).undo(estimate)
    assert torch.equal(at_white[..., :3], estimate[..., :3])
    assert torch.equal(at_white[..., 3:], torch.ones(1, 1, 2))


def test_every_channel_has_its_sigma_or_they_share_one() -> None:
    estimate = torch.full((3, 1, 1), 0.05)
    red, green, blue = (Clipping((level,), True).undo(estimate)[0] for level in (5.0, 20.0, 25.0))
    by_channel = Clipping((5.0, 20.0, 25.0), True).undo(estimate)
    assert torch.equal(by_channel, torch.stack([red, green, blue]))
    assert torch.equal(Clipping((20.0,), True).undo(estimate), green.expand(3, 1, 1))


def test_less_is_undone_if_less_is_removed_and_never_more() -> None:
    assert AT_25.scaled(0.5).sigma == (12.5,)
    assert AT_25.scaled(2.0) == AT_25
    dark = torch.full((1, 1, 1), 10 / 255)
    assert AT_25.scaled(0.0 + 1e-9).undo(dark).item() == pytest.approx(10 / 255, abs=1e-6)


@pytest.mark.parametrize("sigma", [5.0, 25.0, 75.0])
def test_cut_off_noise_is_found_at_both_ends(sigma: float) -> None:
    stored = (noisy(ramp(), sigma) * 255).round().clamp(0, 255) / 255
    assert clipping.find([stored], [sigma]) == Clipping((sigma,), black=True, white=True)
    assert clipping.find(stored.split(16, dim=1), [sigma]).where == ("black", "white")


@pytest.mark.parametrize("sigma", [5.0, 25.0, 75.0])
def test_noise_beyond_the_limits_and_clean_pictures_are_not_cut_off(sigma: float) -> None:
    assert clipping.find([noisy(ramp(), sigma)], [sigma]).where == ()
    assert clipping.find([ramp()], [sigma]).where == ()
    assert clipping.find([noisy(ramp(0.4, 0.6), 5).clamp(0, 1)], [5.0]).where == ()


def test_the_sides_are_told_apart() -> None:
    assert clipping.find([noisy(ramp(0, 0.5), 25).clamp(0, 1)], [25.0]).where == ("black",)
    assert clipping.find([noisy(ramp(0.5, 1), 25).clamp(0, 1)], [25.0]).where == ("white",)


def test_black_bars_and_shadows_with_little_noise_do_not_count() -> None:
    picture = noisy(ramp(0.3, 0.7), 25).clamp(0, 1)
    picture[:, :48] = 0  # a bar
    picture[:, 48:64] = noisy(ramp(0.02, 0.04), 1)[:, 48:64].clamp(0, 1)  # shadows of a photograph
    assert clipping.find([picture], [25.0]).where == ()


def test_too_little_of_a_picture_shows_nothing() -> None:
    assert clipping.find([torch.zeros(1, 7, 300)], [25.0]).where == ()
    assert clipping.find([torch.zeros(1, 300, 300)], [0.0]).where == ()
    assert clipping.find([], [25.0]).where == ()


@pytest.mark.parametrize(("peak", "read"), [(2, 0), (5, 0), (10, 0), (10, 1), (30, 1)])
def test_a_cameras_noise_is_no_white_noise_cut_off(peak: float, read: float) -> None:
    generator = torch.Generator().manual_seed(7)
    counts = torch.poisson(peak * ramp(), generator=generator)
    light = (counts + read * torch.randn(counts.shape, generator=generator)) / peak
    at_mid_grey = 255 * (0.5 / peak + (read / peak) ** 2) ** 0.5
    stored = (light * 255).round().clamp(0, 255) / 255
    assert "black" not in clipping.find([stored], [at_mid_grey]).where


def test_noise_of_single_photons_is_left_as_it_is() -> None:
    stored = (noisy(ramp(), 101) * 255).round().clamp(0, 255) / 255
    assert clipping.find([stored], [101.0]).where == ()
    assert clipping.find([stored], [100.0]).where == ("black", "white")


@pytest.mark.parametrize("wrong", [0.7, 1.4])
def test_a_sigma_that_does_not_suit_the_noise_undoes_nothing(wrong: float) -> None:
    stored = (noisy(ramp(), 25) * 255).round().clamp(0, 255) / 255
    assert clipping.find([stored], [25 * wrong]).where == ()
