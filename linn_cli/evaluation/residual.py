"""What a denoiser removed: noise of the given strength, unrelated from pixel to pixel, or more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# White noise has a flat spectrum, but its periodogram scatters like an exponential variable, whose
# geometric mean is exp(-Euler's constant) of its mean.
_FLAT = math.exp(-np.euler_gamma)
# Within these bounds a residual is called noise of sigma. On held-out pictures those of the bundled
# weights have 76 to 99 % of sigma and correlate by -0.17 to -0.01; told half the sigma they correlate
# by -0.41 to -0.30, told double they have 43 to 61 % of it (benchmarks/quality/residual.py).
_CLOSE, _WHITE = 0.3, 0.2
_LEAST_SIDE = 8
_MOST_SIDE = 2048  # of the part whose spectrum is taken, so that large pictures stay in memory


@dataclass(frozen=True)
class Residual:
    """The residual, noisy less denoised, in 8-bit grey levels.

    `correlation` is the mean autocorrelation at a distance of one pixel, across and down: 0 for white
    noise. `flatness` is the spectrum's geometric mean over its mean, 1 for white noise and less for any
    other. Both are None for pictures too small or too even to tell.
    """

    sigma: float
    deviation: float
    correlation: float | None
    flatness: float | None

    def in_words(self) -> list[str]:
        """A sentence on how much was removed, and one on whether it looks like noise."""
        return [self._strength(), self._whiteness()]

    @property
    def _rough(self) -> bool:
        return self.correlation is not None and self.correlation < -_WHITE

    def _strength(self) -> str:
        found = f"The standard deviation of what was removed is {self.deviation:.1f} grey levels"
        if self.sigma == 0:
            return f"{found}; no noise was to be removed."
        ratio = self.deviation / self.sigma
        asked = f"{found}, {ratio:.0%} of the sigma asked for ({self.sigma:g})"
        if ratio > 1 + _CLOSE:
            return f"{asked}: detail went with the noise, or the noise is stronger than sigma."
        if ratio >= 1 - _CLOSE:
            return f"{asked}: as it should be."
        if self._rough:
            return f"{asked}: only a part of the noise."
        return (
            f"{asked}: the noise is weaker than sigma, or much of it was clipped at black and white. "
            f"Try a sigma of about {self.deviation:.2g}."
        )

    def _whiteness(self) -> str:
        if self.correlation is None or self.flatness is None:
            return "There is too little of it to tell whether it is white."
        found = (
            f"Neighbouring pixels of it correlate by {self.correlation:+.2f} (white noise: 0) and its "
            f"spectrum is {self.flatness:.0%} flat"
        )
        if self._rough:
            return (
                f"{found}: it is rougher than white noise, so coarse noise stayed in the picture. "
                "Try a higher sigma."
            )
        if self.correlation <= _WHITE:
            return f"{found}: it looks like white noise."
        return (
            f"{found}: it is smoother than white noise. Either the noise is not white (JPEG and "
            "demosaicing smooth it) or parts of the picture went with it."
        )


def measure(noisy: NDArray[Any], denoised: NDArray[Any], sigma: float) -> Residual:
    """Measure what was removed: pictures (H, W) or (H, W, C) in 8-bit grey levels, sigma likewise."""
    removed = np.asarray(noisy, np.float32) - np.asarray(denoised, np.float32)
    removed = removed.reshape(*removed.shape[:2], -1)
    removed -= removed.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    deviation = math.sqrt(_mean(removed * removed))
    if min(removed.shape[:2]) < _LEAST_SIDE or deviation == 0:
        return Residual(sigma, deviation, None, None)
    across = _mean(removed[:, 1:] * removed[:, :-1])
    down = _mean(removed[1:] * removed[:-1])
    correlation = (across + down) / 2 / deviation**2
    return Residual(sigma, deviation, correlation, _flatness(removed))


def _mean(values: NDArray[np.float32]) -> float:
    return float(values.mean(dtype=np.float64))


def _flatness(centred: NDArray[np.float32]) -> float:
    """The spectral flatness (Wiener entropy) of the middle of (H, W, C), over that of white noise."""
    top, left = (max(0, (length - _MOST_SIDE) // 2) for length in centred.shape[:2])
    middle = centred[top : top + _MOST_SIDE, left : left + _MOST_SIDE].astype(np.float64)
    power = np.abs(np.fft.rfft2(middle, axes=(0, 1))).reshape(-1, centred.shape[2])[1:] ** 2
    mean = power.mean()
    floor = mean * np.finfo(np.float64).eps
    return float(np.exp(np.log(np.maximum(power, floor)).mean()) / mean / _FLAT)
