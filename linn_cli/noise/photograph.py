"""Noise as photographs have it: coarse, since demosaicing, the camera's smoothing, JPEG or scaling took the finest of it.

The highest frequencies do not show such noise, so it is looked for in all of them, in the smoothest patches of luma and
chroma. Textures have such power too, but two things tell noise from them. Noise is even: about as strong in the
smoothest patches as in rougher ones, in every band. And it is in the chroma as well, where textures have little:
grass is all of one green. `_telling` says what a network is to be told of noise that was found here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from linn_cli.network.planes import from_channels
from linn_cli.noise._sampling import strips
from linn_cli.units import GREY_LEVELS

# No more patches of this side than so many are looked at, and no fewer than so many tell anything.
_SIDE, _MOST_PATCHES, _LEAST_PATCHES = 16, 20_000, 60
# Of a large picture about so many pixels are looked at.
_MOST_PIXELS = 500_000
# No more of a patch than this may be cut off at black or white, or as little as in the clearest fifth of the patches.
_CUT_OFF, _CLEAREST = 0.02, 0.2
# Bands of a patch's cosine transform end here, as parts of the highest frequency along an axis. The lowest holds little,
# since the patch's trend is taken off; the highest tells white noise, and up to _EVEN_BANDS all noise has some power.
_BANDS = (0.05, 0.13, 0.21, 0.30, 0.40, 0.50, 0.60, 0.75, 2.0)
_EVEN_BANDS = 6
# The smoothest patches, in which the noise is measured; and what its evenness is taken from: half the logarithm of the
# power in many of them over that in few.
_SMOOTHEST, _FEW, _MANY = 0.05, 0.02, 0.3
# The bounds were chosen on 256 x 256 pixels of the even half of bsd432 and of photographs, with and without noise. Textures
# without noise reach 0.5 where weak and 0.43 where strong, and 2 in the chroma where that is as even as this.
_EVEN, _EVEN_STRONG, _STRONG = 0.47, 0.42, 10.0
_LEAST, _EVEN_CHROMA = 2.0, 0.5
# Weak noise is removed down to this deviation, with a stricter bound that rises so much for each grey level. Of 1,500 crops
# of bsd432 and of photographs, most of them without noise, 2 in 100 are within it, many of them on film with grain.
_WEAK, _EVEN_WEAK, _EVEN_RISE = 1.4, 0.36, 0.06
# Drawings, text and halftones are stronger than any noise that is left in a photograph: in luma, and in a grey picture.
_MOST, _MOST_GREY = 45.0, 28.0
_DARKEST = 1 / 4  # a picture of less of its dtype's range than this is rather an instrument's
# The levels of those are few: so large a part of the pixels has one of the commonest, or lies in a square of one value.
_COMMONEST, _COMMON, _FLAT = 4, 0.3, 0.06
# Noise is coarse if a band is e to this times stronger than the highest. White noise reaches 0.6 in chroma. Luma and grey
# pictures have more of texture.
_COARSE, _COARSE_GREY = 0.65, 0.8
_FLOOR = 1e-3  # squared grey levels, below any rounding


@dataclass(frozen=True)
class Plane:
    """The noise of luma or of a chroma plane, in grey levels.

    Attributes:
        deviation: over all frequencies.
        strongest: in the strongest band; that of white noise is as strong in each.
        highest: in the highest band.
        unevenness: how much stronger it is in more patches, as a logarithm; 0 for even noise.
        unlikeness: the same where each band counts alike.
    """

    deviation: float
    strongest: float
    highest: float
    unevenness: float
    unlikeness: float

    @property
    def coarseness(self) -> float:
        """The logarithm of the strongest over the highest band; 0 for white noise."""
        return math.log(self.strongest / self.highest)


def find(
    channels: Sequence[Tensor],
    seen: Tensor | None = None,
    *,
    is_coarse: bool = False,
    unit: float = 1.0,
) -> tuple[Plane, ...]:
    """The coarse noise of luma and two chroma planes; () without such noise, or where it may be texture.

    Args:
        channels: one plane (H, W), float, white at 1, or three.
        seen: bool (H, W), where the picture is looked at; None for all of it.
        is_coarse: what else is known says that its noise is not white.
        unit: of a picture that was brought to its own range, how much of its dtype's that is.
    """
    planes = assume(channels, seen)
    is_noise = bool(planes) and _is_noise(planes, unit) and (is_coarse or _is_coarse(planes))
    is_strong = is_noise and planes[0].deviation > _STRONG
    return planes if is_noise and not (is_strong and _is_drawn(channels)) else ()


def assume(channels: Sequence[Tensor], seen: Tensor | None = None) -> tuple[Plane, ...]:
    """`find` for a picture that is known to have such noise; () if it is too small to tell how much."""
    rows = _rows(channels[0])
    picture = torch.stack([plane.detach()[rows].cpu().float() for plane in channels])
    if len(picture) not in (1, 3) or min(picture.shape[1:]) < 2 * _SIDE:
        return ()
    is_clear = _clear(picture, None if seen is None else seen[rows])
    if int(is_clear.sum()) < _LEAST_PATCHES:
        return ()
    return tuple(_measured(plane, is_clear) for plane in from_channels(picture))


def _is_noise(planes: Sequence[Plane], unit: float) -> bool:
    """Whether it is noise and not texture: there in the chroma, or very even in the luma."""
    luma, *chroma = planes
    # A dark picture of a deep dtype was made brighter, and its noise with it.
    if luma.deviation * max(unit, _DARKEST) > (_MOST if chroma else _MOST_GREY):
        return False
    if chroma and all(_is_noisy(one) for one in chroma):
        return True
    even = min(_EVEN, _EVEN_WEAK + _EVEN_RISE * (luma.deviation - _WEAK))
    even = _EVEN_STRONG if luma.deviation > _STRONG else even
    return luma.deviation > _WEAK and luma.unevenness + luma.unlikeness < even


def _is_noisy(chroma: Plane) -> bool:
    return chroma.deviation > _LEAST and chroma.unevenness < _EVEN_CHROMA


def _is_coarse(planes: Sequence[Plane]) -> bool:
    luma, *chroma = planes
    if not chroma:
        return luma.coarseness > _COARSE_GREY
    noisy = [one for one in chroma if _is_noisy(one)]
    if not noisy and luma.deviation > 2 * _LEAST:
        return True  # white noise would be in the chroma too: JPEG took it, or it is grain
    return min(one.coarseness for one in noisy or [luma]) > _COARSE


def _is_drawn(channels: Sequence[Tensor]) -> bool:
    """Whether a picture is drawn or written: of few levels, or with squares of one value."""
    rows = _rows(channels[0])
    picture = torch.stack([plane.detach()[rows].cpu() for plane in channels])
    middle = (GREY_LEVELS * picture[len(picture) // 2].clamp(0, 1)).round().int().flatten()
    common = middle.bincount(minlength=_COMMONEST).topk(_COMMONEST).values.sum().item() / len(
        middle
    )
    beside = (picture[:, :, 1:] == picture[:, :, :-1]).all(0)
    below = (picture[:, 1:] == picture[:, :-1]).all(0)
    flat = beside[1:] & beside[:-1] & below[:, 1:]
    return common > _COMMON or flat.float().mean().item() > _FLAT


def _measured(plane: Tensor, is_clear: Tensor) -> Plane:
    powers, sizes = _powers(plane, is_clear)
    parts = sizes / sizes.sum()
    overall = powers @ parts
    smoothest = powers[overall.argsort()[: max(6, int(_SMOOTHEST * len(powers)))]].mean(0)
    strongest = smoothest[1:_EVEN_BANDS].max()
    # As in white noise, each coefficient counts alike; bands that JPEG has emptied do not.
    weights = sizes / (smoothest + 0.01 * smoothest.max())
    weights = weights.where(smoothest > 0.05 * smoothest.max(), 0)[:_EVEN_BANDS]
    return Plane(
        deviation=(smoothest @ parts).sqrt().item(),
        strongest=strongest.sqrt().item(),
        highest=smoothest[-1].sqrt().item(),
        unevenness=_rise(overall),
        unlikeness=_rise(powers[:, :_EVEN_BANDS] @ weights),
    )


def _rise(powers: Tensor) -> float:
    """Half the logarithm of the mean of many of the lowest powers over that of few."""
    ordered = powers.sort().values
    few, many = (ordered[: max(6, int(part * len(ordered)))].mean() for part in (_FEW, _MANY))
    return 0.5 * (many / few).log().item()


def _powers(plane: Tensor, is_clear: Tensor) -> tuple[Tensor, Tensor]:
    """The power of each clear patch in each band (n, bands), in squared grey levels, and the bands' sizes."""
    patches = _patches(plane)[is_clear]
    trend = _trend(_SIDE)
    patches = GREY_LEVELS * (patches - (patches @ trend) @ trend.T)
    cosines = _cosines(_SIDE)
    squares = (cosines @ patches.unflatten(1, (_SIDE, _SIDE)) @ cosines.T).square().flatten(1)
    place = torch.arange(_SIDE) / _SIDE
    radius = torch.hypot(place[:, None], place[None]).flatten()
    bands = torch.stack([(radius >= low) & (radius < high) for low, high in pairwise(_BANDS)], 1)
    sizes = bands.float().sum(0)
    return squares @ bands.float() / sizes + _FLOOR, sizes


