from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linn_cli.pages import denoised
from tests.pages.test_denoised import opened, picture

Grey = NDArray[np.uint8]


def test_the_strip_holds_all_three_pictures(grey: Grey, noisy: Grey) -> None:
    strip = opened(denoised.render(".png", "x", picture(noisy), picture(grey), 25))
    assert strip.mode == "L"
    pixels = np.array(strip)
    height, width = grey.shape
    left = width + 16
    np.testing.assert_array_equal(pixels[-height:, :width], noisy)
    np.testing.assert_array_equal(pixels[-height:, left : left + width], grey)
    removed = np.clip(np.rint(127.5 + 2 * (noisy.astype(float) - grey)), 0, 255)
    np.testing.assert_array_equal(pixels[-height:, 2 * left :], removed)
