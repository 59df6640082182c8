"""Training pictures: a folder in memory, random patches out of it, and a held-out part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor

from linn_cli.errors import InputError
from linn_cli.pictures import reading

_SHRUNK = (1.0, 0.8, 0.65)
_HELD_OUT_EVERY = 18


def hold_out(
    pictures: Sequence[Path], names: Iterable[str] | None = None
) -> tuple[list[Path], list[Path]]:
    """Divide pictures into training and held-out: those with the given names, else every 18th.

    Raises:
        InputError: a name is not among the pictures, or one of the two parts is empty.
    """
    by_name = {picture.name: picture for picture in pictures}
    held_names = list(by_name)[::_HELD_OUT_EVERY] if names is None else sorted(set(names))
    if unknown := [name for name in held_names if name not in by_name]:
        raise InputError(f"{unknown[0]}: to be held out, but not among the training pictures")
    training = [picture for picture in pictures if picture.name not in held_names]
    if not training or not held_names:
        raise InputError("needs at least one picture to train on and one to hold out")
    return training, [by_name[name] for name in held_names]


def read(path: Path, *, as_grey: bool) -> Tensor:
    """A picture's levels, uint8 (H, W, C), C being 1 or 3."""
    levels = torch.from_numpy(reading.read_levels(path, as_grey=as_grey))
    levels = levels if levels.ndim == 3 else levels[:, :, None]
    return levels.expand(-1, -1, 1 if as_grey else 3)


def reduce(levels: Tensor, scale: float) -> Tensor:
    """Levels, uint8 (H, W, C), made smaller by `scale`."""
    height, width = (round(side * scale) for side in levels.shape[:2])
    picture = Image.fromarray(levels.squeeze(2).numpy())
    reduced = picture.resize((width, height), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(reduced)).view(height, width, -1)


class Patches:
    """Random square patches of pictures held in memory at several sizes, turned and mirrored.

    The pixels of all pictures lie in one tensor on the device, so that a batch is cut in one operation.
    The more pixels a picture has, the more often it is drawn.
    """

    def __init__(
        self, pictures: Sequence[Path], size: int, device: torch.device, *, as_grey: bool = True
    ) -> None:
        levels = [
            picture if scale == 1 else reduce(picture, scale)
            for picture in (read(path, as_grey=as_grey) for path in pictures)
            for scale in _SHRUNK
        ]
        levels = [picture for picture in levels if min(picture.shape[:2]) >= size]
        if not levels:
            raise InputError(
                f"no training picture has {size} x {size} pixels: choose a smaller --patch"
            )
        self.size = size
        self.pixels = torch.cat([picture.reshape(-1, picture.shape[2]) for picture in levels])
        self.pixels = self.pixels.to(device)
        sides = torch.tensor([picture.shape[:2] for picture in levels], device=device)
        self.heights, self.widths = sides.unbind(1)
        self.ends = sides.prod(1).cumsum(0)

    def sample(self, count: int, draws: Generator) -> Tensor:
        """`count` patches (count, C, size, size), float32 in [0, 1]; `draws` is on the pictures' device."""
        device = self.pixels.device

        def below(limits: Tensor) -> Tensor:
            share = torch.rand(count, generator=draws, device=device)
            return torch.minimum((share * limits).long(), limits - 1)  # a product may round up

        picture = torch.searchsorted(self.ends, below(self.ends[-1]), right=True)
        height, width = self.heights[picture], self.widths[picture]
        top, left = below(height - self.size + 1), below(width - self.size + 1)
        turns = torch.randint(2, (3, count, 1, 1), generator=draws, device=device, dtype=torch.bool)

        across = torch.arange(self.size, device=device)
        row, column = across[None, :, None], across[None, None, :]
        row, column = torch.where(turns[0], column, row), torch.where(turns[0], row, column)
        row = torch.where(turns[1], self.size - 1 - row, row)
        column = torch.where(turns[2], self.size - 1 - column, column)

        first = self.ends[picture] - height * width + top * width + left
        places = first[:, None, None] + row * width[:, None, None] + column
        return self.pixels[places].permute(0, 3, 1, 2).float() / 255
