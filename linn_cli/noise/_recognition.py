"""What is recognised in a photograph: whether there is noise, whether it is white, and how strong it is.

Networks that see bands of frequencies (`_by_bands`) know best how strong noise is, and one that sees pixels (`_by_pixels`) tells
it from texture that is as strong in these bands. What counts is their mean. There are two groups of them. Those that were
fitted to the noise of cameras take grain that is the same in all colours for texture. The others know it, and are asked where
those find no noise. They need not be as sure where the noise is even, as texture hardly ever is (`_evenness`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linn_cli.noise import _by_bands, _by_pixels, _evenness
from linn_cli.noise._bundled import Group
from linn_cli.noise._spectra import PLANES, Spectrum

# Log odds from which on noise is white: white noise is hardly ever taken for coarse (docs/noise.md counts them).
IS_WHITE = 0.0
# Log odds from which on there is noise in a large picture, by its planes. Small pictures tell less, and would more often be
# taken for noisy: one of n patches needs _FEW / n more. A grey one tells less, too: clean textures reach 1.2 there. Pictures
# that were enlarged, or smoothed by JPEG, look like grain.
_IS_NOISE: dict[Group, dict[int, float]] = {
    "cameras": {1: 1.3, PLANES: 0.8},
    "grain": {1: 1.6, PLANES: 1.8},
}
_FEW = 110.0
# Where noise is even, so much less is needed. Clean textures that are as even mostly have still less with those for grain; those
# for cameras do not tell them from noise.
_EVEN: dict[Group, float] = {"cameras": 0.0, "grain": 3.0}
_LEAST = 1.0  # grey level


@dataclass(frozen=True)
class Recognised:
    """What the networks of a group say of a picture.

    Attributes:
        deviations: the noise of each plane, in grey levels, if there is any.
        noise: the log odds that there is.
        white: the log odds that it is white.
        patches: so many of the picture were looked at.
        group: what the networks were fitted to.
        is_even: whether noise, if any, is as strong in the smoothest patches as in rougher ones.
    """

    deviations: tuple[float, ...]
    noise: float
    white: float
    patches: int
    group: Group = "cameras"
    is_even: bool = False

    @property
    def is_noise(self) -> bool:
        """Whether there is noise, rather surely, and enough of it to be removed."""
        least = least_odds(self.patches, len(self.deviations), self.group, is_even=self.is_even)
        return self.noise > least and max(self.deviations) > _LEAST

    @property
    def is_coarse(self) -> bool:
        """Whether the noise, if any, is rather surely not white."""
        return self.white < IS_WHITE


def recognise(
    spectra: Sequence[Spectrum], channels: Sequence[Tensor], seen: Tensor | None = None
) -> Recognised:
    """What the bundled networks say of a picture.

    Args:
        spectra: of luma and two chroma planes, or of a grey picture.
        channels: the picture, as `_spectra.measure` takes it.
        seen: where it is looked at, as there.
    """
    of_cameras = _recognised(spectra, channels, seen, "cameras")
    if of_cameras.is_noise:
        return of_cameras
    of_grain = _recognised(spectra, channels, seen, "grain")
    return of_grain if of_grain.is_noise else of_cameras


def _recognised(
    spectra: Sequence[Spectrum], channels: Sequence[Tensor], seen: Tensor | None, group: Group
) -> Recognised:
    with torch.inference_mode():
        told = _by_bands.tell(spectra, group)
        by_pixels = _by_pixels.tell(channels, group, seen)
        if by_pixels is not None:
            told = together(told, by_pixels)
    *levels, noise, white = told.tolist()
    return Recognised(
        tuple(map(math.exp, levels)),
        noise,
        white,
        len(spectra[0].powers),
        group,
        is_even=_evenness.is_even(spectra),
    )


def together(by_bands: Tensor, by_pixels: Tensor) -> Tensor:
    """What both tell of pictures."""
    return (by_bands + by_pixels) / 2


def least_odds(patches: int, planes: int, group: Group, *, is_even: bool = False) -> float:
    """The log odds from which on a group finds noise, even or not, in a picture of so many patches and planes, 1 or 3."""
    return _IS_NOISE[group][planes] + _FEW / patches - (_EVEN[group] if is_even else 0.0)
