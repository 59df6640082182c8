"""What a denoiser removed: how strong it is, and how close to white noise."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEAST_SIDE = 8


@dataclass(frozen=True)
class Residual:
    """The residual, noisy less denoised, in 8-bit grey levels.

    `correlation` is the mean autocorrelation at a distance of one pixel, across and down, `shared` the mean
    correlation between channels, 0 for grey. Both are 0 for white noise, and None for pictures too small or
    too even to tell.
    """

    sigma: float
    deviation: float
    correlation: float | None
    shared: float | None

    def scaled(self, unit: float) -> Residual:
        """The same in a unit, of which a grey level is so many."""
        return replace(self, sigma=unit * self.sigma, deviation=unit * self.deviation)


def measure(
    noisy: NDArray[Any],
    denoised: NDArray[Any],
    sigma: float,
    visible: NDArray[np.bool_] | None = None,
) -> Residual:
    """Measure what was removed.

    Args:
        noisy: (H, W) or (H, W, C) in 8-bit grey levels; grey stored as colour is measured as grey.
        denoised: alike.
        sigma: what was to be removed, in 8-bit grey levels.
        visible: (H, W), where to measure; None for everywhere.
    """
    removed = np.atleast_3d(np.asarray(noisy, np.float32) - np.asarray(denoised, np.float32))
    if (removed == removed[..., :1]).all():
        removed = removed[..., :1]
    seen = np.ones(removed.shape[:2], bool) if visible is None else visible
    if not seen.any():
        return Residual(sigma, 0.0, None, None)
    removed = removed - removed[seen].mean(axis=0, dtype=np.float64).astype(np.float32)
    removed[~seen] = 0
    share = float(seen.mean())
    variance = _mean(removed * removed) / share
    deviation = math.sqrt(variance)
    if min(removed.shape[:2]) < _LEAST_SIDE or deviation == 0:
        return Residual(sigma, deviation, None, None)
    across = _mean(removed[:, 1:] * removed[:, :-1])
    down = _mean(removed[1:] * removed[:-1])
    return Residual(sigma, deviation, (across + down) / 2 / share / variance, _shared(removed))


def _shared(removed: NDArray[np.float32]) -> float:
    """The mean correlation between the channels of (H, W, C), which have no mean."""
    count = removed.shape[2]
    values = removed.reshape(-1, count).astype(np.float64)
    products = values.T @ values
    deviations = np.sqrt(np.maximum(np.diag(products), np.finfo(np.float64).tiny))
    correlations = products / np.outer(deviations, deviations)
    pairs = correlations[np.triu_indices(count, 1)]
    return float(pairs.mean()) if count > 1 else 0.0


def _mean(values: NDArray[np.float32]) -> float:
    return float(values.mean(dtype=np.float64))
