"""What noise is to be removed from a picture: white of a given or estimated sigma, correlated, or a camera's."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from linn_cli.errors import InputError, UsageError
from linn_cli.noise import _coarse_profile, clipping, measurement
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.clipping import Clipping
from linn_cli.noise.measured import (
    CAMERA,
    CORRELATED,
    PHOTO,
    WHITE,
    camera_words,
    correlated_words,
    photo_words,
)
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import FULL, Strength
from linn_cli.pictures.picture import Picture
from linn_cli.samples import white
from linn_cli.units import (
    EIGHT_BITS,
    GREY_LEVELS,
    MOST_SIGMA,
    UNBOUNDED,
    VALUE,
    Sigma,
    parse_levels,
    shown,
)
from linn_cli.wording import as_options, setting

AUTO = "auto"
_MODELS = (AUTO, WHITE, CAMERA, PHOTO, CORRELATED)
_OTHER_NAMES = {"poisson-gauss": CAMERA}


@dataclass(frozen=True)
class Request:
    """What is asked for: a sigma, or None to estimate it.

    AUTO takes noise for white, for a camera's if it clearly grows with brightness, or for that of a
    photograph (PHOTO) if it is clearly coarse. `strength` multiplies
    the noise's standard deviation, given or estimated, up to twice, in luma and in chroma; 0 returns every pixel as it is. `cameras`
    is a camera's noise, one or by channel; without it, it is estimated. `same`: the first plane of a file in which
    noise is found tells that of all. `hot_pixels` asks for these to be removed. `in_values`: sigma and cameras count
    in the file's values, so that where white is 1 they have to be divided by the white of its dtype.
    """

    sigma: Sigma | None = None
    model: str = AUTO
    strength: Strength = FULL
    cameras: tuple[CameraNoise, ...] = ()
    same: bool = False
    hot_pixels: bool = False
    in_values: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", _OTHER_NAMES.get(self.model, self.model))
        if self.model not in _MODELS:
            raise UsageError(f"unknown noise {self.model!r}: choose one of {', '.join(_MODELS)}")
        if self.model == CAMERA and self.sigma is not None:
            raise UsageError(
                f"{setting('noise', CAMERA)} has no one sigma: "
                f"leave {setting('sigma')} out, or give {setting('gain')}"
            )
        if self.model == CORRELATED and self.sigma is not None:
            raise UsageError(
                f"{setting('noise', CORRELATED)} estimates sigma: leave {setting('sigma')} out"
            )
        if self.model == PHOTO and self.sigma is not None:
            raise UsageError(
                f"{setting('noise', PHOTO)} estimates sigma: leave {setting('sigma')} out"
            )
        if self.same and self.sigma is not None and len(set(self.sigma.levels)) > 1:
            raise UsageError(
                f"{setting('sigma')} has a value for each channel, {setting('same_noise')} one for all: "
                "leave one of them out"
            )
        if self.model != CAMERA and self.cameras:
            raise UsageError(
                f"{setting('gain')} and {setting('read_noise')} are a camera's: "
                f"add {setting('noise', CAMERA)}"
            )

    @property
    def is_estimate(self) -> bool:
        """Whether the noise must be estimated."""
        return self.sigma is None and not self.cameras and self.strength.most > 0

    def find(self, picture: Picture) -> NoiseProfile:
        """The noise of a picture, given or estimated, before `strength`.

        Raises:
            InputError: the picture is too small to estimate its noise.
            UsageError: sigma or a camera's noise is given for another number of channels.
        """
        asked = self._of_dtype(white(picture.values.dtype))
        found = asked._without_hot_pixels(picture).of(picture)
        return self._scaled(found, self.strength.of_channels(picture.values.shape[2]))

    def _of_dtype(self, most: float) -> Request:
        """What is asked for of a picture whose dtype has this white."""
        if not self.in_values:
            return self
        sigma = self.sigma and Sigma(tuple(level / most for level in self.sigma.levels))
        cameras = tuple(one.times(1 / most) for one in self.cameras)
        return replace(self, sigma=sigma, cameras=cameras, in_values=False)

    def of_channel(self, index: int, channels: int) -> Request:
        """What is asked for one of the channels of a picture whose channels are pictures of their own.

        Raises:
            UsageError: sigma or a camera's noise is given for another number of channels.
        """
        sigma, cameras = self.sigma, self.cameras
        if sigma is not None:
            sigma = Sigma(sigma.by_channel(channels)[index : index + 1])
        if cameras:
            cameras = _channel_cameras(cameras, channels)[index : index + 1]
        return replace(self, sigma=sigma, cameras=cameras)

    def _without_hot_pixels(self, picture: Picture) -> NoiseProfile:
        if self.strength.most == 0:
            if self.cameras:
                return self._found(picture)
            return self._given(self.sigma, picture) if self.sigma else NoiseProfile.none(picture)
        wanted = self.hot_pixels or self.is_estimate
        hot = measurement.find_hot_pixels(picture, asked=self.hot_pixels) if wanted else None
        if hot is None:
            return replace(self._found(picture), advice=measurement.find_lonely(picture))
        if not self.hot_pixels:
            found = self._found(picture)
            return replace(found, advice=(hot.advice(setting("hot_pixels")),))
        found = self._found(measurement.without(picture, hot))
        return replace(found, hot_pixels=hot, words=(*found.words, f"{hot}, removed"))

    def _found(self, picture: Picture) -> NoiseProfile:
        if self.sigma is None:
            return self._estimated(picture, picture.values.shape[2])
        found = self._given(self.sigma, picture)
        coarse = measurement.find_photo(picture) if self.model == AUTO and not found.kept else ()
        if coarse and all(found.sigma.levels):
            found = _coarse_profile.of_sigma(found, coarse, picture)
        return replace(found, clipped=self._clipped(picture, found))

    def _given(self, sigma: Sigma, picture: Picture) -> NoiseProfile:
        """The noise of a sigma that was given."""
        given = sigma.by_channel(picture.values.shape[2])
        levels = tuple(level / picture.unit for level in given)
        if max(levels) > MOST_SIGMA:
            raise UsageError(_too_much(max(given), picture))
        return NoiseProfile.of_levels(levels)

    def _estimated(self, picture: Picture, channels: int) -> NoiseProfile:
        if self.model == CORRELATED:
            levels = measurement.measure_correlated(picture)
            words = tuple(map(as_options, correlated_words(levels, picture)))
            found = replace(_coarse_profile.of_levels(levels), words=words)
            return replace(found, clipped=self._clipped(picture, found))
        if self.model == CAMERA:
            given = tuple(one.within(picture.scale, picture.unit) for one in self.cameras)
            cameras = given or tuple(measurement.measure_camera(picture))
            found = NoiseProfile.from_cameras(_channel_cameras(cameras, channels))
            if not self.cameras:
                said = map(as_options, camera_words(cameras, picture))
                found = replace(found, words=tuple(said))
            return replace(found, clipped=self._clipped(picture, found))
        if self.model == PHOTO:
            photo = measurement.measure_photo(picture)
            if not photo:
                raise InputError(
                    "too small or too flat to estimate a photograph's noise: "
                    f"leave {setting('noise')} out and give {setting('sigma')}"
                )
            words = tuple(map(as_options, photo_words(photo, picture)))
            return _coarse_profile.of_photo(picture, photo, words)
        measured = measurement.measure(picture, grows=self.model == AUTO)
        found = NoiseProfile.of_measured(measured, picture)
        if measured.photo:
            return _coarse_profile.of_photo(picture, measured.photo, found.words)
        if measured.grows:
            return found
        return replace(found, clipped=measured.clipped or self._clipped(picture, found))

    def _clipped(self, picture: Picture, found: NoiseProfile) -> Clipping:
        if found.grows:  # the transform knows by itself what black cuts off
            return clipping.NONE
        return measurement.find_clipping(picture, found.sigma.levels)

    def _scaled(self, found: NoiseProfile, strength: Strength) -> NoiseProfile:
        """With a word on what `strength` makes of an estimate."""
        if found.grows or not found.words or strength == FULL:
            return found
        unit = VALUE if found.range else EIGHT_BITS
        taken = ", ".join(map(shown, found.shown_in(unit, strength)))
        if strength.is_apart and not found.photo:
            of_colour = Strength(strength.chroma, strength.chroma)
            colour = ", ".join(map(shown, found.shown_in(unit, of_colour)))
            taken = f"{taken} in brightness and {colour} in colour"
        words = f"sigma {taken} is removed, at --strength {strength}"
        return replace(found, words=(*found.words, words))


def _too_much(level: float, picture: Picture) -> str:
    """Why a sigma, in grey levels, is no noise that a picture may have."""
    own = level * white(picture.values.dtype) / GREY_LEVELS
    return (
        f"sigma is {own:g} in the picture's values, which go from {picture.scale.low:g} to "
        f"{picture.scale.high:g}: give at most {MOST_SIGMA / GREY_LEVELS:g} times that, or another {setting('sigma_unit')}"
    )


def parse_camera(gain: str | None, read: str | None, unit: str = "8bit") -> tuple[CameraNoise, ...]:
    """A camera's noise written as numbers for all channels or for each, as `Sigma.parse` takes them.

    Args:
        gain: the variance for each level of signal, or None for none to be given.
        read: the standard deviation in the dark; none is 0.
        unit: of both.

    Raises:
        UsageError: they are no noise, or not as many.
    """
    if gain is None:
        if read is not None:
            raise UsageError(f"{setting('read_noise')} goes with {setting('gain')}: give both")
        return ()
    gains, reads = parse_levels(gain, unit, "gain"), parse_levels(read or "0", unit, "read noise")
    count = max(len(gains), len(reads))
    if {len(gains), len(reads)} - {1, count}:
        raise UsageError(f"{len(gains)} gains and {len(reads)} read noises: give as many, or one")
    most = math.inf if unit in UNBOUNDED else GREY_LEVELS
    if not all(0 <= level <= most and math.isfinite(level) for level in (*gains, *reads)):
        raise UsageError("gain and read noise lie between 0 and white")
    pairs = zip(gains * (count // len(gains)), reads * (count // len(reads)), strict=True)
    return tuple(CameraNoise(gain / GREY_LEVELS, read / GREY_LEVELS) for gain, read in pairs)


def _channel_cameras(cameras: tuple[CameraNoise, ...], channels: int) -> tuple[CameraNoise, ...]:
    if len(cameras) not in (1, channels):
        raise UsageError(
            f"{len(cameras)} gains for a picture of {channels} channel{'s' * (channels > 1)}: "
            f"give {f'{channels}, or one' if channels > 1 else 'one'}"
        )
    return cameras * (channels // len(cameras))
