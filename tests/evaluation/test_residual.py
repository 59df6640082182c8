from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from scipy.stats import gmean

from linn_cli.evaluation import residual
from linn_cli.evaluation.residual import Residual

Array = NDArray[np.float64]
SIDE = 256


def noise(sigma: float, *shape: int) -> Array:
    return np.random.default_rng(0).normal(0, sigma, shape)


def of(removed: Array, sigma: float = 20) -> Residual:
    picture = np.full(removed.shape, 100.0)
    return residual.measure(picture + removed, picture, sigma)


@pytest.mark.parametrize("channels", [(), (3,)])
def test_white_noise_is_white(channels: tuple[int, ...]) -> None:
    found = of(noise(20, SIDE, SIDE, *channels))
    # A sample of 65,536 values has the deviation to 0.3 % and the correlation to 0.004: 4 of these.
    assert found.deviation == pytest.approx(20, rel=0.012)
    assert found.correlation == pytest.approx(0, abs=0.016)
    assert found.flatness == pytest.approx(1, abs=0.02)
    strength, whiteness = found.in_words()
    assert strength.endswith("as it should be.")
    assert whiteness.endswith("it looks like white noise.")


def test_the_figures_agree_with_numpy_and_scipy() -> None:
    removed = noise(20, 40, 50) + 15 * np.sin(np.arange(50) / 4)
    found = of(removed)
    removed -= removed.mean()
    # The pictures are float32, which rounds their difference by up to 1e-5 grey levels.
    assert found.deviation == pytest.approx(removed.std(), rel=1e-5)
    across = (removed[:, 1:] * removed[:, :-1]).mean() / removed.var()
    down = (removed[1:] * removed[:-1]).mean() / removed.var()
    assert found.correlation == pytest.approx((across + down) / 2, rel=1e-5)
    power = np.abs(np.fft.rfft2(removed)).flatten()[1:] ** 2
    assert found.flatness == pytest.approx(
        gmean(power) / power.mean() * np.exp(np.euler_gamma), rel=1e-4
    )


def test_smooth_and_rough_residuals_are_told_from_noise() -> None:
    white = noise(1, SIDE, SIDE)
    smooth = uniform_filter(white, 2)
    rough = white - (np.roll(white, 1, 0) + np.roll(white, 1, 1)) / 2
    for removed, reason in ((smooth, "smoother"), (rough, "rougher")):
        found = of(20 * removed / removed.std())
        assert found.flatness is not None
        assert found.flatness < 0.9
        assert reason in found.in_words()[1]


@pytest.mark.parametrize(
    ("strength", "reason"),
    [(10.0, "Try a sigma of about 10."), (17.0, "as it should be"), (30.0, "detail went")],
)
def test_the_strength_is_judged(strength: float, reason: str) -> None:
    assert reason in of(noise(strength, SIDE, SIDE))._strength()


def test_too_little_removed_for_want_of_sigma_gets_one_advice() -> None:
    white = noise(1, SIDE, SIDE)
    rough = white - (np.roll(white, 1, 0) + np.roll(white, 1, 1)) / 2
    words = " ".join(of(10 * rough / rough.std()).in_words())
    assert "Try a higher sigma" in words
    assert "Try a sigma of about" not in words


@pytest.mark.parametrize("shape", [(1, 1), (7, 100), (50, 50)])
def test_nothing_is_said_of_too_little(shape: tuple[int, int]) -> None:
    found = of(np.zeros(shape) if shape == (50, 50) else noise(20, *shape))
    assert (found.correlation, found.flatness) == (None, None)
    assert "too little" in found.in_words()[1]


def test_no_noise_asked_for_is_no_division_by_it() -> None:
    assert "no noise was to be removed" in of(np.zeros((20, 20)), sigma=0).in_words()[0]
