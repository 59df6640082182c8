"""How much of the noise is removed: of that in brightness (luma), and of that in colour (chroma)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from linn_cli.errors import UsageError

MOST_STRENGTH = 2.0
_PERCENT = 100


@dataclass(frozen=True)
class Strength:
    """What multiplies the noise level for luma and for chroma. At 0 that part of the picture stays as it is.

    Grey pictures and channels by themselves are all luma.

    Raises:
        UsageError: a strength is out of range.
    """

    luma: float = 1.0
    chroma: float = 1.0

    def __post_init__(self) -> None:
        for one in (self.luma, self.chroma):
            if not 0 <= one <= MOST_STRENGTH:
                raise UsageError(f"strength {one:g}: give a factor from 0 to {MOST_STRENGTH:g}")

    @classmethod
    def of(cls, strength: StrengthLike) -> Strength:
        """From one factor for both, or from two.

        Raises:
            UsageError: it is neither, or out of range.
        """
        if isinstance(strength, Strength):
            return strength
        several = isinstance(strength, Iterable) and getattr(strength, "ndim", None) != 0
        try:
            factors = list(map(float, strength if several else (strength,)))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            factors = []
        if len(factors) not in (1, 2):
            raise UsageError(
                f"strength is {strength!r}: give a factor, or one for luma and one for chroma"
            )
        return cls(factors[0], factors[-1])

    @classmethod
    def parse(cls, text: str) -> Strength:
        """From per cent: "70" or "70%", or for luma and for chroma "100,150".

        Raises:
            UsageError: it is neither, or out of range.
        """
        try:
            percents = [float(part.strip().removesuffix("%")) for part in text.split(",")]
        except ValueError:
            percents = []
        if len(percents) not in (1, 2):
            raise UsageError(
                f"strength {text!r}: give per cent as 70, or for brightness and colour as 100,150"
            )
        for one in percents:
            if not 0 <= one <= _PERCENT * MOST_STRENGTH:
                most = _PERCENT * MOST_STRENGTH
                raise UsageError(f"strength {one:g} is out of range: give 0 to {most:g} %")
        return cls(percents[0] / _PERCENT, percents[-1] / _PERCENT)

    def __str__(self) -> str:
        """In per cent, as `parse` takes it."""
        return ",".join(f"{percent:g}" for percent in self.percents)

    @property
    def percents(self) -> tuple[float, ...]:
        """In per cent: one for both, or one for luma and one for chroma."""
        return tuple(
            round(_PERCENT * one, 9) for one in (self.luma, self.chroma)[: 1 + self.is_apart]
        )

    @property
    def is_apart(self) -> bool:
        """Whether luma and chroma differ."""
        return self.luma != self.chroma

    @property
    def most(self) -> float:
        """The larger of both."""
        return max(self.luma, self.chroma)

    def of_channels(self, channels: int) -> Strength:
        """What holds for a picture of so many channels: without colour the luma's."""
        return self if channels == 3 else Strength(self.luma, self.luma)


StrengthLike = float | Iterable[float] | Strength
FULL = Strength()
