"""How strong the noise of a picture is: white Gaussian noise, estimated from its smoothest patches.

After Ponomarenko, Lukin, Zriakhov, Kaarna and Astola ("An automatic approach to lossy compression of
AVIRIS images", IGARSS 2007) as analysed by Colom and Buades (IPOL 3, 2013): in an orthonormal transform
of a patch white noise is independent from coefficient to coefficient. So patches may be chosen by their
low frequencies, where pictures live, and the noise be measured in their high ones, and the choice does
not bias the measure. How many patches are chosen follows the rule of Lepski (1990): the more the better,
as long as the estimate agrees with those from fewer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from operator import mul
from statistics import fmean

import torch
from torch import Tensor

from linn_cli import clipping
from linn_cli.errors import InputError, UsageError
from linn_cli.normalisation import GREY_LEVELS

PATCH = 8
# Coefficient (i, j) of a patch's cosine transform is noise from i + j = 11 on: the ten highest.
_HIGH = 11
# No more patches than this are looked at: a 12-megapixel picture takes well under a second.
_MOST_PATCHES = 200_000
# Errors of patches in one square of this side go together: they overlap, and so do their textures.
_CELL = 24
# The ladder of Lepski's rule: this part of the patches, then twice as many, and so on.
_LEAST_PART = 0.002
# The 95 % interval of the variance, in a log scale, below and above: multiples of the standard error, of the
# correction for texture and of a squared grey level, for texture finer than what patches are chosen by, all
# relative to what was measured; and what is added where clipping was undone, which is only roughly done.
# Calibrated on training pictures, checked by benchmarks/estimation.py: texture mostly makes the estimate
# too high, so below is wider.
_BELOW = (2.2, 2.0, 0.3, 0.06)
_ABOVE = (1.8, 1.5, 0.0, 0.06)
# Patches whose noise has lost more than this of its variance to clipping are left out.
_CLIPPED_AWAY = 0.2
# Where next to nothing was measured, relative errors would know no bounds.
_WIDEST = 20.0
# A patch with more of its pixels saturated than this says nothing before the noise is roughly known.
_SATURATED = 0.05
# White noise is as strong in every second pixel of every second row; correlated noise seems stronger
# there. Of 50 training pictures none with white noise of sigma 5 or more reaches this factor between the two
# intervals, of 16 demosaiced or enlarged ones all do (`benchmarks/estimation.py --kind`).
_CORRELATED = 1.75


@dataclass(frozen=True)
class Estimate:
    """The noise's standard deviation and its 95 % interval, in 8-bit grey levels."""

    sigma: float
    low: float
    high: float


@dataclass(frozen=True)
class Patches:
    """What is known of n patches of a plane; each tensor is (n,), the plane white at 1.

    Attributes:
        mean: the patch's mean.
        texture: the mean square of its low frequencies without the mean; small where it is smooth.
        power: the mean square of its ten highest frequencies: the noise's variance, if it is white.
        cell: int64, the number of the square that it lies in.
        black, white: the shares of its pixels, in [0, 1], that may be cut off at black or at white.
        spread: how many pixels there are to each patch; 64 and more if none overlap.
    """

    mean: Tensor
    texture: Tensor
    power: Tensor
    cell: Tensor
    black: Tensor
    white: Tensor
    spread: float

    def __getitem__(self, chosen: Tensor | slice) -> Patches:
        """The patches chosen by a mask, indices or a slice."""
        return Patches(
            self.mean[chosen],
            self.texture[chosen],
            self.power[chosen],
            self.cell[chosen],
            self.black[chosen],
            self.white[chosen],
            self.spread,
        )

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def saturated(self) -> Tensor:
        """The share of pixels that are cut off."""
        return self.black + self.white


def measure(plane: Tensor, seen: Tensor | None = None) -> Patches:
    """Transform patches all over a plane (H, W), float in [0, 1], or where all of (H, W) bool is `seen`.

    Raises:
        UsageError: not two dimensions, or not float.
        InputError: the plane, or what is seen of it, is smaller than a patch, or it holds values that are
            not finite.
    """
    if plane.dim() != 2 or not plane.is_floating_point():
        raise UsageError(f"expected floats (H, W), not {plane.dtype} {tuple(plane.shape)}")
    height, width = plane.shape
    if min(height, width) < PATCH:
        raise InputError(
            f"{width} x {height} pixels are too few to estimate the noise from: "
            f"{PATCH} x {PATCH} is the least, give the sigma instead"
        )
    places = (height - PATCH + 1) * (width - PATCH + 1)
    # An odd step, or a JPEG's blocks of 8 x 8 would all be met at the same corners.
    step = math.ceil(math.sqrt(places / _MOST_PATCHES)) | 1
    views = plane.detach().unfold(0, PATCH, step).unfold(1, PATCH, step)
    rows, columns = views.shape[:2]
    values = views.reshape(-1, PATCH * PATCH).float().cpu()
    if not bool(torch.isfinite(values).all()):
        raise InputError("the picture holds values that are not finite numbers")
    # From its first pixel, so that a patch of one colour has exactly nothing but a mean.
    squares = ((values - values[:, :1]) @ _cosines().T).square_()
    order = (torch.arange(PATCH)[:, None] + torch.arange(PATCH)).flatten()
    down = torch.arange(rows) * step // _CELL
    across = torch.arange(columns) * step // _CELL
    cell = down[:, None] * (int(across[-1]) + 1) + across
    patches = Patches(
        mean=values.mean(1).double(),
        texture=squares[:, (order > 0) & (order < _HIGH)].mean(1).double(),
        power=squares[:, order >= _HIGH].mean(1).double(),
        cell=cell.flatten(),
        # Black and white only cut noise off where nothing lies beyond them.
        black=(values == 0).sum(1) / PATCH**2 * bool(values.min() == 0),
        white=(values == 1).sum(1) / PATCH**2 * bool(values.max() == 1),
        spread=step * step,
    )
    if seen is None:
        return patches
    whole = seen.unfold(0, PATCH, step).unfold(1, PATCH, step).flatten(2).all(2).flatten()
    if not bool(whole.any()):
        raise InputError("too little is seen to estimate the noise from: give the sigma instead")
    return patches[whole]


