"""A picture in memory: its samples as they were stored, and what is kept with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.pictures import holes
from linn_cli.pictures.formats import Format
from linn_cli.samples import Range, white
from linn_cli.units import EIGHT_BITS, GREY_LEVELS, VALUE

# How a viewer turns stored pixels, by the EXIF orientation: (transpose, then flip rows, flip columns).
_TURNS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


@dataclass(frozen=True)
class Picture:
    """One frame: values (H, W, C) of any dtype and alpha (H, W) or None.

    Three channels are red, green and blue unless they are `separate`; other numbers of channels always are, so each
    is a picture of its own. `nodata` is the value of pixels that have none. `range` says what values stand for black
    and white, None for those of the dtype. `channel` is which of how many channels a picture of one is. `seen` (H, W) is
    False where a mask of the file says that there is nothing, None if it has none.
    """

    values: NDArray[Any]
    alpha: NDArray[Any] | None = None
    separate: bool = False
    nodata: float | None = None
    range: Range | None = None
    channel: tuple[int, int] = (0, 1)
    seen: NDArray[np.bool_] | None = None

    @property
    def is_colour(self) -> bool:
        """Whether the picture is stored in colour, be it grey or not."""
        return bool(self.values.shape[2] == 3 and not self.separate)

    @property
    def array(self) -> NDArray[Any]:
        """The values as (H, W) if grey, as (H, W, 3) in colour; of separate channels the first."""
        return self.values if self.is_colour else self.values[:, :, 0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.values.shape[1], self.values.shape[0]

    @property
    def scale(self) -> Range:
        """What stands for black and white."""
        return self.range or Range.nominal(self.values.dtype)

    @property
    def unit(self) -> float:
        """How many grey levels of the dtype's own range one grey level of `scale` is."""
        return self.scale.span / white(self.values.dtype)

    @property
    def told(self) -> str:
        """The unit in which people are told its noise: the file's values where these have a range of their own."""
        return EIGHT_BITS if self.range is None else VALUE

    def level(self, unit: str) -> float:
        """How many of a unit, grey levels of the dtype or the file's values, one grey level of `scale` is."""
        return self.scale.span / GREY_LEVELS if unit == VALUE else self.unit

    @property
    def step(self) -> float:
        """What the values are rounded to multiples of, black at 0 and white at 1; 0 for floats."""
        return 1 / self.scale.span if self.values.dtype.kind in "iu" else 0.0

    @property
    def is_black_and_white(self) -> bool:
        """Whether one bit would hold each pixel."""
        is_plain = self.alpha is None and self.values.shape[2] == 1
        return (
            is_plain
            and self.values.dtype == np.uint8
            and bool(np.isin(self.values, (0, 255)).all())
        )

    def parts(self) -> list[Picture]:
        """What is denoised together: all of a picture in colour, else each channel."""
        if self.is_colour or self.values.shape[2] == 1:
            return [self]
        channels = self.values.shape[2]
        return [
            replace(self, values=self.values[:, :, index : index + 1], channel=(index, channels))
            for index in range(channels)
        ]

    @cached_property
    def holes(self) -> NDArray[np.bool_] | None:
        """Where values (H, W, C) say nothing of the picture, None if nowhere: without a value, transparent, or masked."""
        unknown = holes.unknown(self.values, self.nodata)
        for shown in (self.alpha, self.seen):
            if shown is None or bool(shown.all()):
                continue
            hidden = np.repeat((shown == 0)[:, :, None], self.values.shape[2], axis=2)
            unknown = hidden if unknown is None else hidden | unknown
        return unknown

    @property
    def known(self) -> NDArray[np.bool_] | None:
        """Where all channels have values, (H, W); None for everywhere."""
        if self.holes is None:
            return None
        known: NDArray[np.bool_] = ~np.any(self.holes, axis=2)
        return known

    @property
    def is_empty(self) -> bool:
        """Whether no pixel has a value in all channels."""
        return self.known is not None and not bool(self.known.any())

    def part(self, where: Any) -> Picture:
        """Some rows and columns of it."""
        alpha, seen = (None if one is None else one[where] for one in (self.alpha, self.seen))
        return replace(self, values=self.values[where], alpha=alpha, seen=seen)

    def turned(self, orientation: int) -> Picture:
        """The picture as a viewer shows it that obeys an EXIF orientation (1 to 8)."""
        if orientation not in _TURNS:
            return self
        alpha, seen = (
            None if one is None else _turn(one, orientation) for one in (self.alpha, self.seen)
        )
        return replace(self, values=_turn(self.values, orientation), alpha=alpha, seen=seen)

    def filled(self) -> NDArray[Any]:
        """The values, with holes filled from their borders inwards; as they are if nothing is known."""
        if self.holes is None:
            return self.values
        answer: NDArray[Any] = self.values.copy()
        for channel, gaps in zip(
            np.moveaxis(answer, -1, 0), np.moveaxis(self.holes, -1, 0), strict=True
        ):
            if bool(gaps.any()):
                channel[gaps] = holes.filled(channel, ~gaps)[gaps].astype(channel.dtype)
        return answer

    def with_values(self, values: NDArray[Any]) -> Picture:
        """The picture with other values (H, W, C), but for its holes, which stay to the bit."""
        if self.holes is not None:
            values = np.where(self.holes, self.values, values)
        return replace(self, values=values)


@dataclass(frozen=True)
class Document:
    """What a picture file holds.

    `metadata` has some of exif, icc_profile and xmp (bytes) and dpi (a pair of numbers); `timing` has
    durations in ms and loop, for an animation; `encoding` says how the file was compressed, where the
    same can be done again; `remarks` says in words what was converted, `missing` what the file should hold and does not;
    `is_bilevel` that each pixel took one bit.
    """

    frames: tuple[Picture, ...]
    format: Format
    metadata: dict[str, Any] = field(default_factory=dict)
    timing: dict[str, Any] = field(default_factory=dict)
    encoding: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    is_bilevel: bool = False
    missing: tuple[str, ...] = ()

    @property
    def array(self) -> NDArray[Any]:
        """The values, (H, W) or (H, W, C) with the alpha last; of several frames, a stack of such.

        Raises:
            InputError: the frames differ in size.
        """
        if len({frame.values.shape for frame in self.frames}) > 1:
            raise InputError("the frames differ in size: take them one by one from `frames`")
        whole = [
            frame.values if frame.alpha is None else np.dstack((frame.values, frame.alpha))
            for frame in self.frames
        ]
        values = whole[0] if len(whole) == 1 else np.stack(whole)
        return values[..., 0] if values.shape[-1] == 1 else values


def _turn(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    transposed, rows, columns = _TURNS[orientation]
    if transposed:
        values = values.swapaxes(0, 1)
    values = values[:: -1 if rows else 1, :: -1 if columns else 1]
    return np.ascontiguousarray(values)
