"""What noise is to be removed from a picture: white of a given or estimated sigma, correlated, or a camera's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from linn_cli.errors import UsageError
from linn_cli.noise import clipping, measurement
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.clipping import Clipping
from linn_cli.noise.measurement import CAMERA, CORRELATED, WHITE
from linn_cli.pictures.picture import Picture
from linn_cli.units import GREY_LEVELS, LEAST_SIGMA, MOST_SIGMA, channel_sigmas, parse_levels

AUTO = "auto"
_MODELS = (AUTO, WHITE, CAMERA, CORRELATED)
_MOST_STRENGTH = 2.0
_MID_GREY = 0.5


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
            found = replace(found, clipped=measurement.find_clipping(picture, found.sigma))
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
            measured = measurement.measure(picture, grows=self.model == AUTO)
            found = Found(measured.sigma)
            if measured.grows:
                found = Found.of(_channel_cameras(measured.cameras, channels))
            return replace(found, words=tuple(measured.in_words()))
        if self.model == CORRELATED:
            measured, *coarser = measurement.measure_correlated(picture)
            return Found(
                measured.sigma,
                coarser=tuple(half.sigma for half in coarser),
                words=tuple(measurement.correlated_words(measured, coarser)),
            )
        if self.camera:
            return Found.of(_channel_cameras(self.camera, channels))
        estimated = tuple(measurement.measure_camera(picture))
        found = Found.of(_channel_cameras(estimated, channels))
        return replace(found, words=tuple(map(measurement.camera_words, estimated)))


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


def scaled(sigma: tuple[float, ...], strength: float) -> tuple[float, ...]:
    """Sigmas times `strength`, each at most 1020."""
    return tuple(min(level * strength, MOST_SIGMA) for level in sigma)
