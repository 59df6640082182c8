"""The noise that is to be removed from a picture, as it was given or found, and what a network is told of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from linn_cli.noise import clipping, measurement
from linn_cli.noise._telling import LEARNED
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.clipping import Clipping
from linn_cli.noise.hot_pixels import HotPixels
from linn_cli.noise.strength import Strength
from linn_cli.samples import Range
from linn_cli.units import GREY_LEVELS, LEAST_SIGMA, Sigma

_MID_GREY = 0.5


@dataclass(frozen=True)
class NoiseProfile:
    """The noise of a picture that is to be removed: sigma, and of a camera's noise gain and read noise.

    The sigma of a camera's noise is that at mid grey. `coarser` has the sigmas of correlated noise in the
    picture of half the size, a quarter and so on, `words` say what was estimated and `advice` what the user may do, `clipped` where noise is
    cut off, and `hot_pixels` which are to be replaced first. Of a photograph's coarse noise, sigma is what a network for
    white noise is told of the luma, and `chroma` what of the chroma planes, in units of it. `photo` is the deviation in
    each plane, of which a network that has learned such noise is told `LEARNED` times as much. Both are () of other noise. All counts in 255ths of the picture's range, each of which is `unit` grey levels of its dtype; `range` is None where
    that is the dtype's own.
    """

    sigma: Sigma
    cameras: tuple[CameraNoise, ...] = ()
    coarser: tuple[Sigma, ...] = ()
    words: tuple[str, ...] = ()
    clipped: Clipping = clipping.NONE
    unit: float = 1.0
    range: Range | None = None
    hot_pixels: HotPixels | None = None
    advice: tuple[str, ...] = ()
    chroma: tuple[float, ...] = ()
    photo: tuple[float, ...] = ()

    @classmethod
    def from_cameras(cls, cameras: tuple[CameraNoise, ...]) -> NoiseProfile:
        """A camera's noise, by channel."""
        levels = (GREY_LEVELS * one.deviation_at(_MID_GREY) for one in cameras)
        return cls(Sigma.removable([max(level, LEAST_SIGMA) for level in levels]), cameras)

    @classmethod
    def none(cls, range: Range | None, unit: float) -> NoiseProfile:
        """No noise, in a picture of this range."""
        return cls(Sigma((0.0,)), unit=unit, range=range)

    def within(self, range: Range | None, unit: float) -> NoiseProfile:
        """The same noise in a picture of another range."""
        if (range, unit) == (self.range, self.unit):
            return self
        factor = self.unit / unit
        return replace(
            self,
            sigma=self.sigma.times(factor),
            cameras=tuple(one.times(factor) for one in self.cameras),
            coarser=tuple(half.times(factor) for half in self.coarser),
            clipped=clipping.NONE,
            unit=unit,
            range=range,
        )

    @property
    def grows(self) -> bool:
        """Whether it differs with brightness in some channel."""
        return not all(one.is_white for one in self.cameras)

    @property
    def is_alike(self) -> bool:
        """Whether all channels have the same noise."""
        known = (self.sigma.levels, self.cameras, *(half.levels for half in self.coarser))
        return all(len(set(channels)) <= 1 for channels in known)

    def first_channel(self) -> NoiseProfile:
        """The noise of the first channel by itself."""
        return replace(
            self,
            sigma=Sigma(self.sigma.levels[:1]),
            cameras=self.cameras[:1],
            coarser=tuple(Sigma(half.levels[:1]) for half in self.coarser),
            chroma=(),
            photo=self.photo[:1],
        )

    @property
    def kind(self) -> str:
        """What kind of noise a network should have learned."""
        return measurement.PHOTO if self.photo else measurement.WHITE

    def told(self, learned: str, strength: float) -> tuple[Sigma, tuple[float, ...]]:
        """What to tell a network that has learned this kind of noise: sigma, and the chroma's in units of the luma's."""
        if learned != measurement.PHOTO or not self.photo:
            return self.sigma_at(strength), self.chroma
        luma, *chroma = self.photo
        sigma = Sigma.removable([LEARNED * luma] * len(self.sigma.levels))
        return sigma.times(strength), tuple(level / luma for level in chroma)

    def shown_at(self, strength: Strength) -> tuple[float, ...]:
        """The noise removed, as people are told it: as `levels_at`, that of brightness if colour has another strength.

        Of a photograph by plane where it was estimated.
        """
        if not (self.photo and self.words):
            return self.levels_at(strength.luma)
        luma, *chroma = (self.unit * deviation for deviation in self.photo)
        return strength.luma * luma, *(strength.chroma * level for level in chroma)

    def levels_at(self, strength: float) -> tuple[float, ...]:
        """`sigma_at` in 8-bit grey levels of the picture's dtype, as --sigma takes them."""
        return tuple(self.unit * level for level in self.sigma_at(strength).levels)

    def is_nothing(self, strength: float) -> bool:
        """Whether a picture stays as it is at this strength."""
        return self.sigma_at(strength).is_nothing and (strength == 0 or not self.grows)

    def sigma_at(self, strength: float) -> Sigma:
        """The sigma that `strength` makes of it, at most 1020."""
        return self.sigma.times(strength)
