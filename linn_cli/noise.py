"""What noise a picture has: white of a given or estimated sigma, correlated, or a camera's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli import clipping, correlated, estimation, stabilisation
from linn_cli.clipping import Clipping
from linn_cli.denoiser import find_clipping
from linn_cli.errors import UsageError
from linn_cli.estimation import Estimate
from linn_cli.normalisation import GREY_LEVELS
from linn_cli.picture import Picture
from linn_cli.sigmas import LEAST_SIGMA, MOST_SIGMA, channel_sigmas, parse_levels
from linn_cli.stabilisation import CameraNoise

AUTO, WHITE, CAMERA, CORRELATED = "auto", "white", "poisson-gauss", "correlated"
_MODELS = (AUTO, WHITE, CAMERA, CORRELATED)
_MOST_STRENGTH = 2.0
_MID_GREY = 0.5
_NOT_WHITE = (
    "the noise is not white: it is weaker in fine detail, as after JPEG, demosaicing or scaling; "
    f"--noise {CORRELATED} takes it for sigma "
)
# Lossy compression takes weak noise in fine detail away, and nothing tells how much there was.
_LOSSY, _LITTLE = ("JPEG", "AVIF"), 2.0
_HIDDEN = "lossy compression may hide noise: if there is some to be seen, give --sigma"
_MAY_GROW = (
    f"the noise may grow with brightness, as a camera's does: --noise {CAMERA} may suit it better"
)
_GROWS = f"the noise grows with brightness, as a camera's does, and is taken for such (--noise {WHITE} would not)"


@dataclass(frozen=True)
class Measured:
    """The noise of a picture, by channel and over all, and what speaks against its being white.

    `correlated` is the noise of every second pixel of every second row, if it is clearly stronger;
    `cameras` is the noise of each channel, if it may grow with brightness in some, and `certainty` how many times
    its standard error the clearest gain is.
    """

    channels: tuple[Estimate, ...]
    overall: Estimate
    correlated: Estimate | None = None
    cameras: tuple[CameraNoise, ...] = ()
    certainty: float = 0.0

    @property
    def grows(self) -> bool:
        """Whether it grows with brightness beyond doubt."""
        return self.certainty >= stabilisation.CERTAIN

    @property
    def sigma(self) -> tuple[float, ...]:
        """What to denoise with: by channel where the channels clearly differ, else one for all."""
        differ = any(a.high < b.low or b.high < a.low for a, b in combinations(self.channels, 2))
        found = self.channels if differ else (self.overall,)
        return tuple(min(one.sigma, MOST_SIGMA) for one in found)

    def as_data(self) -> dict[str, Any]:
        """For programs: noise in 8-bit grey levels, as --sigma, --gain and --read-noise take them."""
        cameras = [dict(zip(("gain", "read"), one.levels, strict=True)) for one in self.cameras]
        return asdict(self) | {"cameras": cameras, "grows": self.grows}

    def in_words(self) -> list[str]:
        """The estimates with their 95 % intervals, and what is to be said of them."""
        overall = _interval(self.overall)
        by_channel = f"by channel {', '.join(map(_interval, self.channels))}"
        if len(self.channels) == 1:
            words = [f"sigma {overall}, estimated"]
        elif len(self.sigma) == 1:
            words = [f"sigma {overall}, estimated; {by_channel}"]
        else:
            words = [f"sigma {by_channel}, estimated; overall {overall}"]
        if self.correlated:
            words.append(f"{_NOT_WHITE}{self.correlated.sigma:.2f}")
        if self.cameras:
            words += [_GROWS if self.grows else _MAY_GROW, *map(_camera_words, self.cameras)]
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

    @classmethod
    def of(cls, cameras: tuple[CameraNoise, ...]) -> Found:
        """A camera's noise, by channel."""
        levels = (GREY_LEVELS * one.deviation_at(_MID_GREY) for one in cameras)
        return cls(tuple(min(max(level, LEAST_SIGMA), MOST_SIGMA) for level in levels), cameras)

    @property
    def grows(self) -> bool:
        """Whether it grows with brightness in some channel."""
        return any(one.gain for one in self.camera)

    def at(self, strength: float) -> tuple[float, ...]:
        """The sigma by channel that `strength` makes of it, at most 1020."""
        return scaled(self.sigma, strength)


