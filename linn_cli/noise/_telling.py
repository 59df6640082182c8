"""What to tell a network of noise that is not white, given how much there is of it.

A network for white noise takes coarse noise for the picture's own, unless it is told more than its deviation. How much
more was fitted to what is best on made noise and on real; benchmarks/quality/photographs.py measures what it loses. A
network that knows such noise is told its deviation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from linn_cli.noise.photograph import Plane

# Factor and exponent of the strongest band's deviation: in luma and in chroma.
_LUMA, _CHROMA = (4.71, 0.54), (8.85, 0.45)
# Less coarse luma is white: JPEG takes the finest of the chroma alone.
_WHITE = 0.7
# The smoothest patches are those where noise happens to be weak.
_WHITE_BIAS = 1.05


# Of the deviation in the smoothest patches, the picture's own is this much: they are mostly dark, where a camera's noise
# is weaker, and those where it happens to be weak.
_OVERALL_LUMA, _OVERALL_CHROMA = 1.15, 1.3


def deviations(planes: Sequence[Plane]) -> tuple[float, ...]:
    """The deviation of the noise of each plane over the whole picture, in grey levels."""
    factors = (_OVERALL_LUMA, _OVERALL_CHROMA, _OVERALL_CHROMA)
    return tuple(factor * one.deviation for one, factor in zip(planes, factors, strict=False))


def told(planes: Sequence[Plane]) -> tuple[float, ...]:
    """The sigma of each plane to tell a network for white noise, in grey levels."""
    return tuple(
        _WHITE_BIAS * one.highest
        if fit is _LUMA and one.coarseness < _WHITE
        else fit[0] * math.pow(one.strongest, fit[1])
        for one, fit in zip(planes, (_LUMA, _CHROMA, _CHROMA), strict=False)
    )
