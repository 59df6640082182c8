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

from linn_cli.noise import encoding
from linn_cli.samples import Range
from linn_cli.units import GREY_LEVELS, LEAST_SIGMA, Sigma

# Up to this many counts the inverse is a table, from there on a formula; they meet to 0.02 counts.
_TABLE_COUNTS = 100.0
_TABLE_SIZE = 400
_QUADRATURE = 801
# A read noise of less than 0 by this part of the noise at mid grey is an error of the estimate.
_LEAST_READ = 0.1


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
