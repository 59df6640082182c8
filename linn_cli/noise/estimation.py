"""How strong the noise of a picture is: white Gaussian noise, estimated from its smoothest patches.

`_patch_statistics` measures patches, `_patch_selection` chooses among them. Here rounding and clipping are allowed for, and
the estimates get their intervals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import mul, sub
from statistics import fmean

from torch import Tensor

from linn_cli.errors import InputError
from linn_cli.noise import clipping
from linn_cli.noise._patch_selection import variance
from linn_cli.noise._patch_statistics import MOST_PATCHES, PATCH, Patches, measure
from linn_cli.units import GREY_LEVELS

# The 95 % interval of the variance, in a log scale, below and above: multiples of the standard error, of the
# correction for texture and of a squared grey level, for texture finer than what patches are chosen by, all
# relative to what was measured; and what is added where clipping was undone, which is only roughly done.
# Calibrated on up to 249 pictures of bsd432 for each sigma, checked by benchmarks/quality/estimation.py: texture mostly
# makes the estimate too high, so below is wider.
_BELOW = (2.2, 4.0, 0.3, 0.06)
_ABOVE = (1.8, 2.0, 0.0, 0.06)
# How the errors of a picture's channels correlate: they share its texture, not the noise. It is less where noise is
# strong and more where it is weak; `python -m benchmarks.quality.estimation --colour` shows what the intervals hold.
_CHANNELS = 0.5
# Patches whose noise has lost more than this of its variance to clipping are left out.
_CLIPPED_AWAY = 0.2
# Where next to nothing was measured, relative errors would know no bounds.
_WIDEST = 20.0
# A patch with more of its pixels saturated than this says nothing before the noise is roughly known.
_SATURATED = 0.05
# White noise is as strong in every second pixel of every second row; correlated noise seems stronger
# there. Nine in ten pictures with demosaiced or enlarged noise of sigma 5 reach this factor between the two
# intervals (`python -m benchmarks.quality.estimation bsd432/ --limit 10 --kind bayer --quantize`); docs/noise.md says how many
# with white noise do.
_CORRELATED = 1.75


@dataclass(frozen=True)
class Estimate:
    """The noise's standard deviation and its 95 % interval, in 8-bit grey levels."""

    sigma: float
    low: float
    high: float

    def scaled(self, unit: float) -> Estimate:
        """The same in grey levels of which each of these is `unit`."""
        return Estimate(unit * self.sigma, unit * self.low, unit * self.high)


def estimate(plane: Tensor, step: float = 0.0, seen: Tensor | None = None) -> Estimate:
    """Estimate the white noise of a plane (H, W), float, white at 1.

    Where black or white, or what an editor made of them, cut the noise off, what is left of its variance is
    known and allowed for.

    Args:
        plane: values (H, W); at least 8 x 8. Noise may lead out of [0, 1].
        step: what the values are rounded to multiples of: 1/255 for 8-bit files, 0 for none. Rounding
            adds step^2 / 12 to the variance, which is taken off.
        seen: bool (H, W), where the plane is looked at; None for all of it.

    Raises:
        UsageError: not two dimensions, or not float.
        InputError: the plane, or what is seen of it, is smaller than 8 x 8, or it holds values that are not
            finite.
    """
    return from_patches(measure(plane, seen), step)


