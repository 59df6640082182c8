"""Noise taken out of pictures: as white noise, through a camera's transform, or coarse blotches first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from torch import Tensor

from linn_cli import samples
from linn_cli.denoising.denoiser import Denoiser, Done, is_grey
from linn_cli.denoising.networks import Networks
from linn_cli.engine import pyramid
from linn_cli.engine.normalisation import network_sigma
from linn_cli.noise import clipping, correlated
from linn_cli.noise.camera import CameraNoise, Transform
from linn_cli.noise.request import Found, scaled
from linn_cli.units import channel_sigmas


def remove(
    networks: Networks,
    values: Tensor,
    found: Found,
    strength: float = 1.0,
    done: Done = lambda rows: None,
) -> tuple[Tensor, Denoiser]:
    """Denoise images (B, C, H, W) of any dtype into the same, and tell which network did.

    Args:
        networks: to choose from.
        values: integers have the range of their dtype, floats are white at 1.
        found: their noise.
        strength: multiplies its standard deviation.
        done: called with half the number of rows whenever some go in, and again when they are finished.
    """
    if found.grows and strength > 0:
        if len(set(found.camera)) > 1 or not is_grey(values):
            return _remove_camera(networks, values, found.camera, strength, done)
        grey = values[:, :1]  # perhaps stored as colour
        answer, denoiser = _remove_camera(networks, grey, found.camera[:1], strength, done)
        return answer.repeat(1, values.shape[1], 1, 1), denoiser
    if found.coarser and strength > 0:
        return _remove_correlated(networks, values, found, strength, done)
    return networks.denoise(values, _one(found.at(strength)), done, found.clipped.of(strength))


def remove_by_rows(
    networks: Networks,
    rows: Iterable[Tensor],
    shape: tuple[int, int],
    found: Found,
    strength: float = 1.0,
) -> tuple[Iterator[Tensor], Denoiser] | None:
    """`remove` for a picture given from the top as rows (C, n, W); None if it takes the whole picture.

    Args:
        networks: to choose from.
        rows: as values of `remove`.
        shape: C and W.
        found: their noise.
        strength: multiplies its standard deviation.
    """
    channels, width = shape
    if found.coarser:
        return None
    if not found.grows:
        sigma = channel_sigmas(found.at(strength)[:channels], channels)
        denoiser = networks.at(sigma, channels)
        return denoiser.rows(rows, width, sigma, after=found.clipped.of(strength).undo), denoiser
    transform = Transform(found.camera[:channels])
    levels = transform.sigma(strength)
    if network_sigma(levels) > pyramid.HEAVY:
        return None
    denoiser = networks.at(levels, channels)
    return denoiser.rows(rows, width, levels, transform.forward, transform.inverse), denoiser


def _remove_correlated(
    networks: Networks,
    values: Tensor,
    found: Found,
    strength: float,
    done: Done,
) -> tuple[Tensor, Denoiser]:
    """Blotches first, in pictures of half the size and less."""
    sigmas = [scaled(sigma, strength) for sigma in (found.sigma, *found.coarser)]
    used: list[Denoiser] = []

    def denoise(picture: Tensor, sigma: tuple[float, ...]) -> Tensor:
        # The picture itself comes last; the smaller ones do not count.
        last = picture.shape == values.shape
        clipped = found.clipped.of(strength) if last else clipping.NONE
        clean, denoiser = networks.denoise(
            picture, _one(sigma), done if last else lambda rows: done(0), clipped
        )
        used.append(denoiser)
        return clean

    clean = correlated.remove(samples.to_floats(values), sigmas, denoise)
    return samples.from_floats(clean, values.dtype), used[-1]


def _remove_camera(
    networks: Networks,
    values: Tensor,
    cameras: Sequence[CameraNoise],
    strength: float,
    done: Done,
) -> tuple[Tensor, Denoiser]:
    """Through the stabilising transform of each channel, scaled so that black is 0 and white is 1.

    Where noise is heavy, low frequencies come from the picture of half the size. It is halved before the
    transform: few counts are hard to stabilise, and four pixels together have more of them (Azzari and
    Foi, "Variance stabilization for noisy+estimate combination in iterative Poisson denoising", IEEE
    Signal Processing Letters 23, 2016, add up pixels for that).
    """
    transform = Transform(cameras)
    sigma = transform.sigma(strength)
    denoiser = replace(networks.at(sigma, len(sigma)), halves=False)
    if network_sigma(sigma) <= pyramid.HEAVY:
        return denoiser(values, sigma, done, transform.forward, transform.inverse), denoiser
    floats = samples.to_floats(values)
    answer = denoiser(floats, sigma, done, transform.forward, transform.inverse)
    smaller = [CameraNoise(one.gain / 4, one.read / 2) for one in cameras]
    half, _ = _remove_camera(
        networks, pyramid.halve(floats), smaller, strength, lambda rows: done(0)
    )
    return samples.from_floats(pyramid.corrected(answer, half), values.dtype), denoiser


def _one(sigma: tuple[float, ...]) -> float | tuple[float, ...]:
    return sigma[0] if len(sigma) == 1 else sigma
