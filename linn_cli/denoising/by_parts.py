"""A part of a plane of any size, denoised as in the whole plane: it is read with the halo that the network needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli.denoising import apart, planes
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.engine.bands import in_step
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import Strength
from linn_cli.pictures import holes
from linn_cli.pictures.picture import Picture
from linn_cli.progress import Progress, silent
from linn_cli.samples import Range


@dataclass(frozen=True)
class Part:
    """A rectangle of a plane."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Its rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Its columns."""
        return self.right - self.left


@dataclass(frozen=True)
class Plane:
    """A plane of `channels`, 1 or 3; `read` gives the values (C, n, w) of a part of it, of its dtype, native.

    linn reads it in strips that end at multiples of `strip` rows.
    """

    read: Callable[[Part], NDArray[Any]]
    channels: int
    height: int
    width: int
    strip: int
    dtype: np.dtype[Any]

    @property
    def all(self) -> Part:
        """All of it."""
        return Part(0, self.height, 0, self.width)


def whole(
    networks: Networks,
    values: NDArray[Any],
    profile: NoiseProfile,
    strength: Strength,
    progress: Progress = silent,
) -> tuple[NDArray[Any], LoadedNetwork]:
    """Denoise a plane (C, H, W) in memory, whatever its noise and its holes; `progress` counts rows."""
    picture = Picture(np.moveaxis(values, 0, 2), range=profile.range)
    clean, network = planes.denoise(networks, picture, profile, strength, progress)
    return np.moveaxis(clean.values, 2, 0), network


def with_halo(
    networks: Networks, plane: Plane, part: Part, profile: NoiseProfile, strength: Strength
) -> Part:
    """A part of a plane that goes by rows, with what it needs around it."""
    halo = apart.halo(networks, profile, strength, plane.channels)
    rows = halo.around(part.top, part.bottom, plane.height)
    return Part(*rows, *halo.around(part.left, part.right, plane.width))


def to_read(plane: Plane, part: Part) -> Part:
    """What must be read so that a part of a plane has the holes of the whole plane filled in the same way."""
    if plane.dtype.kind != "f":
        return part
    rows = holes.seen(part.top, part.bottom, plane.height)
    return Part(*rows, *holes.seen(part.left, part.right, plane.width))


def denoise(
    networks: Networks,
    plane: Plane,
    part: Part,
    profile: NoiseProfile,
    strength: Strength,
    progress: Progress = silent,
) -> tuple[Iterator[NDArray[Any]], LoadedNetwork]:
    """The answer for a part of a plane that goes by rows, from the top as rows (C, n, w) of any n.

    What has no value stays to the bit. Holes are filled in the tiles of the whole plane.

    Args:
        networks: to choose from.
        plane: what is denoised.
        part: which part of it.
        profile: its noise; see `apart.goes_by_rows`.
        strength: how much of it is removed.
        progress: counts rows, those of the halo included; see `with_halo`.
    """
    wide = with_halo(networks, plane, part, profile, strength)
    scale = profile.range or Range.nominal(plane.dtype)
    seen = to_read(plane, wide)
    bands, originals = tee(strips(plane, seen))
    values = _filled(bands, seen, scale) if plane.dtype.kind == "f" else bands
    answers, network = planes.rows(
        networks,
        map(torch.from_numpy, _cropped(values, seen, wide)),
        (plane.channels, wide.width),
        torch.from_numpy(np.empty(0, plane.dtype)).dtype,
        profile,
        strength,
        progress,
    )
    if plane.dtype.kind == "f":
        answers = _restored(answers, _cropped(originals, seen, wide))
    return _cropped((rows.numpy() for rows in answers), wide, part), network


def strips(plane: Plane, part: Part) -> Iterator[NDArray[Any]]:
    """A part of a plane as it is, from the top."""
    top = part.top
    while top < part.bottom:
        bottom = min(part.bottom, top // plane.strip * plane.strip + plane.strip)
        yield plane.read(Part(top, bottom, part.left, part.right))
        top = bottom


def _filled(strips: Iterable[NDArray[Any]], seen: Part, scale: Range) -> Iterator[NDArray[Any]]:
    """Strips (C, n, w) of what is `seen`, with their holes filled in the tiles of the whole plane."""
    heights = [bottom - top for top, bottom in holes.blocks(seen.top, seen.bottom)]
    blocks = (np.moveaxis(rows, 0, 2) for rows in cut(strips, heights))
    left = -seen.left % holes.TILE
    middle = scale.low + scale.span / 2
    for block in holes.filled_by_rows(blocks, None, middle, left):
        yield np.ascontiguousarray(np.moveaxis(block, 2, 0))


def _restored(answers: Iterator[Tensor], originals: Iterator[NDArray[Any]]) -> Iterator[Tensor]:
    """The answers, with what has no value as it was."""
    before = (torch.from_numpy(strip)[None] for strip in originals)
    for answer, value in in_step((rows[None] for rows in answers), before):
        gaps = holes.unknown(value.numpy(), None)
        yield (answer if gaps is None else torch.where(torch.from_numpy(gaps), value, answer))[0]


def cut(rows: Iterable[NDArray[Any]], heights: Sequence[int]) -> Iterator[NDArray[Any]]:
    """Rows (C, n, w) of any n to rows of these heights."""
    wanted = iter(heights)
    height = next(wanted)
    waiting: list[NDArray[Any]] = []
    for more in rows:
        waiting.append(more)
        while sum(one.shape[1] for one in waiting) >= height:
            together = np.concatenate(waiting, axis=1)
            yield together[:, :height]
            waiting = [together[:, height:]]
            height = next(wanted, sum(heights) + 1)


def _cropped(strips: Iterable[NDArray[Any]], wide: Part, part: Part) -> Iterator[NDArray[Any]]:
    """The rows and columns of a part from strips of a wider one."""
    columns = slice(part.left - wide.left, part.right - wide.left)
    top = wide.top
    for rows in strips:
        bottom = top + rows.shape[1]
        wanted = slice(max(part.top - top, 0), max(min(part.bottom, bottom) - top, 0))
        if wanted.stop > wanted.start:
            yield rows[:, wanted, columns]
        top = bottom
