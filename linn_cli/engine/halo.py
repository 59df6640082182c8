"""How far around a pixel a network sees: what a part of a picture needs beside it to be denoised by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linn_cli.engine.folding import FoldedScale
from linn_cli.network.shrinkage import ITERATIONS, Lista

# A pixel of a half that is doubled depends on two pixels on either side, and lies between two.
_DOUBLING = 3


@dataclass(frozen=True)
class Halo:
    """A part of a picture with `reach` more pixels on each side has the whole picture's answer.

    It must begin at a multiple of `alignment`, or at the picture's edge.
    """

    reach: int = 0
    alignment: int = 1

    def around(self, begin: int, end: int, size: int) -> tuple[int, int]:
        """From where to where a picture's side of this size is needed for what lies from `begin` to `end`."""
        first = max(0, begin - self.reach)
        return first // self.alignment * self.alignment, min(size, end + self.reach)


def widest(halos: Iterable[Halo]) -> Halo:
    """What serves all of these; alignments are powers of two."""
    reaches, alignments = zip(*((one.reach, one.alignment) for one in halos), strict=True)
    return Halo(max(reaches), max(alignments))


def in_turn(halos: Sequence[Halo]) -> Halo:
    """What a picture needs whose half is denoised before it, and whose half's half before that, with these halos."""
    own, *halves = halos
    if not halves:
        return own
    half = in_turn(halves)
    reach = own.reach + 2 * (half.reach + _DOUBLING) + _DOUBLING
    return Halo(reach, max(own.alignment, 2 * half.alignment))


def of(scales: Sequence[FoldedScale], halvings: int) -> Halo:
    """The halo of a network whose pictures are halved so many times; the reach is a bound."""
    reach = sum(map(_reach, scales))
    inner = reach
    for _ in range(halvings):
        inner = max(reach, 2 * (inner + _DOUBLING)) + _DOUBLING
    return Halo(inner, scales[-1].phases * 2**halvings)


def _reach(scale: FoldedScale) -> int:
    """In pixels: split and merge, the networks of each lifting step there and back, and the shrinkage."""
    networks = sum(
        2 * len(network.filters) * network.dilation
        for step in scale.steps
        for network in (step.predict, step.update)
    )
    shrinkage = scale.shrinkage
    coding = 2 * ITERATIONS * shrinkage.dilation if isinstance(shrinkage, Lista) else 0
    # A block of phases is seen as a whole.
    return 2 * scale.dilation + scale.phases * (networks + coding + 1)
