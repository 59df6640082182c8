"""What noise a picture was found to have, and how linn says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from statistics import fmean
from typing import Any

from linn_cli.noise import camera_fit
from linn_cli.noise._telling import deviations, learned
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.clipping import Clipping
from linn_cli.noise.estimation import Estimate
from linn_cli.noise.photograph import Plane
from linn_cli.pictures.picture import Picture
from linn_cli.samples import Range
from linn_cli.units import EIGHT_BITS, GREY_LEVELS, VALUE, shown
from linn_cli.wording import as_arguments, as_options, setting

WHITE, CAMERA, PHOTO, CORRELATED = "white", "camera", "photo", "correlated"
_NOT_WHITE = (
    "fine detail is weaker than white noise would leave it, as after JPEG, demosaicing or scaling, or in fine texture: "
    "every second pixel has sigma "
)
_LEAST_SHARE = 1e-4  # of the interval's end
# Shadows, midtones and highlights.
_TONES = 0.1, 0.5, 0.9
# Lossy compression takes weak noise in fine detail away, and nothing tells how much there was.
_LOSSY, _LITTLE = ("JPEG", "AVIF"), 2.0
_HIDDEN = "lossy compression may hide noise: if there is some to be seen, give --sigma"
_MAY_GROW = (
    "the noise may grow with brightness, as a camera's does: "
    f"{setting('noise', CAMERA)} may suit it better"
)
_GROWS = (
    "the noise grows with brightness, as a camera's does, and is taken for such "
    f"({setting('noise', WHITE)} would not)"
)


@dataclass(frozen=True)
class Measured:
    """The noise of a picture, by channel and over all, and what speaks against its being white.

    `correlated` is the noise of every second pixel of every second row, if it is clearly stronger;
    `cameras` is the noise of each channel, if it may grow with brightness in some, and `certainty` how many times
    its standard error the clearest gain is. `clipped` is where the noise is cut off, if that had to be known.
    `photo` is the noise of luma and chroma, if it is clearly coarse, as a photograph's.
    """

    channels: tuple[Estimate, ...]
    overall: Estimate
    correlated: Estimate | None = None
    cameras: tuple[CameraNoise, ...] = ()
    certainty: float = 0.0
    clipped: Clipping | None = None
    photo: tuple[Plane, ...] = ()

    @property
    def grows(self) -> bool:
        """Whether it grows with brightness beyond doubt."""
        return self.certainty >= camera_fit.CERTAIN

    @property
    def sigma(self) -> tuple[float, ...]:
        """What to denoise with: by channel where the channels clearly differ, else one for all."""
        differ = any(a.high < b.low or b.high < a.low for a, b in combinations(self.channels, 2))
        found = self.channels if differ else (self.overall,)
        return tuple(one.sigma for one in found)

    def scaled(self, unit: float) -> Measured:
        """The same in other grey levels, one of these being `unit` of those: see `Picture.unit`."""
        if unit == 1:
            return self
        return replace(
            self,
            channels=tuple(one.scaled(unit) for one in self.channels),
            overall=self.overall.scaled(unit),
            correlated=self.correlated and self.correlated.scaled(unit),
            cameras=tuple(one.times(unit) for one in self.cameras),
            photo=tuple(one.scaled(unit) for one in self.photo),
        )

    def told_in(self, unit: str, picture: Picture) -> Measured:
        """The same of a picture, in whose range it counts, in the unit. Cameras that no option takes are left out."""
        level = picture.level(unit)
        cameras = tuple(one.outside(picture.scale, level) for one in self.cameras)
        known = tuple(one for one in cameras if one)
        return replace(self.scaled(level), cameras=known if len(known) == len(cameras) else ())

    def as_data(self) -> dict[str, Any]:
        """For programs: noise as --sigma, --gain and --read-noise take it, in the unit that it is scaled to."""
        cameras = [
            dict(zip(("gain", "read"), one.levels, strict=True), encoded=one.encoded)
            for one in self.cameras
        ]
        data = asdict(self) | {"cameras": cameras, "grows": self.grows}
        del data["clipped"]
        photo = {"deviation": deviations(self.photo), "told": learned(self.photo)}
        return data | {"photo": photo if self.photo else None}

    def of(self, picture: Picture, unit: str | None = None) -> list[str]:
        """`in_words` for the command line, in a unit, by default the one in which people are told the picture's noise."""
        unit = unit or picture.told
        words = self.scaled(picture.level(unit))._words(_camera_words(self.cameras, picture, unit))
        return list(map(as_options, _in_unit(words, unit)))

    def in_words(self) -> list[str]:
        """The estimates with their 95 % intervals, and what is to be said of them."""
        return list(map(as_arguments, self._words(_camera_words(self.cameras, None, EIGHT_BITS))))

    def _words(self, of_cameras: list[str]) -> list[str]:
        if self.photo:
            return [_photo_words(self.photo)]
        if any(one.encoded for one in self.cameras):
            return of_cameras
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
            words += [_GROWS if self.grows else _MAY_GROW, *of_cameras]
        return words


