"""Noise taken out of pictures: as white noise, through a camera's transform, or coarse blotches first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from linn_cli import samples
from linn_cli.denoising import blended, coarse
from linn_cli.denoising.loaded_network import LoadedNetwork, unchanged
from linn_cli.denoising.networks import Networks
from linn_cli.engine import pyramid
from linn_cli.engine.halo import Halo, in_turn, widest
from linn_cli.engine.normalisation import network_sigma
from linn_cli.noise import correlated, hot_pixels
from linn_cli.noise.camera import CameraNoise, Transform
from linn_cli.noise.profile import NoiseProfile, Told
from linn_cli.progress import Progress, share, silent
from linn_cli.units import Sigma

_STRIP = 256  # rows of a whole picture that are floats at a time


def remove(
    networks: Networks,
    values: Tensor,
    profile: NoiseProfile,
    strength: float = 1.0,
    progress: Progress = silent,
) -> tuple[Tensor, LoadedNetwork]:
    """Denoise images (B, C, H, W) of any dtype into the same, and tell which network did.

    A grey picture stored as colour is denoised as grey and stays grey: its noise is the same in all
    channels, so that the rotation would find sqrt(3) times as much in the luma.

    Args:
        networks: to choose from.
        values: integers have the range of their dtype, floats are white at 1.
        profile: their noise.
        strength: multiplies its standard deviation.
        progress: counts rows.
    """
    channels = values.shape[1]
    if profile.hot_pixels and strength > 0:
        values = hot_pixels.removed(values, profile.hot_pixels)
        profile = replace(profile, hot_pixels=None)
    if channels > 1 and profile.is_alike and samples.is_grey(values):
        grey, network = remove(networks, values[:, :1], profile.first_channel(), strength, progress)
        return grey.repeat(1, channels, 1, 1), network
    if profile.grows and strength > 0 and blended.suits(profile.cameras):
        return blended.remove(networks, values, profile.cameras, strength, progress)
    if profile.grows and strength > 0:
        return _remove_camera(networks, values, profile.cameras, strength, progress)
    if strength > 0 and (profile.coarser or profile.photo_half or profile.photo_white):
        return _each_by_rows(networks, values, profile, strength, progress)
    network = networks.at(profile.sigma_at(strength), channels, profile.kind)
    sigma, chroma = profile.told(network.weight_set.noise, strength)
    undo = profile.clipped.scaled(strength).undo
    return network(values, sigma, progress, after=undo, chroma=chroma), network


def remove_by_rows(
    networks: Networks,
    rows: Iterable[Tensor],
    shape: tuple[int, int],
    profile: NoiseProfile,
    strength: float = 1.0,
    progress: Progress = silent,
) -> tuple[Iterator[Tensor], LoadedNetwork]:
    """`remove` for a picture given from the top as rows (C, n, W), if `goes_by_rows`.

    Args:
        networks: to choose from.
        rows: as values of `remove`.
        shape: C and W.
        profile: their noise.
        strength: multiplies its standard deviation.
        progress: counts rows.
    """
    channels, width = shape
    if profile.hot_pixels:
        rows = hot_pixels.removed_by_rows(rows, profile.hot_pixels)
    if profile.grows and blended.suits(profile.cameras):
        return blended.remove_by_rows(networks, rows, width, profile.cameras, strength, progress)
    if profile.coarser:
        return _without_blotches(networks, rows, shape, profile, strength, progress)
    network, told = _of_rows(networks, profile, strength, channels)
    sigma = told.sigma.by_channel(channels)
    if profile.grows:
        transform = Transform(profile.cameras)
        changes = transform.forward, transform.inverse
        return network.rows(rows, width, sigma, *changes, progress), network
    undo = profile.clipped.scaled(strength).undo
    beside = coarse.beside(networks, network, profile, strength)
    if beside:
        answer = coarse.remove(network, rows, width, told, beside, progress)
        return map(undo, answer), replace(network, beside=beside.weights)
    return network.rows(rows, width, sigma, unchanged, undo, progress, told.chroma), network


def _each_by_rows(
    networks: Networks,
    values: Tensor,
    profile: NoiseProfile,
    strength: float,
    progress: Progress,
) -> tuple[Tensor, LoadedNetwork]:
    """`remove` for noise that is removed in the same way of rows and of whole pictures."""
    shape = values.shape[1], values.shape[-1]
    cleaned, used = zip(
        *(
            remove_by_rows(networks, image.split(_STRIP, 1), shape, profile, strength, progress)
            for image in values
        ),
        strict=True,
    )
    answer = torch.stack([torch.cat(list(rows), 1) for rows in cleaned])
    return answer.to(values.device), used[0]


def halo(networks: Networks, profile: NoiseProfile, strength: float, channels: int) -> Halo:
    """What a part of a picture that goes by rows needs around it to be denoised as in the whole."""
    if profile.grows and blended.suits(profile.cameras):
        told = blended.sigmas(profile.cameras, strength)
        own = widest(networks.at(one, channels).halo(one.by_channel(channels)) for one in told)
    elif profile.coarser:
        told = [one.times(strength) for one in (profile.sigma, *profile.coarser)]
        own = in_turn([networks.at(one, channels).halo(one.by_channel(channels)) for one in told])
    else:
        network, (sigma, _) = _of_rows(networks, profile, strength, channels)
        beside = coarse.beside(networks, network, profile, strength)
        own = coarse.halo(network, sigma.by_channel(channels), beside)
    return replace(own, reach=own.reach + hot_pixels.REACH) if profile.hot_pixels else own


def _of_rows(
    networks: Networks, profile: NoiseProfile, strength: float, channels: int
) -> tuple[LoadedNetwork, Told]:
    """The network for a picture that goes by rows, and what it is told."""
    if profile.grows:
        sigma = Sigma(tuple(Transform(profile.cameras).sigma(strength)))
        return networks.at(sigma, channels), Told(sigma)
    network = networks.at(profile.sigma_at(strength), channels, profile.kind)
    return network, profile.told(network.weight_set.noise, strength)


def goes_by_rows(profile: NoiseProfile, strength: float) -> bool:
    """Whether noise can be removed from rows alone; few counts take the whole picture."""
    if profile.sigma_at(strength).is_nothing:
        return False
    goes_through = profile.grows and not blended.suits(profile.cameras)
    levels = Transform(profile.cameras).sigma(strength) if goes_through else ()
    return not levels or network_sigma(levels) <= pyramid.HEAVY


def _without_blotches(
    networks: Networks,
    rows: Iterable[Tensor],
    shape: tuple[int, int],
    profile: NoiseProfile,
    strength: float,
    progress: Progress,
) -> tuple[Iterator[Tensor], LoadedNetwork]:
    """Blotches first, in pictures of half the size and less; see `correlated.removed_by_rows`."""
    channels, width = shape
    sigmas = [one.times(strength) for one in (profile.sigma, *profile.coarser)]
    used = [networks.at(sigma, channels) for sigma in sigmas]
    # Each half has a quarter of the pixels, and half the rows.
    whole = sum(4.0**-halvings for halvings in range(len(sigmas)))
    undo = profile.clipped.scaled(strength).undo

    def remover(halvings: int) -> correlated.Remover:
        levels = sigmas[halvings].by_channel(channels)
        wide = pyramid.widths(width, halvings)[-1]
        part = share(progress, whole * 2**halvings)
        after = unchanged if halvings else undo

        def remove(bands: Iterable[Tensor]) -> Iterator[Tensor]:
            images = (band[0] for band in bands)
            answers = used[halvings].rows(images, wide, levels, after=after, progress=part)
            return (answer[None] for answer in answers)

        return remove

    floats, back = samples.as_floats(rows)
    removers = [remover(halvings) for halvings in range(len(sigmas))]
    bands = correlated.removed_by_rows((some[None] for some in floats), removers)
    return back(band[0] for band in bands), used[0]


def _remove_camera(
    networks: Networks,
    values: Tensor,
    cameras: Sequence[CameraNoise],
    strength: float,
    progress: Progress,
) -> tuple[Tensor, LoadedNetwork]:
    """Through the stabilising transform of each channel, scaled so that black is 0 and white is 1.

    Where noise is heavy, low frequencies come from the picture of half the size. It is halved before the
    transform: few counts are hard to stabilise, and four pixels together have more of them (Azzari and
    Foi, "Variance stabilization for noisy+estimate combination in iterative Poisson denoising", IEEE
    Signal Processing Letters 23, 2016, add up pixels for that).
    """
    transform = Transform(cameras)
    sigma = transform.sigma(strength)
    network = replace(networks.at(sigma, len(sigma)), halves=False)
    if network_sigma(sigma) <= pyramid.HEAVY:
        return network(values, sigma, progress, transform.forward, transform.inverse), network
    floats = samples.to_floats(values)
    # The smaller pictures have a third of its pixels together. The first of them has half of its rows.
    answer = network(floats, sigma, share(progress, 4 / 3), transform.forward, transform.inverse)
    smaller = [one.of_four for one in cameras]
    halved = pyramid.halve(floats)
    part = share(progress, 4 * halved.shape[-2] / floats.shape[-2])
    half, _ = _remove_camera(networks, halved, smaller, strength, part)
    return samples.from_floats(pyramid.corrected(answer, half), values.dtype), network
