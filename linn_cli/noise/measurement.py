"""What noise a picture is found to have: estimates by channel, and what speaks against its being white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli import samples
from linn_cli.engine.load import with_threads
from linn_cli.engine.pyramid import halve
from linn_cli.noise import (
    _patch_statistics,
    camera_fit,
    clipping,
    correlated,
    estimation,
    hot_pixels,
    photograph,
)
from linn_cli.noise._sampling import sampled
from linn_cli.noise._telling import deviations, learned
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.clipping import Clipping
from linn_cli.noise.estimation import Estimate
from linn_cli.noise.hot_pixels import HotPixels
from linn_cli.noise.photograph import Plane
from linn_cli.pictures import holes
from linn_cli.pictures.picture import Picture
from linn_cli.samples import Range
from linn_cli.units import EIGHT_BITS, GREY_LEVELS, VALUE, shown
from linn_cli.wording import as_arguments, as_options, setting

WHITE, CAMERA, PHOTO, CORRELATED = "white", "camera", "photo", "correlated"
_NOT_WHITE = (
    "fine detail is weaker than white noise would leave it, as after JPEG, demosaicing or scaling, or in fine texture: "
    "every second pixel has sigma "
)
# Shadows, midtones and highlights.
_TONES = 0.1, 0.5, 0.9
# Lossy compression takes weak noise in fine detail away, and nothing tells how much there was.
_LOSSY, _LITTLE = ("JPEG", "AVIF"), 2.0
_HIDDEN = "lossy compression may hide noise: if there is some to be seen, give --sigma"
_MAY_GROW = (
    "the noise may grow with brightness, as a camera's does: "
    f"{setting('noise', CAMERA)} may suit it better"
)
# Estimates sort and count much and multiply little, so that threads would wait for each other.
_ALONE = with_threads(1)
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


@_ALONE
def measure(picture: Picture, *, grows: bool = True) -> Measured:
    """Estimate the white noise of a picture, where it is not wholly transparent.

    Args:
        picture: also looked at for what is not white about its noise.
        grows: look whether it grows with brightness, or is a photograph's, too.

    Raises:
        InputError: the picture is too small, or holds values that are not finite.
    """
    picture = sampled(picture)
    planes, step, visible = _planes(picture)
    patches = [_patch_statistics.measure(plane, visible) for plane in planes]
    channels = tuple(estimation.from_patches(one, step) for one in patches)
    overall = estimation.overall(channels)
    halves = (
        estimation.stronger_in_half(plane, whole, step, visible)
        for plane, whole in zip(planes, channels, strict=True)
    )
    correlated_half = [half for half in halves if half]
    photo = (
        photograph.find(planes, visible, is_coarse=bool(correlated_half), unit=picture.unit)
        if grows
        else ()
    )
    if correlated_half or photo:
        found = estimation.overall(correlated_half) if correlated_half else None
        return Measured(channels, overall, found, photo=photo)
    white = Measured(channels, overall)
    if not grows:
        return white
    fits = camera_fit.fit_channels(patches, channels, step)
    if all(one.is_white for one, _ in fits):
        return white
    if not any(one.encoded for one, _ in fits):
        white = replace(white, clipped=find_clipping(picture, white.sigma))
        if white.clipped and white.clipped.black:  # such noise is weaker in the dark, too
            return white
    certainty = max(certainty for one, certainty in fits if not one.is_white)
    return replace(white, cameras=tuple(one for one, _ in fits), certainty=certainty)


def hidden(format_name: str, sigma: Sequence[float]) -> tuple[str, ...]:
    """What to say where lossy compression may have hidden noise; empty if not."""
    return (_HIDDEN,) if format_name in _LOSSY and max(sigma) < _LITTLE else ()


@_ALONE
def measure_correlated(picture: Picture) -> list[Measured]:
    """Estimate correlated noise of a picture, of its half, and so on; see `correlated.measure`."""
    return [
        Measured(channels, estimation.overall(channels))
        for channels in correlated.measure(*_planes(sampled(picture)))
    ]


@_ALONE
def measure_photo(picture: Picture) -> tuple[Plane, ...]:
    """The coarse noise of a photograph's luma and chroma; () if the picture is too small or flat."""
    planes, _, visible = _planes(sampled(picture))
    return photograph.assume(planes, visible)


