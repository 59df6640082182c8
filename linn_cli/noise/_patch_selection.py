"""How many of the smoothest patches the noise is measured in: the more the better, as long as they agree.

The rule of Lepski ("On a problem of adaptive estimation in Gaussian white noise", 1990): of estimates from
more and more patches, the last is taken that agrees with those from fewer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from linn_cli.noise._patch_statistics import PATCH, Patches

# The ladder of Lepski's rule starts at all patches halved this often: 0.2 % of them.
_HALVINGS = 9
# Patches that hardly overlap are independent, and few of them may be weak by chance: of many of these the ladder starts
# at so many.
_MANY_APART, _LEAST_APART = 10_000, 150


@dataclass(frozen=True)
class Rung:
    """The mean texture and power of the n smoothest patches, and the standard error of the power."""

    count: int
    texture: float
    power: float
    error: float


def ladder(patches: Patches) -> list[Rung]:
    """The smoothest patches, 0.2 % of them, then twice as many, up to all: half of them lie below the last rung.

    The errors are cluster-robust: what patches of one cell have in common counts once.
    """
    texture, order = patches.texture.sort()
    power, cell = patches.power[order], patches.cell[order]
    counts = [len(patches) >> halvings for halvings in range(_HALVINGS, -1, -1)]
    many_apart = patches.spread > 1 and len(patches) > _MANY_APART
    least = _LEAST_APART if many_apart else 1
    return [
        _rung(texture[:count], power[:count], cell[:count], patches.spread)
        for count in counts
        if count >= least
    ]


def _rung(texture: Tensor, powers: Tensor, cell: Tensor, spread: float) -> Rung:
    count, power = len(powers), powers.mean().item()
    excess = torch.bincount(cell, powers - power)
    cells = int((torch.bincount(cell) > 0).sum())
    clustered = excess.square().sum().item() / count**2 * cells / max(1, cells - 1)
    # The variance of a mean square of ten normal numbers, for as many patches as can lie side by side.
    alone = max(1.0, count * min(1.0, spread / PATCH**2))
    error = math.sqrt(max(clustered, 0.2 * power**2 / alone))
    return Rung(count, texture.mean().item(), power, error)


def climb(rungs: list[Rung]) -> int:
    """The index of the last rung before the first that lies above one below it by more than both their errors."""
    ceiling = math.inf
    for index, rung in enumerate(rungs):
        if rung.power - rung.error > ceiling:
            return index - 1
        ceiling = min(ceiling, rung.power + rung.error)
    return len(rungs) - 1


def variance(patches: Patches) -> tuple[float, float, float]:
    """The noise's variance, its standard error, and what was taken off it for texture.

    Half a standard error is the climb's own bias, where it stopped. Rougher patches tell how much
    high frequency comes with the picture's low frequencies; as much is taken off for what the chosen patches
    still have. Where all are chosen, those tell that the rung below left out.
    """
    rungs = ladder(patches)
    reached = climb(rungs)
    rung, last = rungs[reached], rungs[-1]
    smooth = rungs[min(reached, len(rungs) - 2)]  # the only rung there is tells nothing
    # A picture's share of the texture: white noise has as much power in low frequencies as in high ones.
    share = max(0.0, last.power - smooth.power) / max(last.texture - smooth.texture, 1e-12)
    texture = min(rung.power, share * max(0.0, rung.texture - rung.power))
    bias = 0.0 if rung is last else rung.error / 2
    return max(0.0, rung.power - bias - texture), rung.error, texture
