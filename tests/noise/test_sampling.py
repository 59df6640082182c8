from __future__ import annotations

import numpy as np
import torch

from linn_cli.noise import _sampling
from linn_cli.pictures.picture import Picture


def test_a_small_picture_is_looked_at_whole() -> None:
    picture = Picture(np.zeros((700, 700, 3), np.uint8))
    assert _sampling.sampled(picture) is picture


def test_of_a_large_picture_strips_from_top_to_bottom_are_taken() -> None:
    rows = np.repeat(np.arange(4000, dtype=np.uint16)[:, None], 2000, 1)
    part = _sampling.sampled(Picture(rows[:, :, None], (rows % 2).astype(np.uint8)))
    assert part.values.shape == (448, 2000, 1)  # seven strips, just under a million pixels
    tops = part.values[::64, 0, 0]
    assert tops[0] == 0
    assert tops[-1] == 4000 - 64
    np.testing.assert_array_equal(part.values[:64, 5, 0], rows[:64, 5])
    assert part.alpha is not None
    np.testing.assert_array_equal(part.alpha, part.values[:, :, 0] % 2)


def test_strips_of_a_picture_lie_one_behind_the_other() -> None:
    picture = torch.arange(1000).expand(3, 5, 1000).mT  # (3, 1000, 5), each row its number
    strips = _sampling.in_strips(picture, 5 * 64 * 3)
    assert strips.shape == (3, 3, 64, 5)
    assert strips[:, 0, 0, 0].tolist() == [0, 7 * 64, 14 * 64]
    assert strips[:, 0, -1, 0].tolist() == [63, 7 * 64 + 63, 14 * 64 + 63]
    assert torch.equal(_sampling.in_strips(picture, 6000)[0], picture)