@_ALONE
def measure_photo_of_half(picture: Picture) -> tuple[Plane, ...]:
    """`measure_photo` for the picture of half the size."""
    planes, _, visible = _planes(sampled(picture))
    halves = [halve(plane[None, None])[0, 0] for plane in planes]
    seen = None if visible is None else halve(visible[None, None].float())[0, 0] == 1
    return photograph.assume(halves, seen)


@_ALONE
def find_photo(picture: Picture) -> tuple[Plane, ...]:
    """The clearly coarse noise of a colour picture, as photographs have it; () without, however strong its noise is."""
    if not picture.is_colour:
        return ()
    planes, _, visible = _planes(sampled(picture))
    return photograph.find(planes, visible, unit=picture.unit)


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


@_ALONE
def measure_camera(picture: Picture) -> list[CameraNoise]:
    """Estimate gain and read noise of each channel; see `measure` for errors."""
    planes, step, visible = _planes(sampled(picture))
    patches = [_patch_statistics.measure(plane, visible) for plane in planes]
    channels = [estimation.from_patches(one, step) for one in patches]
    return [one for one, _ in camera_fit.fit_channels(patches, channels, step)]


@_ALONE
def find_hot_pixels(picture: Picture, *, asked: bool) -> HotPixels | None:
    """The hot pixels, salt and pepper of a picture; None if there are hardly any, or none that were `asked` for."""
    part = sampled(picture)
    values = part.scale.to_floats(torch.from_numpy(_finite(part)))
    return hot_pixels.find(values.permute(2, 0, 1), asked=asked)


def find_lonely(picture: Picture) -> tuple[str, ...]:
    """What to say of a value that many pixels of a picture in its own range have and no other comes near; () without."""
    if picture.range is None:
        return ()
    part = sampled(picture)
    value = holes.lonely(part.values if part.holes is None else part.values[~part.holes])
    if value is None:
        return ()
    return (
        f"many values are {value:g}, far from all others: if that stands for no value, a tag has to say so "
        f"(gdal_edit -a_nodata {value:g})",
    )


def without(picture: Picture, hot: HotPixels) -> Picture:
    """What tells the noise of a picture, without its hot pixels."""
    part = sampled(picture)
    values = part.scale.to_floats(torch.from_numpy(_finite(part))).permute(2, 0, 1)[None]
    cleaned = part.scale.from_floats(
        hot_pixels.removed(values, hot)[0], torch.from_numpy(part.values[:0]).dtype
    )
    return part.with_values(cleaned.permute(1, 2, 0).numpy())


def find_clipping(picture: Picture, sigma: tuple[float, ...]) -> Clipping:
    """Where a picture's levels cut its noise off, as `clipping.find_in` finds it."""
    part = sampled(picture)
    if part.range is None and part.holes is None:
        return clipping.find_in(torch.from_numpy(part.values).permute(2, 0, 1)[None], sigma)
    floats = part.scale.to_floats(torch.from_numpy(_finite(part)))
    return clipping.find_in(floats.permute(2, 0, 1)[None], sigma)


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


def _planes(picture: Picture) -> tuple[list[Tensor], float, Tensor | None]:
    """The channels, white at 1, the step between their levels, and which pixels are known; None for all.

    Hot pixels would be taken for noise, and are not among them.
    """
    planes = picture.scale.to_floats(torch.from_numpy(_finite(picture))).permute(2, 0, 1)
    if picture.is_colour and samples.is_grey(planes):
        planes = planes[:1]  # grey stored as colour
    known = None if picture.known is None else torch.from_numpy(picture.known)
    if hot := hot_pixels.find(planes):
        planes = hot_pixels.removed(planes[None], hot)[0]
    return list(planes), picture.step, known


def _finite(picture: Picture) -> NDArray[Any]:
    """The values, with some number where there is none."""
    values: NDArray[Any] = picture.values
    if picture.holes is None or values.dtype.kind != "f":
        return values
    some = values[~picture.holes][:1]
    return np.where(picture.holes, some if some.size else 0, values).astype(values.dtype)


def _interval(one: Estimate) -> str:
    sigma, low, high = map(shown, (one.sigma, one.low, one.high))
    return f"{sigma} ({low} to {high})"


def _plain(level: float) -> str:
    """A noise level in short: one decimal, or three digits."""
    return f"{level:.1f}" if 1 <= level < 1000 or not level else shown(level)
