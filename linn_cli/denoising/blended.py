"""A camera's noise out of colour pictures: several answers, each for another sigma, blended by brightness.

A transform that makes such noise white bends each channel in its own way, so that edges appear in the colours and the
network keeps noise for them: for colour, telling the network the sigma of each brightness is better
(`python -m benchmarks.quality.camera --encoded`). Few counts are too uneven for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee

import torch
from torch import Tensor

from linn_cli import samples
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.engine.bands import in_step
from linn_cli.noise.camera import CameraNoise
from linn_cli.progress import Progress, share
from linn_cli.units import GREY_LEVELS, LEAST_SIGMA, Sigma

# From this gain on noise is that of few counts: fewer than 50 at white.
_FEW_COUNTS = 1 / 50
# Two sigmas serve up to this ratio between the strongest and the weakest noise, three beyond.
_TWO_SERVE = 2.5
# The brightness that a picture has nearly everywhere.
_TONES = torch.linspace(0.05, 0.95, 19, dtype=torch.float64)


def suits(cameras: Sequence[CameraNoise]) -> bool:
    """Whether noise by channel is removed in this way."""
    return len(cameras) == 3 and all(one.encoded or one.gain < _FEW_COUNTS for one in cameras)


def sigmas(cameras: Sequence[CameraNoise], strength: float) -> list[Sigma]:
    """What to tell the network for each answer, from the weakest noise to the strongest."""
    low, high = _limits(cameras)
    count = 2 if (high / low).max() < _TWO_SERVE else 3
    steps = torch.linspace(0, 1, count, dtype=torch.float64)
    levels = [strength * GREY_LEVELS * low * (high / low) ** step for step in steps]
    return [Sigma.removable(level.tolist()) for level in levels]


def remove(
    networks: Networks,
    values: Tensor,
    cameras: Sequence[CameraNoise],
    strength: float,
    progress: Progress,
) -> tuple[Tensor, LoadedNetwork]:
    """Denoise images (B, 3, H, W) of any dtype into the same."""
    told = sigmas(cameras, strength)
    part = share(progress, len(told))
    floats = samples.to_floats(values)
    used = [networks.at(one, 3) for one in told]
    answers = [network(floats, one, part) for network, one in zip(used, told, strict=True)]
    return samples.from_floats(_blend(answers, cameras), values.dtype), used[-1]


def remove_by_rows(
    networks: Networks,
    rows: Iterable[Tensor],
    width: int,
    cameras: Sequence[CameraNoise],
    strength: float,
    progress: Progress,
) -> tuple[Iterator[Tensor], LoadedNetwork]:
    """`remove` for a picture given from the top as rows (3, n, width)."""
    told = sigmas(cameras, strength)
    part = share(progress, len(told))
    floats, back = samples.as_floats(rows)
    used = [networks.at(one, 3) for one in told]
    streams = [
        network.rows(copy, width, one.by_channel(3), progress=part)
        for network, one, copy in zip(used, told, tee(floats, len(told)), strict=True)
    ]
    together = in_step(*((some[None] for some in stream) for stream in streams))
    return back(_blend(answers, cameras)[0] for answers in together), used[-1]


def _limits(cameras: Sequence[CameraNoise]) -> tuple[Tensor, Tensor]:
    """The weakest and the strongest noise of each channel, white at 1."""
    levels = torch.stack([one.deviations_at(_TONES) for one in cameras])
    low, high = levels.aminmax(dim=1)
    least = LEAST_SIGMA / GREY_LEVELS
    return low.clamp(min=least), high.clamp(min=least)


def _blend(answers: Sequence[Tensor], cameras: Sequence[CameraNoise]) -> Tensor:
    """Of each pixel (..., 3, H, W) what lies between the answers for the sigmas nearest to its own."""
    middle = torch.stack(list(answers)).mean(0)
    planes = []
    for channel, (one, low, high) in enumerate(zip(cameras, *_limits(cameras), strict=True)):
        deviations = one.deviations_at(middle.select(-3, channel))
        span = (high / low).log().item()
        place = (deviations / low.item()).log() / span if span else torch.zeros_like(deviations)
        place = place.clamp(0, 1) * (len(answers) - 1)
        plane = torch.zeros_like(middle.select(-3, channel))
        for index, answer in enumerate(answers):
            weight = (1 - (place - index).abs()).clamp(min=0)
            plane += weight * answer.select(-3, channel)
        planes.append(plane)
    return torch.stack(planes, dim=-3)
