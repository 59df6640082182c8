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


def read_grey(path: Path) -> Tensor:
    """A picture as grey levels, uint8 (H, W)."""
    return torch.from_numpy(reading.read_levels(path))


def reduce(grey: Tensor, scale: float) -> Tensor:
    """Grey levels, uint8 (H, W), made smaller by `scale`."""
    height, width = (round(side * scale) for side in grey.shape)
    reduced = Image.fromarray(grey.numpy()).resize((width, height), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(reduced))


class Patches:
    """Random square patches of pictures held in memory at several sizes, turned and mirrored."""

    def __init__(self, pictures: Sequence[Path], size: int, device: torch.device) -> None:
        greys = (
            grey if scale == 1 else reduce(grey, scale)
            for grey in map(read_grey, pictures)
            for scale in _SHRUNK
        )
        self.pictures = [grey.to(device) for grey in greys if min(grey.shape) >= size]
        if not self.pictures:
            raise InputError(
                f"no training picture has {size} x {size} pixels: choose a smaller --patch"
            )
        self.size = size

    def sample(self, count: int, generator: Generator) -> Tensor:
        """`count` patches (count, 1, size, size), float32 in [0, 1], on the pictures' device."""
        device = self.pictures[0].device
        patches = torch.stack([self._patch(generator) for _ in range(count)])
        return patches.to(device, torch.float32).unsqueeze(1) / 255

    def _patch(self, generator: Generator) -> Tensor:
        def draw(high: int) -> int:
            return int(torch.randint(high, (), generator=generator))

        picture = self.pictures[draw(len(self.pictures))]
        height, width = picture.shape
        top, left = draw(height - self.size + 1), draw(width - self.size + 1)
        patch = picture[top : top + self.size, left : left + self.size].rot90(draw(4))
        return patch.flip(0) if draw(2) else patch
