"""The noise of an image, estimated once by channel from a sample of its chunks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linn_cli.denoising import document as documents
from linn_cli.denoising.by_parts import Part
from linn_cli.denoising.document import Search
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from linn_cli.volumes.axes import Axes

# About so many pixels are looked at in all channels together, and at least so many in each; in squares of this side.
_PIXELS, _LEAST_PIXELS, _SIDE = 2**22, 2**19, 256
# The additive recurrence of the plastic number's cousin in three dimensions, which leaves no gaps and no clusters.
_STEPS = 0.8191725133961645, 0.6710436067037893, 0.5497004779019703


def profiles(
    array: Any, axes: Axes, chunks: tuple[int, ...], request: Request
) -> tuple[list[NoiseProfile], list[str]]:
    """The noise of each channel in the range of its values, and remarks.

    Args:
        array: what can be indexed by slices.
        axes: its axes.
        chunks: the shape of its chunks, which are read where they begin.
        request: what is asked for.

    Raises:
        InputError: the planes are too small to estimate their noise.
        UsageError: sigma or a camera's noise is given for another number of channels.
    """
    pictures = samples(array, axes, chunks)
    count = len(pictures)
    scale = documents.in_own_range(pictures)
    search = Search(request, scale)
    for channel, picture in enumerate(pictures):
        search.request = request.of_channel(channel, count) if count > 1 else request
        search.planes_of(picture)
    return search.profiles, search.remarks


def samples(array: Any, axes: Axes, chunks: tuple[int, ...]) -> list[Picture]:
    """What the noise of each channel is estimated from; see `profiles`."""
    count = axes.channels(array.shape)
    return [_picture(array, axes, chunks, channel) for channel in range(count)]


def _picture(array: Any, axes: Axes, chunks: tuple[int, ...], channel: int) -> Picture:
    """What is looked at of a channel, one below the other."""
    shape = array.shape
    sides = [shape[axis] for axis in axes.outer]
    choices = [
        [channel] if place == axes.channel else range(side) for place, side in enumerate(sides)
    ]
    height, width = axes.size(shape)
    planes = axes.planes(shape) // axes.channels(shape)
    budget = max(_LEAST_PIXELS, _PIXELS // axes.channels(shape))
    if planes * height * width <= budget:
        indices, parts = list(product(*choices)), [Part(0, height, 0, width)]
        wanted = [(index, part) for index in indices for part in parts]
    else:
        wanted = list(dict.fromkeys(_squares(choices, axes, shape, chunks, budget)))
    read = [_read(array, axes, index, part) for index, part in wanted]
    return Picture(np.concatenate(list(filter(_varies, read)) or read))


def _varies(square: NDArray[Any]) -> bool:
    """Whether a square (n, w, C) has values that differ."""
    values = square[np.isfinite(square)] if square.dtype.kind == "f" else square
    return bool((values != values.flat[:1]).any())


def _squares(
    choices: list[Any], axes: Axes, shape: tuple[int, ...], chunks: tuple[int, ...], budget: int
) -> Iterator[tuple[tuple[int, ...], Part]]:
    """Squares all over the planes, each at the beginning of a chunk."""
    rows, columns = axes.plane
    sides = shape[rows], shape[columns]
    tall, wide = (min(side, _SIDE) for side in sides)
    counts = [len(choice) for choice in choices]
    total = int(np.prod(counts))
    for number in range(1, budget // (tall * wide) + 1):
        plane, *place = (number * step % 1 for step in _STEPS)
        at = np.unravel_index(int(plane * total), counts) if counts else ()
        index = tuple(int(choice[part]) for choice, part in zip(choices, at, strict=True))
        top, left = (
            min(int(where * side) // chunk * chunk, side - of)
            for where, side, chunk, of in zip(
                place, sides, (chunks[rows], chunks[columns]), (tall, wide), strict=True
            )
        )
        yield index, Part(top, top + tall, left, left + wide)


def _read(array: Any, axes: Axes, index: tuple[int, ...], part: Part) -> NDArray[Any]:
    """A part of a plane as rows (n, w, C), of native byte order."""
    outer = tuple(slice(one, one + 1) for one in index)
    block = np.asarray(array[axes.selection(outer, part)])
    values = axes.as_planes(block).reshape(-1, part.height, part.width)
    native = block.dtype.newbyteorder("=")
    return np.moveaxis(values, 0, 2).astype(native, copy=False)
