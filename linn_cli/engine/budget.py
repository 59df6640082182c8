"""How high the streaming engine's bands should be: for the cache, and within the memory allowed."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from linn_cli.engine.folding import FoldedScale
from linn_cli.network.shrinkage import Lista

# How many pixels a band has: its activations should stay in the cache, yet many rows should share the cost of
# those that every layer keeps. So wide pictures have up to twice as many. benchmarks/cost/speed.py --band compares.
# A GPU has memory as fast as a cache, and needs much work at once.
_BAND_PIXELS, _GPU_BAND_PIXELS = 65_536, 4_194_304
_ENOUGH_ROWS = 16
_CPU = torch.device("cpu")


def band_height(width: int, device: torch.device = _CPU) -> int:
    """The number of rows that a band of a picture of this width should have."""
    pixels = _BAND_PIXELS if device.type == "cpu" else _GPU_BAND_PIXELS
    return max(1, pixels // width, min(_ENOUGH_ROWS, 2 * pixels // width))


def footprint(scales: Sequence[FoldedScale], width: int, band: int) -> int:
    """About how many bytes an engine holds: the kept rows, which nothing shrinks, and the workspaces."""
    return sum(_of_scale(scale, width, band) for scale in scales) + _workspaces(scales, width, band)


def _of_scale(scale: FoldedScale, width: int, band: int) -> int:
    """What the layers of a scale keep, and what waits between them; its columns and rows are those of blocks."""
    columns, rows = width // scale.phases, -(-band // scale.phases)
    networks = [
        network
        for step in scale.steps
        for network in (step.predict, step.update) * 2  # on the way there and on the way back
    ]
    kept = sum(
        2 * network.dilation * bank.shape[1] * columns * bank.element_size()
        for network in networks
        for bank in network.filters
    )
    # Where networks meet some six channels wait, and some ninety within LISTA, as views of whole bands.
    coarse = scale.planes * scale.phases**2
    channels = 6 * coarse * len(networks) + 45 * (1 + coarse) * isinstance(scale.shrinkage, Lista)
    lag = max(network.dilation * len(network.filters) for network in networks)
    return kept + channels * (rows + lag) * columns * torch.float32.itemsize


def _workspaces(scales: Sequence[FoldedScale], width: int, band: int) -> int:
    """The widest layer's workspace, and what a convolution makes of one."""
    widest = max(
        bank.shape[1] * bank.element_size() / scale.phases**2
        for scale in scales
        for step in scale.steps
        for network in (step.predict, step.update)
        for bank in network.filters
    )
    return round(3 * band * width * widest)


def highest_band(scales: Sequence[FoldedScale], widths: Sequence[int], budget: int | None) -> int:
    """The best height of a band if the engines of all `widths` may hold `budget` bytes, but at least 1.

    The first is the widest; those of narrower ones have as many pixels.
    """
    height = band_height(widths[0], scales[0].device)

    def held() -> int:
        return sum(footprint(scales, width, height * widths[0] // width) for width in widths)

    while budget and height > 1 and held() > budget:
        height //= 2
    return height
