from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from linn_cli.evaluation import residual
from linn_cli.pages import denoised, embedding
from tests.pages.test_embedding import decoded
from tests.pages.test_html import shown

Grey = NDArray[np.uint8]


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_the_denoised_page_shows_the_pictures_and_the_residual(grey: Grey, noisy: Grey) -> None:
    data = shown(denoised.render(".html", "a<b>.png", noisy, grey, 25))
    assert data["title"] == "a<b>.png"
    assert (data["width"], data["height"]) == (52, 37)
    for picture, levels in zip(data["pictures"], (noisy, grey), strict=True):
        np.testing.assert_array_equal(decoded(picture["source"])[..., 0], levels)
    found = residual.measure(noisy, grey, 25)
    assert data["words"] == found.in_words()
    assert ["deviation removed", f"{found.deviation:.1f}"] in data["facts"]


def test_colour_is_shown_in_colour(grey: Grey, noisy: Grey) -> None:
    colour = [np.dstack([levels, levels[::-1], levels]) for levels in (noisy, grey)]
    data = shown(denoised.render(".html", "x", colour[0], colour[1], 25))
    np.testing.assert_array_equal(decoded(data["pictures"][0]["source"]), colour[0])
    assert opened(denoised.render(".png", "x", colour[0], colour[1], 25)).mode == "RGB"


def test_a_large_picture_is_reduced_and_the_page_says_so(
    grey: Grey, noisy: Grey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding.fitting, "__defaults__", (600,))
    data = shown(denoised.render(".html", "x", noisy, grey, 25))
    assert (data["width"], data["height"]) == (26, 18)
    assert "mean of 2 x 2" in data["note"]
    assert data["words"] == residual.measure(noisy, grey, 25).in_words()
