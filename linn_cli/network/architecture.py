"""Which networks exist: plain facts, so that the command line can name them without loading torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from linn_cli.errors import UsageError

Variant = Literal["st", "lista"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
Activation = Literal["soft", "one-sided", "relu"]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
MOST_SCALES = 2
# The detail channels of the Haar split, for each plane and phase: across, down and diagonal.
DETAILS = 3
# The largest network that linn makes has a few million parameters: any file far larger is something else.
MOST_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Architecture:
    """Which network: one plane, one phase, width 16 and depth 9 with soft thresholds is the paper's DnINN.

    Attributes:
        variant: how the detail is shrunk, "st" (soft thresholds) or "lista".
        scales: 1 or 2; the second works on the coarse channels of the first.
        planes: 1 for grey, 3 for luma and two chroma, lifted together.
        phases: the sides of the blocks whose pixels become channels: 1 for none, 2 for half the resolution.
        pairs: predict and update networks of each scale, two and two.
        width: channels inside the predict and update networks.
        depth: convolutions of each of them.
        activation: what stands between these: "soft" or "one-sided" (a learned threshold a channel) or "relu".
            What a network with "relu" predicts does not depend on the noise level that it is told.
    """

    variant: Variant = "st"
    scales: int = 1
    planes: int = 1
    phases: int = 1
    pairs: int = 4
    width: int = 16
    depth: int = 9
    activation: Activation = "soft"

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise UsageError(_unknown(self.variant))
        if self.activation not in ACTIVATIONS:
            raise UsageError(
                f"unknown activation {self.activation!r}: choose from {', '.join(ACTIVATIONS)}"
            )
        for name, allowed in _ALLOWED.items():
            if (value := getattr(self, name)) not in allowed:
                known = " or ".join(map(str, allowed)) if len(allowed) < 3 else None
                known = known or f"from {allowed[0]} to {allowed[-1]}"
                raise UsageError(f"{value} {name}: choose {known}")

    def __str__(self) -> str:
        if self.is_polyphase:
            planes = "grey" if self.planes == 1 else "colour"
            shape = f"width {self.width}, depth {self.depth}, {self.pairs} pairs"
            return f"polyphase DnINN-{self.variant.upper()} {planes}, {shape}" + (
                f", {self.scales} scales" if self.scales > 1 else ""
            )
        return f"DnINN-{self.variant.upper()} {self.scales}-scale"

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Architecture:
        """The architecture that a file's header or a manifest describes; what is left out is DnINN's.

        Raises:
            KeyError, ValueError: variant or scales are missing, or a number is none.
            UsageError: there is no such architecture.
        """
        given = {one.name: facts[one.name] for one in fields(cls) if one.name in facts}
        variant, scales = facts["variant"], int(facts["scales"])
        numbers = {name: int(given[name]) for name in _ALLOWED if name in given}
        return cls(**{**given, **numbers, "variant": variant, "scales": scales})

    @property
    def facts(self) -> dict[str, str | int]:
        """What `of` takes: variant, scales, and whatever is not DnINN's."""
        usual = asdict(Architecture())
        return {
            name: value
            for name, value in asdict(self).items()
            if name in ("variant", "scales") or value != usual[name]
        }

    @property
    def is_polyphase(self) -> bool:
        """Whether the pixels of small blocks are channels."""
        return self.phases > 1

    def is_asked_for(self, variant: Variant | None, scales: int | None) -> bool:
        """Whether it may serve who asks for these; to name one of them means DnINN, as in the paper."""
        if self.is_polyphase:
            return variant is None and scales is None
        return variant in (None, self.variant) and scales in (None, self.scales)

    def own_sigma(self, luma: float) -> float:
        """The sigma that it counts in, for that of a luma's range (`network_sigma`).

        Colour lifted together has the sigma of its channels: the luma reaches sqrt(3) times as far.
        """
        return luma * math.sqrt(self.planes)

    @property
    def alignment(self) -> int:
        """The last scale's phases: a picture's sides are filled up to 1 more than a multiple of it."""
        return self.phases_of(self.scales - 1)

    def phases_of(self, scale: int) -> int:
        """The phases of a scale, counted from 0: each has the double of the one before, if any."""
        return self.phases * 2**scale if self.is_polyphase else 1

    @property
    def multiply_adds(self) -> float:
        """Multiplications for each pixel (three values, if there are three planes) in all convolutions."""
        return sum(self._multiply_adds(scale) for scale in range(self.scales))

    def _multiply_adds(self, scale: int) -> float:
        coarse = self.planes * self.phases_of(scale) ** 2
        hidden = (self.depth - 2) * self.width**2
        network = 9 * ((1 + DETAILS) * coarse * self.width + hidden)
        lista = 6 * 9 * 9 * DETAILS * coarse if self.variant == "lista" else 0
        return (4 * self.pairs * network + lista) / self.phases_of(scale) ** 2


# A file's header must not make linn allocate gigabytes before its content is looked at.
_ALLOWED: Mapping[str, Sequence[int]] = {
    "scales": range(1, MOST_SCALES + 1),
    "planes": (1, 3),
    "phases": (1, 2),
    "pairs": range(1, 9),
    "width": range(4, 129),
    "depth": range(2, 10),
}


def _polyphase(planes: int, width: int, depth: int, pairs: int) -> Architecture:
    return Architecture(
        planes=planes, phases=2, pairs=pairs, width=width, depth=depth, activation="one-sided"
    )


# What `linn train --network` makes; benchmarks/quality/architectures.py compares others.
NETWORKS: Mapping[str, Architecture] = {
    "dninn": Architecture(),
    "grey": _polyphase(1, 56, 3, 3),
    "colour": _polyphase(3, 64, 3, 2),
    "grey-fast": _polyphase(1, 32, 3, 2),
    "colour-fast": _polyphase(3, 32, 3, 2),
}


def parse_network(name: str, variant: str | None = None, scales: int | None = None) -> Architecture:
    """The network of that name; variant and scales change DnINN only.

    Raises:
        UsageError: there is none, or another than DnINN is to have a variant or scales.
    """
    if name not in NETWORKS:
        raise UsageError(f"unknown network {name!r}: choose from {', '.join(NETWORKS)}")
    if name == "dninn":
        return Architecture(parse_variant(variant) or "st", scales or 1)
    if variant or scales:
        raise UsageError("--variant and --scales are DnINN's: leave them or --network out")
    return NETWORKS[name]


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
