"""The units of work on an array: rows of shards, of as many planes as a shard holds. Each shard lies in one unit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product

from linn_cli.denoising.by_parts import Part
from linn_cli.volumes.axes import Axes

# A unit holds no more than this, in bytes, if a row of shards does not by itself.
_MOST_BYTES = 2**28
# What is computed for a halo counts little beside so many rows and columns.
_ROWS, _COLUMNS = 512, 16384


@dataclass(frozen=True)
class Unit:
    """Some planes, by their indices along the outer axes, and a part of each; its name tells it from others."""

    outer: tuple[slice, ...]
    part: Part

    @property
    def name(self) -> str:
        """Digits and dots."""
        begins = (*(one.start for one in self.outer), self.part.top, self.part.left)
        return ".".join(map(str, begins))

    @property
    def planes(self) -> int:
        """How many planes."""
        return math.prod(one.stop - one.start for one in self.outer)

    def indices(self) -> Iterator[tuple[int, ...]]:
        """The planes, by their indices along the outer axes."""
        return product(*(range(one.start, one.stop) for one in self.outer))


def units(
    axes: Axes, shape: Sequence[int], shards: Sequence[int], itemsize: int, *, whole: bool = False
) -> list[Unit]:
    """All units of an array, in order.

    Args:
        axes: its axes.
        shape: its shape.
        shards: those of its shards, or of its chunks if it has none.
        itemsize: bytes of a value.
        whole: every unit has whole planes, however large.
    """
    rows, columns = axes.plane
    height, width = shape[rows], shape[columns]
    blocks = [list(_cut(shape[axis], shards[axis])) for axis in axes.outer]
    deep = math.prod(min(shards[axis], shape[axis]) for axis in axes.outer)
    pixel = deep * itemsize * (1 if axes.colour is None else shape[axes.colour])
    across = width if whole else _multiple(shards[columns], width, _COLUMNS)
    most = _MOST_BYTES // (pixel * across)
    if deep == 1:
        most = min(most, _ROWS)
    tall = height if whole else _multiple(shards[rows], height, most)
    return [
        Unit(outer, Part(row.start, row.stop, column.start, column.stop))
        for outer in product(*blocks)
        for column in _cut(width, across)
        for row in _cut(height, tall)
    ]


def runs(of_units: Sequence[Unit], finished: Collection[str]) -> Iterator[list[Unit]]:
    """The unfinished units: those of one plane that lie below each other together, others one by one."""
    waiting = [unit for unit in of_units if unit.name not in finished]
    numbers = {unit.name: number for number, unit in enumerate(of_units)}

    def key(pair: tuple[int, Unit]) -> object:
        place, unit = pair
        if unit.planes > 1:
            return unit.name
        # Neighbours in the list of all units stay so in that of the unfinished ones.
        return unit.outer, unit.part.left, numbers[unit.name] - place

    for _, group in groupby(enumerate(waiting), key=lambda pair: repr(key(pair))):
        yield [unit for _, unit in group]


def _multiple(shard: int, side: int, most: int) -> int:
    """The largest multiple of a shard's side that is at most `most`, at least one; all of a side that is not longer."""
    return side if side <= most else max(1, most // shard) * shard


def _cut(side: int, step: int) -> Iterator[slice]:
    for begin in range(0, side, step):
        yield slice(begin, min(begin + step, side))
