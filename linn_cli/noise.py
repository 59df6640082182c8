"""What noise is to be removed from a picture: white of a given or estimated sigma, or a camera's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli import clipping, correlated, estimation, stabilisation
from linn_cli.clipping import Clipping
from linn_cli.errors import UsageError
from linn_cli.estimation import Estimate
from linn_cli.normalisation import GREY_LEVELS
from linn_cli.picture import Picture
from linn_cli.pipeline import (
    LEAST_SIGMA,
    Denoiser,
    Networks,
    channel_sigmas,
    find_clipping,
    parse_levels,
)
from linn_cli.stabilisation import CameraNoise

WHITE, CAMERA, CORRELATED = "white", "poisson-gauss", "correlated"
_MODELS = (WHITE, CAMERA, CORRELATED)
_MOST_STRENGTH = 2.0
_MID_GREY = 0.5
_NOT_WHITE = (
    "the noise is not white: it is weaker in fine detail, as after JPEG, demosaicing or scaling; "
    f"--noise {CORRELATED} takes it for sigma "
)
_GROWS = (
    "the noise grows with brightness, as a camera's does: --noise poisson-gauss may suit it better"
)


@dataclass(frozen=True)
class Measured:
    """The noise of a picture, by channel and over all, and what speaks against its being white.

    `correlated` is the noise of every second pixel of every second row, if it is clearly stronger.
    """

    channels: tuple[Estimate, ...]
    overall: Estimate
    correlated: Estimate | None = None
    grows_with_brightness: bool = False

    @property
    def sigma(self) -> tuple[float, ...]:
        """What to denoise with: by channel where the channels clearly differ, else one for all."""
        differ = any(a.high < b.low or b.high < a.low for a, b in combinations(self.channels, 2))
        found = self.channels if differ else (self.overall,)
        return tuple(min(one.sigma, float(GREY_LEVELS)) for one in found)

    def in_words(self) -> list[str]:
        """The estimates with their 95 % intervals, and what is to be said of them."""
        estimated = f"sigma {_interval(self.overall)}, estimated"
        if len(self.channels) > 1:
            estimated += f"; by channel {', '.join(map(_interval, self.channels))}"
        words = [estimated]
        if self.correlated:
            words.append(f"{_NOT_WHITE}{self.correlated.sigma:.2f}")
        if self.grows_with_brightness:
            words.append(_GROWS)
        return words


@dataclass(frozen=True)
class Found:
    """The noise that is removed: sigma by channel, and of a camera's noise gain and read noise.

    The sigma of a camera's noise is that at mid grey. `coarser` has the sigmas of correlated noise in the
    picture of half the size, a quarter and so on, `words` say what was estimated, and `clipped` where
    noise is cut off.
    """

    sigma: tuple[float, ...]
    camera: tuple[CameraNoise, ...] = ()
    coarser: tuple[tuple[float, ...], ...] = ()
    words: tuple[str, ...] = ()
    clipped: Clipping = clipping.NONE

    @property
    def grows(self) -> bool:
        """Whether it grows with brightness in some channel."""
        return any(one.gain for one in self.camera)

    def at(self, strength: float) -> tuple[float, ...]:
        """The sigma by channel that `strength` makes of it, at most 255."""
        return _scaled(self.sigma, strength)


@dataclass(frozen=True)
class Request:
    """What is asked for: sigma by channel in 8-bit grey levels, or None to estimate it.

    `strength` multiplies the noise's standard deviation, given or estimated, up to twice; 0 returns
    every pixel as it is. `camera` is a camera's noise, one or by channel; without it, it is estimated.
    """

    sigma: tuple[float, ...] | None = None
    model: str = WHITE
    strength: float = 1.0
    camera: tuple[CameraNoise, ...] = ()

    def __post_init__(self) -> None:
        if self.model not in _MODELS:
            raise UsageError(f"unknown noise {self.model!r}: choose one of {', '.join(_MODELS)}")
        if self.model == CAMERA and self.sigma is not None:
            raise UsageError(
                f"--noise {CAMERA} has no one sigma: leave --sigma out, or give --gain"
            )
        if self.model == CORRELATED and self.sigma is not None:
            raise UsageError(f"--noise {CORRELATED} estimates sigma: leave --sigma out")
        if self.model != CAMERA and self.camera:
            raise UsageError(f"--gain and --read-noise are a camera's: add --noise {CAMERA}")
        if not 0 <= self.strength <= _MOST_STRENGTH:
            most = 100 * _MOST_STRENGTH
            raise UsageError(
                f"strength {100 * self.strength:g} is out of range: give 0 to {most:g} %"
            )

    def find(self, picture: Picture) -> Found:
        """The noise of a picture, given or estimated, before `strength`.

        Raises:
            InputError: the picture is too small to estimate its noise.
        """
        channels = picture.values.shape[2]
        if self.strength == 0:
            return Found(self.sigma or (0.0,))
        if self.sigma is not None:
            found = Found(channel_sigmas(self.sigma, channels))
        elif self.model == WHITE:
            measured = measure(picture)
            found = Found(measured.sigma, words=tuple(measured.in_words()))
        elif self.model == CORRELATED:
            measured, *coarser = measure_correlated(picture)
            found = Found(
                measured.sigma,
                coarser=tuple(half.sigma for half in coarser),
                words=tuple(_correlated_words(measured, coarser)),
            )
        elif self.camera:
            found = _of_cameras(_channel_cameras(self.camera, channels))
        else:
            cameras = tuple(measure_camera(picture))
            found = replace(_of_cameras(cameras), words=tuple(map(_camera_words, cameras)))
        if found.grows:
            return found  # the transform knows by itself what black cuts off
        images = torch.from_numpy(picture.values).permute(2, 0, 1)[None]
        return replace(found, clipped=find_clipping(images, found.sigma))


def parse_camera(gain: str | None, read: str | None, unit: str = "8bit") -> tuple[CameraNoise, ...]:
    """A camera's noise written as numbers for all channels or for each, as `pipeline.parse_sigma` takes them.

    Args:
        gain: the variance for each level of signal, or None for none to be given.
        read: the standard deviation in the dark; none is 0.
        unit: of both.

    Raises:
        UsageError: they are no noise, or not as many.
    """
    if gain is None:
        if read is not None:
            raise UsageError("--read-noise goes with --gain: give both")
        return ()
    gains, reads = parse_levels(gain, unit, "gain"), parse_levels(read or "0", unit, "read noise")
    count = max(len(gains), len(reads))
    if {len(gains), len(reads)} - {1, count}:
        raise UsageError(f"{len(gains)} gains and {len(reads)} read noises: give as many, or one")
    if not all(0 <= level <= GREY_LEVELS for level in (*gains, *reads)):
        raise UsageError("gain and read noise lie between 0 and white")
    pairs = zip(gains * (count // len(gains)), reads * (count // len(reads)), strict=True)
    return tuple(CameraNoise(gain / GREY_LEVELS, read / GREY_LEVELS) for gain, read in pairs)


def _of_cameras(cameras: tuple[CameraNoise, ...]) -> Found:
    sigma = (
        min(max(one.deviation_at(_MID_GREY) * GREY_LEVELS, LEAST_SIGMA), float(GREY_LEVELS))
        for one in cameras
    )
    return Found(tuple(sigma), cameras)


def _channel_cameras(cameras: tuple[CameraNoise, ...], channels: int) -> tuple[CameraNoise, ...]:
    if len(cameras) not in (1, channels):
        raise UsageError(
            f"{len(cameras)} gains for a picture of {channels} channels: give {channels}, or one"
        )
    return cameras * (channels // len(cameras))


def measure(picture: Picture) -> Measured:
    """Estimate the white noise of a picture, where it is not wholly transparent.

    Raises:
        InputError: the picture is too small, or holds values that are not finite.
    """
    planes, step, seen = _planes(picture)
    channels = tuple(estimation.estimate(plane, step, seen) for plane in planes)
    if seen is not None:
        return Measured(channels, estimation.overall(channels))
    stronger = [found for plane in planes if (found := estimation.correlated(plane, step))]
    grows = any(stabilisation.estimate(plane, step).gain > 0 for plane in planes)
    return Measured(
        channels,
        estimation.overall(channels),
        estimation.overall(stronger) if stronger else None,
        grows,
    )


def measure_correlated(picture: Picture) -> list[Measured]:
    """Estimate correlated noise of a picture, of its half, and so on; see `correlated.measure`."""
    return [
        Measured(channels, estimation.overall(channels))
        for channels in correlated.measure(*_planes(picture))
    ]


def measure_camera(picture: Picture) -> list[CameraNoise]:
    """Estimate gain and read noise of each channel; see `measure` for errors."""
    planes, step, _ = _planes(picture)
    return [stabilisation.estimate(plane, step) for plane in planes]


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
        return _remove_camera(networks, values, found.camera, strength, done)
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
    sigmas = [_scaled(sigma, strength) for sigma in (found.sigma, *found.coarser)]
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
    values: Tensor,
    cameras: Sequence[CameraNoise],
    strength: float,
    done: Callable[[int], None],
) -> tuple[Tensor, Denoiser]:
    """Through the stabilising transform of each channel, scaled so that black is 0 and white is 1."""
    floats, white = _floats(values)
    cameras = [
        one if one.gain else CameraNoise(0.0, max(one.read, LEAST_SIGMA / GREY_LEVELS))
        for one in cameras
    ]
    ranges = [
        one.stabilise(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist() for one in cameras
    ]
    stabilised = torch.stack(
        [
            (one.stabilise(plane) - low) / (high - low)
            for one, plane, (low, high) in zip(cameras, floats.unbind(1), ranges, strict=True)
        ],
        dim=1,
    )
    sigma = [
        min(strength * GREY_LEVELS * one.deviation() / (high - low), float(GREY_LEVELS))
        for one, (low, high) in zip(cameras, ranges, strict=True)
    ]
    clean, denoiser = networks.denoise(stabilised, sigma, done)
    restored = white * torch.stack(
        [
            one.restore(plane * (high - low) + low)
            for one, plane, (low, high) in zip(cameras, clean.unbind(1), ranges, strict=True)
        ],
        dim=1,
    )
    return _as(values, restored), denoiser


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


def _scaled(sigma: tuple[float, ...], strength: float) -> tuple[float, ...]:
    """Multiplied, at most 255."""
    return tuple(min(level * strength, float(GREY_LEVELS)) for level in sigma)


def _planes(picture: Picture) -> tuple[list[Tensor], float, Tensor | None]:
    """The channels, white at 1, the step between their levels, and which pixels are seen; None for all."""
    values: NDArray[Any] = picture.values
    if picture.is_colour and bool((values == values[:, :, :1]).all()):
        values = values[:, :, :1]  # grey stored as colour
    white = np.iinfo(values.dtype).max if values.dtype.kind == "u" else 1
    seen = None
    if picture.alpha is not None and not bool(picture.alpha.all()):
        seen = torch.from_numpy(picture.alpha != 0)
    planes = torch.from_numpy(values.astype(np.float32) / np.float32(white))
    return list(planes.unbind(-1)), 1 / white if values.dtype.kind == "u" else 0.0, seen


def _interval(one: Estimate) -> str:
    return f"{one.sigma:.2f} ({one.low:.2f} to {one.high:.2f})"


def _correlated_words(measured: Measured, coarser: Sequence[Measured]) -> list[str]:
    words = [f"{words} from every second pixel" for words in measured.in_words()]
    if coarser:
        halves = ", ".join(_interval(half.overall) for half in coarser)
        words.append(f"it lies in blotches: sigma {halves} in pictures of half the size and less")
    return words


def _camera_words(one: CameraNoise) -> str:
    read = GREY_LEVELS * one.read
    if one.gain == 0:
        return f"white noise, sigma {read:.2f}, estimated"
    return f"white is {1 / one.gain:.4g} counts, read noise of sigma {read:.2f}, estimated"
