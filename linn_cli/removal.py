"""Noise taken out of pictures: as white noise, through a camera's transform, or coarse blotches first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from linn_cli import clipping, correlated, pyramid
from linn_cli.noise import Found, scaled
from linn_cli.normalisation import GREY_LEVELS, MOST_SIGMA, network_sigma
from linn_cli.pipeline import LEAST_SIGMA, Denoiser, Networks
from linn_cli.stabilisation import CameraNoise


def remove(
    networks: Networks,
    values: Tensor,
    found: Found,
    strength: float = 1.0,
    done: Callable[[int], None] = lambda rows: None,
) -> tuple[Tensor, Denoiser]:
    """Denoise images (B, C, H, W) of any dtype into the same, and tell which network did.

    Args:
        networks: to choose from.
        values: integers have the range of their dtype, floats are white at 1.
        found: their noise.
        strength: multiplies its standard deviation.
        done: called with the number of rows whenever some are finished.
    """
    if found.grows and strength > 0:
        floats, white = _floats(values)
        cameras = [one if one.gain else _least(one) for one in found.camera]
        answer, denoiser = _remove_camera(networks, floats, cameras, strength, done)
        return _as(values, answer * white), denoiser
    if found.coarser and strength > 0:
        return _remove_correlated(networks, values, found, strength, done)
    return networks.denoise(values, _one(found.at(strength)), done, found.clipped.of(strength))


def _remove_correlated(
    networks: Networks,
    values: Tensor,
    found: Found,
    strength: float,
    done: Callable[[int], None],
) -> tuple[Tensor, Denoiser]:
    """Blotches first, in pictures of half the size and less."""
    sigmas = [scaled(sigma, strength) for sigma in (found.sigma, *found.coarser)]
    used: list[Denoiser] = []

    def denoise(picture: Tensor, sigma: tuple[float, ...]) -> Tensor:
        # The picture itself comes last; of the smaller ones nothing is told.
        last = picture.shape == values.shape
        clipped = found.clipped.of(strength) if last else clipping.NONE
        clean, denoiser = networks.denoise(
            picture, _one(sigma), done if last else lambda rows: None, clipped
        )
        used.append(denoiser)
        return clean

    floats, white = _floats(values)
    return _as(values, correlated.remove(floats, sigmas, denoise) * white), used[-1]


def _remove_camera(
    networks: Networks,
    picture: Tensor,
    cameras: Sequence[CameraNoise],
    strength: float,
    done: Callable[[int], None],
) -> tuple[Tensor, Denoiser]:
    """Through the stabilising transform of each channel, scaled so that black is 0 and white is 1.

    Where noise is heavy, low frequencies come from the picture of half the size. It is halved before the
    transform: few counts are hard to stabilise, and four pixels together have more of them (Azzari and
    Foi, "Variance stabilization for noisy+estimate combination in iterative Poisson denoising", IEEE
    Signal Processing Letters 23, 2016, add up pixels for that).
    """
    ranges = [
        one.stabilise(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist() for one in cameras
    ]
    stabilised = torch.stack(
        [
            (one.stabilise(plane) - low) / (high - low)
            for one, plane, (low, high) in zip(cameras, picture.unbind(1), ranges, strict=True)
        ],
        dim=1,
    )
    sigma = [
        min(strength * GREY_LEVELS * one.deviation() / (high - low), MOST_SIGMA)
        for one, (low, high) in zip(cameras, ranges, strict=True)
    ]
    clean, denoiser = networks.denoise(stabilised, sigma, done, halves=False)
    answer = torch.stack(
        [
            one.restore(plane * (high - low) + low)
            for one, plane, (low, high) in zip(cameras, clean.unbind(1), ranges, strict=True)
        ],
        dim=1,
    )
    if network_sigma(sigma) > pyramid.HEAVY:
        smaller = [CameraNoise(one.gain / 4, one.read / 2) for one in cameras]
        half, _ = _remove_camera(
            networks, pyramid.halve(picture), smaller, strength, lambda rows: None
        )
        answer = pyramid.corrected(answer, half)
    return answer, denoiser


def _least(white: CameraNoise) -> CameraNoise:
    """White noise that can be divided by."""
    return CameraNoise(0.0, max(white.read, LEAST_SIGMA / GREY_LEVELS))


def _floats(values: Tensor) -> tuple[Tensor, float]:
    """Values of any dtype as float32, white at 1, and what white is."""
    white = 1.0 if values.is_floating_point() else float(torch.iinfo(values.dtype).max)
    return values.float() / white, white


def _as(values: Tensor, answer: Tensor) -> Tensor:
    """An answer, rounded if need be, of the dtype of values."""
    if not values.is_floating_point():
        answer = answer.round().clamp(0, torch.iinfo(values.dtype).max)
    return answer.to(values.dtype)


def _one(sigma: tuple[float, ...]) -> float | tuple[float, ...]:
    return sigma[0] if len(sigma) == 1 else sigma
