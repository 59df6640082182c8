"""Patches of a plane: how smooth each is, and what is in its highest frequencies, where noise is.

In an orthonormal transform of a patch white noise is independent from coefficient to coefficient. So patches
may be chosen by their low frequencies, where pictures live, and the noise be measured in their high ones, and
the choice does not bias the measure (Ponomarenko, Lukin, Zriakhov, Kaarna and Astola, "An automatic approach
to lossy compression of AVIRIS images", IGARSS 2007, as analysed by Colom and Buades, IPOL 3, 2013).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from linn_cli.errors import InputError, UsageError

PATCH = 8
# Coefficient (i, j) of a patch's cosine transform is noise from i + j = 11 on: the ten highest.
_HIGH = 11
# No more patches than this are looked at: a 12-megapixel picture takes well under a second.
_MOST_PATCHES = 200_000
# Errors of patches in one square of this side go together: they overlap, and so do their textures.
_CELL = 24


@dataclass(frozen=True)
class Patches:
    """What is known of n patches of a plane; each tensor is (n,), the plane white at 1.

    Attributes:
        mean: the patch's mean.
        texture: the mean square of its low frequencies without the mean; small where it is smooth.
        power: the mean square of its ten highest frequencies: the noise's variance, if it is white.
        cell: int64, the number of the square that it lies in.
        black, white: the shares of its pixels, in [0, 1], that may be cut off at black or at white.
        spread: how many pixels there are to each patch; 64 and more if none overlap.
    """

    mean: Tensor
    texture: Tensor
    power: Tensor
    cell: Tensor
    black: Tensor
    white: Tensor
    spread: float

    def __getitem__(self, chosen: Tensor | slice) -> Patches:
        """The patches chosen by a mask, indices or a slice."""
        return Patches(
            self.mean[chosen],
            self.texture[chosen],
            self.power[chosen],
            self.cell[chosen],
            self.black[chosen],
            self.white[chosen],
            self.spread,
        )

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def saturated(self) -> Tensor:
        """The share of pixels that are cut off."""
        return self.black + self.white


def measure(plane: Tensor, seen: Tensor | None = None) -> Patches:
    """Transform patches all over a plane (H, W), float, white at 1, or where all of (H, W) bool is `seen`.

    Raises:
        UsageError: not two dimensions, or not float.
        InputError: the plane, or what is seen of it, is smaller than a patch, or it holds values that are
            not finite, or too large to be squared.
    """
    if plane.dim() != 2 or not plane.is_floating_point():
        raise UsageError(f"expected floats (H, W), not {plane.dtype} {tuple(plane.shape)}")
    height, width = plane.shape
    if min(height, width) < PATCH:
        raise InputError(
            f"{width} x {height} pixels are too few to estimate the noise from: "
            f"{PATCH} x {PATCH} is the least, give the sigma instead"
        )
    places = (height - PATCH + 1) * (width - PATCH + 1)
    # An odd step, or a JPEG's blocks of 8 x 8 would all be met at the same corners.
    step = math.ceil(math.sqrt(places / _MOST_PATCHES)) | 1
    views = plane.detach().unfold(0, PATCH, step).unfold(1, PATCH, step)
    rows, columns = views.shape[:2]
    values = views.reshape(-1, PATCH * PATCH).float().cpu()
    # From its first pixel, so that a patch of one colour has exactly nothing but a mean.
    squares = ((values - values[:, :1]) @ _cosines().T).square_()
    if not bool(torch.isfinite(squares).all()):
        raise InputError("the picture holds values that are not finite numbers, or far too large")
    order = (torch.arange(PATCH)[:, None] + torch.arange(PATCH)).flatten()
    down = torch.arange(rows) * step // _CELL
    across = torch.arange(columns) * step // _CELL
    cell = down[:, None] * (int(across[-1]) + 1) + across
    patches = Patches(
        mean=values.mean(1).double(),
        texture=squares[:, (order > 0) & (order < _HIGH)].mean(1).double(),
        power=squares[:, order >= _HIGH].mean(1).double(),
        cell=cell.flatten(),
        # Black and white only cut noise off where nothing lies beyond them.
        black=(values == 0).sum(1) / PATCH**2 * bool(values.min() == 0),
        white=(values == 1).sum(1) / PATCH**2 * bool(values.max() == 1),
        spread=step * step,
    )
    if seen is None:
        return patches
    whole = seen.unfold(0, PATCH, step).unfold(1, PATCH, step).flatten(2).all(2).flatten()
    if not bool(whole.any()):
        raise InputError("too little is seen to estimate the noise from: give the sigma instead")
    return patches[whole]


def _cosines() -> Tensor:
    """The orthonormal two-dimensional cosine transform of a flattened patch, (64, 64)."""
    place = torch.arange(PATCH, dtype=torch.float64)
    basis = torch.cos(math.pi / PATCH * (place + 0.5) * place[:, None]) * math.sqrt(2 / PATCH)
    basis[0] /= math.sqrt(2)
    return torch.kron(basis, basis).float()