def _cosines() -> Tensor:
    """The orthonormal two-dimensional cosine transform of a flattened patch, (64, 64)."""
    place = torch.arange(PATCH, dtype=torch.float64)
    basis = torch.cos(math.pi / PATCH * (place + 0.5) * place[:, None]) * math.sqrt(2 / PATCH)
    basis[0] /= math.sqrt(2)
    return torch.kron(basis, basis).float()


@dataclass(frozen=True)
class Rung:
    """The mean texture and power of the n smoothest patches, and the standard error of the power."""

    count: int
    texture: float
    power: float
    error: float


def ladder(patches: Patches) -> list[Rung]:
    """The smoothest patches, 0.2 % of them, then 0.4 %, up to all.

    The errors are cluster-robust: what patches of one cell have in common counts once.
    """
    ordered = patches[torch.argsort(patches.texture)]
    rungs = []
    count = max(1, round(_LEAST_PART * len(patches)))
    while True:
        count = min(count, len(patches))
        rungs.append(_rung(ordered[:count]))
        if count == len(patches):
            return rungs
        count *= 2


def _rung(patches: Patches) -> Rung:
    count, power = len(patches), patches.power.mean().item()
    excess = torch.bincount(patches.cell, patches.power - power)
    cells = int((torch.bincount(patches.cell) > 0).sum())
    clustered = excess.square().sum().item() / count**2 * cells / max(1, cells - 1)
    # The variance of a mean square of ten normal numbers, for as many patches as can lie side by side.
    alone = max(1.0, count * min(1.0, patches.spread / PATCH**2))
    error = math.sqrt(max(clustered, 0.2 * power**2 / alone))
    return Rung(count, patches.texture.mean().item(), power, error)


def climb(rungs: list[Rung], tolerance: float = 1.0) -> int:
    """The index of the highest rung that agrees with all below it to `tolerance` standard errors."""
    ceiling = math.inf
    for index, rung in enumerate(rungs):
        if rung.power - tolerance * rung.error > ceiling:
            return index - 1
        ceiling = min(ceiling, rung.power + tolerance * rung.error)
    return len(rungs) - 1


def variance(rungs: list[Rung]) -> tuple[float, float, float]:
    """The noise's variance, its standard error, and what was taken off it for texture.

    Half a standard error is the tolerance's own bias, where it ended the climb. Rougher patches tell how much
    high frequency comes with the picture's low frequencies; as much is taken off for what the chosen patches
    still have. Where all are chosen, the rougher half tells.
    """
    reached = climb(rungs)
    rung, last = rungs[reached], rungs[-1]
    smooth = rungs[min(reached, len(rungs) - 2)]
    # A picture's share of the texture: white noise has as much power in low frequencies as in high ones.
    share = max(0.0, last.power - smooth.power) / max(last.texture - smooth.texture, 1e-12)
    texture = min(rung.power, share * max(0.0, rung.texture - rung.power))
    tolerated = 0.0 if rung is last else rung.error / 2
    return max(0.0, rung.power - tolerated - texture), rung.error, texture


def estimate(plane: Tensor, step: float = 0.0, seen: Tensor | None = None) -> Estimate:
    """Estimate the white noise of a plane (H, W), float, white at 1.

    Where black or white cut the noise off, what is left of its variance is known and allowed for.

    Args:
        plane: values (H, W); at least 8 x 8. Noise may lead out of [0, 1].
        step: what the values are rounded to multiples of: 1/255 for 8-bit files, 0 for none. Rounding
            adds step^2 / 12 to the variance, which is taken off.
        seen: bool (H, W), where the plane is looked at; None for all of it.

    Raises:
        UsageError: not two dimensions, or not float.
        InputError: the plane is smaller than 8 x 8 or holds values that are not finite.
    """
    patches = measure(plane, seen)
    cut_off = bool(patches.saturated.any())
    if cut_off:
        patches = _unclip(patches)
    found, error, texture = variance(ladder(patches))
    rounding, measured = step**2 / 12, found + texture
    if error == 0 or measured == 0:
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
    """The root mean square over channels; channels share their texture, so errors do not average out."""
    return Estimate(
        *(
            math.sqrt(fmean(value**2 for value in values))
            for values in zip(*map(astuple, channels), strict=True)
        )
    )


def correlated(plane: Tensor, step: float = 0.0) -> Estimate | None:
    """The noise of a plane (H, W) that is clearly not white: weaker in fine detail than it should be.

    JPEG, demosaicing and scaling leave such noise. Every second pixel of every second row still has its
    full strength, so it seems stronger there, and that is the answer. None for white noise, for a plane
    too small to halve, and for one without noise.
    """
    if min(plane.shape) < 2 * PATCH:
        return None
    whole, halved = estimate(plane, step), estimate(plane[::2, ::2], step)
    clearly = whole.sigma > 0 and halved.low > _CORRELATED * whole.high
    return halved if clearly else None


def _unclip(patches: Patches) -> Patches:
    """Leave out patches of clipped noise, and give the others the variance that they had before."""
    least = patches.saturated.quantile(0.01).item()
    clear = patches[patches.saturated <= max(least, _SATURATED)]
    sigma = math.sqrt(variance(ladder(clear))[0])
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
        sigma = math.sqrt(variance(ladder(restored))[0])
    return restored
