"""What to tell a network of noise that is not white, given how much there is of it.

A network for white noise takes coarse noise for the picture's own, unless it is told more than its deviation. How much
more was fitted to what is best on made noise and on real; benchmarks/quality/photographs.py measures what it loses. A
network that has learned such noise is told the deviations of the planes, in true proportion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from linn_cli.noise.photograph import Plane

# Luma is told a * smoothest ^ b * e ^ (-c * unevenness): the less even, the more of it is texture. Chroma is told
# a * strongest ^ b.
_LUMA, _CHROMA = (8.8, 0.47, 2.5), (8.85, 0.45)
# Less coarse luma is more and more like white noise: JPEG may take the finest of the chroma alone. The smoothest patches
# are those where noise happens to be weak, by so much.
_WHITE, _WHITE_BIAS = 0.45, 1.05
# Of a grey picture's noise it is told _GREY_BIAS times the deviation where that is nearly white: where the highest band is so many
# times as strong as the whole. Where that band is weaker, it is told more, up to a * deviation ^ b * e ^ (-c * unevenness).
_GREY_WHITE, _GREY_BIAS = 0.9, 1.1
_GREY_COARSE, _GREY = 0.5, (4.9, 0.4, 1.0)
# A grey picture's noise lies in blotches where that of the half is still coarse: where its highest band is weaker than this.
_BLOTCHES = 0.32
# What a network that has learned such noise is told, in units of the deviation, where the noise of the smoothest patches is
# such a part of it: the more, the less of it is there, as where a camera smoothed those alone.
_MORE, _LESS = (0.5, 1.6), (0.85, 0.85)
# A network for white noise helps beside, and the half does not, where the luma's noise is nearly white, as JPEG leaves it: where
# the highest band is so many times as strong as the whole (in white noise all bands are as strong as the whole).
_NEARLY_WHITE = 0.65
# It helps in smooth pictures, too, where it would be told of the luma more than so many times its
# deviation, and where noise is weaker than so many grey levels; it is told so many times as much. Chosen on held-out
# pictures and the choosing half of real ones.
_SMOOTH, _WEAK, _BESIDE = 1.5, 6.0, 1.25


def told(planes: Sequence[Plane]) -> tuple[float, ...]:
    """The sigma of each plane to tell a network for white noise, in grey levels."""
    if len(planes) == 1:
        return (_grey(planes[0]),)
    return tuple(_chroma(one) if index else _luma(one) for index, one in enumerate(planes))


def deviations(planes: Sequence[Plane]) -> tuple[float, ...]:
    """The deviation of the noise of each plane over the whole picture, in grey levels."""
    return tuple(one.deviation for one in planes)


def learned(planes: Sequence[Plane]) -> tuple[float, ...]:
    """The sigma of each plane to tell a network that has learned such noise, in grey levels."""
    return tuple(_factor(planes) * deviation for deviation in deviations(planes))


def learned_of_half(planes: Sequence[Plane], half: Sequence[Plane]) -> tuple[float, ...]:
    """`learned` of the picture of half the size; () where the noise is nearly white, and the half says no more of it."""
    return () if _is_nearly_white(planes) else learned(half)


def beside(planes: Sequence[Plane]) -> tuple[float, ...]:
    """The sigma of each plane to tell a network for white noise that sees the picture beside; () if that does not help."""
    if not planes:
        return ()
    luma, white = planes[0], told(planes)
    if _is_nearly_white(planes):
        return white
    if luma.deviation >= _WEAK or white[0] <= _SMOOTH * luma.deviation:
        return ()
    return tuple(_BESIDE * level for level in white)


def lies_in_blotches(half: Sequence[Plane]) -> bool:
    """Whether noise is so coarse that it is removed from smaller pictures first, given that of the half; in grey alone."""
    return len(half) == 1 and half[0].highest < _BLOTCHES * half[0].deviation


def _is_nearly_white(planes: Sequence[Plane]) -> bool:
    return planes[0].highest > _NEARLY_WHITE * planes[0].deviation


def _factor(planes: Sequence[Plane]) -> float:
    """How many times the deviation a network that has learned such noise is told."""
    luma = planes[0]
    (little, more), (much, less) = _MORE, _LESS
    part = (luma.smoothest / luma.deviation - little) / (much - little)
    return more + (less - more) * min(1.0, max(0.0, part))


def _grey(plane: Plane) -> float:
    factor, power, even = _GREY
    white = _GREY_BIAS * plane.deviation
    coarse = max(
        white, factor * math.pow(plane.deviation, power) * math.exp(-even * plane.unevenness)
    )
    part = (_GREY_WHITE - plane.highest / plane.deviation) / (_GREY_WHITE - _GREY_COARSE)
    return white + (coarse - white) * min(1.0, max(0.0, part))


def _luma(plane: Plane) -> float:
    factor, power, even = _LUMA
    coarse = factor * math.pow(plane.smoothest, power) * math.exp(-even * plane.unevenness)
    part = min(1.0, max(0.0, plane.coarseness / _WHITE))
    return math.pow(_WHITE_BIAS * plane.highest, 1 - part) * math.pow(coarse, part)


def _chroma(plane: Plane) -> float:
    factor, power = _CHROMA
    return factor * math.pow(plane.strongest, power)
