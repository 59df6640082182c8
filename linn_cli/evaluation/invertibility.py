"""The perfect-reconstruction check: analysis, then synthesis without shrinkage, changes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from linn_cli.engine import streaming
from linn_cli.engine.budget import band_height
from linn_cli.engine.folding import FoldedScale, fold
from linn_cli.network import polyphase
from linn_cli.network.model import DnINN
from linn_cli.progress import Progress, silent
from linn_cli.weights import sets
from linn_cli.weights.sets import WeightSet

# Small pictures are streamed in several bands too.
_LEAST_BANDS = 4
# Odd, even and degenerate pictures, and the size of the standard test images.
SIZES = ((1, 1), (1, 2), (2, 1), (2, 2), (3, 5), (16, 16), (33, 64), (99, 201))
DTYPES = (torch.float32, torch.float64)
# The larger sizes take nine tenths of the time.
_QUICK_PIXELS = 256

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
def round_trips(
    model: DnINN,
    folded: Mapping[torch.dtype, tuple[FoldedScale, ...]],
    picture: Tensor,
    sigma: float,
) -> Iterator[RoundTrip]:
    """Run each scale, and then the streaming engine, forth and back.

    Args:
        model: any network; its shrinkage is not used.
        folded: the same as the engine runs it, in each dtype that is to be tried.
        picture: (H, W) in [0, 1]; a network of three planes gets it upright and mirrored in both ways.
        sigma: in the same units; it scales the picture as `DnINN` does.
    """
    parameter = next(model.parameters())
    planes = torch.stack((picture, picture.flip(0), picture.flip(1)))[: model.architecture.planes]
    normalised = ((planes.to(parameter) - 0.5) / sigma)[None]
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

    image = polyphase.fill(normalised, model.architecture.alignment)
    for number, scale in enumerate(model.scales, start=1):
        coarse, detail = scale.analyse(image)
        largest = max(largest, *(part.abs().max().item() for part in (image, coarse, detail)))
        yield trip(f"scale {number}", image, scale.synthesise(coarse, detail), parameter.dtype)
        image = coarse
    band = min(band_height(picture.shape[1]), math.ceil(picture.shape[0] / _LEAST_BANDS))
    for dtype, scales in folded.items():
        streamed = streaming.run(scales, normalised, band=band, shrink=False)
        yield trip("streamed", normalised, streamed, dtype)


def worst_by_part(
    model: DnINN,
    pictures: Iterable[Tensor],
    sigma: float,
    progress: Progress = silent,
    *,
    half: bool = True,
) -> list[RoundTrip]:
    """The worst round trip of each part over all pictures; `progress` counts pictures.

    A failed round trip is worse than any that passed, then the larger error is. With `half` a float32 model
    is also streamed in bfloat16, which is slow on a processor without it.
    """
    own = next(model.parameters()).dtype
    dtypes = [own, *([torch.bfloat16] if half and own == torch.float32 else [])]
    folded = {dtype: fold(model, dtype) for dtype in dtypes}
    worst: dict[tuple[str, torch.dtype], RoundTrip] = {}
    for picture in pictures:
        for trip in round_trips(model, folded, picture, sigma):
            kind = trip.part, trip.dtype
            worst[kind] = max(worst.get(kind, trip), trip, key=_badness)
        progress(1)
    return list(worst.values())


def _badness(trip: RoundTrip) -> tuple[bool, float]:
    return not trip.passed, trip.error


@dataclass(frozen=True)
class Check:
    """A weight set, and the dtypes and pictures that it is tried in and on."""

    weight_set: WeightSet
    dtypes: tuple[torch.dtype, ...]
    pictures: tuple[Tensor, ...]


def plan(
    found: Sequence[WeightSet],
    usual: WeightSet,
    own: Sequence[Tensor] = (),
    *,
    everything: bool = False,
) -> list[Check]:
    """What to check: with `everything` each set on each size in each dtype, else what takes some seconds.

    Sets of one architecture run the same code. One of them is tried on every small size, in float64 too, which
    shows a step that is not inverted. The others can only amplify rounding differently: one picture in float32
    shows that.

    Args:
        found: the sets.
        usual: the one of them that linn would choose; it alone is tried on `own` pictures, which may be large.
        own: more pictures (H, W) in [0, 1].
        everything: leave nothing out.
    """
    pictures = tuple(random_pictures())
    small = tuple(picture for picture in pictures if picture.numel() <= _QUICK_PIXELS)
    thorough = {usual.architecture: usual}
    for entry in found:
        thorough.setdefault(entry.architecture, entry)

    def check(entry: WeightSet) -> Check:
        if everything:
            tried = Check(entry, DTYPES, pictures)
        elif entry == thorough[entry.architecture]:
            tried = Check(entry, DTYPES, small)
        else:
            tried = Check(entry, DTYPES[:1], small[-1:])
        return replace(tried, pictures=(*tried.pictures, *own)) if entry == usual else tried

    return [check(entry) for entry in found]


def run(
    checks: Sequence[Check],
    sigma: float,
    progress: Progress = silent,
    *,
    half: bool = True,
    workers: int = 1,
) -> list[tuple[str, RoundTrip]]:
    """The worst round trips of each weight set by name, as `worst_by_part` has them, `workers` at a time."""

    def one(check: Check, dtype: torch.dtype) -> list[tuple[str, RoundTrip]]:
        def advance(done: float, note: str = "", total: float | None = None) -> None:
            progress(done, check.weight_set.name)

        model = sets.load(check.weight_set).to(dtype)
        worst = worst_by_part(model, check.pictures, sigma, advance, half=half)
        return [(check.weight_set.name, trip) for trip in worst]

    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(one, check, dtype) for check in checks for dtype in check.dtypes]
        try:
            return [trip for future in waiting for trip in future.result()]
        finally:
            pool.shutdown(cancel_futures=True)


def random_pictures(seed: int = 0) -> Iterator[Tensor]:
    """One picture of uniform noise in [0, 1], float64 (H, W), for each of `SIZES`."""
    generator = Generator().manual_seed(seed)
    for size in SIZES:
        yield torch.rand(size, generator=generator, dtype=torch.float64)
