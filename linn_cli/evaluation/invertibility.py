"""The perfect-reconstruction check: analysis, then synthesis without shrinkage, changes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from linn_cli.engine import streaming
from linn_cli.engine.budget import band_height
from linn_cli.engine.folding import fold
from linn_cli.network.model import DnINN
from linn_cli.progress import Progress, silent

# Small pictures are streamed in several bands too.
_LEAST_BANDS = 4
# Odd, even and degenerate pictures, and the size of the standard test images.
SIZES = ((1, 1), (1, 2), (2, 1), (2, 2), (3, 5), (16, 16), (33, 64), (99, 201))
DTYPES = (torch.float32, torch.float64)

# Exact arithmetic would give 0. In floating point each of the 4 steps adds and subtracts two network
# answers, and split and merge add 4 terms twice: 4 * 2 * 2 + 2 * 2 * 4 = 32 roundings, each of at
# most half an epsilon of the largest coefficient m. An error made early also passes through later
# networks; trained ones amplify it little, and a gain of 4 is allowed for. So the error stays below
# 32 / 2 * 4 = 64 epsilon * m. A network that is not inverted misses by a part of m itself: m is
# 130,000 times the bound in float32 and 7e13 times in float64.
_ROUNDINGS, _GAIN = 32, 4
TOLERANCE = _ROUNDINGS / 2 * _GAIN

# Networks that compute in bfloat16 are inverted too, since their answers are added and subtracted in
# float32. But on the way back they see inputs that differ by float32 rounding, and now and then this
# tips the rounding of a value to its bfloat16 neighbour, one epsilon away: 2 epsilon * m are allowed.
HALF_TOLERANCE = 2.0


@dataclass(frozen=True)
class RoundTrip:
    """The error of a round trip on one picture, in units of the noise's sigma.

    `part` is "scale 1" or "scale 2" of the plain network, or "streamed": the folded network as the
    streaming engine runs it for `linn denoise`, all scales at once; `dtype` is that of its networks.
    """

    dtype: torch.dtype
    part: str
    height: int
    width: int
    error: float
    bound: float

    @property
    def passed(self) -> bool:
        """Whether the error is within rounding; NaN is not."""
        return self.error <= self.bound


@torch.inference_mode()
def round_trips(model: DnINN, picture: Tensor, sigma: float) -> Iterator[RoundTrip]:
    """Run each scale, and then the streaming engine, forth and back.

    Args:
        model: any DnINN; its shrinkage is not used. A float32 one is also streamed in bfloat16.
        picture: (H, W) in [0, 1].
        sigma: in the same units; it scales the picture as `DnINN` does.
    """
    parameter = next(model.parameters())
    normalised = ((picture.to(parameter) - 0.5) / sigma)[None, None]
    largest = 0.0

    def trip(part: str, before: Tensor, after: Tensor, dtype: torch.dtype) -> RoundTrip:
        tolerance = HALF_TOLERANCE if dtype == torch.bfloat16 else TOLERANCE
        return RoundTrip(
            dtype=dtype,
            part=part,
            height=picture.shape[0],
            width=picture.shape[1],
            error=(after - before).abs().max().item(),
            bound=tolerance * torch.finfo(dtype).eps * largest,
        )

    image = normalised
    for number, scale in enumerate(model.scales, start=1):
        coarse, detail = scale.analyse(image)
        largest = max(largest, *(part.abs().max().item() for part in (image, coarse, detail)))
        yield trip(f"scale {number}", image, scale.synthesise(coarse, detail), parameter.dtype)
        image = coarse
    half = [torch.bfloat16] if parameter.dtype == torch.float32 else []
    for dtype in (parameter.dtype, *half):
        band = min(band_height(picture.shape[1]), math.ceil(picture.shape[0] / _LEAST_BANDS))
        streamed = streaming.run(fold(model, dtype), normalised, band=band, shrink=False)
        yield trip("streamed", normalised, streamed, dtype)


def worst_by_part(
    model: DnINN,
    pictures: Iterable[Tensor],
    sigma: float,
    progress: Progress = silent,
) -> list[RoundTrip]:
    """The worst round trip of each part over all pictures; `progress` counts pictures.

    A failed round trip is worse than any that passed, then the larger error is.
    """
    worst: dict[tuple[str, torch.dtype], RoundTrip] = {}
    for picture in pictures:
        for trip in round_trips(model, picture, sigma):
            kind = trip.part, trip.dtype
            worst[kind] = max(worst.get(kind, trip), trip, key=_badness)
        progress(1)
    return list(worst.values())


def _badness(trip: RoundTrip) -> tuple[bool, float]:
    return not trip.passed, trip.error


def random_pictures(seed: int = 0) -> Iterator[Tensor]:
    """One picture of uniform noise in [0, 1], float64 (H, W), for each of `SIZES`."""
    generator = Generator().manual_seed(seed)
    for size in SIZES:
        yield torch.rand(size, generator=generator, dtype=torch.float64)
