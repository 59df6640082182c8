"""Noise as photographs have it: coarse, since demosaicing, the camera's smoothing, JPEG or scaling took the finest of it.

The highest frequencies do not show such noise, so it is looked for in all but the highest, in the smoothest patches
of luma and chroma. A picture without noise has such power too, in its textures, but not evenly: noise is about as
strong in the smoothest patches as in others. Networks for white noise must be told more than its deviation, since
coarse noise passes them. How much was fitted to real and made noise; benchmarks/quality/photographs.py measures
what it loses against the best.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from linn_cli.network.planes import from_channels
from linn_cli.noise import estimation
from linn_cli.units import GREY_LEVELS

# Patches of these sides tell the spectrum and how even the noise is; no more of them than so many are looked at.
_SIDE, _SMALL_SIDE, _MOST_PATCHES = 16, 8, 20_000
_LEAST_PATCHES = 60
# Of a large picture about so many pixels are looked at, in strips of so many rows.
_MOST_PIXELS, _STRIP = 500_000, 64
# No more of a patch than this may be cut off at black or white, or as little as in the clearest fifth of the patches.
_CUT_OFF, _CLEAREST = 0.02, 0.2
_SMOOTHEST = 0.05
# The lower edges of the three lower bands of a patch's cosine transform, and where they end, as parts of the highest
# frequency along an axis.
_BANDS = (0.05, 0.21, 0.40, 0.60)
# Noise is even if the deviation in the smoothest 30 % of patches is less than e to this times that in the smoothest 2 %.
# In luma weak noise of real photographs reached 0.33, strong noise 0.21 and coarse grain 0.32; textures of bsd432 without
# noise began at 0.25 where weak and at 0.33 where strong. Luma may be less even where its noise is white, or where that of the chroma is even.
_FEW, _MANY = 0.02, 0.3
_EVEN, _EVEN_STRONG, _EVEN_CHROMA, _EVEN_BESIDE = 0.35, 0.32, 0.36, 0.45
_STRONG = 10.0
# Noise is coarse if it is e to this times stronger in a lower band than in the highest frequencies. In chroma white noise
# reached 0.3 and coarse noise 0.8 at least. Texture, of which luma has more, reached 1.5.
_COARSE, _COARSE_LUMA = 0.7, 1.6
# Weaker noise, in grey levels, is left alone.
_LEAST = 2.0
# A pattern, as halftone, has its power at few frequencies: one has so many times the mean of its band, 9 times and more in
# drawings, 5.5 times at most in noise.
_PATTERN = 7.0
# The sigma to tell is a * level ^ b, with the strongest band's level in grey levels: of luma and of chroma.
_LUMA, _CHROMA = (4.71, 0.54), (8.85, 0.45)
_FLOOR = 1e-3  # squared grey levels, below any rounding


@dataclass(frozen=True)
class _Plane:
    """The strongest band's deviation, that of white noise, the unevenness; in grey levels and as a logarithm."""

    level: float
    white: float
    unevenness: float
    is_pattern: bool

    @property
    def coarseness(self) -> float:
        return math.log((self.level + _FLOOR) / (self.white + 0.05))


def find(
    channels: Sequence[Tensor],
    step: float = 0.0,
    seen: Tensor | None = None,
    *,
    is_coarse: bool = False,
) -> tuple[float, ...]:
    """What to tell a network for white noise, for luma and two chroma planes, in grey levels; () without such noise.

    Args:
        channels: one plane (H, W), float, white at 1, or three.
        step: what the values are rounded to multiples of, 0 for none.
        seen: bool (H, W), where the picture is looked at; None for all of it.
        is_coarse: what else is known says that a grey picture has no white noise.
    """
    planes = _measured(channels, step, seen)
    if not planes:
        return ()
    luma, *chroma = planes
    coarse = min(one.coarseness for one in chroma) if chroma else luma.coarseness
    is_noise = (
        luma.level >= _LEAST
        and _is_even(luma, chroma)
        and coarse > (_COARSE if chroma or is_coarse else _COARSE_LUMA)
        and not luma.is_pattern  # JPEG leaves few frequencies in chroma
    )
    return _told(planes) if is_noise else ()


def assume(
    channels: Sequence[Tensor], step: float = 0.0, seen: Tensor | None = None
) -> tuple[float, ...]:
    """`find` for a picture that is known to have such noise; () if it is too small to tell how much."""
    return _told(_measured(channels, step, seen))


