"""What Python's arguments ask for: noise as a request, and refusals and doubts where it hardly fits the image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from linn_cli.arrays import AUTO
from linn_cli.denoising.document import Plane
from linn_cli.errors import UsageError
from linn_cli.noise.request import Request, parse_camera
from linn_cli.noise.strength import Strength, StrengthLike
from linn_cli.pictures.picture import Picture
from linn_cli.units import VALUE, Sigma, SigmaLike, in_levels

# Floats that reach so far have another white than 1, and up to here it is rather 255.
OTHER_WHITE, _EIGHT_BITS = 16.0, 512.0
# Noise of less than so many 255ths of an image's own range is hardly meant.
_NEXT_TO_NOTHING = 1.0
# Less noise than so many 255ths is hardly meant: of floats, which others count in parts of white, and of integers.
_DOUBTFUL_OF_FLOATS, _DOUBTFUL = 1.0, 0.25


def asked(
    sigma: SigmaLike | str,
    noise: str,
    strength: StrengthLike,
    gain: float | Iterable[float] | None,
    read_noise: float | Iterable[float] | None,
    unit: str,
) -> Request:
    """What is asked for; the arguments are those of the call of `Denoiser`.

    Raises:
        UsageError: one of them is out of its range.
    """
    in_levels((), unit)  # whether there is such a unit
    known = None
    if not isinstance(sigma, str):
        known = Sigma(in_levels(Sigma.of(sigma).levels, unit))
    elif sigma != AUTO:
        raise UsageError(f"sigma is {sigma!r}: give a number, one for each channel, or 'auto'")
    cameras = parse_camera(_text(gain), _text(read_noise), unit)
    return Request(known, noise, Strength.of(strength), cameras, in_values=unit == VALUE)


def doubt(request: Request, dtype: np.dtype[Any]) -> str:
    """A question about a sigma that is possible and yet hardly meant; empty if it is not so."""
    most = max(request.sigma.levels) if request.sigma else 0.0
    if not 0 < most < (_DOUBTFUL_OF_FLOATS if dtype.kind == "f" else _DOUBTFUL):
        return ""
    return (
        f"sigma is {most:.2g} of 255 grey levels, next to no noise: "
        "sigma_unit='unit' counts in parts of white"
    )


def _text(numbers: float | Iterable[float] | None) -> str | None:
    """Numbers as `parse_camera` takes them."""
    if numbers is None:
        return None
    return ",".join(map(str, np.atleast_1d(np.asarray(numbers, dtype=object)).tolist()))


def check_white(found: list[Plane], request: Request) -> None:
    """Refuse noise that is given for floats from 0 to 1 and is next to nothing in an image of 0 to 255.

    Raises:
        UsageError: it is such.
    """
    if request.is_estimate:
        return
    for plane in found:
        reach = farthest(plane.picture)
        level = max(plane.profile.sigma_at(request.strength.most).levels)
        is_of_8_bits = reach <= _EIGHT_BITS and level * plane.picture.unit < reach
        if reach >= OTHER_WHITE and (is_of_8_bits or level < _NEXT_TO_NOTHING) and level > 0:
            raise UsageError(
                f"the image's values go up to {reach:.4g}, where this noise is next to nothing: floats are white at "
                "1. Give sigma_unit='unit' if it counts in the image's values, or divide the image, as by 255"
            )


def farthest(picture: Picture) -> float:
    """How far the values of floats go; 0 for integers, whose dtype says where white is."""
    values = picture.values
    if values.dtype.kind != "f":
        return 0.0
    return float(np.abs(values[np.isfinite(values)]).max(initial=0))
