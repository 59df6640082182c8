from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.quality.advice import noisy_levels, planes
from linn_cli.api import Denoiser
from linn_cli.evaluation import advice, residual
from linn_cli.evaluation.residual import Residual
from linn_cli.pictures.picture import Picture

SIDE = 128
SIGMA = 20.0
# What denoising with twice the sigma leaves of white noise, and with half of it.
TOO_MUCH = Residual(2 * SIGMA, SIGMA, 0.02, 0.05)
TOO_LITTLE = Residual(SIGMA / 2, 0.35 * SIGMA, -0.35, -0.1)


def scene(channels: int = 1) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    levels = 110 + 40 * np.sin(rows / 9) * np.cos(columns / 14) + 40 * (rows > columns)
    return np.repeat(levels[..., None], channels, axis=2).astype(np.uint8)


@pytest.fixture(scope="module")
def noisy() -> Picture:
    noise = np.random.default_rng(0).normal(0, SIGMA, (SIDE, SIDE, 1))
    return Picture(np.clip(np.rint(scene() + noise), 0, 255).astype(np.uint8))


@pytest.mark.parametrize("removed", [TOO_MUCH, TOO_LITTLE])
def test_the_estimate_is_advised_where_the_residual_bears_it_out(
    noisy: Picture, removed: Residual
) -> None:
    # linn estimates sigma to about a twentieth in so small a picture.
    assert advice.better_sigma(noisy, removed) == pytest.approx(SIGMA, rel=0.1)


@pytest.mark.parametrize(
    "removed",
    [
        Residual(SIGMA, 0.95 * SIGMA, -0.02, 0.0),  # it was right
        Residual(SIGMA, 0.6 * SIGMA, -0.35, 0.0),  # rough, but the estimate is no other
        replace(TOO_MUCH, deviation=SIGMA / 2),  # weaker than the estimate
        replace(TOO_MUCH, deviation=1.5 * SIGMA),  # stronger
        replace(TOO_MUCH, correlation=0.3),  # blotches, as after demosaicing
        replace(TOO_MUCH, shared=0.7),  # hardly any colour, as after JPEG
        replace(TOO_LITTLE, correlation=0.1),
        Residual(0.0, 0.0, None, None),
    ],
)
def test_in_doubt_nothing_is_advised(noisy: Picture, removed: Residual) -> None:
    assert advice.better_sigma(noisy, removed) is None


def test_a_picture_too_small_or_hidden_gets_no_advice(noisy: Picture) -> None:
    assert advice.better_sigma(Picture(noisy.values[:7, :7]), TOO_MUCH) is None
    hidden = Picture(noisy.values, np.zeros((SIDE, SIDE), np.uint8))
    assert advice.better_sigma(hidden, TOO_MUCH) is None


def test_weak_noise_is_not_judged() -> None:
    noise = np.random.default_rng(0).normal(0, 2, (SIDE, SIDE, 1))
    noisy = Picture(np.rint(scene() + noise).astype(np.uint8))
    assert advice.better_sigma(noisy, Residual(4, 2, 0.02, 0.0)) is None


@pytest.mark.parametrize("kind", ["demosaiced", "JPEG 4:2:0"])
def test_the_true_sigma_of_noise_that_is_not_white_is_not_talked_down(kind: str) -> None:
    sigma = 7.5
    levels = noisy_levels(planes(scene(channels=3)), kind, sigma, seed=0)
    removed = residual.measure(levels, Denoiser()(levels, sigma), sigma)
    assert removed.deviation < 0.75 * sigma  # which alone says nothing
    assert advice.better_sigma(Picture(levels), removed) is None
