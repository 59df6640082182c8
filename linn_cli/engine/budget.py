"""How high the streaming engine's bands should be: for the cache, and within the memory allowed."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from linn_cli.engine.folding import FoldedScale
from linn_cli.network.shrinkage import Lista

# How many pixels a band has: its activations should stay in the cache, yet many rows should share the cost of
# those that every layer keeps. So wide pictures have up to twice as many. benchmarks/cost/speed.py --band compares.
_BAND_PIXELS = 65_536
_ENOUGH_ROWS = 16


def band_height(width: int) -> int:
    """The number of rows that a band of a picture of this width should have."""
    return max(1, _BAND_PIXELS // width, min(_ENOUGH_ROWS, 2 * _BAND_PIXELS // width))


def footprint(scales: Sequence[FoldedScale], width: int, band: int) -> int:
    """About how many bytes an engine holds: the kept rows, which nothing shrinks, and the workspaces."""
    layers = [
        (bank.shape[1] * width * bank.element_size(), network.dilation)
        for scale in scales
        for step in scale.steps
        for network in (step.predict, step.update) * 2  # on the way there and on the way back
        for bank in network.filters
    ]
    kept = sum(2 * dilation * row for row, dilation in layers)
    workspaces = 3 * band * max(row for row, _ in layers)  # and what a convolution makes of one
    # Where networks meet some six channels wait, and some ninety within LISTA, as views of whole bands.
    depth = len(scales[0].steps[0].predict.filters)
    listas = sum(isinstance(scale.shrinkage, Lista) for scale in scales)
    channels = 6 * len(layers) // depth + 90 * listas
    waiting = channels * (band + depth * scales[-1].dilation) * width * torch.float32.itemsize
    return kept + workspaces + waiting


def highest_band(scales: Sequence[FoldedScale], widths: Sequence[int], budget: int | None) -> int:
    """The best height of a band if the engines of all `widths` may hold `budget` bytes, but at least 1.

    The first is the widest; those of narrower ones have as many pixels.
    """
    height = band_height(widths[0])

    def held() -> int:
        return sum(footprint(scales, width, height * widths[0] // width) for width in widths)

    while budget and height > 1 and held() > budget:
        height //= 2
    return height
