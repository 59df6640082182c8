"""Arrays that are computed later: dask's and Zarr's in, dask's out, each block denoised with the halo that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, product
from typing import Any

import dask.array as da
import numpy as np
import zarr
from dask.delayed import delayed
from numpy.typing import NDArray

from linn_cli.arrays import AUTO, ChannelAxis, channels_at
from linn_cli.denoising.by_parts import Part
from linn_cli.denoising.networks import Networks
from linn_cli.errors import InputError, UsageError
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.noise.strength import Strength
from linn_cli.pictures.reading import MOST_PIXELS
from linn_cli.volumes import sampling
from linn_cli.volumes.axes import COLOUR, LEAST_PLANE, STACK, Axes
from linn_cli.volumes.planes import Work
from linn_cli.volumes.units import Unit

# Blocks are joined until their sides have so many pixels: a halo beside a small one would cost more than the block.
_LEAST_SIDE = 1024

Options = tuple[tuple[str, Any], ...]


def denoise(
    array: Any, options: Mapping[str, Any], request: Request, channel_axis: ChannelAxis = AUTO
) -> tuple[Any, list[str]]:
    """The answer for a lazy array (..., H, W) or (..., H, W, 3) as a dask array of its chunks, and doubts.

    Only the sample that the noise is estimated from is computed now.

    Args:
        array: of dask or of Zarr.
        options: those of `Networks`.
        request: the noise to remove.
        channel_axis: which axis has one channel or three colours, None for no axis; "auto" takes a last one of three.

    Raises:
        InputError: the array is empty, or its planes are too small to estimate their noise.
        UsageError: the array has no planes, unknown sides, or values of another kind, or sigma does not suit.
    """
    lazy = _from_zarr(array) if isinstance(array, zarr.Array) else array
    _check(lazy)
    axis = _channels(lazy.shape, channel_axis)
    turned = lazy if axis is None else da.moveaxis(lazy, axis, -1)
    if axis is None or turned.shape[-1] == COLOUR:
        answer, doubts = _denoise(turned, options, request, colour=axis is not None)
    else:
        answer, doubts = _denoise(turned[..., 0], options, request, colour=False)
        answer = answer[..., None]
    return (answer if axis is None else da.moveaxis(answer, -1, axis)), doubts


def _check(lazy: Any) -> None:
    if not isinstance(lazy, da.Array):
        raise UsageError(f"expected an array of dask or Zarr, not {type(lazy).__name__}")
    if type(lazy._meta) is not np.ndarray:
        raise UsageError(
            f"expected a dask array of numpy arrays, not of {type(lazy._meta).__name__}: "
            "convert its blocks, and fill what is masked, as by da.ma.filled(x, np.nan)"
        )
    if lazy.dtype.kind not in "iuf" or (lazy.dtype.kind != "f" and lazy.dtype.itemsize > 4):
        raise UsageError(f"expected floats or integers of up to 32 bits, not {lazy.dtype}")
    if any(side != side for side in lazy.shape):
        raise UsageError("the array's shape is unknown: call its compute_chunk_sizes() first")
    if 0 in lazy.shape:
        raise InputError("the image is empty")


def _channels(shape: Sequence[int], channel_axis: ChannelAxis) -> int | None:
    """The axis that has the channels."""
    if channel_axis is None and len(shape) > 1:
        return None
    if channel_axis != AUTO and len(shape) > 1:
        axis = channels_at(tuple(shape), channel_axis)
        if axis is not None and shape[axis] not in (1, COLOUR):
            raise UsageError(
                f"channel_axis is {channel_axis!r}, which has {shape[axis]}: of arrays of dask and Zarr linn takes one "
                "channel or three; give None to denoise each as a plane of its own"
            )
        return axis
    colour = len(shape) > 2 and shape[-1] == COLOUR
    planes = shape[:-1] if colour else shape
    if len(planes) < 2 or (len(planes) > 2 and min(planes[-2:]) < LEAST_PLANE):
        raise UsageError(
            f"expected an array (H, W) or (H, W, 3), or a stack (..., H, W) of planes, not {tuple(shape)}"
        )
    return -1 if colour else None


def _from_zarr(array: Any) -> Any:
    return da.from_array(array, chunks=array.shards or array.chunks)


def _denoise(
    lazy: Any, options: Mapping[str, Any], request: Request, *, colour: bool
) -> tuple[Any, list[str]]:
    """`denoise` of planes in the last axes, or before the colours in the last one."""
    planes = "yxs" if colour else "yx"
    axes = Axes(STACK * (lazy.ndim - len(planes)) + planes)
    profiles, _ = sampling.profiles(lazy, axes, tuple(map(int, lazy.chunksize)), request)
    chosen = tuple(sorted(options.items()))
    networks = _networks(chosen)
    work = Work(lazy, lazy.shape, axes, profiles, networks, request.strength, MOST_PIXELS)
    joined = lazy.rechunk(_joined(lazy.chunks, axes, whole=work.goes_whole))
    answer = _in_blocks(joined, work, chosen).rechunk(lazy.chunks)
    doubts = [work.network_for(profile).doubt for profile in profiles]
    return answer, [doubt for doubt in dict.fromkeys(doubts) if doubt]


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
