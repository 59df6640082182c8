"""A photograph's coarse noise, seen by its network, by that network in the half, and by one for white noise.

In the picture of half the size coarse noise is finer. A network for white noise errs in other places than the one for coarse
noise, and where it does about as well (`_telling.beside` says where) both together err less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import NamedTuple

import torch
from torch import Tensor

from linn_cli import samples
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.engine import pyramid
from linn_cli.engine.bands import in_step
from linn_cli.engine.halo import Halo, widest
from linn_cli.noise.profile import NoiseProfile, Told
from linn_cli.progress import Progress, share

# How much of the low frequencies the answer for the half replaces, and of the whole that of the network for white noise:
# chosen by benchmarks/quality/photographs.py.
_OF_HALF, _OF_WHITE = 0.5, 0.5


class White(NamedTuple):
    """A network for white noise, and what it is told."""

    network: LoadedNetwork
    told: Told


class Beside(NamedTuple):
    """What sees the noise beside its network: that network in the picture of half the size, and one for white noise."""

    half: Told | None
    white: White | None

    @property
    def weights(self) -> str:
        """The name of the weights for white noise; empty for none."""
        return self.white.network.weight_set.name if self.white else ""

    def __bool__(self) -> bool:
        return self != (None, None)


def beside(
    networks: Networks, network: LoadedNetwork, profile: NoiseProfile, strength: float
) -> Beside:
    """What is to see the noise of a picture beside the network that was chosen for it."""
    learned = network.weight_set.noise
    half, told = profile.told_of_half(learned, strength), profile.told_of_white(learned, strength)
    if not (told and networks.chooses):
        return Beside(half, None)
    return Beside(half, White(networks.at(told.sigma, len(told.sigma.levels)), told))


def halo(network: LoadedNetwork, sigma: Sequence[float], beside: Beside) -> Halo:
    """What a part of a picture with noise of sigma by channel needs around it to be denoised as in the whole."""
    own = network.halo(sigma, halvings=1 if beside.half else 0)
    if not beside.white:
        return own
    other, told = beside.white
    return widest((own, other.halo(told.sigma.levels)))


def remove(
    network: LoadedNetwork,
    rows: Iterable[Tensor],
    width: int,
    told: Told,
    beside: Beside,
    progress: Progress,
) -> Iterator[Tensor]:
    """Remove it from a picture given from the top as rows (C, n, width) of any dtype, into such rows.

    Args:
        network: has learned such noise.
        rows: of the picture.
        width: of the picture.
        told: what the network is told.
        beside: what else sees the noise.
        progress: counts rows.
    """
    half, white = beside
    floats, back = samples.as_floats(rows)
    if white:
        progress = share(progress, 2)
        floats, copy = tee(floats)
        others = _by(white.network, copy, width, white.told, progress)
    if half:
        answers = _with_half(network, floats, width, told, half, progress)
    else:
        answers = _by(network, floats, width, told, progress)
    return back(_mean(answers, others) if white else answers)


def _by(
    network: LoadedNetwork, floats: Iterable[Tensor], width: int, told: Told, progress: Progress
) -> Iterator[Tensor]:
    return network.rows(floats, width, told.sigma.levels, progress=progress, chroma=told.chroma)


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
    answers, halves = (
        (some[None] for some in _by(network, rows, wide, one, share(progress, count)))
        for rows, wide, one, count in (
            (floats, width, told, 5 / 4),
            (halved, -(-width // 2), told_of_half, 5 / 2),
        )
    )
    return (band[0] for band in pyramid.corrected_by_rows(answers, halves, _OF_HALF))


def _mean(answers: Iterable[Tensor], others: Iterable[Tensor]) -> Iterator[Tensor]:
    """The networks err in other places, and both together err less."""
    together = in_step(*((some[None] for some in one) for one in (answers, others)))
    for answer, other in together:
        yield torch.lerp(answer, other, _OF_WHITE)[0]
