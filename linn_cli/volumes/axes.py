"""What the axes of an array stand for: rows and columns of a plane, red, green and blue, channels, and stacks of planes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linn_cli.denoising.by_parts import Part
from linn_cli.errors import UsageError

COLOUR = 3
# A plane in a stack has no shorter side, unless it is said: four channels are not to be taken for rows or columns.
LEAST_PLANE = 8
STACK = "-"


@dataclass(frozen=True)
class Axes:
    """One letter for each axis: y and x, c for channels, s for red, green and blue, any other for a stack.

    Channels have their own noise; s has the length 3 and its planes are denoised together.

    Raises:
        UsageError: there is not one y and one x, or more than one c or s.
    """

    letters: str

    def __post_init__(self) -> None:
        if self.letters.count("y") != 1 or self.letters.count("x") != 1:
            raise UsageError(f"axes {self.letters}: name one axis y (rows) and one x (columns)")
        if self.letters.count("c") > 1 or self.letters.count("s") > 1:
            raise UsageError(f"axes {self.letters}: at most one axis can be c, and one s")

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuse axes that do not fit an array.

        Raises:
            UsageError: they are not as many, or s has not the length 3.
        """
        if len(self.letters) != len(shape):
            raise UsageError(
                f"axes {self.letters} are {len(self.letters)}, and the array has {len(shape)} {shape}: "
                "name one letter for each, as --axes zyx"
            )
        if "s" in self.letters and shape[self.letters.index("s")] != COLOUR:
            raise UsageError(
                f"axes {self.letters}: s is for red, green and blue, and that axis has "
                f"{shape[self.letters.index('s')]}; call it c"
            )

    @property
    def plane(self) -> tuple[int, int]:
        """The axes of rows and columns."""
        return self.letters.index("y"), self.letters.index("x")

    @property
    def colour(self) -> int | None:
        """The axis of red, green and blue."""
        return self.letters.index("s") if "s" in self.letters else None

    @property
    def outer(self) -> tuple[int, ...]:
        """The axes of which each index has a plane of its own."""
        return tuple(axis for axis, letter in enumerate(self.letters) if letter not in "yxs")

    @property
    def channel(self) -> int | None:
        """Which of the outer axes is that of the channels."""
        return (
            [self.letters[axis] for axis in self.outer].index("c") if "c" in self.letters else None
        )

    def size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Rows and columns of a plane."""
        rows, columns = self.plane
        return shape[rows], shape[columns]

    def planes(self, shape: tuple[int, ...]) -> int:
        """How many planes there are."""
        return math.prod(shape[axis] for axis in self.outer)

    def channels(self, shape: tuple[int, ...]) -> int:
        """How many channels there are."""
        return 1 if self.channel is None else shape[self.outer[self.channel]]

    def channel_at(self, index: tuple[int, ...]) -> int:
        """The channel of a plane by its index along the outer axes."""
        return 0 if self.channel is None else index[self.channel]

    def selection(self, outer: tuple[slice, ...], part: Part) -> tuple[slice, ...]:
        """What to ask an array for: of some planes a part, all colours."""
        rows, columns = self.plane
        chosen = [slice(None)] * len(self.letters)
        for axis, wanted in zip(self.outer, outer, strict=True):
            chosen[axis] = wanted
        chosen[rows] = slice(part.top, part.bottom)
        chosen[columns] = slice(part.left, part.right)
        return tuple(chosen)

    @property
    def _order(self) -> tuple[int, ...]:
        colour = () if self.colour is None else (self.colour,)
        return (*self.outer, *colour, *self.plane)

    def as_planes(self, block: NDArray[Any]) -> NDArray[Any]:
        """A block of the array as (outer axes, C, n, w)."""
        turned = np.transpose(block, self._order)
        return turned if self.colour is not None else turned[..., None, :, :]

    def as_stored(self, planes: NDArray[Any]) -> NDArray[Any]:
        """Undo `as_planes`."""
        turned = planes if self.colour is not None else planes[..., 0, :, :]
        return np.transpose(turned, np.argsort(self._order))
