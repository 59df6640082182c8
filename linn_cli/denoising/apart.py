"""Luma and chroma by strengths of their own: brightness from one answer, colours from another.

So the brightness is what the first strength alone would give, and the colours what the second would, for every kind
of noise. A network told both at once does worse: it was trained on planes whose noise it is told rightly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import tee

from torch import Tensor

from linn_cli import samples
from linn_cli.denoising import removal
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.engine.bands import in_step
from linn_cli.engine.halo import Halo, widest
from linn_cli.noise import hot_pixels
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import FULL, Strength
from linn_cli.progress import Progress, share, silent


def remove(
    networks: Networks,
    values: Tensor,
    profile: NoiseProfile,
    strength: Strength = FULL,
    progress: Progress = silent,
) -> tuple[Tensor, LoadedNetwork]:
    """`removal.remove` with luma and chroma apart; a grey picture stored as colour is all luma."""
    channels = values.shape[1]
    strength = strength.of_channels(channels)
    is_grey = strength.is_apart and profile.is_alike and samples.is_grey(values)
    if not strength.is_apart or is_grey:
        return removal.remove(networks, values, profile, strength.luma, progress)
    floats = samples.to_floats(values)
    if profile.hot_pixels:
        floats = hot_pixels.removed(floats, profile.hot_pixels)
        profile = replace(profile, hot_pixels=None)
    told = share(progress, 2)
    luma, network = removal.remove(networks, floats, profile, strength.luma, told)
    chroma, other = removal.remove(networks, floats, profile, strength.chroma, told)
    used = other if profile.is_nothing(strength.luma) else network
    return samples.from_floats(_joined(luma, chroma), values.dtype), used


def remove_by_rows(
    networks: Networks,
    rows: Iterable[Tensor],
    shape: tuple[int, int],
    profile: NoiseProfile,
    strength: Strength = FULL,
    progress: Progress = silent,
) -> tuple[Iterator[Tensor], LoadedNetwork]:
    """`remove` for a picture given from the top as rows (C, n, W), if `goes_by_rows`; `shape` is C and W."""
    strength = strength.of_channels(shape[0])
    if not strength.is_apart:
        return removal.remove_by_rows(networks, rows, shape, profile, strength.luma, progress)
    if profile.hot_pixels:
        rows = hot_pixels.removed_by_rows(rows, profile.hot_pixels)
        profile = replace(profile, hot_pixels=None)
    floats, back = samples.as_floats(rows)
    told = share(progress, len(_parts(profile, strength)))
    answers: list[Iterable[Tensor]] = []
    used: list[LoadedNetwork] = []
    for copy, part in zip(tee(floats), (strength.luma, strength.chroma), strict=True):
        if profile.is_nothing(part):
            answers.append(copy)
            continue
        answer, network = removal.remove_by_rows(networks, copy, shape, profile, part, told)
        answers.append(answer)
        used.append(network)
    together = in_step(*((some[None] for some in one) for one in answers))
    return back(_joined(luma, chroma)[0] for luma, chroma in together), used[0]


def halo(networks: Networks, profile: NoiseProfile, strength: Strength, channels: int) -> Halo:
    """`removal.halo`: what each part that goes by rows needs."""
    parts = _parts(profile, strength.of_channels(channels))
    return widest(removal.halo(networks, profile, part, channels) for part in parts)


def goes_by_rows(profile: NoiseProfile, strength: Strength) -> bool:
    """Whether noise can be removed from rows alone, in luma and in chroma."""
    parts = _parts(profile, strength)
    return bool(parts) and all(removal.goes_by_rows(profile, part) for part in parts)


def _parts(profile: NoiseProfile, strength: Strength) -> list[float]:
    """The strengths, without those that leave their part of the picture as it is."""
    distinct = dict.fromkeys((strength.luma, strength.chroma))
    return [part for part in distinct if not profile.is_nothing(part)]


def _joined(luma: Tensor, chroma: Tensor) -> Tensor:
    """The luma of one picture (..., 3, H, W) and the chroma of another.

    Luma is the same in all channels, so that the other one's moves by the difference of their means.
    """
    red, green, blue = (luma - chroma).unbind(-3)
    return chroma + ((red + green + blue) / 3).unsqueeze(-3)
