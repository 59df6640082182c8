"""A denoise with a known answer: does this machine compute what the publisher's did?

The picture is integer arithmetic and its noise numpy's legacy random stream, which is frozen (NEP 19), so
that both are the same everywhere. The answer, in float32, is not: processors round differently. So
some pixels of the publisher's answer stand in the manifest and are compared within a tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from linn_cli.engine import streaming
from linn_cli.engine.folding import fold
from linn_cli.errors import WeightsError
from linn_cli.metrics import psnr
from linn_cli.network.model import DnINN
from linn_cli.units import GREY_LEVELS
from linn_cli.weights import sets
from linn_cli.weights.sets import WeightSet
from linn_cli.weights.sources import Source

# In 8-bit grey levels. Rounding moves single pixels by some 1e-5 of the range, 0.003 grey levels
# (docs/streaming.md); other weights move them by whole ones.
TOLERANCE = 0.05

_SIDE = 96
_USUAL_SIGMA = 25.0
# Spread over the picture: the borders, corners and the inside.
_ROWS = (0, 17, 47, 95)


@dataclass(frozen=True)
class Golden:
    """Pixels of an answer in 8-bit grey levels, at the noise level sigma, in the same unit."""

    sigma: float
    levels: tuple[float, ...]

    def distance(self, other: Golden) -> float:
        """The largest difference between the pixels of two answers, in grey levels."""
        return max(abs(a - b) for a, b in zip(self.levels, other.levels, strict=True))


@dataclass(frozen=True)
class Trial:
    """What a network made of the golden picture, and by how many dB that is closer to the clean one."""

    golden: Golden
    gain: float


def usual_sigma(sigma: tuple[float, float]) -> float:
    """The noise level, in grey levels, at which weights for this range are tried."""
    low, high = sigma
    return min(max(_USUAL_SIGMA, low), high)


def parse(facts: Mapping[str, Any]) -> Golden | None:
    """The golden answer of an entry in a manifest; None if it has none.

    Raises:
        WeightsError: it has one of another form.
    """
    if "golden" not in facts:
        return None
    try:
        golden = Golden(
            float(facts["golden"]["sigma"]), tuple(map(float, facts["golden"]["levels"]))
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"the manifest's golden answer is unreadable ({error})") from error
    sane = 0 < golden.sigma <= GREY_LEVELS and all(map(math.isfinite, golden.levels))
    if not sane or len(golden.levels) != len(_ROWS) ** 2:
        raise WeightsError("the manifest's golden answer is of another form")
    return golden


def attempt(model: DnINN, sigma: float) -> Trial:
    """Denoise the golden picture with noise of sigma, in grey levels, in float32 on the CPU."""
    clean, noisy = _picture(sigma, model.architecture.planes)
    scale = sigma / GREY_LEVELS
    answer = streaming.run(fold(model), (noisy - 0.5) / scale) * scale + 0.5
    points = torch.tensor(_ROWS)
    levels = answer[0, 0][points][:, points].flatten().double() * GREY_LEVELS
    golden = Golden(sigma, tuple(round(float(level), 4) for level in levels))
    return Trial(golden, psnr(answer, clean) - psnr(noisy, clean))


@dataclass(frozen=True)
class Verdict:
    """What the checks of one weight set found.

    `gain` is that of `Trial`; `distance`, in grey levels, is None if the manifest has no golden answer.
    Both are None if the set failed before. `hash_known` says whether there was a sha256 to compare.
    """

    name: str
    network: str
    hash_known: bool
    gain: float | None = None
    distance: float | None = None
    fault: str | None = None


def verify(source: Source, weight_set: WeightSet) -> Verdict:
    """Check a set's sha256, architecture and values, and that it denoises the golden picture."""
    name, network = weight_set.name, str(weight_set.architecture)
    known = weight_set.sha256 is not None
    try:
        expected = parse(weight_set.facts)
        model = sets.load(source.obtain(weight_set))
        sigma = expected.sigma if expected else usual_sigma(weight_set.sigma)
        trial = attempt(model, sigma)
    except WeightsError as error:
        return Verdict(name, network, known, fault=str(error))
    distance = trial.golden.distance(expected) if expected else None
    fault = None
    if not trial.gain > 0:
        fault = f"it does not denoise: {trial.gain:.2f} dB at sigma {sigma:g}"
    elif distance is not None and not distance <= TOLERANCE:
        fault = f"its golden answer is off by {distance:.2f} grey levels, {TOLERANCE} are allowed"
    return Verdict(name, network, known, trial.gain, distance, fault)


def _picture(sigma: float, planes: int) -> tuple[Tensor, Tensor]:
    """The clean and the noisy picture, float32 (1, P, H, W), black at 0 and white at 1.

    The further planes show the same, turned, with less contrast, and inverted.
    """
    rows, columns = np.mgrid[:_SIDE, :_SIDE]
    disc = (rows - 40) ** 2 + (columns - 56) ** 2 < 24**2
    levels = 40 + rows + 60 * disc + 40 * ((rows // 16 + columns // 16) % 2)
    shown = np.stack([levels, (levels.T - 127.5) / 4 + 127.5, GREY_LEVELS - levels][:planes])
    noise = np.random.RandomState(0).standard_normal(shown.shape)
    clean, noisy = (
        torch.from_numpy(values / GREY_LEVELS).float()[None]
        for values in (shown, shown + sigma * noise)
    )
    return clean, noisy
