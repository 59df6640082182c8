from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linn_cli.evaluation import comparison
from linn_cli.pages import compared, embedding, html
from tests.pages.test_denoised import opened
from tests.pages.test_embedding import decoded
from tests.pages.test_html import shown

Grey = NDArray[np.uint8]


def test_the_map_is_blue_where_the_first_is_closer() -> None:
    clean = np.full((20, 40), 100, np.float32)
    a, b = clean.copy(), clean.copy()
    a[:, :10] += 50
    b[:, 30:] += 50
    seen = comparison.compare(a, b, clean)
    data = shown(compared.render(".html", ("a", "b"), a, b, clean, seen))
    colours = decoded(data["map"]["source"])
    np.testing.assert_array_equal(colours[10, 0], [196, 84, 10])
    np.testing.assert_array_equal(colours[10, 20], [238, 238, 236])
    np.testing.assert_array_equal(colours[10, 39], [11, 99, 165])
    assert [row[0] for row in data["table"]["rows"]] == ["a", "b"]
    strip = opened(compared.render(".png", ("a", "b"), a, b, clean, seen))
    assert strip.size == (3 * 40 + 2 * 16, 20 + 28)


def test_equal_pictures_can_be_compared(grey: Grey) -> None:
    levels = embedding.grey_levels(grey)
    seen = comparison.compare(levels, levels, levels)
    data = shown(compared.render(html.ENDING, ("a", "b"), levels, levels, levels, seen))
    assert data["table"]["rows"][0][1] == "inf"


def test_without_a_clean_picture_the_map_is_blue_where_they_differ() -> None:
    a = np.full((20, 40), 100, np.float32)
    b = a.copy()
    b[:, 20:] += 30
    seen = comparison.differ(a, b)
    data = shown(compared.render_difference(".html", ("a", "b"), a, b, seen))
    colours = decoded(data["map"]["source"])
    np.testing.assert_array_equal(colours[10, 0], [238, 238, 236])
    np.testing.assert_array_equal(colours[10, 39], [11, 99, 165])
    assert [picture["name"] for picture in data["pictures"]] == ["a", "b"]
    assert ["pixels that differ", "50.0%"] in data["table"]["rows"]
    strip = opened(compared.render_difference(".png", ("a", "b"), a, b, seen))
    assert strip.size == (3 * 40 + 2 * 16, 20 + 28)
