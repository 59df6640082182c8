"""Camera noise made white: the generalised Anscombe transform and its exact unbiased inverse.

A sensor counts light with Poisson noise and is read out with Gaussian noise, so a pixel of true value x
has the variance gain * x + read^2 (Foi, Trimeche, Katkovnik and Egiazarian, "Practical
Poissonian-Gaussian noise modeling and fitting for single-image raw-data", IEEE TIP 17, 2008).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli.noise import encoding, estimation
from linn_cli.noise._patch_selection import variance
from linn_cli.noise._patch_statistics import Patches, measure
from linn_cli.noise.estimation import Estimate
from linn_cli.samples import Range
from linn_cli.units import GREY_LEVELS, LEAST_SIGMA, Sigma

# Up to this many counts the inverse is a table, from there on a formula; they meet to 0.02 counts.
_TABLE_COUNTS = 100.0
_TABLE_SIZE = 400
_QUADRATURE = 801
# The patches are divided by their means into this many groups at most, of no fewer than these patches.
_GROUPS = 24
_LEAST_GROUP = 200
# Texture, which no patch is wholly free of, may add this many squared grey levels to a group's variance. This and
# the next were chosen on bsd432.
_TEXTURE = 2.0
# The groups' errors are bounds: where the line fits more closely than they allow, it is as sure as it fits. But
# few groups may do so by chance, so their squared errors count for this part at least.
_LEAST_MISFIT = 0.1
# The gain must be this many times its standard error, or the noise counts as white. Texture in white noise can
# feign that: 15.6 times at the most seen, in 42044.jpg of bsd432 at sigma 5; `python -m benchmarks.quality.camera --alarms` counts.
# Noise of 5 to 30 counts reached 18.7 and more in 34 pictures of bsd432.
_SIGNIFICANT, CERTAIN = 10.0, 18.0

# Noise that a tone curve changed must fit so much better than white noise, in errors off the fit, of which none counts
# more than the other. White noise on bsd432 reached 0.2, such noise of 4 to 10 grey levels fell short of 0.4 nowhere.
_BETTER, _FAR = 0.35, 6.0
_TONES = (0.1, 0.9)  # where the noise of such a picture must differ
# A read noise of less than 0 by this part of the noise at mid grey is an error of the estimate.
_LEAST_READ = 0.1
# Where white is less than twice as noisy as black, in variance, the transform costs more than it gains.
_LEAST_RATIO = 1.0


@dataclass(frozen=True)
class CameraNoise:
    """Noise of the variance gain * x + read^2 at a true value x, the picture white at 1.

    A sensor whose white is N counts has a gain of 1 / N and, with a read noise of r counts, a read of
    r / N. A gain of 0 is white Gaussian noise. `encoded`: x is light, and is stored by the curve of `encoding`, as
    pictures are that are no raw ones: the curve makes noise stronger in the dark and weaker in highlights.
    """

    gain: float
    read: float
    encoded: bool = False

    @property
    def levels(self) -> tuple[float, float]:
        """Gain and read noise where white is 255: a true level x has the variance gain * x + read^2 there."""
        return GREY_LEVELS * self.gain, GREY_LEVELS * self.read

    def times(self, unit: float) -> CameraNoise:
        """The same noise where white is `unit` times as bright."""
        # The curve knows black and white only, so that light stays what it is.
        gain = self.gain * (unit * unit if self.encoded else unit)
        return replace(self, gain=gain, read=unit * self.read)

    @property
    def is_white(self) -> bool:
        """Whether it is as strong at every brightness."""
        return not (self.gain or self.encoded)

    @property
    def of_four(self) -> CameraNoise:
        """The noise of the mean of four pixels."""
        return replace(self, gain=self.gain / 4, read=self.read / 2)

    def within(self, scale: Range, unit: float) -> CameraNoise:
        """The same noise, given where the dtype's white is at 1, in a picture of another range."""
        black = scale.low / scale.span * self.gain / unit
        return CameraNoise(self.gain / unit, math.sqrt(max(0.0, (self.read / unit) ** 2 + black)))

    def outside(self, scale: Range, unit: float) -> CameraNoise | None:
        """Undo `within`: the noise where the dtype's white is at 1; None if no read noise explains it down to a value of 0."""
        read = self.read**2 - scale.low / scale.span * self.gain
        if self.encoded or read < -_LEAST_READ * (self.gain / 2 + self.read**2):
            return None
        return CameraNoise(self.gain * unit, unit * math.sqrt(max(0.0, read)))

    def stabilise(self, values: Tensor) -> Tensor:
        """The generalised Anscombe transform: values of this noise to values of noise of variance 1.

        Murtagh, Starck and Bijaoui (1995). What no true value explains is taken as the darkest.
        """
        if self.encoded:
            values = encoding.to_light(values)
        if self.gain == 0:
            return values / self.read
        counts, read = values / self.gain, self.read / self.gain
        return 2 * (counts + 3 / 8 + read**2).clamp(min=0).sqrt()

    def restore(self, stabilised: Tensor) -> Tensor:
        """The exact unbiased inverse: from the expectation of a stabilised value to the true value.

        Makitalo and Foi (IEEE TIP 22, 2013): a table of the expectation, by the trapezoidal rule over the
        read noise and a sum over the counts, inverted by interpolation; from 100 counts on their closed form, equation (10) of the same paper. The answer is never below black.
        """
        light = self._restored(stabilised)
        return encoding.to_values(light) if self.encoded else light

    def _restored(self, stabilised: Tensor) -> Tensor:
        if self.gain == 0:
            return stabilised * self.read
        read = self.read / self.gain
        counts, expected, _ = _moments(read)
        levels = stabilised.double().cpu()
        dark = torch.from_numpy(np.asarray(np.interp(levels.numpy(), expected, counts)))
        bright = closed_form(levels.clamp(min=float(expected[-1])), read)
        answer = torch.where(levels < float(expected[-1]), dark, bright)
        return (self.gain * answer).to(stabilised)

    def deviation_at(self, value: float) -> float:
        """The noise's standard deviation at a true value, both white at 1."""
        return self.deviations_at(torch.tensor(value, dtype=torch.float64)).item()

    def deviations_at(self, values: Tensor) -> Tensor:
        """`deviation_at` many values; below black it is that at black."""
        values = values.clamp(min=0)
        if not self.encoded:
            return (self.gain * values + self.read**2).sqrt()
        variance = self.gain * encoding.to_light(values) + self.read**2
        return variance.sqrt() * encoding.slope(values)

    def deviation(self) -> float:
        """The largest standard deviation of stabilised noise between black and white.

        It is 1 but for few counts, where read noise reaches below what the transform can take.
        """
        if self.gain == 0:
            return 1.0
        counts, _, variances = _moments(self.read / self.gain)
        return math.sqrt(variances[counts * self.gain <= 1].max())