def from_patches(patches: Patches, step: float = 0.0) -> Estimate:
    """`estimate` for a plane whose patches are measured."""
    black, white = patches.limits
    span = white - black
    patches = replace(
        patches,
        mean=(patches.mean - black) / span,
        texture=patches.texture / span**2,
        power=patches.power / span**2,
    )
    cut_off = bool(patches.saturated.any())
    if cut_off:
        patches = _unclip(patches)
    found, error, texture = (part * span**2 for part in variance(patches))
    rounding, measured = step**2 / 12, found + texture
    if measured == 0:
        # Rounding hides noise weaker than about its own.
        return Estimate(0.0, 0.0, GREY_LEVELS * math.sqrt(rounding))
    # At least a twentieth of what was measured, so that the interval has a scale.
    likely = max(found - rounding, measured / 20)
    parts = (error / measured, texture / measured, GREY_LEVELS**-2 / measured, cut_off)
    below, above = (
        min(math.hypot(*map(mul, factors, parts)), _WIDEST) for factors in (_BELOW, _ABOVE)
    )
    least = likely * math.exp(-math.hypot(below, rounding / likely))
    # Rounding may have hidden as much as its own, however little was measured.
    hidden = (measured * math.exp(above) + rounding) / likely
    most = likely * math.exp(min(math.hypot(above, rounding / likely), math.log(hidden)))
    low, sigma, high = (GREY_LEVELS * math.sqrt(level) for level in (least, likely, most))
    return Estimate(sigma, low, high)


def estimate_channels(image: Tensor, step: float = 0.0) -> list[Estimate]:
    """Estimate each channel of an image (H, W) or (H, W, C); see `estimate`."""
    planes = [image] if image.dim() == 2 else list(image.unbind(-1))
    return [estimate(plane, step) for plane in planes]


def overall(channels: Sequence[Estimate]) -> Estimate:
    """The root mean square over channels, its interval narrower than theirs as far as their errors average out."""
    if len(channels) == 1:
        return channels[0]
    low, level, high = (
        [value**2 for value in values]
        for values in zip(*((one.low, one.sigma, one.high) for one in channels), strict=True)
    )
    mean = fmean(level)
    least = mean - _together(list(map(sub, level, low)))
    most = mean + _together(list(map(sub, high, level)))
    return Estimate(*map(math.sqrt, (mean, max(0.0, least), most)))


def _together(errors: Sequence[float]) -> float:
    """The error of a mean of values whose errors correlate."""
    apart, same = math.hypot(*errors), sum(errors)
    return math.hypot(math.sqrt(1 - _CHANNELS) * apart, math.sqrt(_CHANNELS) * same) / len(errors)


def correlated(plane: Tensor, step: float = 0.0, seen: Tensor | None = None) -> Estimate | None:
    """The noise of a plane (H, W) that is clearly not white: weaker in fine detail than it should be.

    JPEG, demosaicing and scaling leave such noise. Every second pixel of every second row still has its
    full strength, so it seems stronger there, and that is the answer. None for white noise, for a plane
    too small to halve, and for one without noise.
    """
    return stronger_in_half(plane, estimate(plane, step, seen), step, seen)


def stronger_in_half(
    plane: Tensor, whole: Estimate, step: float = 0.0, seen: Tensor | None = None
) -> Estimate | None:
    """`correlated` for a plane whose own estimate is known."""
    if min(plane.shape) < 2 * PATCH:
        return None
    spread = None if seen is None else seen[::2, ::2]
    try:
        halved = from_patches(measure(plane[::2, ::2], spread, MOST_PATCHES), step)
    except InputError:  # too little is seen of it
        return None
    clearly = whole.sigma > 0 and halved.low > _CORRELATED * whole.high
    return halved if clearly else None


def _unclip(patches: Patches) -> Patches:
    """Leave out patches of clipped noise, and give the others the variance that they had before."""
    least = patches.saturated.quantile(0.01).item()
    clear = patches[patches.saturated <= max(least, _SATURATED)]
    sigma = math.sqrt(variance(clear)[0])
    restored = clear
    for _ in range(4):
        # Back from the means after clipping to those before: what is added moves little.
        mean = patches.mean
        for _ in range(3):
            mean = mean + patches.mean - clipping.BOTH.expected(mean, sigma)
        left = clipping.BOTH.remaining(mean, sigma)
        kept = (left >= 1 - _CLIPPED_AWAY) & (patches.saturated < 1)
        if not bool(kept.any()):
            break
        chosen, left = patches[kept], left[kept]
        restored = replace(chosen, texture=chosen.texture / left, power=chosen.power / left)
        sigma = math.sqrt(variance(restored)[0])
    return restored
