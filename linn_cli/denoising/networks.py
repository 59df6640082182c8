"""Which network suits a picture's noise; each is loaded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.engine import devices, pyramid
from linn_cli.engine.folding import fold
from linn_cli.engine.normalisation import network_sigma
from linn_cli.network.architecture import Variant
from linn_cli.units import LEAST_SIGMA, Sigma, SigmaLike
from linn_cli.weights import sets, sources
from linn_cli.weights.selection import select
from linn_cli.weights.sets import WeightSet
from linn_cli.weights.sources import Source

# What stands for noise that is not known yet, where a network is loaded only to see that it can be.
USUAL_SIGMA = 25.0


class Networks:
    """Networks for any sigma; each is loaded once, when it is first asked for.

    Args:
        variant: "st" or "lista"; None for linn's choice.
        scales: 1 or 2; None for linn's choice.
        fast: take the cheapest network rather than the best.
        weight_file: what to use instead of the bundled sets: a safetensors file, a bundled set's name, an
            hf:// reference (docs/weights.md), or what `sources.find` made of one.
        device: auto, cpu, cuda, cuda:N or mps.
        precision: auto, float32, bfloat16 or emulated-bfloat16, for the predict and update networks; the
            picture itself and the lifting sums are always float32. auto takes bfloat16 where the device has it
            and sigma is high enough for it to lose no more than 0.01 dB (benchmarks/quality/precision.py).
        max_memory: how many bytes an engine should hold on the CPU, which decides how many rows it works on;
            by default `memory_share` of what is available. A few rows of every layer are always held.
    """

    def __init__(
        self,
        *,
        variant: Variant | None = None,
        scales: int | None = None,
        fast: bool = False,
        weight_file: str | Path | Source | None = None,
        device: str = "auto",
        precision: str = "auto",
        max_memory: int | None = None,
        memory_share: float = 0.25,
    ) -> None:
        self.variant = variant
        self.scales = scales
        self.fast = fast
        self.weight_file = weight_file
        self._source: Source | None = None
        self.device = device
        self.precision = precision
        self.max_memory = max_memory
        self.memory_share = memory_share
        self._made: dict[tuple[Path, torch.dtype], LoadedNetwork] = {}

    def check(self, sigma: Sigma | None) -> None:
        """See that networks can be had for pictures with this noise, or with some that is yet to be estimated.

        A fault of weights, device or precision is every picture's.

        Raises:
            UsageError, WeightsError: as `at`.
        """
        # Channels other than red, green and blue are pictures of their own.
        if sigma and len(sigma.levels) == 3:
            self.at(sigma, 3)
        else:
            self.at(USUAL_SIGMA)

    def at(self, sigma: SigmaLike, channels: int = 1, noise: str = "white") -> LoadedNetwork:
        """The network for pictures of this many channels with this noise, "white" or "photo" in kind.

        Raises:
            UsageError: sigma, variant, scales, device or precision are not to be had.
            WeightsError: the weights are damaged or are not what they should be.
        """
        levels = Sigma.of(sigma).by_channel(channels)
        level = network_sigma(levels)
        device = devices.resolve(self.device)
        # Chroma has so little contrast that, to the network, its noise is heavy.
        most = level if channels == 1 else max(level, pyramid.HEAVY)
        chosen = self._sets().choose(
            level, self.variant, self.scales, most, channels, fast=self.fast, noise=noise
        )
        dtype = devices.resolve_precision(self.precision, device, level)
        key = chosen.path, dtype
        if key not in self._made:
            folded = fold(sets.load(chosen), dtype, device)
            self._made[key] = LoadedNetwork(folded, chosen, device, self._budget(device))
        made, doubt = self._made[key], self._doubt(chosen, levels, level, most)
        return replace(made, doubt=doubt) if doubt else made

    @property
    def chooses(self) -> bool:
        """Whether linn may take several networks for one picture: none was named, and time is no matter."""
        return not (self.fast or self._sets().named)

    def _doubt(self, chosen: WeightSet, levels: Sequence[float], level: float, most: float) -> str:
        """Why weights that were asked for by name do not suit noise of these levels; empty if they do."""
        if not self._sets().named or level < LEAST_SIGMA or chosen.reaches(level):
            return ""
        low, high = chosen.span
        counted = chosen.architecture.own_sigma(level)
        noise = f"is {level:g}" if len(levels) == 1 else f"counts as {counted:.3g}"
        better = select(sets.bundled(), level, None, None, most=most, channels=len(levels))
        advice = f"; without them linn takes {better.name}" if better.reaches(level) else ""
        return f"weights {chosen.name} are for sigma {low:g} to {high:g}, and this noise {noise}{advice}"

    def _budget(self, device: torch.device) -> int | None:
        if device.type != "cpu":
            return None  # there a failed allocation is an error, and the engine shrinks its band
        return self.max_memory or devices.available_memory(self.memory_share)

    def _sets(self) -> Source:
        if self._source is None:
            named = self.weight_file
            self._source = named if isinstance(named, Source) else sources.find(named)
        return self._source


def load(sigma: SigmaLike, channels: int = 1, **options: Any) -> LoadedNetwork:
    """The network for one noise level; the options are those of `Networks`."""
    return Networks(**options).at(sigma, channels)
