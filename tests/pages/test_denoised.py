from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from linn_cli.pages import denoised, embedding
from linn_cli.pictures.picture import Picture
from tests.pages.test_embedding import decoded
from tests.pages.test_html import shown

Grey = NDArray[np.uint8]


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def picture(levels: Grey, alpha: Grey | None = None) -> Picture:
    return Picture(np.atleast_3d(levels), alpha)


def test_the_page_shows_the_pictures_and_what_was_removed(grey: Grey, noisy: Grey) -> None:
    data = shown(denoised.render(".html", "a<b>.png", picture(noisy), picture(grey), 25.1234))
    assert data["title"] == "a<b>.png"
    assert "(sigma) 25.1." in data["lead"]
    assert (data["width"], data["height"]) == (52, 37)
    for embedded, levels in zip(data["pictures"], (noisy, grey), strict=True):
        np.testing.assert_array_equal(decoded(embedded["source"])[..., 0], levels)
    deviation = (noisy.astype(float) - grey).std()
    assert f"a strength of {deviation:.1f}." in data["words"][0]


def test_colour_is_shown_in_colour(grey: Grey, noisy: Grey) -> None:
    before, after = (picture(np.dstack([levels, levels[::-1], levels])) for levels in (noisy, grey))
    data = shown(denoised.render(".html", "x", before, after, 25))
    np.testing.assert_array_equal(decoded(data["pictures"][0]["source"]), before.values)
    assert opened(denoised.render(".png", "x", before, after, 25)).mode == "RGB"


def test_transparency_is_shown(grey: Grey, noisy: Grey) -> None:
    alpha = np.full(grey.shape, 255, np.uint8)
    alpha[:, 20:] = 0
    before, after = picture(noisy, alpha), picture(grey, alpha)
    data = shown(denoised.render(".html", "x", before, after, 25))
    for embedded in data["pictures"]:
        np.testing.assert_array_equal(decoded(embedded["source"])[..., 3], alpha)
    strip = np.array(opened(denoised.render(".png", "x", before, after, 25)))[-len(grey) :]
    np.testing.assert_array_equal(strip[:, :20, 0], noisy[:, :20])
    for left in (0, 52 + 16, 2 * (52 + 16)):
        assert set(np.unique(strip[:, left + 20 : left + 52])) == {184, 242}


def test_a_large_picture_is_reduced_and_the_page_says_so(
    grey: Grey, noisy: Grey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding.fitting, "__defaults__", (600,))
    data = shown(denoised.render(".html", "x", picture(noisy), picture(grey), 25))
    assert (data["width"], data["height"]) == (26, 18)
    assert "mean of 2 x 2" in data["note"]
    assert data["lead"].startswith("52 x 37 pixels")


def test_another_sigma_is_advised_only_where_the_user_gave_one() -> None:
    rows, columns = np.mgrid[:128, :128]
    clean = (110 + 60 * np.sin(rows / 9) * np.cos(columns / 14)).astype(np.uint8)
    noise = np.random.default_rng(0).normal(0, 12, clean.shape)
    before, after = picture(np.rint(clean + noise).astype(np.uint8)), picture(clean)
    words = shown(denoised.render(".html", "x", before, after, 24))["words"]
    assert any("linn estimates sigma 1" in sentence for sentence in words)
    for sigma, given in ((24, False), (12, True)):
        words = shown(denoised.render(".html", "x", before, after, sigma, given=given))["words"]
        assert not any("estimates" in sentence for sentence in words)
