from __future__ import annotations

import pytest
import torch

from linn_cli.noise._patch_selection import Rung, climb, ladder, variance
from linn_cli.noise._patch_statistics import Patches


def patches(
    texture: torch.Tensor, power: torch.Tensor, cell: torch.Tensor | None = None
) -> Patches:
    """Patches that do not overlap, each in a cell of its own if none is given."""
    zeros = torch.zeros(len(texture))
    own = torch.arange(len(texture)) if cell is None else cell
    return Patches(zeros, texture, power, own, zeros, zeros, (0, 1), spread=64)


def test_the_climb_stops_where_the_estimates_part() -> None:
    rungs = [
        Rung(n, 1.0, power, error)
        for n, power, error in [(1, 1.0, 0.3), (2, 1.1, 0.2), (4, 1.2, 0.1), (8, 2.0, 0.05)]
    ]
    assert climb(rungs) == 2
    assert climb(rungs[:3]) == 2
    assert climb(rungs[:1]) == 0
    assert climb([*rungs[:3], Rung(8, 1.0, 0.2, 0.05)]) == 3  # lower is no texture


def test_the_smoothest_come_first_and_all_last() -> None:
    texture = torch.arange(1000.0).double().flip(0)
    rungs = ladder(patches(texture, texture))
    assert [rung.count for rung in rungs] == [1, 3, 7, 15, 31, 62, 125, 250, 500, 1000]
    assert [rung.texture for rung in rungs] == [(rung.count - 1) / 2 for rung in rungs]


@pytest.mark.parametrize("number", [1, 2, 3, 1025, 6201])
def test_half_of_the_patches_are_below_the_last_rung(number: int) -> None:
    # Whatever their number: what is left out there tells the picture's share of the power.
    texture = torch.rand(number, dtype=torch.float64)
    counts = [rung.count for rung in ladder(patches(texture, texture))]
    assert counts[-2:] == ([number // 2, number] if number > 1 else [1])
    assert len(counts) <= 10


def test_patches_of_one_cell_count_once() -> None:
    power = torch.rand(10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    repeated = power.repeat_interleave(50)
    one = ladder(patches(power, power))[-1]
    fifty = ladder(patches(repeated, repeated, torch.arange(10).repeat_interleave(50)))[-1]
    assert fifty.count == 50 * one.count
    assert fifty.error == pytest.approx(one.error)


def test_texture_is_taken_off_where_all_patches_are_chosen() -> None:
    texture = torch.tensor([1.0, 3.0], dtype=torch.float64).repeat_interleave(3200)
    power = 1 + 0.01 * (texture - 1)
    rungs = ladder(patches(texture, power))
    assert climb(rungs) == len(rungs) - 1
    # A hundredth of the texture is in the high frequencies: the mean power, 1.01, is that much too high.
    assert variance(patches(texture, power))[0] == pytest.approx(1, abs=2e-4)
