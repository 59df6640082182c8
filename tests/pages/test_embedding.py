from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from linn_cli.pages import embedding
from linn_cli.pictures.picture import Picture
from linn_cli.samples import Range


def decoded(source: str) -> NDArray[np.uint8]:
    kind, _, content = source.partition(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        return np.array(image)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1)])
def test_small_pictures_are_embedded_without_loss(shape: tuple[int, ...]) -> None:
    levels = np.random.default_rng(0).uniform(-20, 280, shape)
    picture = embedding.embed(levels, "x")
    expected = np.clip(np.rint(levels), 0, 255)
    found = decoded(picture["source"])
    np.testing.assert_array_equal(found if len(shape) == 3 else found[..., 0], expected)


def test_a_preview_keeps_its_budget() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (120, 200)).astype(np.uint8)
    sizes = []
    for most in (100_000, 5_000, 1_000):
        source = embedding.preview(noise, most)
        sizes.append(decoded(source).shape[:2])
        assert len(base64.b64decode(source.partition(",")[2])) <= most
    assert sizes[0] == (120, 200)
    assert sizes[2][1] < 200
    assert embedding.preview(noise, 0)  # no budget is met by any file: the smallest there is


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    most=st.integers(1, 4000),
    depth=st.booleans(),
)
def test_what_is_too_large_is_averaged(height: int, width: int, most: int, depth: bool) -> None:
    shape = (height, width, 3) if depth else (height, width)
    levels = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    small, factor = embedding.fitting(levels, most)
    if height * width <= most:
        assert factor == 1
        np.testing.assert_array_equal(small, levels)
    else:
        rows, columns = max(1, height // factor), max(1, width // factor)
        assert small.shape == (rows, columns, *shape[2:])
        first = levels[: min(factor, height), : min(factor, width)].mean(axis=(0, 1))
        np.testing.assert_allclose(small[0, 0], first)


def test_no_side_is_longer_than_webp_takes() -> None:
    small, factor = embedding.fitting(np.zeros((1, 40_000)), 10**6)
    assert (small.shape, factor) == ((1, 13_333), 3)
    assert embedding.embed(small, "x")


@pytest.mark.parametrize(
    ("dtype", "white"), [(np.uint8, 255), (np.uint16, 65_535), (np.float32, 1.0)]
)
def test_every_dtype_has_its_white(dtype: type, white: float) -> None:
    picture: NDArray[Any] = np.array([[0, white]], dtype)
    np.testing.assert_allclose(embedding.grey_levels(picture), [[0, 255]])


def test_a_picture_is_shown_in_its_own_range() -> None:
    values = np.array([[[100.0], [600.0], [np.nan]]], np.float32)
    measured = Picture(values, range=Range(100.0, 600.0))
    np.testing.assert_array_equal(embedding.shown(measured), [[0, 255, 0]])
    np.testing.assert_array_equal(embedding.shown(Picture(values / 100))[0, :2], [255, 1530])
