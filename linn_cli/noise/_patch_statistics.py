"""Patches of a plane: how smooth each is, and what is in its highest frequencies, where noise is.

In an orthonormal transform of a patch white noise is independent from coefficient to coefficient. So patches
may be chosen by their low frequencies, where pictures live, and the noise be measured in their high ones, and
the choice does not bias the measure (Ponomarenko, Lukin, Zriakhov, Kaarna and Astola, "An automatic approach
to lossy compression of AVIRIS images", IGARSS 2007, as analysed by Colom and Buades, IPOL 3, 2013).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from linn_cli.errors import InputError, UsageError

PATCH = 8
# Coefficient (i, j) of a patch's cosine transform is noise from i + j = 11 on: the ten highest.
_HIGH = 11
# Up to so many patches are looked at, all that there are; of more, about so many, which overlap less and tell as much.
_ALL_PATCHES, MOST_PATCHES = 200_000, 50_000
# Errors of patches in one square of this side go together: they overlap, and so do their textures.
_CELL = 24
# What is drawn into a noisy picture has no noise and is left out, if more than this part of the patches is left.
_LEAST_NOISY = 0.5
_STRIP = 256  # rows in which it and the limits are looked for at a time
# Values are cut off at another level than black or white if more than so many times as many lie there as at the
# next, and between these parts of all.
_PILED, _LEAST_PILE, _MOST_PILE = 3, 0.001, 0.5
_EDITED = 1 / 3  # of the way from black to white is the farthest that such a level may lie


@dataclass(frozen=True)
class Patches:
    """What is known of n patches of a plane; each tensor is (n,), the plane white at 1.

    Attributes:
        mean: the patch's mean.
        texture: the mean square of its low frequencies without the mean; small where it is smooth.
        power: the mean square of its ten highest frequencies: the noise's variance, if it is white.
        cell: int64, the number of the square that it lies in.
        black, white: the shares of its pixels, in [0, 1], that may be cut off at the lower or the upper limit.
        limits: 0 and 1, or nearer if many values are exactly there, as an editor leaves them.
        spread: how many pixels there are to each patch; 64 and more if none overlap.
    """

    mean: Tensor
    texture: Tensor
    power: Tensor
    cell: Tensor
    black: Tensor
    white: Tensor
    limits: tuple[float, float]
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
            self.limits,
            self.spread,
        )

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def saturated(self) -> Tensor:
        """The share of pixels that are cut off."""
        return self.black + self.white


def measure(plane: Tensor, seen: Tensor | None = None, all_patches: int = _ALL_PATCHES) -> Patches:
    """Transform patches all over a plane (H, W), float, white at 1, or where all of (H, W) bool is `seen`.

    Up to `all_patches` are all looked at, of more about `MOST_PATCHES`. Frames, captions and the like, which are of one value, are left out of a picture that has noise elsewhere.

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
    step = 1 if places <= all_patches else math.ceil(math.sqrt(places / MOST_PATCHES)) | 1
    rows, columns = ((side - PATCH) // step + 1 for side in plane.shape)
    values = _patches(plane.detach(), step).float().cpu()
    # From its first pixel, so that a patch of one colour has exactly nothing but a mean.
    squares = ((values - values[:, :1]) @ _cosines().T).square_()
    if not bool(torch.isfinite(squares).all()):
        raise InputError("the picture holds values that are not finite numbers, or far too large")
    looked_at = _noisy(plane, seen, step) if bool((squares[:, 1:] == 0).all(1).any()) else seen
    chosen = slice(None) if looked_at is None else _patches(looked_at, step).all(1)
    down = torch.arange(rows) * step // _CELL
    across = torch.arange(columns) * step // _CELL
    cell = (down[:, None] * (int(across[-1]) + 1) + across).flatten()[chosen]
    if not len(cell):
        raise InputError("too little is seen to estimate the noise from: give the sigma instead")
    values, squares = values[chosen], squares[chosen]
    black, white = _limits(plane, looked_at)
    order = (torch.arange(PATCH)[:, None] + torch.arange(PATCH)).flatten()
    none = torch.zeros(len(values))
    return Patches(
        mean=values.mean(1).double(),
        texture=_mean(squares, (order > 0) & (order < _HIGH)),
        power=_mean(squares, order >= _HIGH),
        cell=cell,
        # A limit only cuts noise off where nothing lies beyond it.
        black=_share(values, black) if bool(values.min() == black) else none,
        white=_share(values, white) if bool(values.max() == white) else none,
        limits=(black, white),
        spread=step * step,
    )


def _mean(squares: Tensor, chosen: Tensor) -> Tensor:
    """The mean of some of 64 squares, (n, 64) to (n,)."""
    return (squares @ (chosen.float() / chosen.sum())).double()


def _share(values: Tensor, level: float) -> Tensor:
    """How much of each patch (n, 64) has this value."""
    return (values == level).float().mean(1)


def _noisy(plane: Tensor, seen: Tensor | None, step: int) -> Tensor | None:
    """Where to look: not at what is drawn, unless that would leave out half of what is `seen`, or more."""

    def count(where: Tensor) -> int:
        return int(_patches(where, step).all(1).sum())

    drawn = _drawn(plane)
    before = torch.ones_like(drawn) if seen is None else seen
    rest = before & ~drawn
    return rest if count(rest) > _LEAST_NOISY * count(before) else seen


def _limits(plane: Tensor, looked_at: Tensor | None) -> tuple[float, float]:
    """Where values are cut off: at 0 and 1, or nearer if many are exactly there, as an editor leaves them."""
    return -_limit(plane, looked_at, -1, 0.0) + 0.0, _limit(plane, looked_at, 1, 1.0)


def _limit(plane: Tensor, looked_at: Tensor | None, sign: int, usual: float) -> float:
    def strips() -> Iterator[Tensor]:
        for top in range(0, len(plane), _STRIP):
            strip = sign * plane[top : top + _STRIP]
            seen = None if looked_at is None else looked_at[top : top + _STRIP]
            yield strip if seen is None else strip.where(seen, -math.inf)

    level = max(strip.max().item() for strip in strips())
    if not usual - _EDITED < level < usual:
        return usual
    next_level = max(strip.where(strip < level, -math.inf).max().item() for strip in strips())
    at_level, at_next = (
        sum(int((strip == one).sum()) for strip in strips()) for one in (level, next_level)
    )
    part = at_level / (plane.numel() if looked_at is None else int(looked_at.sum()))
    # Where nothing is cut off, the last level is the rarest; where it is most of the picture, it is paper.
    piled = at_level > _PILED * at_next and _LEAST_PILE < part < _MOST_PILE
    return level if piled else usual


def _patches(plane: Tensor, step: int) -> Tensor:
    """The patches of a plane (H, W), as (n, 64)."""
    views = plane.unfold(0, PATCH, step).unfold(1, PATCH, step)
    return views.reshape(-1, PATCH * PATCH)


def _drawn(plane: Tensor) -> Tensor:
    """Where a plane (H, W) is of one value all over a patch, bool (H, W).

    A frame or a caption is; noise is not, unless it was rounded away.
    """
    drawn = torch.zeros(plane.shape, dtype=torch.bool)
    for top in range(0, len(plane) - PATCH + 1, _STRIP):
        rows = plane[top : top + _STRIP + PATCH - 1].detach().cpu()
        flat = _highest(rows) == -_highest(-rows)
        covered = _highest(F.pad(flat, [PATCH - 1] * 4))
        drawn[top : top + len(covered)] |= covered
    return drawn


def _highest(rows: Tensor) -> Tensor:
    """The highest value of each patch of (H, W)."""
    for dim in (0, 1):
        reach = 1
        while reach < PATCH:  # the higher of two runs, then of two twice as long
            count = rows.shape[dim] - reach
            rows = torch.maximum(rows.narrow(dim, 0, count), rows.narrow(dim, reach, count))
            reach *= 2
    return rows


def _cosines() -> Tensor:
    """The orthonormal two-dimensional cosine transform of a flattened patch, (64, 64)."""
    place = torch.arange(PATCH, dtype=torch.float64)
    basis = torch.cos(math.pi / PATCH * (place + 0.5) * place[:, None]) * math.sqrt(2 / PATCH)
    basis[0] /= math.sqrt(2)
    return torch.kron(basis, basis).float()
