"""Two pictures: how far apart they are, or which of them is closer to a clean one, and where."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from linn_cli.errors import InputError
from linn_cli.metrics import psnr, ssim

Array = NDArray[np.float32]
_WINDOW = 7


@dataclass(frozen=True)
class Comparison:
    """Of the pictures a and b: PSNR in dB, SSIM (None for pictures smaller than its window).

    `advantage` (H, W) is, over a window of 7 x 7 pixels around each, the root mean square error of b less
    that of a, in 8-bit grey levels: positive where a is closer to the clean picture.
    """

    psnr: tuple[float, float]
    ssim: tuple[float | None, float | None]
    advantage: Array

    @property
    def closer(self) -> tuple[float, float]:
        """The shares of the picture where a is closer, and where b is."""
        return float((self.advantage > 0).mean()), float((self.advantage < 0).mean())


@dataclass(frozen=True)
class Difference:
    """How far the pictures a and b are apart: PSNR in dB, SSIM (None for pictures smaller than its window).

    `brighter` is the mean of b less a, `deviation` the root mean square of that, `largest` its largest size, all in
    8-bit grey levels, and `share` how much of the picture differs at all. `nearby` (H, W) is the root mean square
    over a window of 7 x 7 pixels around each.
    """

    psnr: float
    ssim: float | None
    brighter: float
    deviation: float
    largest: float
    share: float
    nearby: Array


def differ(a: Array, b: Array) -> Difference:
    """How far pictures (H, W) or (H, W, C) in 8-bit grey levels are apart; SSIM is the mean over channels.

    Raises:
        InputError: they are not of one size.
    """
    _check_alike("second", b, "first", a)
    apart = b.astype(np.float64) - a
    return Difference(
        psnr=_psnr(b, a),
        ssim=_ssim(b, a),
        brighter=float(apart.mean()),
        deviation=float(np.sqrt(np.mean(apart**2))),
        largest=float(np.abs(apart).max()),
        share=float(np.mean(np.atleast_3d(apart).any(axis=2))),
        nearby=_local_error(b, a),
    )


def compare(a: Array, b: Array, clean: Array) -> Comparison:
    """Compare pictures (H, W) or (H, W, C) in 8-bit grey levels; SSIM is the mean over channels.

    Raises:
        InputError: they are not of one size.
    """
    for name, picture in (("first", a), ("second", b)):
        _check_alike(name, picture, "clean", clean)
    return Comparison(
        psnr=(_psnr(a, clean), _psnr(b, clean)),
        ssim=(_ssim(a, clean), _ssim(b, clean)),
        advantage=_local_error(b, clean) - _local_error(a, clean),
    )


def _check_alike(name: str, picture: Array, other: str, standard: Array) -> None:
    if picture.shape != standard.shape:
        raise InputError(
            f"the {name} picture is {_size(picture)} and the {other} one {_size(standard)}: "
            "compare pictures of one size and kind"
        )


def _size(picture: NDArray[Any]) -> str:
    height, width, *channels = picture.shape
    return f"{width} x {height}" + (f" with {channels[0]} channels" if channels else "")


def _psnr(picture: Array, clean: Array) -> float:
    return psnr(torch.from_numpy(picture) / 255, torch.from_numpy(clean) / 255)


def _ssim(picture: Array, clean: Array) -> float | None:
    pairs = zip(_planes(picture) / 255, _planes(clean) / 255, strict=True)
    values = [value for value in (ssim(*pair) for pair in pairs) if value is not None]
    return fmean(values) if values else None


def _local_error(picture: Array, clean: Array) -> Array:
    squares = (_planes(picture) - _planes(clean)).square().mean(dim=0)
    means = F.avg_pool2d(
        squares[None, None], _WINDOW, stride=1, padding=_WINDOW // 2, count_include_pad=False
    )
    error: Array = means[0, 0].sqrt().numpy()
    return error


def _planes(picture: Array) -> torch.Tensor:
    return torch.from_numpy(np.atleast_3d(picture)).permute(2, 0, 1)
