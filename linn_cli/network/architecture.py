"""Which networks exist: plain facts, so that the command line can name them without loading torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from linn_cli.errors import UsageError

Variant = Literal["st", "lista"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
MOST_SCALES = 2
# A DnINN has at most 270,338 parameters (1.1 MB in float32): any file far larger is something else.
MOST_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Architecture:
    """Which DnINN: how the detail is shrunk ("st" or "lista") and over how many scales (1 or 2)."""

    variant: Variant = "st"
    scales: int = 1

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise UsageError(_unknown(self.variant))
        if self.scales not in range(1, MOST_SCALES + 1):
            raise UsageError(f"{self.scales} scales: choose from 1 to {MOST_SCALES}")

    def __str__(self) -> str:
        return f"DnINN-{self.variant.upper()} {self.scales}-scale"


def parse_variant(name: str | None) -> Variant | None:
    """The variant of that name; None stays None.

    Raises:
        UsageError: there is no such variant.
    """
    for variant in VARIANTS:
        if name == variant:
            return variant
    if name is None:
        return None
    raise UsageError(_unknown(name))


def _unknown(variant: object) -> str:
    return f"unknown variant {variant!r}: choose {' or '.join(VARIANTS)}"
