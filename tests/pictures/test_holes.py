from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from linn_cli.pictures import holes
from linn_cli.pictures.picture import Picture


def test_what_has_no_value_is_found_in_every_dtype() -> None:
    floats = np.array([[1, np.nan, -np.inf, -9999]], np.float32)
    assert holes.unknown(floats, -9999) is not None
    np.testing.assert_array_equal(holes.unknown(floats, -9999), [[False, True, True, True]])
    bytes_ = np.array([[0, 7]], np.uint8)
    np.testing.assert_array_equal(holes.unknown(bytes_, 0), [[True, False]])
    assert holes.unknown(bytes_, None) is None
    assert holes.unknown(bytes_, float("nan")) is None
    least = np.full((2, 2), np.finfo(np.float32).min)
    assert holes.unknown(least, -3.4028234663852886e38) is not None


@pytest.mark.parametrize(
    ("dtype", "value", "nodata", "is_hole"),
    [
        ("uint16", 55537, -9999.0, False),  # that modulo 2^16
        ("uint8", 0, 256.0, False),
        ("uint8", 255, 255.0, True),
        ("int16", 2300, 2300.5, False),
        ("int32", -(2**31), -(2.0**31), True),
        ("uint32", 2**32 - 1, 2.0**32 - 1, True),
        ("uint32", 0, float("inf"), False),
        ("float32", np.finfo(np.float32).min, -3.40282e38, True),
        ("float64", np.finfo(np.float64).min, -1.79769e308, True),
        ("float32", 1e37, 1e38, False),
        ("float32", np.float32(0.1), 0.1, True),
        ("float32", 1000.001, 1000.0, False),
        ("float16", -10000, -9999.0, True),  # as a float of 16 bits holds it
        ("float32", 5.0, float("-inf"), False),
        ("float32", -np.inf, float("-inf"), True),
        ("float32", np.finfo(np.float32).max, float("nan"), True),
        ("float64", np.finfo(np.float64).min, float("nan"), True),
        ("float64", 1e300, float("nan"), False),
        ("float16", 65504, float("nan"), False),  # a saturated count
    ],
)
def test_nodata_is_a_value_that_the_dtype_can_hold(
    dtype: str, value: float, nodata: float, is_hole: bool
) -> None:
    found = holes.unknown(np.array([[value]], dtype), nodata)
    assert (found is not None) == is_hole


@pytest.mark.parametrize(
    ("value", "count", "others", "expected"),
    [
        (-9999, 40, (0, 1), -9999),
        (-32768, 40, (0, 3000), -32768),
        (65535, 40, (100, 5000), 65535),
        (0, 40, (29_000, 33_000), 0),
        (0, 40, (500, 4000), None),  # a dark picture
        (-9999, 1, (0, 1), None),  # a hot pixel
        (0, 40, (7, 7), None),  # black and white
    ],
)
def test_a_value_far_from_all_others_may_stand_for_none(
    value: float, count: int, others: tuple[float, float], expected: float | None
) -> None:
    values = np.concatenate([np.full(count, value), np.linspace(*others, 4000)])
    assert holes.lonely(values) == expected


@pytest.mark.parametrize("side", [40, 300])
def test_a_slope_goes_on_into_a_hole(side: int) -> None:
    rows, columns = np.mgrid[:side, :side]
    slope = 3.0 * rows + 2.0 * columns
    known = np.ones(slope.shape, bool)
    known[10:26, 12:28] = False
    filled = holes.filled(np.where(known, slope, 1e9), known)
    np.testing.assert_array_equal(filled[known], slope[known])
    # A plane does not bend. Gradients stop early, and coarse means are off by 16 and more.
    assert np.abs(filled - slope)[9:27, 11:29].max() < 5


def test_rows_pictures_and_corners_without_values() -> None:
    values = np.random.default_rng(0).normal(0, 1, (30, 30))
    for hole in (np.s_[5], np.s_[:, 0], np.s_[:29], np.s_[:29, :29]):
        known = np.ones(values.shape, bool)
        known[hole] = False
        filled = holes.filled(np.where(known, values, np.nan), known)
        assert np.isfinite(filled).all()
    nothing = np.zeros(values.shape, bool)
    np.testing.assert_array_equal(holes.filled(values, nothing), 0)


@pytest.mark.parametrize("noise", [0.02, 0.0])
def test_texture_goes_on_beside_a_hole(noise: float) -> None:
    chance = np.random.default_rng(0)
    texture = 0.3 * np.sin(np.mgrid[:80, :90][1])
    known = np.ones(texture.shape, np.bool_)
    known[30:50, 20:70] = False
    filled = holes.filled(texture + chance.normal(0, noise, texture.shape), known)
    error = (filled - texture)[[30, 31, 32, 47, 48, 49], 23:67]
    assert np.sqrt((error**2).mean()) < 0.05  # of a plate alone 0.2


def test_noise_is_not_mirrored() -> None:
    chance = np.random.default_rng(0)
    known = np.ones((80, 90), np.bool_)
    known[30:50, 20:70] = False
    filled = holes.filled(chance.normal(0, 1, known.shape), known)
    assert filled[~known].std() < 0.4


@pytest.mark.parametrize("shape", [(40, 50), (3, 60), (7, 5)])
def test_the_nearest_pixel_is_found(shape: tuple[int, int]) -> None:
    known = np.random.default_rng(0).random(shape) < 0.02
    known[0, 0] = True
    found = holes._nearest(known)
    places = np.moveaxis(np.indices(shape), 0, -1)
    distance = np.square(found - places).sum(axis=-1) ** 0.5
    # Jump flooding is a little wrong in few places.
    np.testing.assert_allclose(distance, distance_transform_edt(~known), atol=0.5)


def test_a_picture_gets_its_holes_back_to_the_bit() -> None:
    values = np.ones((4, 4, 1), np.float32)
    values[1, 1] = np.nan
    picture = Picture(values)
    assert np.isfinite(picture.filled()).all()
    back = picture.with_values(np.zeros_like(values)).values
    assert back.view(np.uint32)[1, 1, 0] == values.view(np.uint32)[1, 1, 0]
    assert back[0, 0, 0] == 0


@pytest.mark.parametrize("height", [holes.TILE, 64])
def test_holes_are_filled_by_rows(height: int) -> None:
    rows, columns = np.mgrid[:500, :40]
    values = np.sin(rows / 20 + columns / 9)[:, :, None].repeat(2, axis=2)
    gaps = (rows - 224) ** 2 + (columns - 20) ** 2 < 100
    stored = values.copy()
    stored[gaps, 1] = np.nan
    blocks = [stored[top : top + height] for top in range(0, 500, height)]
    answer = np.concatenate(list(holes.filled_by_rows(iter(blocks), None, 0.0)))
    np.testing.assert_array_equal(answer[~gaps], values[~gaps])
    np.testing.assert_array_equal(answer[:, :, 0], values[:, :, 0])
    whole = holes.filled(stored[:, :, 1], ~gaps)
    # Of the same tiles only what the solver leaves differs; other blocks have other tiles.
    close = 2e-4 if height == holes.TILE else 0.01
    np.testing.assert_allclose(answer[:, :, 1], whole, atol=close)


def test_blocks_without_values_are_filled_with_the_middle() -> None:
    blocks = [np.full((50, 20, 1), np.nan) for _ in range(3)]
    answer = np.concatenate(list(holes.filled_by_rows(iter(blocks), None, 0.5)))
    np.testing.assert_array_equal(answer, 0.5)
