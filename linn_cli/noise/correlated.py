"""Noise that is correlated between pixels, as after demosaicing, enlarging or JPEG: weak in fine detail.

Every second pixel of every second row has nearly white noise of its full strength, which says how strong
it is. Averaging two by two pixels halves white noise; where noise stays stronger than that it lies in
blotches, and they are removed first, in a picture of half the size. benchmarks/quality/correlated.py compares this
with other simple means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from linn_cli.engine.pyramid import double, halve
from linn_cli.noise import estimation
from linn_cli.noise.estimation import Estimate
from linn_cli.units import Sigma

# Stronger than white noise by this factor, lest an estimate's error counts as blotches.
_STRONGER = 1.1
# A smaller picture says too little about its noise.
_LEAST_SIDE = 64

Channels = tuple[Estimate, ...]


def measure(
    planes: Sequence[Tensor], step: float = 0.0, seen: Tensor | None = None
) -> list[Channels]:
    """The noise of a picture by channel, then that of its half and so on as far as it lies in blotches.

    Args:
        planes: a plane (H, W) for each channel, float, white at 1; at least 16 x 16.
        step: what the values are rounded to multiples of, 0 for none.
        seen: bool (H, W), where the picture is looked at; None for all of it.

    Raises:
        InputError: the planes, or what is seen of them, are too small, or hold values that are not finite.
    """
    spread = None if seen is None else seen[::2, ::2]
    channels = tuple(estimation.estimate(plane[::2, ::2], step, spread) for plane in planes)
    if min(planes[0].shape) < 2 * _LEAST_SIDE or (spread is not None and not spread.all()):
        return [channels]
    coarser = measure([halve(plane[None, None])[0, 0] for plane in planes], step / 2)
    here, there = estimation.overall(channels), estimation.overall(coarser[0])
    return [channels, *(coarser if 2 * there.sigma > _STRONGER * here.sigma else [])]


def remove(
    picture: Tensor,
    sigmas: Sequence[Sigma],
    denoise: Callable[[Tensor, Sigma], Tensor],
) -> Tensor:
    """Remove it from a picture (B, C, H, W), float.

    Args:
        picture: white at 1.
        sigmas: those of the picture, of its half, and so on.
        denoise: removes white noise of this sigma from a picture.
    """
    sigma, *coarser = sigmas
    if coarser:
        half = halve(picture)
        blotches = half - remove(half, coarser, denoise)
        picture = picture - double(blotches)[..., : picture.shape[-2], : picture.shape[-1]]
    return denoise(picture, sigma)
