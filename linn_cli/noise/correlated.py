"""Noise that is correlated between pixels, as after demosaicing, enlarging or JPEG: weak in fine detail.

Every second pixel of every second row has nearly white noise of its full strength, which says how strong
it is. Averaging two by two pixels halves white noise; where noise stays stronger than that it lies in
blotches, and they are removed first, in a picture of half the size. benchmarks/quality/correlated.py compares this
with other simple means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import tee

from torch import Tensor

from linn_cli.engine.bands import in_step
from linn_cli.engine.pyramid import doubled, halve, halved
from linn_cli.noise import estimation
from linn_cli.noise.estimation import Estimate

# Stronger than white noise by this factor, lest an estimate's error counts as blotches.
_STRONGER = 1.1
# A smaller picture says too little about its noise, and every second pixel of one says nothing.
_LEAST_SIDE, _LEAST_SPREAD = 64, 16

Channels = tuple[Estimate, ...]
Remover = Callable[[Iterable[Tensor]], Iterator[Tensor]]


def measure(
    planes: Sequence[Tensor], step: float = 0.0, seen: Tensor | None = None
) -> list[Channels]:
    """The noise of a picture by channel, then that of its half and so on as far as it lies in blotches.

    Args:
        planes: a plane (H, W) for each channel, float, white at 1; of one below 16 x 16 every pixel is looked at.
        step: what the values are rounded to multiples of, 0 for none.
        seen: bool (H, W), where the picture is looked at; None for all of it.

    Raises:
        InputError: the planes, or what is seen of them, are too small, or hold values that are not finite.
    """
    every = 2 if min(planes[0].shape) >= _LEAST_SPREAD else 1
    spread = None if seen is None else seen[::every, ::every]
    channels = tuple(estimation.estimate(plane[::every, ::every], step, spread) for plane in planes)
    if min(planes[0].shape) < 2 * _LEAST_SIDE or (spread is not None and not spread.all()):
        return [channels]
    coarser = measure([halve(plane[None, None])[0, 0] for plane in planes], step / 2)
    here, there = estimation.overall(channels), estimation.overall(coarser[0])
    return [channels, *(coarser if 2 * there.sigma > _STRONGER * here.sigma else [])]


def removed_by_rows(rows: Iterable[Tensor], removers: Sequence[Remover]) -> Iterator[Tensor]:
    """The rows of a picture without it, from the top.

    Args:
        rows: bands (1, C, n, W) of any height, float.
        removers: what removes white noise from rows of the picture, from those of its half, and so on.
    """
    remove, *of_halves = removers
    if of_halves:
        rows, copy = tee(rows)
        halves, kept = tee(halved(copy))
        clean = removed_by_rows(halves, of_halves)
        blotches = (half - answer for half, answer in in_step(kept, clean))
        rows = (
            band - blotch[..., : band.shape[-1]]
            for band, blotch in in_step(rows, doubled(blotches))
        )
    return remove(rows)
