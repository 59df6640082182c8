from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Tensor

from linn_cli.training import filters
from tests.conftest import random_image

SIDE = 48


def each(*values: float) -> Tensor:
    """A number for each picture."""
    return torch.tensor(values, dtype=torch.float64).view(-1, 1, 1, 1)


def pictures(count: int) -> Tensor:
    return torch.cat([random_image(SIDE, SIDE, seed, planes=3) for seed in range(count)])


def test_blur_is_scipys_away_from_the_border() -> None:
    picture, sigmas = pictures(3), (0.4, 1.0, 2.0)
    blurred = filters.blur(picture, each(*sigmas))
    reach = 12  # six times the largest sigma: what a border changes beyond it is below 1e-8
    for number, sigma in enumerate(sigmas):
        expected = gaussian_filter(picture[number].numpy(), sigma, axes=(1, 2), truncate=8)
        inside = np.s_[:, reach:-reach, reach:-reach]
        np.testing.assert_allclose(blurred[number].numpy()[inside], expected[inside], atol=1e-7)


def test_no_blur_changes_nothing_and_a_flat_picture_stays_flat() -> None:
    picture = pictures(1)
    assert torch.equal(filters.blur(picture, each(0)), picture)
    assert torch.equal(filters.sharpen(picture, each(1), each(0)), picture)
    flat = torch.full((1, 3, SIDE, SIDE), 0.3, dtype=torch.float64)
    torch.testing.assert_close(filters.blur(flat, each(3)), flat)
    torch.testing.assert_close(filters.sharpen(flat, each(3), each(1)), flat)


def test_sharpening_adds_what_a_blur_takes() -> None:
    picture = pictures(2)
    sharp = filters.sharpen(picture, each(1, 2), each(0.5, 1.5))
    taken = picture - filters.blur(picture, each(1, 2))
    torch.testing.assert_close(sharp - picture, each(0.5, 1.5) * taken)


def test_an_edge_is_where_the_picture_varies_as_much_as_told() -> None:
    step = torch.zeros(3, 3, SIDE, SIDE, dtype=torch.float64)
    step[:, :, :, SIDE // 2 :] = 0.2
    # Within a Gaussian at the step, pixels are 0 or 0.2 about alike: a deviation of 0.1.
    edges = filters.edges(step, each(1.5, 1.5, 1.5), each(0.01, 0.1, 1.0))
    assert edges.shape == (3, 1, SIDE, SIDE)
    at_step = edges[:, 0, SIDE // 2, SIDE // 2]
    # Discrete pixels are not quite alike on both sides: the deviation is 0.096.
    torch.testing.assert_close(at_step, each(0.99, 0.5, 0.01).flatten(), rtol=0.08, atol=0.01)
    away = torch.cat((edges[..., : SIDE // 2 - 12], edges[..., SIDE // 2 + 12 :]), dim=3)
    assert away.max() < 1e-6  # eight deviations of the Gaussian away


def test_zoom_by_1_cuts_out_the_middle() -> None:
    picture = pictures(1)
    torch.testing.assert_close(filters.zoom(picture, SIDE, each(1)), picture)
    middle = filters.zoom(picture, SIDE - 8, each(1))
    torch.testing.assert_close(middle, picture[:, :, 4:-4, 4:-4])


@pytest.mark.parametrize("size", [16, 24, 40, 60, 96])
def test_zoom_is_pillows_cubic_over_a_whole_picture(size: int) -> None:
    picture = pictures(1)
    zoomed = filters.zoom(picture, size, each(SIDE / size))
    plane = Image.fromarray(picture[0, 0].float().numpy())
    expected = np.asarray(plane.resize((size, size), Image.Resampling.BICUBIC))
    # Pillow holds these in float32.
    np.testing.assert_allclose(zoomed[0, 0].numpy(), expected, atol=1e-5)


def test_each_picture_has_its_own_zoom() -> None:
    picture = pictures(2)
    both = filters.zoom(picture, 24, each(1, 2))
    for number, spacing in enumerate((1, 2)):
        alone = filters.zoom(picture[number : number + 1], 24, each(spacing))
        torch.testing.assert_close(both[number : number + 1], alone)


def test_cut_takes_slices() -> None:
    picture = torch.cat([random_image(20, 30, seed, planes=3) for seed in range(3)])
    top, left = torch.tensor([0, 5, 12]), torch.tensor([22, 0, 7])
    squares = filters.cut(picture, 8, top, left)
    for number, (row, column) in enumerate(zip(top.tolist(), left.tolist(), strict=True)):
        assert torch.equal(squares[number], picture[number, :, row : row + 8, column : column + 8])


def test_a_batch_may_be_empty() -> None:
    none, nothing = torch.empty(0, 3, SIDE, SIDE), torch.empty(0, 1, 1, 1)
    assert filters.sharpen(none, nothing, nothing).shape == none.shape
    assert filters.zoom(none, 24, nothing).shape == (0, 3, 24, 24)
    assert filters.cut(none, 8, *torch.empty(2, 0, dtype=torch.long)).shape == (0, 3, 8, 8)
