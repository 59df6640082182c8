from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from linn_cli import page, views
from linn_cli.evaluation import comparison, inspection, residual
from linn_cli.network.architecture import Architecture
from tests.conftest import random_model
from tests.test_page import decoded, shown

Grey = NDArray[np.uint8]


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(
    ("dtype", "white"), [(np.uint8, 255), (np.uint16, 65_535), (np.float32, 1.0)]
)
def test_every_dtype_has_its_white(dtype: type, white: float) -> None:
    picture: NDArray[Any] = np.array([[0, white]], dtype)
    np.testing.assert_allclose(views.grey_levels(picture), [[0, 255]])


def test_the_denoised_page_shows_the_pictures_and_the_residual(grey: Grey, noisy: Grey) -> None:
    data = shown(views.denoised(".html", "a<b>.png", noisy, grey, 25))
    assert data["title"] == "a<b>.png"
    assert (data["width"], data["height"]) == (52, 37)
    for picture, levels in zip(data["pictures"], (noisy, grey), strict=True):
        np.testing.assert_array_equal(decoded(picture["source"])[..., 0], levels)
    found = residual.measure(noisy, grey, 25)
    assert data["words"] == found.in_words()
    assert ["deviation removed", f"{found.deviation:.1f}"] in data["facts"]


def test_colour_is_shown_in_colour(grey: Grey, noisy: Grey) -> None:
    colour = [np.dstack([levels, levels[::-1], levels]) for levels in (noisy, grey)]
    data = shown(views.denoised(".html", "x", colour[0], colour[1], 25))
    np.testing.assert_array_equal(decoded(data["pictures"][0]["source"]), colour[0])
    assert opened(views.denoised(".png", "x", colour[0], colour[1], 25)).mode == "RGB"


def test_the_strip_holds_all_three_pictures(grey: Grey, noisy: Grey) -> None:
    strip = opened(views.denoised(".png", "x", noisy, grey, 25))
    assert strip.mode == "L"
    pixels = np.array(strip)
    height, width = grey.shape
    left = width + 16
    np.testing.assert_array_equal(pixels[-height:, :width], noisy)
    np.testing.assert_array_equal(pixels[-height:, left : left + width], grey)
    removed = np.clip(np.rint(127.5 + 2 * (noisy.astype(float) - grey)), 0, 255)
    np.testing.assert_array_equal(pixels[-height:, 2 * left :], removed)


def test_a_large_picture_is_reduced_and_the_page_says_so(
    grey: Grey, noisy: Grey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_MOST_PIXELS", 600)
    data = shown(views.denoised(".html", "x", noisy, grey, 25))
    assert (data["width"], data["height"]) == (26, 18)
    assert "mean of 2 x 2" in data["note"]
    assert data["words"] == residual.measure(noisy, grey, 25).in_words()


@pytest.mark.parametrize("architecture", [Architecture("st", 1), Architecture("lista", 2)], ids=str)
def test_the_inspection_page_shows_every_stage(architecture: Architecture, noisy: Grey) -> None:
    levels = noisy.astype(np.float32)
    seen = inspection.inspect(random_model(architecture), levels, 25)
    data = shown(views.inspected("x", seen, 25, architecture, "set"))
    assert str(architecture) in data["lead"]
    assert len(data["scales"]) == architecture.scales
    for number, scale in enumerate(data["scales"]):
        stages = ["plain Haar", "after lifting", "after shrinkage"]
        if number:
            stages.insert(1, "before lifting")
        assert list(scale["pictures"]) == list(scale["histograms"]) == stages
        assert all(len(pictures) == 4 for pictures in scale["pictures"].values())
        assert len(scale["steps"]) == 4
    np.testing.assert_array_equal(decoded(data["noisy"]["source"])[..., 0], noisy)
    # The coarse channel of plain Haar is twice the local mean of the picture.
    coarse = decoded(data["scales"][0]["pictures"]["plain Haar"][0]["source"])[..., 0]
    padded = np.pad(levels, 1, mode="reflect")
    means = (padded[1:, 1:] + padded[1:, :-1] + padded[:-1, 1:] + padded[:-1, :-1]) / 4
    np.testing.assert_allclose(coarse, np.clip(means, 0, 255), atol=0.51)


def test_the_map_is_blue_where_the_first_is_closer() -> None:
    clean = np.full((20, 40), 100, np.float32)
    a, b = clean.copy(), clean.copy()
    a[:, :10] += 50
    b[:, 30:] += 50
    seen = comparison.compare(a, b, clean)
    data = shown(views.compared(".html", ("a", "b"), a, b, clean, seen))
    colours = decoded(data["map"]["source"])
    np.testing.assert_array_equal(colours[10, 0], [196, 84, 10])
    np.testing.assert_array_equal(colours[10, 20], [238, 238, 236])
    np.testing.assert_array_equal(colours[10, 39], [11, 99, 165])
    assert [row[0] for row in data["table"]["rows"]] == ["a", "b"]
    strip = opened(views.compared(".png", ("a", "b"), a, b, clean, seen))
    assert strip.size == (3 * 40 + 2 * 16, 20 + 28)


def test_equal_pictures_can_be_compared(grey: Grey) -> None:
    levels = views.grey_levels(grey)
    seen = comparison.compare(levels, levels, levels)
    data = shown(views.compared(page.ENDING, ("a", "b"), levels, levels, levels, seen))
    assert data["table"]["rows"][0][1] == "inf"
