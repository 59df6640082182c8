"""How even noise is: about as strong in the smoothest patches of a picture as in rougher ones, in every band. Textures differ."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from linn_cli.noise._spectra import Spectrum

# Up to this band all noise has some power.
LOWER_BANDS = 6
# The smoothest patches, in which noise is measured; and what its evenness is taken from: half the logarithm of the power in
# many of them over that in few.
SMOOTHEST, _FEW, _MANY = 0.05, 0.02, 0.3
# The bounds were chosen on 256 x 256 pixels of the even half of bsd432 and of photographs, with and without noise: textures
# without noise reach 0.5 where weak and 0.43 where strong.
_EVEN, _EVEN_STRONG, _STRONG = 0.47, 0.42, 10.0
_EVEN_GREY = 0.3  # texture may be as even in one plane
# Weak noise has a stricter bound, which rises so much for each grey level from the weakest on.
_WEAK, _EVEN_WEAK, _EVEN_RISE = 1.4, 0.36, 0.06
# Drawings, text and halftones are stronger than any noise that is left in the luma of a photograph.
_MOST = 28.0


def is_even(spectra: Sequence[Spectrum]) -> bool:
    """Whether the noise of luma, or of a grey picture, is as even as that of photographs, if it is noise."""
    luma = spectra[0]
    smoothest = strength(luma)
    bound = min(_EVEN, _EVEN_WEAK + _EVEN_RISE * (smoothest - _WEAK))
    bound = _EVEN_STRONG if smoothest > _STRONG else bound
    bound = bound if len(spectra) > 1 else min(bound, _EVEN_GREY)
    return _WEAK < smoothest <= _MOST and unevenness(luma) + _unlikeness(luma) < bound


def strength(spectrum: Spectrum) -> float:
    """The deviation over all frequencies of the smoothest patches, in grey levels."""
    (smoothest,) = spectrum.smoothest((SMOOTHEST,))
    deviation: float = (smoothest @ spectrum.parts).sqrt().item()
    return deviation


def unevenness(spectrum: Spectrum) -> float:
    """How much stronger noise is in more patches, as a logarithm; 0 for even noise."""
    return _rise(spectrum.overall)


def _unlikeness(spectrum: Spectrum) -> float:
    """`unevenness` where each coefficient counts alike, as in white noise; bands that JPEG has emptied do not."""
    (smoothest,) = spectrum.smoothest((SMOOTHEST,))
    weights = spectrum.sizes / (smoothest + 0.01 * smoothest.max())
    weights = weights.where(smoothest > 0.05 * smoothest.max(), 0)[:LOWER_BANDS]
    return _rise(spectrum.powers[:, :LOWER_BANDS] @ weights)


def _rise(powers: Tensor) -> float:
    """Half the logarithm of the mean of many of the lowest powers over that of few."""
    ordered = powers.sort().values
    few, many = (ordered[: max(6, int(part * len(ordered)))].mean() for part in (_FEW, _MANY))
    return 0.5 * (many / few).log().item()
