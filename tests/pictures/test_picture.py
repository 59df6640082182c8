from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from linn_cli.pictures.picture import Picture


@pytest.mark.parametrize("orientation", range(10))
def test_a_picture_is_turned_as_pillow_turns_it(orientation: int) -> None:
    values = np.arange(2 * 5 * 3, dtype=np.uint8).reshape(2, 5, 3)
    alpha = values[:, :, 0].copy()
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(np.dstack((values, alpha))).save(file, "PNG", exif=exif)
    expected = np.array(ImageOps.exif_transpose(Image.open(file)))
    turned = Picture(values, alpha, seen=alpha > 9).turned(orientation)
    assert turned.alpha is not None
    np.testing.assert_array_equal(np.dstack((turned.values, turned.alpha)), expected)
    np.testing.assert_array_equal(turned.seen, turned.alpha > 9)


def ring(dtype: Any, channels: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bright values where they are seen, black where they are not."""
    alpha = np.zeros((12, 15), np.uint8)
    alpha[3:9, 4:11] = 255
    values = np.where(alpha[:, :, None], 200, 0).astype(dtype).repeat(channels, axis=2)
    return values, alpha


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_what_is_hidden_takes_the_level_of_what_is_seen(dtype: Any, channels: int) -> None:
    values, alpha = ring(dtype, channels)
    filled = Picture(values, alpha).filled()
    assert filled.dtype == dtype
    np.testing.assert_allclose(filled.astype(float), 200, atol=1)  # float32 means, cut to integers
    np.testing.assert_array_equal(filled[alpha != 0], values[alpha != 0])


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32 - 1))
@example(1, 2, 0)
@example(2, 1, 0)
def test_filling_stays_within_what_is_seen(height: int, width: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    values = chance.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = chance.integers(0, 2, (height, width), dtype=np.uint8)
    filled = Picture(values, alpha).filled()
    seen = values[alpha != 0]
    np.testing.assert_array_equal(filled[alpha != 0], seen)
    if seen.size:
        hidden = filled[alpha == 0].astype(int)
        assert (hidden >= seen.min(axis=0).astype(int) - 1).all()
        assert (hidden <= seen.max(axis=0)).all()


def test_what_is_hidden_stays_in_the_file() -> None:
    values, alpha = ring(np.uint8, 3)
    answer = Picture(values, alpha).with_values(np.full_like(values, 50))
    assert answer.values[alpha == 0].max() == 0
    assert answer.values[alpha != 0].min() == 50
