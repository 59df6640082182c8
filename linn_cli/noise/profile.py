"""The noise that is to be removed from a picture, as it was given or found, and what a network is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from linn_cli.noise import clipping
from linn_cli.noise._telling import deviations
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.clipping import Clipping
from linn_cli.noise.hot_pixels import HotPixels
from linn_cli.noise.measured import PHOTO, WHITE, Measured
from linn_cli.noise.strength import FULL, Strength
from linn_cli.pictures.picture import Picture
from linn_cli.samples import Range, white
from linn_cli.units import GREY_LEVELS, LEAST_SIGMA, VALUE, Sigma

_MID_GREY = 0.5


class Told(NamedTuple):
    """What a network is told of a picture's noise: sigma, and that of each chroma plane in units of the luma's."""

    sigma: Sigma
    chroma: tuple[float, ...] = ()


@dataclass(frozen=True)
class NoiseProfile:
    """The noise of a picture that is to be removed, in 255ths of the picture's range.

    Attributes:
        sigma: by channel, or one for all; of a camera's noise that at mid grey, of a photograph's what a network for
            white noise is told of the luma.
        cameras: gain and read noise by channel; () where it does not grow with brightness.
        coarser: of noise in blotches, its sigmas in the picture of half the size, a quarter and so on.
        words: what was estimated.
        clipped: where noise is cut off.
        range: of the picture; None where it is its dtype's own, which reaches from 0 to `white`.
        white: see there.
        hot_pixels: are to be replaced first.
        advice: what the user may do.
        chroma: of a photograph's noise, what a network for white noise is told of the chroma planes, in units of the
            luma's.
        photo: the deviation of a photograph's noise in each plane.
        photo_told: what a network that has learned such noise is told of each plane.
        photo_half: what the network is told of each plane of the picture of half the size; () for nothing.
        photo_white: what a network for white noise, which sees the picture beside, is told of each plane; () for none.
        kept: channels without noise: a network is told that of the others, and they stay as they are.
        is_known: False where noise was neither given nor estimated.
    """

    sigma: Sigma
    cameras: tuple[CameraNoise, ...] = ()
    coarser: tuple[Sigma, ...] = ()
    words: tuple[str, ...] = ()
    clipped: Clipping = clipping.NONE
    range: Range | None = None
    white: float = float(GREY_LEVELS)
    hot_pixels: HotPixels | None = None
    advice: tuple[str, ...] = ()
    chroma: tuple[float, ...] = ()
    photo: tuple[float, ...] = ()
    photo_told: tuple[float, ...] = ()
    photo_half: tuple[float, ...] = ()
    photo_white: tuple[float, ...] = ()
    kept: tuple[int, ...] = ()
    is_known: bool = True

    @classmethod
    def of_levels(cls, levels: Sequence[float]) -> NoiseProfile:
        """White noise by channel, in 255ths of the range."""
        some = [level for level in levels if level >= LEAST_SIGMA]
        kept = tuple(index for index, level in enumerate(levels) if level < LEAST_SIGMA)
        if not some:
            return cls(Sigma.removable(levels))
        return cls(Sigma.removable([max(level, min(some)) for level in levels]), kept=kept)

    @classmethod
    def from_cameras(cls, cameras: tuple[CameraNoise, ...]) -> NoiseProfile:
        """A camera's noise, by channel."""
        levels = (GREY_LEVELS * one.deviation_at(_MID_GREY) for one in cameras)
        return cls(Sigma.removable([max(level, LEAST_SIGMA) for level in levels]), cameras)

    @classmethod
    def of_measured(cls, measured: Measured, picture: Picture) -> NoiseProfile:
        """The noise that was measured in a picture; of a photograph's its strength and no more."""
        words = tuple(measured.of(picture))
        if measured.photo:
            own = tuple(max(level, LEAST_SIGMA) for level in deviations(measured.photo))
            return cls(Sigma.removable(own), words=words, photo=own).of(picture)
        if measured.grows:
            count = picture.values.shape[2] // len(measured.cameras)
            found = cls.from_cameras(measured.cameras * count)
        else:
            found = cls.of_levels(measured.sigma)
        return replace(found, words=words).of(picture)

    @classmethod
    def none(cls, picture: Picture) -> NoiseProfile:
        """No noise that is known of a picture."""
        return cls(Sigma((0.0,)), is_known=False).of(picture)

    def of(self, picture: Picture) -> NoiseProfile:
        """The same numbers, counted in the range of a picture."""
        return replace(self, range=picture.range, white=white(picture.values.dtype))

    def within(self, picture: Picture) -> NoiseProfile:
        """The same noise in a picture of another range."""
        other = self.of(picture)
        if other == self:
            return self
        factor = self.unit / other.unit
        return replace(
            self,
            sigma=self.sigma.times(factor),
            cameras=tuple(one.times(factor) for one in self.cameras),
            coarser=tuple(half.times(factor) for half in self.coarser),
            photo=tuple(factor * level for level in self.photo),
            photo_told=tuple(factor * level for level in self.photo_told),
            photo_half=tuple(factor * level for level in self.photo_half),
            photo_white=tuple(factor * level for level in self.photo_white),
            clipped=clipping.NONE,
            range=other.range,
            white=other.white,
        )

    @property
    def unit(self) -> float:
        """How many grey levels of the dtype one of the range is."""
        return 1.0 if self.range is None else self.range.span / self.white

    @property
    def grows(self) -> bool:
        """Whether it differs with brightness in some channel."""
        return not all(one.is_white for one in self.cameras)

    @property
    def is_alike(self) -> bool:
        """Whether all channels have the same noise."""
        known = (self.sigma.levels, self.cameras, *(half.levels for half in self.coarser))
        return not self.kept and all(len(set(channels)) <= 1 for channels in known)

    def first_channel(self) -> NoiseProfile:
        """The noise of the first channel by itself."""
        return replace(
            self,
            sigma=Sigma(self.sigma.levels[:1]),
            cameras=self.cameras[:1],
            coarser=tuple(Sigma(half.levels[:1]) for half in self.coarser),
            chroma=(),
            photo=self.photo[:1],
            photo_told=self.photo_told[:1],
            photo_half=self.photo_half[:1],
            photo_white=self.photo_white[:1],
        )

    @property
    def kind(self) -> str:
        """What kind of noise a network should have learned."""
        return PHOTO if self.photo else WHITE

    def told(self, learned: str, strength: float) -> Told:
        """What to tell a network that has learned this kind of noise."""
        if learned != PHOTO or not self.photo_told:
            return Told(self.sigma_at(strength), self.chroma)
        return self._told_planes(self.photo_told, strength)

    def told_of_half(self, learned: str, strength: float) -> Told | None:
        """`told` for the picture of half the size; None if that says no more of the noise."""
        if learned != PHOTO or not self.photo_half:
            return None
        return self._told_planes(self.photo_half, strength)

    def told_of_white(self, learned: str, strength: float) -> Told | None:
        """What to tell a network for white noise beside one that has learned this kind of noise; None for nothing."""
        if learned != PHOTO or not self.photo_white:
            return None
        return self._told_planes(self.photo_white, strength)

    def _told_planes(self, levels: Sequence[float], strength: float) -> Told:
        luma, *chroma = levels
        sigma = Sigma.removable([luma] * len(self.sigma.levels))
        return Told(sigma.times(strength), tuple(level / luma for level in chroma))

    def shown_in(self, unit: str, strength: Strength = FULL) -> tuple[float, ...]:
        """The noise as people are told it, in 8-bit grey levels of the dtype or in its values, by channel.

        Of a photograph by plane where it was estimated. `strength` is that of brightness and of colour.
        """
        own = self.unit * (self.white / GREY_LEVELS if unit == VALUE else 1.0)
        if not (self.photo and self.words):
            levels = self.sigma_at(strength.luma).levels
            return tuple(
                0.0 if index in self.kept else own * level for index, level in enumerate(levels)
            )
        luma, *chroma = (own * deviation for deviation in self.photo)
        return strength.luma * luma, *(strength.chroma * level for level in chroma)

    def cameras_in(self, unit: str) -> list[CameraNoise]:
        """The cameras whose gain and read noise are numbers that --gain and --read-noise take in a unit."""
        scale = self.range or Range(0.0, self.white)
        own = scale.span / (GREY_LEVELS if unit == VALUE else self.white)
        told = (one.outside(scale, own) for one in self.cameras)
        return [one for one in told if one]

    def is_nothing(self, strength: float) -> bool:
        """Whether a picture stays as it is at this strength."""
        return self.sigma_at(strength).is_nothing and (strength == 0 or not self.grows)

    def sigma_at(self, strength: float) -> Sigma:
        """The sigma that `strength` makes of it, at most 1020."""
        return self.sigma.times(strength)
