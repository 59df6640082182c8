"""The oracle is the whole plane."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linn_cli.denoising import by_parts
from linn_cli.denoising.by_parts import Part, Plane
from linn_cli.denoising.networks import Networks
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import FULL
from linn_cli.units import Sigma
from tests.conftest import noisy_picture

NETWORKS = Networks(precision="float32")


def plane_of(values: NDArray[Any], read: list[Part], strip: int = 50) -> Plane:
    def part_of(part: Part) -> NDArray[Any]:
        read.append(part)
        return values[:, part.top : part.bottom, part.left : part.right]

    channels, height, width = values.shape
    return Plane(part_of, channels, height, width, strip, values.dtype)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_part_has_the_answer_of_the_whole_plane(channels: int) -> None:
    tile = noisy_picture((20.0,) * channels)
    values = np.moveaxis(np.tile(tile, (8, 1, 1)), 2, 0)
    profile = NoiseProfile(Sigma((20.0,)))
    whole, network = by_parts.whole(NETWORKS, values, profile, FULL)
    read: list[Part] = []
    plane = plane_of(values, read)
    rows, same = by_parts.denoise(NETWORKS, plane, Part(790, 850, 3, 40), profile, FULL)
    answer = np.concatenate(list(rows), axis=1)
    # The engine's promise, in float32.
    np.testing.assert_allclose(answer, whole[:, 790:850, 3:40], rtol=0, atol=1.5e-5)
    assert same.weight_set == network.weight_set
    # Each row is read once, up to where the file's strips end.
    assert all(part.bottom % 50 == 0 or part.bottom == read[-1].bottom for part in read)
    assert [part.top for part in read[1:]] == [part.bottom for part in read[:-1]]
    assert max(part.height for part in read) == 50


def test_holes_stay_to_the_bit_even_where_a_strip_is_nothing_else() -> None:
    values = np.moveaxis(noisy_picture((20.0,)), 2, 0).copy()
    values[:, 20:110] = np.nan
    values[0, 5, 5] = -np.inf
    profile = NoiseProfile(Sigma((20.0,)))
    rows, _ = by_parts.denoise(NETWORKS, plane_of(values, []), Part(0, 128, 0, 128), profile, FULL)
    answer = np.concatenate(list(rows), axis=1)
    gaps = ~np.isfinite(values)
    np.testing.assert_array_equal(answer[gaps], values[gaps])
    assert np.abs(answer[~gaps] - values[~gaps]).max() < 1


def test_holes_are_filled_as_in_the_whole_plane() -> None:
    values = np.moveaxis(np.tile(noisy_picture((20.0,)), (4, 4, 1))[:480, :480], 2, 0).copy()
    rows, columns = np.mgrid[:480, :480]
    # Over edges of tiles, of strips and of what the network sees.
    for top, left in ((448, 448), (322, 400), (250, 322)):
        values[0, (rows - top) ** 2 + (columns - left) ** 2 < 625] = np.nan
    profile = NoiseProfile(Sigma((20.0,)))
    whole, _ = by_parts.whole(NETWORKS, values, profile, FULL)
    read: list[Part] = []
    part = Part(470, 480, 468, 480)
    answers, _ = by_parts.denoise(NETWORKS, plane_of(values, read), part, profile, FULL)
    answer = np.concatenate(list(answers), axis=1)
    # The engine's 1.5e-5 and what the solver leaves.
    np.testing.assert_allclose(answer, whole[:, 470:480, 468:480], rtol=0, atol=4e-5)
    assert sum(one.height * one.width for one in read) < values.size / 2


def test_rows_are_cut_to_heights() -> None:
    rows = np.arange(24.0).reshape(1, 12, 2)
    found = list(by_parts.cut(np.split(rows, [1, 7], axis=1), [2, 3, 7]))
    assert [one.shape[1] for one in found] == [2, 3, 7]
    np.testing.assert_array_equal(np.concatenate(found, axis=1), rows)


def test_strips_end_at_multiples_of_their_height() -> None:
    values = np.arange(120.0).reshape(1, 40, 3)
    read: list[Part] = []
    plane = replace(plane_of(values, read), strip=16)
    part = Part(10, 39, 1, 3)
    answer = np.concatenate(list(by_parts.strips(plane, part)), axis=1)
    np.testing.assert_array_equal(answer, values[:, 10:39, 1:3])
    assert [(one.top, one.bottom) for one in read] == [(10, 16), (16, 32), (32, 39)]
    assert (part.height, part.width, plane.all) == (29, 2, Part(0, 40, 0, 3))
