"""A photograph's coarse noise: what its network leaves in the picture, others take out of its half and of its grey.

In the picture of half the size coarse noise is finer. In grey, a network for white noise errs in other places than the
one for coarse noise, and both together err less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import NamedTuple

from torch import Tensor

from linn_cli import samples
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.engine import pyramid
from linn_cli.engine.bands import in_step
from linn_cli.engine.halo import Halo, widest
from linn_cli.noise.profile import NoiseProfile, Told
from linn_cli.progress import Progress, share
from linn_cli.units import Sigma

# How much of the low frequencies the answer for the half replaces, and of the luma that for the grey picture: chosen by
# benchmarks/quality/photographs.py.
_OF_HALF, _OF_GREY = 0.5, 0.5


class Grey(NamedTuple):
    """A network for a grey picture, and what it is told."""

    network: LoadedNetwork
    sigma: Sigma


class Beside(NamedTuple):
    """What sees the noise beside its network: that network in the picture of half the size, and another in grey."""

    half: Told | None
    grey: Grey | None

    def __bool__(self) -> bool:
        return self != (None, None)


def beside(
    networks: Networks, network: LoadedNetwork, profile: NoiseProfile, strength: float
) -> Beside:
    """What is to see the noise of a picture beside the network that was chosen for it."""
    learned = network.weight_set.noise
    half, grey = profile.told_of_half(learned, strength), profile.told_of_grey(learned, strength)
    if grey.is_nothing or not networks.chooses:
        return Beside(half, None)
    return Beside(half, Grey(networks.at(grey), grey))


def halo(network: LoadedNetwork, sigma: Sequence[float], beside: Beside) -> Halo:
    """What a part of a picture with noise of sigma by channel needs around it to be denoised as in the whole."""
    own = network.halo(sigma, halvings=1 if beside.half else 0)
    return widest((own, beside.grey.network.halo(beside.grey.sigma.levels))) if beside.grey else own


def remove(
    network: LoadedNetwork,
    rows: Iterable[Tensor],
    width: int,
    told: Told,
    beside: Beside,
    progress: Progress,
) -> Iterator[Tensor]:
    """Remove it from a picture given from the top as rows (3, n, width) of any dtype, into such rows.

    Args:
        network: has learned such noise.
        rows: of the picture.
        width: of the picture.
        told: what the network is told.
        beside: what else sees the noise.
        progress: counts rows.
    """
    half, grey = beside
    floats, back = samples.as_floats(rows)
    floats, copy = tee(floats)
    if grey:  # by a slower network, which takes about as long as the others
        progress = share(progress, 2)
    answers: Iterable[Tensor]
    if half:
        answers = _with_half(network, floats, width, told, half, progress)
    else:
        levels = told.sigma.levels
        answers = network.rows(floats, width, levels, progress=progress, chroma=told.chroma)
    if grey:
        answers = _with_grey(grey, answers, copy, width, progress)
    return back(answers)


def _with_half(
    network: LoadedNetwork,
    floats: Iterable[Tensor],
    width: int,
    told: Told,
    told_of_half: Told,
    progress: Progress,
) -> Iterator[Tensor]:
    """A photograph's coarse noise: the half knows its low frequencies better, and replaces a part of them."""
    floats, copy = tee(floats)
    halved = (half[0] for half in pyramid.halved(some[None] for some in copy))
    # The half has half the rows, and a quarter of the pixels.
    parts = [
        network.rows(
            some, wide, one.sigma.levels, progress=share(progress, count), chroma=one.chroma
        )
        for some, wide, one, count in (
            (floats, width, told, 5 / 4),
            (halved, -(-width // 2), told_of_half, 5 / 2),
        )
    ]
    answers, halves = ((some[None] for some in part) for part in parts)
    return (band[0] for band in pyramid.corrected_by_rows(answers, halves, _OF_HALF))


def _with_grey(
    grey: Grey, answers: Iterable[Tensor], floats: Iterable[Tensor], width: int, progress: Progress
) -> Iterator[Tensor]:
    """The luma of a smooth photograph: a network for white noise errs in other places, and both together err less."""
    network, sigma = grey
    means = (some.mean(0, keepdim=True) for some in floats)
    greys = network.rows(means, width, sigma.levels, progress=progress)
    together = in_step(*((some[None] for some in one) for one in (answers, greys)))
    for answer, luma in together:
        yield (answer + _OF_GREY * (luma - answer.mean(1, keepdim=True)))[0]
