"""Noise as photographs have it: coarse, since demosaicing, the camera's smoothing, JPEG or scaling took the finest of it.

The highest frequencies do not show such noise, so it is looked for in all of them, in luma and chroma. Small networks
(`_recognition`) know it from texture, and how strong it is. `_telling` says what a network is to be told of noise that was
found here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from linn_cli.noise import _evenness, _frame, _spectra
from linn_cli.noise._recognition import Recognised, recognise
from linn_cli.noise._spectra import Spectrum
from linn_cli.units import GREY_LEVELS

# The noise of the whole picture is at least about as strong as in its smoothest patches, whatever a network takes for texture.
_AT_LEAST = 0.9
# Drawings, text and halftones are stronger than this, and their levels are few: so large a part of the pixels has one of
# the commonest, or lies in a square of one value.
_STRONG, _COMMONEST, _COMMON, _FLAT = 10.0, 4, 0.3, 0.06


@dataclass(frozen=True)
class Plane:
    """The noise of luma or of a chroma plane, in grey levels.

    Attributes:
        deviation: over all of the picture.
        smoothest: over all frequencies of the smoothest patches.
        strongest: there in the strongest band; that of white noise is as strong in each.
        highest: there in the highest band.
        unevenness: how much stronger it is in more patches, as a logarithm; 0 for even noise.
    """

    deviation: float
    smoothest: float
    strongest: float
    highest: float
    unevenness: float

    @property
    def coarseness(self) -> float:
        """The logarithm of the strongest over the highest band; 0 for white noise."""
        return math.log(self.strongest / self.highest)

    def scaled(self, unit: float) -> Plane:
        """The same in other grey levels, one of these being `unit` of those."""
        return replace(
            self,
            deviation=unit * self.deviation,
            smoothest=unit * self.smoothest,
            strongest=unit * self.strongest,
            highest=unit * self.highest,
        )


def find(
    channels: Sequence[Tensor], seen: Tensor | None = None, *, is_coarse: bool = False
) -> tuple[Plane, ...]:
    """The coarse noise of luma and two chroma planes, or of a grey picture; () without, or where it may be texture.

    Args:
        channels: one plane (H, W), float, white at 1, or three.
        seen: bool (H, W), where the picture is looked at; None for all of it.
        is_coarse: what else is known says that its noise is not white.
    """
    channels, seen = _frame.without(channels, seen)
    spectra = _spectra.measure(channels, seen)
    if not spectra:
        return ()
    known = recognise(spectra, channels, seen)
    planes = _known(spectra, known)
    found = known.is_noise and (is_coarse or known.is_coarse)
    is_strong = planes[0].smoothest > _STRONG
    return planes if found and not (is_strong and _is_drawn(channels)) else ()


def assume(channels: Sequence[Tensor], seen: Tensor | None = None) -> tuple[Plane, ...]:
    """`find` for a picture that is known to have such noise; () if it is too small to tell how much."""
    channels, seen = _frame.without(channels, seen)
    spectra = _spectra.measure(channels, seen)
    return _known(spectra, recognise(spectra, channels, seen)) if spectra else ()


def _is_drawn(channels: Sequence[Tensor]) -> bool:
    """Whether a picture is drawn or written: of few levels, or with squares of one value."""
    picture = _spectra.looked_at(channels).transpose(0, 1).flatten(1, 2)
    middle = (GREY_LEVELS * picture[len(picture) // 2].clamp(0, 1)).round().int().flatten()
    common = middle.bincount(minlength=_COMMONEST).topk(_COMMONEST).values.sum().item() / len(
        middle
    )
    beside = (picture[:, :, 1:] == picture[:, :, :-1]).all(0)
    below = (picture[:, 1:] == picture[:, :-1]).all(0)
    flat = beside[1:] & beside[:-1] & below[:, 1:]
    return common > _COMMON or flat.float().mean().item() > _FLAT


def _known(spectra: Sequence[Spectrum], known: Recognised) -> tuple[Plane, ...]:
    return tuple(map(_measured, spectra, known.deviations))


def _measured(spectrum: Spectrum, deviation: float) -> Plane:
    (smoothest,) = spectrum.smoothest((_evenness.SMOOTHEST,))
    weakest = _evenness.strength(spectrum)
    return Plane(
        deviation=max(deviation, _AT_LEAST * weakest),
        smoothest=weakest,
        strongest=smoothest[1 : _evenness.LOWER_BANDS].max().sqrt().item(),
        highest=smoothest[-1].sqrt().item(),
        unevenness=_evenness.unevenness(spectrum),
    )
