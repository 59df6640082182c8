"""What JPEG does to a picture, on tensors: the loss of its quantisation, without the bytes."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 8
ALIGNMENT = 2 * _BLOCK
_CENTRE = 128.0
# Full-range YCbCr (JFIF 1.02).
_YCBCR = torch.tensor(
    [
        [0.299, 0.587, 0.114],
        [-0.168735892, -0.331264108, 0.5],
        [0.5, -0.418687589, -0.081312411],
    ],
    dtype=torch.float64,
)
_RGB = torch.linalg.inv(_YCBCR)
# Annex K of ITU-T T.81, as libjpeg scales them by quality.
_LUMA = torch.tensor(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=torch.float32,
)
_CHROMA = torch.full((_BLOCK, _BLOCK), 99.0)
_CHROMA[:4, :4] = torch.tensor(
    [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]], dtype=torch.float32
)
_FREQUENCY = torch.arange(_BLOCK, dtype=torch.float64)[:, None]
# The orthonormal discrete cosine transform of 8 values, (frequency, place).
_COSINES = torch.cos((2 * _FREQUENCY.T + 1) * _FREQUENCY * math.pi / (2 * _BLOCK)) / 2
_COSINES[0] /= math.sqrt(2)


def compress(picture: Tensor, quality: Tensor, subsampled: Tensor) -> Tensor:
    """What a decoder makes of pictures (B, 3, H, W) in [0, 1] stored as JPEG.

    Args:
        picture: RGB, both sides multiples of `ALIGNMENT`.
        quality: 1 to 100, (B, 1, 1, 1), as libjpeg counts it.
        subsampled: whether the chroma is stored at half its size (4:2:0), bool (B, 1, 1, 1).
    """
    ycbcr = _mix(_YCBCR, (picture * 255).round()).round()  # in whole numbers, as encoders do
    luma, chroma = ycbcr[:, :1] - _CENTRE, ycbcr[:, 1:]
    halved = F.interpolate(
        _store(F.avg_pool2d(chroma, 2).round(), quality, _CHROMA),
        scale_factor=2,
        mode="bilinear",
    )
    chroma = torch.where(subsampled, halved, _store(chroma, quality, _CHROMA))
    decoded = torch.cat((_store(luma, quality, _LUMA) + _CENTRE, chroma), dim=1)
    return _mix(_RGB, decoded).round().clamp(0, 255) / 255


def _store(channels: Tensor, quality: Tensor, table: Tensor) -> Tensor:
    """Channels (B, C, H, W) about 0 as decoded: their blocks' cosine coefficients rounded to the table's steps."""
    scale = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    steps = ((table.to(channels) * scale + 50) / 100).floor().clamp(1, 255)[:, :, None, None]
    cosines = _COSINES.to(channels)
    blocks = channels.unflatten(3, (-1, _BLOCK)).unflatten(2, (-1, _BLOCK)).transpose(3, 4)
    coefficients = (cosines @ blocks @ cosines.T / steps).round() * steps
    decoded: Tensor = (cosines.T @ coefficients @ cosines).transpose(3, 4).flatten(4).flatten(2, 3)
    return decoded.round().clamp(-_CENTRE, 255 - _CENTRE)


def _mix(matrix: Tensor, channels: Tensor) -> Tensor:
    return torch.einsum("ij,bjhw->bihw", matrix.to(channels), channels)
