"""A picture in memory: its samples as they were stored, and what is kept with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from linn_cli.pictures.formats import Format

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
    """One frame: values (H, W, C), C = 1 grey or 3 red, green, blue; alpha (H, W) or None.

    Both are uint8, uint16 (the whole range is used) or float32 (white is 1).
    """

    values: NDArray[Any]
    alpha: NDArray[Any] | None = None

    @property
    def is_colour(self) -> bool:
        """Whether the picture is stored in colour, be it grey or not."""
        return bool(self.values.shape[2] == 3)

    @property
    def array(self) -> NDArray[Any]:
        """The values as (H, W) if grey, as (H, W, 3) in colour."""
        return self.values if self.is_colour else self.values[:, :, 0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.values.shape[1], self.values.shape[0]

    def turned(self, orientation: int) -> Picture:
        """The picture as a viewer shows it that obeys an EXIF orientation (1 to 8)."""
        if orientation not in _TURNS:
            return self
        alpha = None if self.alpha is None else _turn(self.alpha, orientation)
        return Picture(_turn(self.values, orientation), alpha)

    def filled(self) -> NDArray[Any]:
        """The values, with those under wholly transparent pixels replaced by visible ones nearby.

        What lies there is never seen but would bleed into its neighbours when denoised.
        """
        if self.alpha is None or bool(self.alpha.all()) or not bool(self.alpha.any()):
            return self.values
        filled: NDArray[Any] = self.values.copy()
        known = torch.from_numpy(self.alpha != 0)[None, None]
        for channel in np.moveaxis(filled, -1, 0):  # by channel, since the floats take much memory
            values = torch.from_numpy(channel.astype(np.float32))[None, None]
            near = _spread(torch.where(known, values, 0), known.float())[0, 0].numpy()
            channel[self.alpha == 0] = near[self.alpha == 0].astype(channel.dtype)
        return filled

    def with_values(self, values: NDArray[Any]) -> Picture:
        """The picture with other values (H, W, C), where it is not wholly transparent."""
        if self.alpha is not None:
            values = np.where((self.alpha == 0)[:, :, None], self.values, values)
        return Picture(values, self.alpha)


@dataclass(frozen=True)
class Document:
    """What a picture file holds.

    `metadata` has some of exif, icc_profile and xmp (bytes) and dpi (a pair of numbers); `timing` has
    durations in ms and loop, for an animation; `encoding` says how the file was compressed, where the
    same can be done again; `remarks` says in words what was converted.
    """

    frames: tuple[Picture, ...]
    format: Format
    metadata: dict[str, Any] = field(default_factory=dict)
    timing: dict[str, Any] = field(default_factory=dict)
    encoding: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def _turn(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    transposed, rows, columns = _TURNS[orientation]
    if transposed:
        values = values.swapaxes(0, 1)
    values = values[:: -1 if rows else 1, :: -1 if columns else 1]
    return np.ascontiguousarray(values)


def _spread(weighted: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Values (1, C, H, W), zero where `known` is, with the gaps filled from coarser and coarser means."""
    values = weighted / known.clamp(min=1e-6)
    if bool(known.all()):
        return values
    coarse = _spread(*(F.avg_pool2d(part, 2, ceil_mode=True) for part in (weighted, known)))
    wide = F.interpolate(coarse, scale_factor=2)[:, :, : known.shape[2], : known.shape[3]]
    return torch.where(known > 0, values, wide)
