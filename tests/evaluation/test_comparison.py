from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from linn_cli.errors import InputError
from linn_cli.evaluation import comparison

Array = NDArray[np.float32]


def pictures(*shape: int) -> tuple[Array, Array, Array]:
    generator = np.random.default_rng(0)
    clean = generator.uniform(0, 255, shape).astype(np.float32)
    a, b = (clean + generator.normal(0, sigma, shape).astype(np.float32) for sigma in (5, 20))
    return a, b, clean


@pytest.mark.parametrize("shape", [(40, 30), (40, 30, 3)])
def test_the_figures_are_scikit_images(shape: tuple[int, ...]) -> None:
    a, b, clean = pictures(*shape)
    seen = comparison.compare(a, b, clean)
    for picture, psnr, ssim in zip((a, b), seen.psnr, seen.ssim, strict=True):
        # float32 pictures: their squares are rounded to 1e-7 of themselves.
        assert psnr == pytest.approx(peak_signal_noise_ratio(clean, picture, data_range=255), 1e-5)
        expected = structural_similarity(
            clean.astype(np.float64),
            picture.astype(np.float64),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=2 if len(shape) == 3 else None,
        )
        assert ssim == pytest.approx(expected, abs=1e-6)


def test_the_map_is_the_difference_of_local_errors() -> None:
    a, b, clean = pictures(30, 40)
    seen = comparison.compare(a, b, clean)
    inside = (slice(3, -3), slice(3, -3))
    error_a, error_b = (np.sqrt(uniform_filter((x - clean) ** 2.0, 7)) for x in (a, b))
    # Sums of 49 squares in float32.
    np.testing.assert_allclose(seen.advantage[inside], (error_b - error_a)[inside], atol=1e-3)
    assert seen.closer == (1.0, 0.0)


def test_the_map_says_where_each_is_closer() -> None:
    clean = np.zeros((20, 40), np.float32)
    a, b = clean.copy(), clean.copy()
    a[:, :10], b[:, 30:] = 50, 50
    seen = comparison.compare(a, b, clean)
    assert (seen.advantage[:, :13] < 0).all()
    assert (seen.advantage[:, 27:] > 0).all()
    assert (seen.advantage[:, 13:27] == 0).all()
    assert seen.closer == (13 / 40, 13 / 40)


def test_an_equal_picture_is_infinitely_close() -> None:
    _, b, clean = pictures(5, 5)
    seen = comparison.compare(clean, b, clean)
    assert seen.psnr[0] == math.inf
    assert seen.ssim == (None, None)


@pytest.mark.parametrize("shape", [(40, 30), (40, 30, 3)])
def test_two_pictures_are_measured_against_each_other(shape: tuple[int, ...]) -> None:
    _, b, a = pictures(*shape)
    b[20:] = a[20:]
    b[:20] += 3
    seen = comparison.differ(a, b)
    apart = b.astype(np.float64) - a
    assert seen.psnr == pytest.approx(peak_signal_noise_ratio(a, b, data_range=255), 1e-5)
    assert seen.ssim == comparison.compare(b, b, a).ssim[0]
    assert seen.brighter == pytest.approx(apart.mean())
    assert seen.brighter > 0.5
    assert seen.deviation == pytest.approx(np.sqrt(np.mean(apart**2)))
    assert seen.largest == np.abs(apart).max()
    assert seen.share == 0.5
    assert seen.nearby.shape == shape[:2]
    assert (seen.nearby[:20] > 0).all()
    assert (seen.nearby[24:] == 0).all()


def test_equal_pictures_do_not_differ() -> None:
    a, _, _ = pictures(12, 12)
    seen = comparison.differ(a, a)
    assert (seen.psnr, seen.largest, seen.share) == (math.inf, 0, 0)


def test_other_sizes_are_refused() -> None:
    a, b, clean = pictures(8, 9)
    with pytest.raises(InputError, match="second picture is 8 x 8 and the clean one 9 x 8"):
        comparison.compare(a, b[:, :8], clean)
    with pytest.raises(InputError, match="first picture is 9 x 8 with 3 channels"):
        comparison.compare(np.dstack([a] * 3), b, clean)
    with pytest.raises(InputError, match="second picture is 8 x 8 and the first one 9 x 8"):
        comparison.differ(a, b[:, :8])
