"""A camera's noise found in a picture: gain and read noise as a line through the noise of bright and dark patches.

The model is that of `camera`. Behind a tone curve the line goes through the noise of the light.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli.noise import encoding, estimation
from linn_cli.noise._patch_selection import variance
from linn_cli.noise._patch_statistics import Patches, measure
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.estimation import Estimate
from linn_cli.units import GREY_LEVELS

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
# Where white is less than twice as noisy as black, in variance, the transform costs more than it gains.
_LEAST_RATIO = 1.0


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
