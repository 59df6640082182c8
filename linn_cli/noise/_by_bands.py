"""Small networks that know the noise of photographs by the power of patches in each band, some in colour and some in grey.

Of luma and of each chroma plane they see how strong each band is in the smoothest patches and in more and more of them. They
say whether that is noise, whether it is white noise, and how strong it is in each plane. Noise is in all bands and in
the chroma too, and about as strong in rougher patches; textures are not. `benchmarks/fit_noise.py` fits them to noise that is
made on clean pictures, and to clean pictures, drawings and text. Each was fitted by itself, and their mean is surer than any.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn

from linn_cli.noise._bundled import Group, files, load
from linn_cli.noise._spectra import BANDS, Spectrum

FILES = files("by_bands")
# They see so many parts of the patches, the smoothest.
_PARTS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
_WIDTH, _MEMBERS = 64, 4


class BandNetworks(nn.Module):
    """Features (n, planes * parts * BANDS) to logarithms of deviations, and log odds of noise and of white: (n, planes + 2).

    `members` are the small networks, whose mean it tells.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, planes: int) -> None:
        super().__init__()
        count = planes * len(_PARTS) * BANDS
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("scale", torch.ones(count))
        self.members = nn.ModuleList(_member(count, planes + 2) for _ in range(_MEMBERS))

    def forward(self, features: Tensor) -> Tensor:
        """What the features tell."""
        seen = self.seen(features)
        return torch.stack([member(seen) for member in self.members]).mean(0)

    def seen(self, features: Tensor) -> Tensor:
        """The features as a member sees them, about -1 to 1."""
        return (features - self.mean) / self.scale


def _member(count: int, told: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(count, _WIDTH),
        nn.GELU(),
        nn.Linear(_WIDTH, _WIDTH),
        nn.GELU(),
        nn.Linear(_WIDTH, told),
    )


def features(spectra: Sequence[Spectrum]) -> Tensor:
    """What the networks see of one plane or three, (planes * parts * BANDS,): logarithms of deviations in grey levels."""
    return torch.cat([0.5 * one.smoothest(_PARTS).log().flatten() for one in spectra])


def tell(spectra: Sequence[Spectrum], group: Group) -> Tensor:
    """What the bundled networks of a group tell of a picture's luma and two chroma planes, or of a grey one, as `BandNetworks`."""
    told: Tensor = bundled(len(spectra), group)(features(spectra)[None])[0]
    return told


@cache
def bundled(planes: int, group: Group) -> BandNetworks:
    """The networks of a group that come with linn for so many planes, 1 or 3.

    Raises:
        WeightsError: its file is damaged or missing.
    """
    return load(BandNetworks(planes), FILES[planes, group])
