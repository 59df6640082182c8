"""Arrays that are computed later: dask's and Zarr's in, dask's out, each block denoised with the halo that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, product
from typing import Any

import dask.array as da
import numpy as np
from dask.delayed import delayed
from numpy.typing import NDArray

from linn_cli.denoising.by_parts import Part
from linn_cli.denoising.networks import Networks
from linn_cli.errors import UsageError
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.noise.strength import Strength
from linn_cli.pictures.reading import MOST_PIXELS
from linn_cli.volumes import sampling
from linn_cli.volumes.axes import COLOUR, STACK, Axes
from linn_cli.volumes.planes import Work
from linn_cli.volumes.units import Unit

# Blocks are joined until their sides have so many pixels: a halo beside a small one would cost more than the block.
_LEAST_SIDE = 1024
# A plane of a stack has no shorter side: four channels are not to be taken for planes.
_LEAST_PLANE = 8

Options = tuple[tuple[str, Any], ...]


def denoise(array: Any, options: Mapping[str, Any], request: Request) -> tuple[Any, list[str]]:
    """The answer for a lazy array (..., H, W) or (..., H, W, 3) as a dask array of its chunks, and doubts.

    Only the sample that the noise is estimated from is computed now.

    Args:
        array: of dask or of Zarr.
        options: those of `Networks`.
        request: the noise to remove.

    Raises:
        InputError: the planes are too small to estimate their noise.
        UsageError: the array has no planes, or values of another kind, or sigma does not suit.
    """
    _check(array)
    lazy = array if isinstance(array, da.Array) else _from_zarr(array)
    axes = _axes(lazy.shape)
    profiles, _ = sampling.profiles(lazy, axes, tuple(map(int, lazy.chunksize)), request)
    chosen = tuple(sorted(options.items()))
    networks = _networks(chosen)
    work = Work(lazy, lazy.shape, axes, profiles, networks, request.strength, MOST_PIXELS)
    joined = lazy.rechunk(_joined(lazy.chunks, axes, whole=work.goes_whole))
    answer = _in_blocks(joined, work, chosen).rechunk(lazy.chunks)
    doubts = [work.network_for(profile).doubt for profile in profiles]
    return answer, [doubt for doubt in dict.fromkeys(doubts) if doubt]


def _check(array: Any) -> None:
    planes = array.shape[:-1] if array.shape[-1:] == (COLOUR,) else array.shape
    if len(planes) < 2 or (len(planes) > 2 and 0 < min(planes[-2:]) < _LEAST_PLANE):
        raise UsageError(
            f"expected an array (H, W) or (H, W, 3), or a stack (..., H, W) of planes, not {array.shape}"
        )
    if array.dtype.kind not in "iuf" or (array.dtype.kind != "f" and array.dtype.itemsize > 4):
        raise UsageError(f"expected floats or integers of up to 32 bits, not {array.dtype}")


def _from_zarr(array: Any) -> Any:
    return da.from_array(array, chunks=array.shards or array.chunks)


def _axes(shape: Sequence[int]) -> Axes:
    colour = len(shape) > 2 and shape[-1] == COLOUR
    planes = "yxs" if colour else "yx"
    return Axes(STACK * (len(shape) - len(planes)) + planes)


def _joined(
    chunks: Sequence[Sequence[int]], axes: Axes, *, whole: bool
) -> tuple[tuple[int, ...], ...]:
    """Chunks of which each is made of whole ones and is large enough; all colours are in one."""
    joined = [tuple(sides) for sides in chunks]
    for axis in axes.plane:
        joined[axis] = (sum(chunks[axis]),) if whole else _large_enough(chunks[axis])
    if axes.colour is not None:
        joined[axes.colour] = (sum(chunks[axes.colour]),)
    return tuple(joined)


def _large_enough(sides: Sequence[int]) -> tuple[int, ...]:
    joined: list[int] = []
    for side in sides:
        if joined and joined[-1] < _LEAST_SIDE:
            joined[-1] += side
        else:
            joined.append(side)
    return tuple(joined)


def _in_blocks(lazy: Any, work: Work, options: Options) -> Any:
    """The answer for an array in its chunks."""
    bounds = [
        list(zip((0, *accumulate(sides)), accumulate(sides), strict=False)) for sides in lazy.chunks
    ]
    blocks = np.empty([len(sides) for sides in lazy.chunks], object)
    denoised = delayed(_block, pure=True)
    for place in product(*(range(count) for count in blocks.shape)):
        chosen = [slice(*bounds[axis][number]) for axis, number in enumerate(place)]
        rows, columns = (chosen[axis] for axis in work.axes.plane)
        outer = tuple(chosen[axis] for axis in work.axes.outer)
        unit = Unit(outer, Part(rows.start, rows.stop, columns.start, columns.stop))
        wide = work.needed(unit)
        window = lazy[work.axes.selection(outer, wide)]
        shape = tuple(one.stop - one.start for one in chosen)
        facts = _Facts(lazy.shape, work.axes, tuple(work.profiles), work.strength, options)
        answer = denoised(window, unit, wide, facts)
        blocks[place] = da.from_delayed(answer, shape, lazy.dtype)
    return da.block(blocks.tolist())


@dataclass(frozen=True)
class _Facts:
    """What all blocks of an array have in common."""

    shape: tuple[int, ...]
    axes: Axes
    profiles: tuple[NoiseProfile, ...]
    strength: Strength
    options: Options


@dataclass(frozen=True)
class _Window:
    """A part of an array that is in memory, addressed as the whole array."""

    values: NDArray[Any]
    begins: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.values.dtype

    def __getitem__(self, wanted: tuple[slice, ...]) -> NDArray[Any]:
        inside = [
            slice(*(end - begin for end in one.indices(side)[:2]))
            for one, side, begin in zip(wanted, self.shape, self.begins, strict=True)
        ]
        part: NDArray[Any] = self.values[tuple(inside)]
        return part


def _block(values: NDArray[Any], unit: Unit, wide: Part, facts: _Facts) -> NDArray[Any]:
    """The answer for a unit from its values and those around them."""
    begins = [one.start or 0 for one in facts.axes.selection(unit.outer, wide)]
    window = _Window(np.asarray(values), tuple(begins), facts.shape)
    networks = _networks(facts.options)
    shape, axes = facts.shape, facts.axes
    work = Work(window, shape, axes, facts.profiles, networks, facts.strength, MOST_PIXELS)
    (answer,) = work.answers([unit])
    return answer.astype(values.dtype, copy=False)


@cache
def _networks(options: Options) -> Networks:
    """Networks of these options; a worker loads each once."""
    return Networks(**dict(options))
