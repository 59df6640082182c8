"""Noise out of one picture in its own range: filled where it has holes, its outliers kept, and back as it was stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import tee

import torch
from torch import Tensor

from linn_cli.denoising import apart
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.engine.bands import in_step
from linn_cli.noise import hot_pixels
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import Strength
from linn_cli.pictures.picture import Picture
from linn_cli.progress import Progress, silent
from linn_cli.samples import Range
from linn_cli.units import GREY_LEVELS

# Stars and hot spots lie far beyond the range. The network sees them this far beyond it, in ranges, and not
# further: it might take some of a high peak away, and spread it.
_FARTHEST = 1.0
# A value counts as beyond the range from so many deviations of the noise on.
_BEYOND = 4.0
_NO_NOISE = 0.0


def denoise(
    networks: Networks,
    picture: Picture,
    profile: NoiseProfile,
    strength: Strength,
    progress: Progress,
) -> tuple[Picture, LoadedNetwork]:
    """Denoise a picture in colour or of one channel. What has no value and what is transparent stays to the bit.

    Args:
        networks: to choose from.
        picture: of any dtype.
        profile: its noise, as `Request.find` finds it.
        strength: how much of it is removed.
        progress: counts rows.
    """
    height = picture.values.shape[0]
    if is_nothing(picture, profile, strength):
        progress(height)
        return picture, networks.at(_NO_NOISE, picture.values.shape[2])
    stored = torch.from_numpy(picture.filled()).permute(2, 0, 1)[None]
    ranged = picture.range is not None
    values = picture.scale.to_floats(stored) if ranged else stored
    if profile.hot_pixels:
        values = hot_pixels.removed(values, profile.hot_pixels)
        profile = replace(profile, hot_pixels=None)
    held = _held(values)
    answer, network = apart.remove(networks, held, profile, strength, progress)
    answer = _kept(values, held, answer, profile, strength)
    clean = picture.scale.from_floats(answer, stored.dtype) if ranged else answer
    clean = _with_channels(clean, stored, profile.kept)
    return picture.with_values(clean[0].permute(1, 2, 0).numpy()), network


def is_nothing(picture: Picture, profile: NoiseProfile, strength: Strength) -> bool:
    """Whether a picture stays as it is: without noise to be removed, or without a value."""
    quiet = profile.is_nothing(strength.of_channels(picture.values.shape[2]).most)
    return quiet or picture.is_empty


def _held(values: Tensor) -> Tensor:
    """Values (..., H, W) with those far beyond the range brought nearer."""
    if not values.is_floating_point():
        return values
    least, most = values.aminmax()
    if least >= -_FARTHEST and most <= 1 + _FARTHEST:
        return values
    return values.clamp(-_FARTHEST, 1 + _FARTHEST)


def _with_channels(answer: Tensor, stored: Tensor, kept: Sequence[int]) -> Tensor:
    """The answer (..., C, H, W) with some channels as they were stored."""
    if not kept:
        return answer
    pairs = zip(answer.unbind(-3), stored.unbind(-3), strict=True)
    channels = [
        after if index not in kept else before for index, (after, before) in enumerate(pairs)
    ]
    return torch.stack(channels, dim=-3)


def _kept(
    values: Tensor, held: Tensor, answer: Tensor, profile: NoiseProfile, strength: Strength
) -> Tensor:
    """The answer (..., C, H, W) for `held`; where values lie beyond the range, they move by no more than the noise."""
    if not values.is_floating_point():
        return answer
    levels = [level / GREY_LEVELS for level in profile.sigma_at(min(strength.most, 1.0)).levels]
    sigma = torch.tensor(levels, dtype=values.dtype).view(-1, 1, 1)
    if profile.grows:
        pairs = zip(profile.cameras, values.unbind(-3), strict=True)
        sigma = torch.stack([one.deviations_at(plane) for one, plane in pairs], dim=-3)
        sigma = min(strength.most, 1.0) * sigma
    beyond = (values < -_BEYOND * sigma) | (values > 1 + _BEYOND * sigma)
    if not bool(beyond.any()):
        return answer
    moved = torch.maximum(torch.minimum(answer - held, sigma), -sigma)
    return torch.where(beyond, values + moved, answer)


def rows(
    networks: Networks,
    strips: Iterable[Tensor],
    shape: tuple[int, int],
    dtype: torch.dtype,
    profile: NoiseProfile,
    strength: Strength,
    progress: Progress = silent,
) -> tuple[Iterator[Tensor], LoadedNetwork]:
    """`denoise` for a picture without holes given from the top as strips (C, n, W) of its dtype, if it goes by rows.

    Args:
        networks: to choose from.
        strips: its values.
        shape: C and W.
        dtype: that of the strips.
        profile: its noise.
        strength: how much of it is removed.
        progress: counts rows.
    """
    if profile.kept:
        strips, stored = tee(strips)
        whole = replace(profile, kept=())
        answers, network = rows(networks, strips, shape, dtype, whole, strength, progress)
        pairs = in_step((some[None] for some in answers), (some[None] for some in stored))
        kept = (_with_channels(answer[0], value[0], profile.kept) for answer, value in pairs)
        return kept, network
    if profile.range is None and not dtype.is_floating_point:
        return apart.remove_by_rows(networks, strips, shape, profile, strength, progress)
    scale = profile.range or Range.nominal(dtype)
    floats: Iterable[Tensor] = map(scale.to_floats, strips)
    if profile.hot_pixels:
        floats = hot_pixels.removed_by_rows(floats, profile.hot_pixels)
        profile = replace(profile, hot_pixels=None)
    values, copy = tee(floats)
    answers, network = apart.remove_by_rows(
        networks, map(_held, values), shape, profile, strength, progress
    )

    def back() -> Iterator[Tensor]:
        pairs = in_step((rows[None] for rows in answers), (rows[None] for rows in copy))
        for answer, value in pairs:
            kept = _kept(value, _held(value), answer, profile, strength)
            yield scale.from_floats(kept, dtype)[0]

    return back(), network
