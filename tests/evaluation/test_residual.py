from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from linn_cli.evaluation import residual
from linn_cli.evaluation.residual import Residual

Array = NDArray[np.float64]
SIDE = 256


def noise(sigma: float, *shape: int) -> Array:
    return np.random.default_rng(0).normal(0, sigma, shape)


def of(removed: Array, sigma: float = 20, visible: NDArray[np.bool_] | None = None) -> Residual:
    picture = np.full(removed.shape, 100.0)
    return residual.measure(picture + removed, picture, sigma, visible)


@pytest.mark.parametrize("channels", [(), (3,)])
def test_white_noise_is_white(channels: tuple[int, ...]) -> None:
    found = of(noise(20, SIDE, SIDE, *channels))
    # A sample of 65,536 values has the deviation to 0.3 % and the correlations to 0.004: 4 of these.
    assert found.deviation == pytest.approx(20, rel=0.012)
    assert found.correlation == pytest.approx(0, abs=0.016)
    assert found.shared == pytest.approx(0, abs=0.016)


def test_the_figures_agree_with_numpy() -> None:
    removed = noise(20, 40, 50, 3) + noise(15, 40, 50)[..., None] + np.sin(np.arange(3))
    found = of(removed)
    removed -= removed.mean(axis=(0, 1))
    # The pictures are float32, which rounds their difference by up to 1e-5 grey levels.
    assert found.deviation == pytest.approx(removed.std(), rel=1e-5)
    across = (removed[:, 1:] * removed[:, :-1]).mean() / removed.var()
    down = (removed[1:] * removed[:-1]).mean() / removed.var()
    assert found.correlation == pytest.approx((across + down) / 2, rel=1e-4)
    pairs = np.corrcoef(removed.reshape(-1, 3).T)[np.triu_indices(3, 1)]
    assert found.shared == pytest.approx(pairs.mean(), rel=1e-5)


def test_smooth_and_rough_residuals_correlate() -> None:
    white = noise(20, SIDE, SIDE)
    # Means of four share half of their pixels with the next one; differences of neighbours are the opposite.
    assert of(uniform_filter(white, 2)).correlation == pytest.approx(0.5, abs=0.02)
    rough = white - (np.roll(white, 1, 0) + np.roll(white, 1, 1)) / 2
    assert of(rough).correlation == pytest.approx(-1 / 3, abs=0.02)


def test_grey_stored_as_colour_is_grey() -> None:
    grey = noise(20, 64, 64)
    assert of(np.dstack([grey] * 3)) == of(grey)


def test_what_is_hidden_is_not_measured() -> None:
    removed = noise(20, SIDE, SIDE)
    hidden = removed.copy()
    hidden[:100] = 1e3
    found = of(hidden, visible=np.arange(SIDE)[:, None] >= np.full(SIDE, 100))
    # 40,000 values: the deviation to 0.4 %, the correlation to 0.005; the edge costs 1 in 156 pairs.
    assert found.deviation == pytest.approx(20, rel=0.016)
    assert found.correlation == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("shape", [(1, 1), (7, 100), (50, 50)])
def test_of_too_little_nothing_is_known(shape: tuple[int, int]) -> None:
    found = of(np.zeros(shape) if shape == (50, 50) else noise(20, *shape))
    assert (found.correlation, found.shared) == (None, None)


def test_of_a_wholly_transparent_picture_nothing_is_known() -> None:
    assert of(noise(20, 50, 50), visible=np.zeros((50, 50), bool)) == Residual(20, 0.0, None, None)
