"""The oracle is the whole picture's answer."""

from __future__ import annotations

import pytest
import torch

from linn_cli.engine import halo, pyramid
from linn_cli.engine.folding import FoldedScale, fold
from linn_cli.network.architecture import Architecture
from tests.conftest import random_image, random_model

NETWORKS = [
    Architecture("lista", 1, pairs=1, width=4, depth=3),
    Architecture("st", 2, pairs=1, width=4, depth=3),
    Architecture("lista", 2, phases=2, pairs=1, width=4, depth=2, activation="relu"),
]


def denoised(scales: tuple[FoldedScale, ...], image: torch.Tensor, halvings: int) -> torch.Tensor:
    bands = pyramid.stream(scales, [image], image.shape[-1], halvings=halvings)
    return torch.cat(list(bands), dim=2)


@pytest.mark.parametrize("architecture", NETWORKS, ids=str)
@pytest.mark.parametrize("halvings", [0, 1, 2])
def test_a_part_with_its_halo_has_the_whole_pictures_answer(
    architecture: Architecture, halvings: int
) -> None:
    scales = fold(random_model(architecture), torch.float64)
    found = halo.of(scales, halvings)
    height, width = 2 * found.reach + 90, 2 * found.reach + 61
    image = random_image(height, width)
    whole = denoised(scales, image, halvings)
    rows, columns = (found.reach + 19, found.reach + 50), (found.reach + 23, found.reach + 30)
    top, bottom = found.around(*rows, height)
    left, right = found.around(*columns, width)
    assert (top, left) != (0, 0)
    part = denoised(scales, image[:, :, top:bottom, left:right], halvings)
    torch.testing.assert_close(
        part[:, :, rows[0] - top : rows[1] - top, columns[0] - left : columns[1] - left],
        whole[:, :, slice(*rows), slice(*columns)],
        rtol=0,
        atol=1e-9,  # as the engine itself
    )


def test_a_picture_needs_more_where_its_half_comes_first() -> None:
    own, half = halo.Halo(10, 2), halo.Halo(20, 4)
    # A pixel sees ten around it, each of which lies within three of a half's pixels that are doubled, and so on.
    assert halo.in_turn([own, half]) == halo.Halo(10 + 3 + 2 * (20 + 3), 8)
    assert halo.in_turn([own, half, half]) == halo.Halo(13 + 2 * (3 + 23 + 2 * 23), 16)


def test_a_part_at_an_edge_needs_nothing_beyond_it() -> None:
    found = halo.Halo(reach=10, alignment=4)
    assert found.around(0, 5, 100) == (0, 15)
    assert found.around(31, 40, 45) == (20, 45)


@pytest.mark.parametrize(("scales", "reach"), [(1, 136), (2, 408)])
def test_the_bound_is_near_the_receptive_field(scales: int, reach: int) -> None:
    found = halo.of(fold(random_model(Architecture("st", scales))), 0)
    assert reach <= found.reach < 1.12 * reach