def closed_form(levels: Tensor, read: float) -> Tensor:
    """The closed form of the exact unbiased inverse, in counts, for a read noise in counts."""
    root = math.sqrt(3 / 2)
    poisson = levels**2 / 4 + root / 4 / levels - 11 / 8 / levels**2 + 5 / 8 * root / levels**3
    return poisson - 1 / 8 - read**2


def _moments(
    read: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """True counts from 0 to 100, and the mean and variance of what they are stabilised to."""
    true = np.linspace(0, math.sqrt(_TABLE_COUNTS), _TABLE_SIZE) ** 2
    # Not Gauss-Hermite: the root has a kink where noise leads below the darkest.
    nodes = np.linspace(-8, 8, _QUADRATURE)
    weights = np.exp(-(nodes**2) / 2)
    seen = np.arange(int(_TABLE_COUNTS + 12 * math.sqrt(_TABLE_COUNTS)))
    values = 2 * np.sqrt(np.maximum(seen[:, None] + read * nodes + 3 / 8 + read**2, 0))
    weights /= weights.sum()
    factorials = np.array([math.lgamma(count + 1) for count in seen])
    # log(0) stands for a pixel in the dark, which sees nothing but nothing.
    logarithm = np.log(np.maximum(true, 1e-300))[:, None]
    chances = np.exp(seen * logarithm - true[:, None] - factorials)
    mean = chances @ (values @ weights)
    return true, mean, chances @ (values**2 @ weights) - mean**2


class Transform:
    """The stabilising transforms of the channels, scaled so that black is 0 and white is 1."""

    def __init__(self, cameras: Sequence[CameraNoise]) -> None:
        least = LEAST_SIGMA / GREY_LEVELS  # white noise that can be divided by
        self.cameras = [
            one if one.gain else replace(one, read=max(one.read, least)) for one in cameras
        ]
        limits = torch.tensor([0.0, 1.0], dtype=torch.float64)
        self.ranges = [one.stabilise(limits).tolist() for one in self.cameras]

    def sigma(self, strength: float) -> list[float]:
        """The sigma of stabilised noise by channel, in 8-bit grey levels, times `strength`."""
        levels = [
            strength * GREY_LEVELS * one.deviation() / (high - low)
            for one, (low, high) in zip(self.cameras, self.ranges, strict=True)
        ]
        return list(Sigma.removable(levels).levels)

    def forward(self, picture: Tensor) -> Tensor:
        """Stabilise a picture or rows of it (..., C, H, W), white at 1."""
        planes = [
            (one.stabilise(plane) - low) / (high - low)
            for one, plane, (low, high) in zip(
                self.cameras, picture.unbind(-3), self.ranges, strict=True
            )
        ]
        return torch.stack(planes, dim=-3)

    def inverse(self, picture: Tensor) -> Tensor:
        """From what is denoised (..., C, H, W) back to a picture, without bias."""
        planes = [
            one.restore(plane * (high - low) + low)
            for one, plane, (low, high) in zip(
                self.cameras, picture.unbind(-3), self.ranges, strict=True
            )
        ]
        return torch.stack(planes, dim=-3)


def estimate(
    plane: Tensor, step: float = 0.0, seen: Tensor | None = None
) -> tuple[CameraNoise, float]:
    """Fit gain and read noise to the smooth patches of a plane (H, W), float, white at 1.

    The patches are grouped by their means. In each group the variance is that of `_patch_selection.variance`,
    and a line of non-negative gain and offset goes through them by weighted least squares that are
    reweighted against groups far off it, which have texture. Where the gain is not clearly
    above 0 the noise counts as white: the answer then is that of `estimation.estimate`. Where it is,
    but white is not even twice as noisy as black, the answer is white noise of the mean variance. How many
    times its standard error the gain is comes with it: from `CERTAIN` on there is no doubt.

    Args:
        plane: values (H, W); at least 8 x 8. Patches with pixels at white are left out if nothing lies beyond.
        step: what the values are rounded to multiples of; see `estimation.estimate`.
        seen: bool (H, W), where the plane is looked at; None for all of it.

    Raises:
        UsageError: not two dimensions, or not float.
        InputError: the plane, or what is seen of it, is smaller than 8 x 8, or it holds values that are
            not finite.
    """
    patches = measure(plane, seen)
    return fit(patches, estimation.from_patches(patches, step), step)


def fit(patches: Patches, as_white: Estimate, step: float = 0.0) -> tuple[CameraNoise, float]:
    """`estimate` for a plane whose patches are measured, and estimated as if their noise were white."""
    patches = patches[patches.white == 0]
    # Black cuts noise off too, but at few counts it is a value like others and most patches have some.
    everything, clear = patches, patches[patches.black == 0]
    patches = clear if len(clear) > len(patches) / 4 else patches
    white = CameraNoise(0.0, as_white.sigma / GREY_LEVELS)
    # Noise that an editor cut off above black is weaker in the dark for that.
    if len(patches) < 3 * _LEAST_GROUP or white.read == 0 or patches.limits[0] > 0:
        return white, 0.0
    means, variances, errors = _groups(patches, step)
    gain, offset, gain_error, _ = _robust_line(means, variances, errors)
    certainty = gain / gain_error if gain_error else 0.0
    if certainty < _SIGNIFICANT:
        encoded, better = _encoded(means, variances, errors)
        # Behind a curve noise is strongest in the dark. Though black cuts some of it off there, it may show only there.
        if better < _BETTER:
            better = _encoded(*_groups(everything, step))[1]
        return (encoded, CERTAIN) if encoded and better >= _BETTER else (white, certainty)
    if gain < _LEAST_RATIO * offset:
        mean = gain * patches.mean.mean().item() + offset
        return CameraNoise(0.0, math.sqrt(mean)), certainty
    return CameraNoise(gain, math.sqrt(offset)), certainty


def fit_channels(
    patches: Sequence[Patches], as_white: Sequence[Estimate], step: float = 0.0
) -> list[tuple[CameraNoise, float]]:
    """`fit` each channel; the channels of a picture were stored by one curve, so that most of them decide on it."""
    fits = [fit(one, white, step) for one, white in zip(patches, as_white, strict=True)]
    encoded = [one for one in fits if one[0].encoded]
    if not encoded:
        return fits
    if 2 * len(encoded) > len(fits):
        return [one if one[0].encoded else encoded[0] for one in fits]
    return [
        (CameraNoise(0.0, white.sigma / GREY_LEVELS), 0.0) if one[0].encoded else one
        for one, white in zip(fits, as_white, strict=True)
    ]


def _groups(
    patches: Patches, step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The mean, the noise's variance and that variance's error, of each group of patches."""
    rows = []
    count = min(_GROUPS, len(patches) // _LEAST_GROUP)
    for chosen in torch.argsort(patches.mean).tensor_split(count):
        group = patches[chosen]
        found, error, texture = variance(group)
        unsure = math.hypot(error, texture, _TEXTURE / GREY_LEVELS**2)
        rows.append((group.mean.mean().item(), found - step**2 / 12, unsure))
    means, variances, errors = np.array(rows).T
    # Groups without any noise, as dark ones may be, must not rule the line.
    return means, variances, np.maximum(errors, max(1e-12, np.median(errors) / 4))


def _encoded(
    means: NDArray[np.float64], variances: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[CameraNoise | None, float]:
    """The noise of light that is stored by a curve, and how much better it fits than white noise; see `_BETTER`.

    None if it is about as strong everywhere.
    """
    values = torch.from_numpy(means)
    light = encoding.to_light(values).numpy()
    squares = encoding.slope(values).square().numpy()
    gain, offset, _, misfit = _robust_line(light, variances / squares, errors / squares)
    *_, white_misfit = _robust_line(np.zeros_like(means), variances, errors)
    found = CameraNoise(gain, math.sqrt(offset), encoded=True)
    dark, light = found.deviations_at(torch.tensor(_TONES, dtype=torch.float64)).tolist()
    varies = dark**2 > (1 + _LEAST_RATIO) * light**2
    return found if varies else None, white_misfit - misfit


def _robust_line(
    means: NDArray[np.float64], variances: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """`_line`, reweighted against groups far off it, and how many errors these are off it in the mean."""
    weights = 1 / errors
    for _ in range(8):
        gain, offset, gain_error = _line(means, variances, weights)
        off = np.abs(variances - gain * means - offset) / errors
        weights = 1 / errors / np.sqrt(np.maximum(1, off))
    return gain, offset, gain_error, float(np.minimum(off, _FAR).mean())


def _line(
    means: NDArray[np.float64], variances: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, float, float]:
    """The weighted line of non-negative gain and offset, and the standard error of an unbound gain."""
    design = np.stack([means, np.ones_like(means)], axis=1) * weights[:, None]
    target = variances * weights
    inverse = np.linalg.pinv(design.T @ design)
    gain, offset = inverse @ design.T @ target
    misfit = np.sum((target - design @ (gain, offset)) ** 2) / max(1, len(means) - 2)
    error = math.sqrt(inverse[0, 0] * max(_LEAST_MISFIT, misfit))
    power = design[:, 0] @ design[:, 0]
    if offset < 0 and power > 0:
        gain, offset = design[:, 0] @ target / power, 0.0
    return max(0.0, float(gain)), max(0.0, float(offset)), error
