from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.fft import dctn
from torch import Tensor

from linn_cli.noise import _spectra


def white(side: int, sigma: float) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return 0.5 + sigma / 255 * torch.randn((side, side), generator=generator)


def test_white_noise_is_as_strong_in_every_band() -> None:
    (one,) = _spectra.measure([white(256, 10)])
    bands = one.powers.mean(0).sqrt()
    # The trend that is taken off holds 6 of 256 coefficients, nearly all of the lowest band's 3 and some of the next.
    assert bands[2:].numpy() == pytest.approx(np.full(_spectra.BANDS - 2, 10), rel=0.03)
    assert bands[0] < 5


def test_powers_are_those_of_the_cosine_transform() -> None:
    ripples = np.random.default_rng(0).normal(size=(16, 16))
    ripples[:3, :3] = 0  # above the trend
    patch = dctn(ripples, type=3, norm="ortho")
    plane = torch.from_numpy(np.tile(patch, (17, 17)) / 255).float() + 0.5
    (one,) = _spectra.measure([plane[:, :272]])
    # The first patch lies on the tiles; its trend is not exactly that of the lowest coefficients.
    total = (one.powers[0] * one.sizes).sum().item()
    assert total == pytest.approx((ripples**2).sum(), rel=0.1)


def test_the_smoothest_patches_come_first() -> None:
    plane = white(256, 2)
    plane[:, 128:] = white(256, 20)[:, 128:]
    (one,) = _spectra.measure([plane])
    few, most = one.smoothest((0.2, 1.0)).mean(1).sqrt()
    assert 1.6 < few < 2  # the least of many powers lie below their mean
    assert most > 10
    assert one.parts.sum().item() == pytest.approx(1)


def test_what_is_too_small_flat_or_not_seen_tells_nothing() -> None:
    assert _spectra.measure([white(31, 5)]) == ()
    assert _spectra.measure([white(64, 5)]) == ()  # too few patches
    assert _spectra.measure([white(128, 5)] * 2) == ()
    assert _spectra.measure([white(256, 5)], torch.zeros(256, 256, dtype=torch.bool)) == ()
    assert len(_spectra.measure([white(256, 5)] * 3)) == 3


def test_where_black_and_white_cut_off_is_not_looked_at() -> None:
    plane = white(256, 10)
    plane[:, :128] -= 0.5
    half, whole = (_spectra.measure([one])[0] for one in (plane.clamp(0, 1), white(256, 10)))
    assert len(half.powers) < 0.6 * len(whole.powers)
    assert half.overall.mean().sqrt() == pytest.approx(10, rel=0.05)


def test_of_a_small_dark_picture_the_clearest_patches_are_looked_at() -> None:
    # A fifth of its 225 patches would tell nothing.
    dark = (white(140, 10)[:128, :128] - 0.5 + torch.linspace(0, 0.03, 128)).clamp(0, 1)
    (one,) = _spectra.measure([dark])
    assert 60 <= len(one.powers) < 80


def test_of_a_large_plane_some_strips_are_looked_at() -> None:
    large = torch.zeros(4000, 1000)
    assert _spectra.looked_at([large]).shape == (7, 1, 64, 1000)
    assert _spectra.looked_at([large[:100]]).shape == (1, 1, 100, 1000)


def test_no_patch_goes_across_strips() -> None:
    # A sampled picture's strips are far from each other: where two of them meet is no edge of the picture.
    steps = torch.linspace(0.2, 0.8, 16).repeat_interleave(64)[:, None]
    (one,) = _spectra.measure([white(1024, 5) - 0.5 + steps])
    assert one.overall.max().sqrt() < 8
