"""Grey levels, and noise levels as users give them: which are possible, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from linn_cli.errors import UsageError

# White in 8 bits, the unit of every noise level.
GREY_LEVELS = 255
# Below this there is nothing to remove and the input is the answer. Few photons may make more noise than black
# and white are apart.
LEAST_SIGMA, MOST_SIGMA = 0.01, 4.0 * GREY_LEVELS

# What noise levels are given in and told in: grey levels of 8 bits, or the values of the file, whatever its type.
EIGHT_BITS, VALUE = "8bit", "value"
# Of values, white is not known before a file is read: until then it is 1.
_WHITES = {EIGHT_BITS: GREY_LEVELS, "16bit": 65535, "unit": 1, VALUE: 1}
# Units of files that may reach any value.
UNBOUNDED = ("unit", VALUE)


@dataclass(frozen=True)
class Sigma:
    """How strong noise is: its standard deviation in 8-bit grey levels, one for all channels or one for each.

    Raises:
        UsageError: they are no noise levels.
    """

    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        for level in self.levels:
            if not math.isfinite(level) or level < 0:
                raise UsageError(
                    f"sigma {level:g} is not a noise level: give grey levels from 0 on"
                )
        if not self.levels:
            raise UsageError("sigma is empty: give a number, or one for each channel")

    @classmethod
    def of(cls, sigma: SigmaLike) -> Sigma:
        """From a number, or from one for each channel.

        Raises:
            UsageError: they are no numbers, or no noise levels.
        """
        if isinstance(sigma, Sigma):
            return sigma
        # An array without dimensions has `__iter__` and yet is one number.
        several = isinstance(sigma, Iterable) and getattr(sigma, "ndim", None) != 0
        try:
            return cls(tuple(map(float, sigma if several else (sigma,))))  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(
                f"sigma is {sigma!r}: give a number, or one for each channel"
            ) from error

    @classmethod
    def removable(cls, levels: Sequence[float]) -> Sigma:
        """From any levels: none above 1020, and where some channel has noise, at least 0.01 in each."""
        least = LEAST_SIGMA if max(levels) >= LEAST_SIGMA else 0.0
        return cls(tuple(min(max(level, least), MOST_SIGMA) for level in levels))

    @classmethod
    def parse(cls, text: str, unit: str = "8bit") -> Sigma:
        """From a text: "25", or one for each channel as "12,10,18".

        Args:
            text: the numbers.
            unit: what they count: "8bit" (white is 255), "16bit" (65535), "unit" or "value" (1).

        Raises:
            UsageError: they are no noise levels, or the unit is none of these.
        """
        levels = parse_levels(text, unit, "sigma")
        if unit not in UNBOUNDED and max(levels) > MOST_SIGMA:
            most = MOST_SIGMA * _WHITES[unit] / GREY_LEVELS
            others = " or ".join(name for name in _WHITES if name != unit)
            raise UsageError(
                f"sigma {text} is not a noise level where white is {_WHITES[unit]} (--sigma-unit {unit}): "
                f"give 0 to {most:g}, or --sigma-unit {others}"
            )
        return cls(levels)

    @property
    def is_nothing(self) -> bool:
        """Whether there is so little noise that the picture stays as it is."""
        return max(self.levels) < LEAST_SIGMA

    def by_channel(self, channels: int) -> tuple[float, ...]:
        """The levels of so many channels.

        Raises:
            UsageError: they are more than one, and not as many.
        """
        if len(self.levels) not in (1, channels):
            wanted = "one" if channels == 1 else f"{channels}, or one"
            # A decimal comma makes two numbers of one.
            hint = ", a decimal as 7.5" if len(self.levels) == 2 else ""
            raise UsageError(
                f"{len(self.levels)} sigmas for a picture of {channels} channel{'s' * (channels > 1)}: "
                f"give {wanted}{hint}"
            )
        return self.levels * (channels // len(self.levels))

    def times(self, strength: float) -> Sigma:
        """Noise so many times as strong, at most 1020."""
        return Sigma.removable([level * strength for level in self.levels])


SigmaLike = float | Iterable[float] | Sigma


def shown(level: float) -> str:
    """A noise level as people read it and as `Sigma.parse` takes it: two decimals, or three digits."""
    if 0.1 <= level < 10_000 or not level:
        return f"{level:.2f}"
    return three_digits(level)


def three_digits(number: float) -> str:
    """Three digits of a number, without an exponent."""
    return format(Decimal(f"{number:.3g}"), "f")


def in_levels(numbers: Iterable[float], unit: str) -> tuple[float, ...]:
    """Numbers that count in a unit, in 8-bit grey levels.

    Raises:
        UsageError: there is no such unit.
    """
    if unit not in _WHITES:
        raise UsageError(f"unknown unit {unit!r}: choose one of {', '.join(_WHITES)}")
    return tuple(number * GREY_LEVELS / _WHITES[unit] for number in numbers)


def parse_levels(text: str, unit: str, what: str) -> tuple[float, ...]:
    """Numbers as `Sigma.parse` takes them, of any size; an error says `what` they are.

    Raises:
        UsageError: they are no numbers, or the unit is unknown.
    """
    try:
        return in_levels(map(float, text.split(",")), unit)
    except UsageError:
        raise
    except ValueError:
        raise UsageError(
            f"{what} {text!r}: give a number, or one for each channel as 12,10,18"
        ) from None