def _is_even(luma: _Plane, chroma: Sequence[_Plane]) -> bool:
    beside = bool(chroma) and (
        luma.coarseness < _COARSE
        or all(one.unevenness < _EVEN_CHROMA and one.level > _LEAST for one in chroma)
    )
    alone = _EVEN_STRONG if luma.level > _STRONG else _EVEN
    return luma.unevenness < (_EVEN_BESIDE if beside else alone)


def _told(planes: Sequence[_Plane]) -> tuple[float, ...]:
    """The sigmas of planes; luma may be white where chroma is not, as after JPEG 4:2:0."""
    return tuple(
        one.white if not index and one.coarseness < _COARSE else factor * one.level**power
        for index, (one, (factor, power)) in enumerate(
            zip(planes, (_LUMA, _CHROMA, _CHROMA), strict=False)
        )
    )


def _measured(channels: Sequence[Tensor], step: float, seen: Tensor | None) -> list[_Plane]:
    rows = _strips(channels[0])
    picture = torch.stack([plane.detach()[rows].cpu().float() for plane in channels])
    seen = None if seen is None else seen[rows]
    clear = ((picture > 0) & (picture < 1)).all(0)
    seen = torch.ones_like(clear) if seen is None else seen
    if len(picture) not in (1, 3) or min(picture.shape[1:]) < 2 * _SIDE:
        return []
    if int(_clear(clear, seen, _SIDE).sum()) < _LEAST_PATCHES:
        return []
    return [_plane(plane, step, clear, seen) for plane in from_channels(picture)]


def _strips(plane: Tensor) -> Tensor:
    """The rows that are looked at: all, or of a large picture strips from top to bottom."""
    height, width = plane.shape
    rows = torch.arange(height)
    strips = max(1, _MOST_PIXELS // (_STRIP * width))
    if strips * _STRIP >= height:
        return rows
    tops = torch.linspace(0, height - _STRIP, strips).long()
    return torch.cat([rows[top : top + _STRIP] for top in tops.tolist()])


def _plane(plane: Tensor, step: float, clear: Tensor, seen: Tensor) -> _Plane:
    large, _ = _smooth_first(plane, _clear(clear, seen, _SIDE), _SIDE)
    smoothest = large[: max(6, int(_SMOOTHEST * len(large)))].unflatten(1, (_SIDE, _SIDE))
    cosines = _cosines(_SIDE)
    spectrum = (cosines @ smoothest @ cosines.T).square().mean(0)
    place = torch.arange(_SIDE) / _SIDE
    radius = torch.hypot(place[:, None], place[None])
    bands = [spectrum[(radius >= low) & (radius < high)] for low, high in pairwise(_BANDS)]
    level = GREY_LEVELS * math.sqrt(max(band.mean().item() for band in bands))
    pattern = any((band.max() > _PATTERN * band.mean()).item() for band in bands if band.mean() > 0)
    _, powers = _smooth_first(plane, _clear(clear, seen, _SMALL_SIDE), _SMALL_SIDE)
    few, many = (powers[: max(6, int(part * len(powers)))].mean() for part in (_FEW, _MANY))
    floor = _FLOOR / GREY_LEVELS**2
    unevenness = 0.5 * math.log(((many + floor) / (few + floor)).item())
    return _Plane(level, estimation.estimate(plane, step, seen).sigma, unevenness, pattern)


def _smooth_first(plane: Tensor, chosen: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """The chosen patches (n, side^2) without their quadratic trends, and their variances, the smoothest first."""
    patches = _patches(plane, side)[chosen]
    trend = _trend(side)
    patches = patches - (patches @ trend) @ trend.T
    powers = patches.square().sum(1) / (side**2 - trend.shape[1])
    order = powers.argsort()
    return patches[order], powers[order]


def _clear(clear: Tensor, seen: Tensor, side: int) -> Tensor:
    """Which patches are seen, and hardly cut off, bool (n,)."""
    cut_off = 1 - _patches(clear, side).float().mean(1)
    is_seen = _patches(seen, side).all(1)
    if not bool(is_seen.any()):
        return is_seen
    most = max(_CUT_OFF, cut_off[is_seen].quantile(_CLEAREST).item())
    return is_seen & (cut_off <= most)


def _patches(plane: Tensor, side: int) -> Tensor:
    """Patches all over a plane, half overlapping, or fewer; an odd step, or a JPEG's blocks would all be met alike."""
    height, width = plane.shape
    step = max(side // 2 + 1, math.ceil(math.sqrt(height * width / _MOST_PATCHES)) | 1)
    return plane.unfold(0, side, step).unfold(1, side, step).reshape(-1, side * side)


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