@dataclass(frozen=True)
class Request:
    """What is asked for: sigma by channel in 8-bit grey levels, or None to estimate it.

    AUTO takes noise for white, or for a camera's if it clearly grows with brightness. `strength` multiplies
    the noise's standard deviation, given or estimated, up to twice; 0 returns every pixel as it is. `camera`
    is a camera's noise, one or by channel; without it, it is estimated.
    """

    sigma: tuple[float, ...] | None = None
    model: str = AUTO
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
        if self.strength == 0:
            return Found(self.sigma or (0.0,))
        found = self._find(picture)
        if not found.grows:  # the transform knows by itself what black cuts off
            found = replace(found, clipped=_find_clipping(picture, found.sigma))
            if found.words and self.strength != 1:
                taken = ", ".join(f"{level:.2f}" for level in found.at(self.strength))
                words = f"sigma {taken} is removed, at --strength {100 * self.strength:g}"
                found = replace(found, words=(*found.words, words))
        return found

    def _find(self, picture: Picture) -> Found:
        channels = picture.values.shape[2]
        if self.sigma is not None:
            return Found(channel_sigmas(self.sigma, channels))
        if self.model in (AUTO, WHITE):
            measured = measure(picture, grows=self.model == AUTO)
            found = Found(measured.sigma)
            if measured.grows:
                found = Found.of(_channel_cameras(measured.cameras, channels))
            return replace(found, words=tuple(measured.in_words()))
        if self.model == CORRELATED:
            measured, *coarser = measure_correlated(picture)
            return Found(
                measured.sigma,
                coarser=tuple(half.sigma for half in coarser),
                words=tuple(_correlated_words(measured, coarser)),
            )
        if self.camera:
            return Found.of(_channel_cameras(self.camera, channels))
        estimated = tuple(measure_camera(picture))
        found = Found.of(_channel_cameras(estimated, channels))
        return replace(found, words=tuple(map(_camera_words, estimated)))


def parse_camera(gain: str | None, read: str | None, unit: str = "8bit") -> tuple[CameraNoise, ...]:
    """A camera's noise written as numbers for all channels or for each, as `sigmas.parse_sigma` takes them.

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


def _channel_cameras(cameras: tuple[CameraNoise, ...], channels: int) -> tuple[CameraNoise, ...]:
    if len(cameras) not in (1, channels):
        raise UsageError(
            f"{len(cameras)} gains for a picture of {channels} channels: give {channels}, or one"
        )
    return cameras * (channels // len(cameras))


def measure(picture: Picture, *, grows: bool = True) -> Measured:
    """Estimate the white noise of a picture, where it is not wholly transparent.

    Args:
        picture: also looked at for what is not white about its noise.
        grows: look whether it grows with brightness, too.

    Raises:
        InputError: the picture is too small, or holds values that are not finite.
    """
    planes, step, seen = _planes(picture)
    channels = tuple(estimation.estimate(plane, step, seen) for plane in planes)
    stronger = [found for plane in planes if (found := estimation.correlated(plane, step, seen))]
    overall = estimation.overall(channels)
    if stronger:
        return Measured(channels, overall, estimation.overall(stronger))
    white = Measured(channels, overall)
    fits = [stabilisation.estimate(plane, step, seen) for plane in planes] if grows else []
    # White noise that is cut off at black is weaker in the dark, too.
    if not any(one.gain for one, _ in fits) or _find_clipping(picture, white.sigma).black:
        return white
    certainty = max(certainty for one, certainty in fits if one.gain)
    return replace(white, cameras=tuple(one for one, _ in fits), certainty=certainty)


def hidden(format_name: str, sigma: Sequence[float]) -> tuple[str, ...]:
    """What to say where lossy compression may have hidden noise; empty if not."""
    return (_HIDDEN,) if format_name in _LOSSY and max(sigma) < _LITTLE else ()


def measure_correlated(picture: Picture) -> list[Measured]:
    """Estimate correlated noise of a picture, of its half, and so on; see `correlated.measure`."""
    return [
        Measured(channels, estimation.overall(channels))
        for channels in correlated.measure(*_planes(picture))
    ]


def measure_camera(picture: Picture) -> list[CameraNoise]:
    """Estimate gain and read noise of each channel; see `measure` for errors."""
    planes, step, seen = _planes(picture)
    return [stabilisation.estimate(plane, step, seen)[0] for plane in planes]


def _find_clipping(picture: Picture, sigma: tuple[float, ...]) -> Clipping:
    return find_clipping(torch.from_numpy(picture.values).permute(2, 0, 1)[None], sigma)


def scaled(sigma: tuple[float, ...], strength: float) -> tuple[float, ...]:
    """Sigmas times `strength`, each at most 1020."""
    return tuple(min(level * strength, MOST_SIGMA) for level in sigma)


def _planes(picture: Picture) -> tuple[list[Tensor], float, Tensor | None]:
    """The channels, white at 1, the step between their levels, and which pixels are seen; None for all."""
    values: NDArray[Any] = picture.values
    if picture.is_colour and bool((values == values[:, :, :1]).all()):
        values = values[:, :, :1]  # grey stored as colour
    white = np.iinfo(values.dtype).max if values.dtype.kind == "u" else 1
    seen = None
    if picture.alpha is not None and not bool(picture.alpha.all()):
        seen = torch.from_numpy(picture.alpha != 0)
    planes = torch.from_numpy(values.astype(np.float32)).div_(white)
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
    gain, read = one.levels
    if gain == 0:
        return f"white noise, sigma {read:.2f}, estimated"
    return (
        f"white is {1 / one.gain:.4g} counts, --gain {gain:.4g} --read-noise {read:.2f}, estimated"
    )
