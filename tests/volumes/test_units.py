from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linn_cli.volumes import units
from linn_cli.volumes.axes import Axes


@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 60), st.integers(1, 60)),
    shards=st.tuples(st.integers(1, 3), st.integers(1, 20), st.integers(1, 20)),
    most=st.integers(1, 4000),
)
def test_every_value_lies_in_one_unit_and_so_does_every_shard(
    shape: tuple[int, int, int], shards: tuple[int, int, int], most: int
) -> None:
    axes = Axes("zyx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(units, "_MOST_BYTES", most)
        patch.setattr(units, "_COLUMNS", 25)
        found = units.units(axes, shape, shards, 2)
    counted = np.zeros(shape, int)
    for unit in found:
        selection = axes.selection(unit.outer, unit.part)
        counted[selection] += 1
        for one, shard in zip(selection, shards, strict=True):
            assert one.start % shard == 0
    assert (counted == 1).all()
    assert len({unit.name for unit in found}) == len(found)


def test_units_of_whole_planes_are_whole() -> None:
    found = units.units(Axes("zyx"), (4, 10**6, 10**5), (2, 64, 64), 4, whole=True)
    assert [(unit.part.height, unit.part.width) for unit in found] == [(10**6, 10**5)] * 2
    assert [unit.planes for unit in found] == [2, 2]
    assert list(found[1].indices()) == [(2,), (3,)]


def test_unfinished_units_of_a_plane_run_together() -> None:
    found = units.units(Axes("zyx"), (2, 3000, 8), (1, 512, 8), 1)
    names = [unit.name for unit in found]
    assert names[:2] == ["0.0.0", "0.512.0"]
    runs = list(units.runs(found, {names[1], names[8]}))
    assert [[unit.name for unit in run] for run in runs] == [
        names[:1],
        names[2:6],
        names[6:8],
        names[9:],
    ]
    deep = units.units(Axes("zyx"), (4, 3000, 8), (2, 512, 8), 2**20)
    assert len(list(units.runs(deep, ()))) == len(deep) > 2