def _rows(plane: Tensor) -> Tensor:
    """The rows that are looked at."""
    height, width = plane.shape
    found = strips(height, width, _MOST_PIXELS)
    return torch.arange(height) if found is None else torch.from_numpy(found)


def _clear(picture: Tensor, seen: Tensor | None) -> Tensor:
    """Which patches are seen, and hardly cut off, bool (n,)."""
    clear = ((picture > 0) & (picture < 1)).all(0)
    cut_off = 1 - _patches(clear).float().mean(1)
    is_seen = torch.ones_like(cut_off, dtype=torch.bool) if seen is None else _patches(seen).all(1)
    if not bool(is_seen.any()):
        return is_seen
    most = max(_CUT_OFF, cut_off[is_seen].quantile(_CLEAREST).item())
    return is_seen & (cut_off <= most)


def _patches(plane: Tensor) -> Tensor:
    """Patches all over a plane, half overlapping, or fewer; an odd step, or a JPEG's blocks would all be met alike."""
    height, width = plane.shape
    step = max(_SIDE // 2 + 1, math.ceil(math.sqrt(height * width / _MOST_PATCHES)) | 1)
    return plane.unfold(0, _SIDE, step).unfold(1, _SIDE, step).reshape(-1, _SIDE * _SIDE)


def _trend(side: int) -> Tensor:
    """An orthonormal basis of the quadratic polynomials over a patch, (side^2, 6)."""
    place = torch.linspace(-1, 1, side, dtype=torch.float64)
    y, x = torch.meshgrid(place, place, indexing="ij")
    powers = torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y], -1).flatten(0, 1)
    basis: Tensor = torch.linalg.qr(powers)[0]
    return basis.float()


def _cosines(side: int) -> Tensor:
    """The orthonormal cosine transform of `side` values."""
    place = torch.arange(side, dtype=torch.float64)
    basis = torch.cos(math.pi / side * (place + 0.5) * place[:, None]) * math.sqrt(2 / side)
    basis[0] /= math.sqrt(2)
    return basis.float()
