"""Whether another sigma would have served a picture better: said only where two independent signs agree."""

from __future__ import annotations

from linn_cli.errors import InputError
from linn_cli.evaluation.residual import Residual
from linn_cli.noise import measurement
from linn_cli.pictures.picture import Picture

# An estimate is advised only if it is so many times the sigma that was removed, or sigma so many times it.
_APART = 1.5
# Too little sigma leaves a residual rougher than white noise. With too much it is white, its channels are
# independent, and it is about as strong as the estimate. After demosaicing or JPEG it is not, and the estimate
# is wrong (`python -m benchmarks.quality.advice`).
_ROUGH, _SMOOTH = -0.2, 0.15
_SHARED = 0.4
_AGREED = (0.85, 1.2)
_LEAST = 3.0  # grey levels; compression hides noise that is weaker
_MOST_SIDE = 1024  # of the middle whose noise is estimated


def better_sigma(noisy: Picture, removed: Residual) -> float | None:
    """The sigma estimated from a picture, if denoising with it raises PSNR; None in doubt.

    Args:
        noisy: the picture before.
        removed: what was removed of it as white noise.
    """
    if removed.correlation is None or removed.shared is None:
        return None
    try:
        estimate = measurement.measure(_middle(noisy), grows=False).overall.sigma
    except InputError:  # too small, or nothing of it is visible
        return None
    too_little = estimate > _APART * removed.sigma and removed.correlation < _ROUGH
    too_much = (
        removed.sigma > _APART * estimate
        and estimate > _LEAST
        and _ROUGH < removed.correlation < _SMOOTH
        and removed.shared < _SHARED
        and _AGREED[0] < estimate / removed.deviation < _AGREED[1]
    )
    return estimate if too_little or too_much else None


def _middle(picture: Picture) -> Picture:
    rows, columns = (
        slice(max(0, (length - _MOST_SIDE) // 2), (length + _MOST_SIDE) // 2)
        for length in picture.values.shape[:2]
    )
    part = picture.part((rows, columns))
    return Picture(part.values, part.alpha, seen=part.seen)
