"""Grey levels, and noise levels as users give them: which are possible, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Sequence

from linn_cli.errors import UsageError

# White in 8 bits, the unit of every noise level.
GREY_LEVELS = 255

# The noise's standard deviation in 8-bit grey levels: one for all channels, or one for each.
Sigma = float | Sequence[float]

# Below this there is nothing to remove and the input is the answer. Few photons may make more noise than black
# and white are apart.
LEAST_SIGMA, MOST_SIGMA = 0.01, 4.0 * GREY_LEVELS


def channel_sigmas(sigma: Sigma, channels: int) -> tuple[float, ...]:
    """A sigma for each channel, in 8-bit grey levels.

    Raises:
        UsageError: they are no noise levels, not as many as the channels, or zero in some only.
    """
    levels = tuple(sigma) if isinstance(sigma, Sequence) else (float(sigma),)
    levels = levels * channels if len(levels) == 1 else levels
    for level in levels:
        if not math.isfinite(level) or not 0 <= level <= MOST_SIGMA:
            raise UsageError(
                f"sigma {level:g} is not a noise level: give grey levels from 0 to {MOST_SIGMA:g}"
            )
    if len(levels) != channels:
        raise UsageError(
            f"{len(levels)} sigmas for a picture of {channels} channels: give {channels}, or one"
        )
    if min(levels) < LEAST_SIGMA <= max(levels):
        raise UsageError(f"sigma is 0 in some channels only: give at least {LEAST_SIGMA} in each")
    return levels


def parse_sigma(text: str, unit: str = "8bit") -> tuple[float, ...]:
    """A sigma written "25", or one for each channel "12,10,18", in 8-bit grey levels.

    Args:
        text: the numbers.
        unit: what they count: "8bit" (white is 255), "16bit" (65535) or "unit" (1).

    Raises:
        UsageError: they are no noise levels, or the unit is none of these.
    """
    levels = parse_levels(text, unit, "sigma")
    return channel_sigmas(levels, len(levels))


def parse_levels(text: str, unit: str, what: str) -> tuple[float, ...]:
    """Numbers as for `parse_sigma`, of any size; an error says `what` they are.

    Raises:
        UsageError: they are no numbers, or the unit is unknown.
    """
    whites = {"8bit": GREY_LEVELS, "16bit": 65535, "unit": 1}
    if unit not in whites:
        raise UsageError(f"unknown unit {unit!r}: choose one of {', '.join(whites)}")
    try:
        return tuple(float(part) * GREY_LEVELS / whites[unit] for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"{what} {text!r}: give a number, or one for each channel as 12,10,18"
        ) from None