def hidden(format_name: str, sigma: Sequence[float]) -> tuple[str, ...]:
    """What to say where lossy compression may have hidden noise; empty if not."""
    return (_HIDDEN,) if format_name in _LOSSY and max(sigma) < _LITTLE else ()


def photo_words(photo: Sequence[Plane], picture: Picture) -> list[str]:
    """What `measure_photo` found in a picture."""
    unit = picture.told
    return _in_unit([_photo_words([one.scaled(picture.level(unit)) for one in photo])], unit)


def _photo_words(photo: Sequence[Plane]) -> str:
    """What is to be said of a photograph's noise, in the grey levels in which it counts."""
    luma, *chroma = map(_plain, deviations(photo))
    planes = f"{luma} in brightness and {' and '.join(chroma)} in colour" if chroma else luma
    return (
        f"a photograph's coarse noise (camera, JPEG, grain or enlarged), sigma {planes}, estimated"
    )


def correlated_words(levels: Sequence[Measured], picture: Picture) -> list[str]:
    """What `measure_correlated` found in a picture, for it and for its halves."""
    unit = picture.told
    level = picture.level(unit)
    measured, *coarser = levels
    words = [f"{words} from every second pixel" for words in measured.scaled(level)._words([])]
    if coarser:
        halves = ", ".join(_interval(half.overall.scaled(level)) for half in coarser)
        words.append(f"it lies in blotches: sigma {halves} in pictures of half the size and less")
    return _in_unit(words, unit)


def camera_words(cameras: Sequence[CameraNoise], picture: Picture) -> list[str]:
    """What `measure_camera` found in the channels of a picture; `wording` spells its settings."""
    return _in_unit(_camera_words(cameras, picture, picture.told), picture.told)


def _camera_words(cameras: Sequence[CameraNoise], picture: Picture | None, unit: str) -> list[str]:
    """What is to be said of the noise of channels in a unit, in which it counts already if there is no picture."""
    scale = picture.scale if picture else Range(0.0, 1.0)
    level = picture.level(unit) if picture else 1.0
    if any(one.encoded for one in cameras):
        return [_tone_words(cameras, level)]
    return [_one_camera_words(one, scale, level, unit) for one in cameras]


def _tone_words(cameras: Sequence[CameraNoise], level: float) -> str:
    dark, middle, light = (
        _plain(level * GREY_LEVELS * fmean(one.deviation_at(tone) for one in cameras))
        for tone in _TONES
    )
    return f"a camera's noise, sigma {dark} in shadows, {middle} in midtones and {light} in highlights, estimated"


def _one_camera_words(one: CameraNoise, scale: Range, level: float, unit: str) -> str:
    if one.gain == 0:
        return f"white noise, sigma {shown(level * GREY_LEVELS * one.read)}, estimated"
    told = one.outside(scale, level)
    if told is None:  # black is not at 0, and the options know no other
        dark, light = (shown(level * GREY_LEVELS * one.deviation_at(end)) for end in (0, 1))
        return f"sigma {dark} at {scale.low:.4g} and {light} at {scale.high:.4g}, estimated"
    gain, read = told.levels
    counts = f"one value is {1 / gain:.4g}" if unit == VALUE else f"white is {1 / one.gain:.4g}"
    return (
        f"{counts} counts, {setting('gain', f'{gain:.4g}')} "
        f"{setting('read_noise', shown(read))}, estimated"
    )


def _in_unit(words: Sequence[str], unit: str) -> list[str]:
    """Words, the first of which name a unit that is not grey levels."""
    first, *others = words
    if unit == VALUE:
        first = f"{first} in the file's values ({setting('sigma_unit', VALUE)})"
    return [first, *others]


def _interval(one: Estimate) -> str:
    # Next to nothing is nothing, not a row of zeros.
    sigma, low, high = (
        shown(level if level > _LEAST_SHARE * one.high else 0.0)
        for level in (one.sigma, one.low, one.high)
    )
    return f"{sigma} ({low} to {high})"


def _plain(level: float) -> str:
    """A noise level in short: one decimal, or three digits."""
    return f"{level:.1f}" if 1 <= level < 1000 or not level else shown(level)
