from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linn_cli.pictures import ranges
from linn_cli.pictures.ranges import Spread
from linn_cli.samples import Range

UNIT = Range(0.0, 1.0)


def noisy(sigma: float = 0.08) -> NDArray[np.float64]:
    rows, columns = np.mgrid[:96, :128]
    clean = 0.5 + 0.4 * np.sin(rows / 19) * np.cos(columns / 23)
    answer: NDArray[np.float64] = clean + np.random.default_rng(0).normal(0, sigma, clean.shape)
    return answer


def test_a_dark_picture_in_colour_is_a_photograph() -> None:
    for part, own_in_grey, own_in_colour in [
        (0.8, False, False),
        (0.3, True, False),
        (0.1, True, True),
    ]:
        found = Spread(0.0, 65535 * part, 200.0)
        usual = ranges.usual(np.dtype(np.uint16))
        assert (ranges.common([found], usual) is not None) == own_in_grey
        assert (ranges.common([found], usual, in_colour=True) is not None) == own_in_colour


def test_a_range_is_found_without_its_noise() -> None:
    found = ranges.spread(1000 * noisy() + 500)
    assert found is not None
    # Means over 16 pixels leave a quarter of the noise; most of that is taken off.
    assert (found.low, found.high) == pytest.approx((600, 1400), abs=40)
    assert found.noise == pytest.approx(80, rel=0.1)


def test_the_usual_range_stays_where_it_fits() -> None:
    found = ranges.spread(noisy())
    assert found is not None
    assert ranges.common([found], UNIT) is None
    assert ranges.common([], UNIT) is None
    assert ranges.common([Spread(0.0, 0.0, 0.0)], UNIT) is None


@pytest.mark.parametrize("scale", [1e-4, 0.1, 255.0, 6e4])
@pytest.mark.parametrize("offset", [0.0, -0.5, 3.0])
def test_a_range_follows_scale_and_offset(scale: float, offset: float) -> None:
    found = ranges.spread(scale * (noisy() + offset))
    assert found is not None
    span = ranges.settle(found, UNIT).span
    assert 0.7 * scale < span < 1.3 * scale or span == 1


def test_holes_tell_nothing_and_planes_without_values_neither() -> None:
    values = noisy()
    values[:50] = np.nan
    values[60:70, 60:70] = -9999
    found = ranges.spread(values, values != -9999)
    assert found is not None
    assert found.low > -0.2
    assert ranges.spread(np.full((8, 8), np.nan)) is None


@pytest.mark.parametrize("shape", [(1, 400), (400, 1), (2, 200), (3, 150), (200, 3), (40, 40)])
def test_narrow_pictures_have_a_range_too(shape: tuple[int, int]) -> None:
    found = ranges.spread(np.random.default_rng(0).normal(1000, 10, shape))
    assert found is not None
    assert found.noise == pytest.approx(10, rel=0.25)
    assert 985 < found.low <= found.high < 1015


@pytest.mark.parametrize(
    ("low", "noise", "black"),
    [(50.0, 10.0, True), (150.0, 60.0, True), (150.0, 10.0, False), (500.0, 30.0, False)],
)
def test_black_is_at_0_where_values_or_their_noise_come_near(
    low: float, noise: float, black: bool
) -> None:
    settled = ranges.settle(Spread(low, 1000.0, noise), Range(0.0, 65535.0))
    assert (settled.low == 0) == black


def test_noise_alone_does_not_make_the_range_too_narrow() -> None:
    found = ranges.spread(np.random.default_rng(0).normal(100, 5, (128, 128)))
    assert found is not None
    assert ranges.settle(found, UNIT).span >= 5 * 255 / 80 * 0.9
