"""Small convolutional networks that tell the noise of photographs from texture, by the pixels themselves.

The networks of `_by_bands` see how strong each band of frequencies is, and know how strong noise is. These see
shapes: edges, hairs and leaves lie along lines, and noise does not. `benchmarks/fit_noise.py` fits both to the same pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from linn_cli.network.planes import from_channels
from linn_cli.noise._bundled import Group, files, load
from linn_cli.noise._sampling import in_strips
from linn_cli.noise._spectra import PLANES
from linn_cli.units import GREY_LEVELS

FILES = files("by_pixels")
# Planes are seen without their mean over so many pixels. A difference from it counts as it is up to about so many levels,
# and beyond by its logarithm.
_AROUND, _LINEAR = 17, 2.0
_BRIGHT = {1: 1.0, PLANES: 1.7}  # about what white is in luma
_WIDTH, _HEADS, _VALUES, _HIDDEN = 32, 16, 6, 64
# A place of the last layer sees a square of so many pixels (and `_AROUND` these), and the next one lies so far from it.
_FIELD, _STEP = 26, 8
_MOST_PIXELS, _LEAST_PLACES = 250_000, 16  # of a large picture; of any


class PixelNetwork(nn.Module):
    """Strips (n, C, H, W) of one picture, C 3 or 1, in grey levels, to what it tells of their noise, (C + 2,).

    That is the logarithm of the deviation of luma and of each chroma plane, the log odds that there is noise, and those that
    it is white.
    """

    def __init__(self, planes: int) -> None:
        super().__init__()
        wide = 2 * _WIDTH
        self.bright = GREY_LEVELS * _BRIGHT[planes]
        self.body = nn.Sequential(
            nn.Conv2d(4 * planes + 1, _WIDTH, 3),
            nn.ReLU(),
            nn.Conv2d(_WIDTH, _WIDTH, 3, stride=2),
            nn.ReLU(),
            nn.Conv2d(_WIDTH, wide, 3),
            nn.ReLU(),
            nn.Conv2d(wide, wide, 3, stride=2),
            nn.ReLU(),
        )
        self.attention = nn.Conv1d(wide, _HEADS, 1)
        self.values = nn.Conv1d(wide, _HEADS * _VALUES, 1)
        count = 2 * _HEADS * _VALUES + wide
        self.norm = nn.LayerNorm(count)
        self.tail = nn.Sequential(
            nn.Linear(count, _HIDDEN),
            nn.GELU(),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.GELU(),
            nn.Linear(_HIDDEN, planes + 2),
        )

    def forward(self, strips: Tensor) -> Tensor:
        """What the strips tell."""
        return self.tell(self.places(strips).transpose(0, 1).flatten(1)[None])[0]

    def places(self, strips: Tensor) -> Tensor:
        """What it sees at each place of pictures (n, C, H, W): (n, c, h, w)."""
        planes = from_channels(strips)
        margin = _AROUND // 2
        padded = F.pad(planes, [margin] * 4, "reflect")
        around = F.avg_pool2d(F.avg_pool2d(padded, (_AROUND, 1), 1), (1, _AROUND), 1)
        detail = torch.asinh((planes - around) / _LINEAR)
        brightness = F.avg_pool2d(around[:, :1], 2) / self.bright
        found: Tensor = self.body(torch.cat((F.pixel_unshuffle(detail, 2), brightness), 1))
        return found

    def tell(self, places: Tensor) -> Tensor:
        """What the places of pictures tell, (B, c, n) to (B, C + 2): each head looks where there is most for it to see."""
        shares = self.attention(places).softmax(2)[:, :, None]
        values = self.values(places).unflatten(1, (_HEADS, _VALUES))
        mean = (shares * values).sum(3, keepdim=True)
        deviation = ((shares * (values - mean).square()).sum(3) + 1e-4).sqrt()
        seen = torch.cat((mean.flatten(1), deviation.flatten(1), places.mean(2)), 1)
        told: Tensor = self.tail(self.norm(seen))
        return told


def tell(channels: Sequence[Tensor], group: Group, seen: Tensor | None = None) -> Tensor | None:
    """What the bundled network of a group tells of a picture, as `PixelNetwork`; None if it sees too little of it.

    Args:
        channels: one plane (H, W), float, white at 1, or three.
        group: which network.
        seen: bool (H, W), where the picture is looked at; None for all of it.
    """
    network = bundled(len(channels), group)
    picture = (
        GREY_LEVELS
        * in_strips(
            _even(torch.stack([plane.detach() for plane in channels])), _MOST_PIXELS
        ).float()
    )
    places = network.places(picture.cpu()).transpose(0, 1).flatten(1)
    if seen is not None:
        places = places[:, _wholly(in_strips(_even(seen[None]), _MOST_PIXELS).cpu()).flatten()]
    return network.tell(places[None])[0] if places.shape[1] >= _LEAST_PLACES else None


def _even(picture: Tensor) -> Tensor:
    """A picture (C, H, W) without its last row or column, where it has an odd number of these."""
    height, width = (size - size % 2 for size in picture.shape[1:])
    return picture[:, :height, :width]


def _wholly(seen: Tensor) -> Tensor:
    """The places of which all is seen, bool (n, h, w), of strips (n, 1, H, W)."""
    margin = _AROUND // 2
    hidden = F.max_pool2d(F.pad((~seen).float(), [margin] * 4), _FIELD + 2 * margin, _STEP)
    return hidden[:, 0] == 0


@cache
def bundled(planes: int, group: Group) -> PixelNetwork:
    """The network of a group that comes with linn for so many planes, 1 or 3.

    Raises:
        WeightsError: its file is damaged or missing.
    """
    return load(PixelNetwork(planes), FILES[planes, group])
