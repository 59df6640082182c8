"""How strong a picture is in each band of frequencies, patch by patch.

Patches without their trend are transformed to cosines. The smoothest of them show noise in all its bands, where white
noise would be alike in each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from linn_cli.network.planes import from_channels
from linn_cli.noise._sampling import in_strips
from linn_cli.units import GREY_LEVELS

# No more patches of this side than so many are looked at, and no fewer than so many tell anything.
_SIDE, _MOST_PATCHES, _LEAST_PATCHES = 16, 20_000, 60
# Of a large picture about so many pixels are looked at.
_MOST_PIXELS = 500_000
# No more of a patch than this may be cut off at black or white, or as little as in the clearest fifth of the patches, or in
# the clearest that tell anything.
_CUT_OFF, _CLEAREST = 0.02, 0.2
# Bands of a patch's cosine transform end here, as parts of the highest frequency along an axis. The lowest holds little,
# since the patch's trend is taken off; the highest tells white noise.
_BANDS = (0.05, 0.13, 0.21, 0.30, 0.40, 0.50, 0.60, 0.75, 2.0)
BANDS = len(_BANDS) - 1
PLANES = 3  # of a colour picture: luma and two chroma planes
_FLOOR = 1e-3  # squared grey levels, below any rounding
_LEAST_SHARE = 4  # patches


@dataclass(frozen=True)
class Spectrum:
    """The power of each patch of a plane in each band, (n, bands), in squared grey levels, and the bands' sizes."""

    powers: Tensor
    sizes: Tensor

    @property
    def parts(self) -> Tensor:
        """How much of all frequencies each band has; they sum to 1."""
        return self.sizes / self.sizes.sum()

    @property
    def overall(self) -> Tensor:
        """The power of each patch over all frequencies, (n,)."""
        return self.powers @ self.parts

    def smoothest(self, parts: Sequence[float]) -> Tensor:
        """The mean power in each band over these parts of the patches, those that have the least: (parts, bands)."""
        ordered = self.powers[self.overall.argsort()]
        return torch.stack(
            [ordered[: max(_LEAST_SHARE, int(part * len(ordered)))].mean(0) for part in parts]
        )


def measure(channels: Sequence[Tensor], seen: Tensor | None = None) -> tuple[Spectrum, ...]:
    """The spectrum of luma and two chroma planes, or of a grey picture; () if it is too small or flat to tell.

    Args:
        channels: one plane (H, W), float, white at 1, or three.
        seen: bool (H, W), where the picture is looked at; None for all of it.
    """
    picture = looked_at(channels)
    if picture.shape[1] not in (1, 3) or min(picture.shape[2:]) < 2 * _SIDE:
        return ()
    is_clear = _clear(picture, None if seen is None else in_strips(seen[None], _MOST_PIXELS))
    if int(is_clear.sum()) < _LEAST_PATCHES:
        return ()
    return tuple(_measured(plane, is_clear) for plane in from_channels(picture).transpose(0, 1))


def looked_at(channels: Sequence[Tensor]) -> Tensor:
    """The picture, or the strips of it that are looked at, float (n, C, h, W) on the CPU."""
    picture = torch.stack([plane.detach() for plane in channels])
    return in_strips(picture, _MOST_PIXELS).cpu().float()


def _measured(plane: Tensor, is_clear: Tensor) -> Spectrum:
    """The spectrum of the clear patches."""
    patches = _patches(plane)[is_clear]
    trend = _trend(_SIDE)
    patches = GREY_LEVELS * (patches - (patches @ trend) @ trend.T)
    cosines = _cosines(_SIDE)
    squares = (cosines @ patches.unflatten(1, (_SIDE, _SIDE)) @ cosines.T).square().flatten(1)
    place = torch.arange(_SIDE) / _SIDE
    radius = torch.hypot(place[:, None], place[None]).flatten()
    bands = torch.stack([(radius >= low) & (radius < high) for low, high in pairwise(_BANDS)], 1)
    sizes = bands.float().sum(0)
    return Spectrum(squares @ bands.float() / sizes + _FLOOR, sizes)


def _clear(picture: Tensor, seen: Tensor | None) -> Tensor:
    """Which patches are seen, and hardly cut off, bool (n,)."""
    clear = ((picture > 0) & (picture < 1)).all(1)
    cut_off = 1 - _patches(clear).float().mean(1)
    is_seen = (
        torch.ones_like(cut_off, dtype=torch.bool)
        if seen is None
        else _patches(seen[:, 0].cpu()).all(1)
    )
    if not bool(is_seen.any()):
        return is_seen
    enough = min(max(_CLEAREST, _LEAST_PATCHES / int(is_seen.sum())), 1.0)
    most = max(_CUT_OFF, cut_off[is_seen].quantile(enough).item())
    return is_seen & (cut_off <= most)


def _patches(plane: Tensor) -> Tensor:
    """Patches all over the strips (n, h, W) of a plane, half overlapping, or fewer.

    The step is odd, or a JPEG's blocks would all be met alike.
    """
    step = max(_SIDE // 2 + 1, math.ceil(math.sqrt(plane.numel() / _MOST_PATCHES)) | 1)
    return plane.unfold(1, _SIDE, step).unfold(2, _SIDE, step).reshape(-1, _SIDE * _SIDE)


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
