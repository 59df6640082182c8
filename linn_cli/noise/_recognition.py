"""Small networks that know the noise of colour photographs by the power of patches in each band.

Of luma and of each chroma plane they see how strong each band is in the smoothest patches and in more and more of them. They
say whether that is noise, whether it is white noise, and how strong it is in each plane. Noise is in all bands and in
the chroma too, and about as strong in rougher patches; textures are not. `benchmarks/fit_noise.py` fits them to noise that is
made on clean pictures, and to clean pictures, drawings and text. Each was fitted by itself, and their mean is surer than any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from linn_cli.errors import WeightsError
from linn_cli.noise._spectra import BANDS, Spectrum

PLANES = 3
FILE = Path(__file__).with_name("recognition.safetensors")
# They see so many parts of the patches, the smoothest.
_PARTS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
_WIDTH, _MEMBERS = 64, 4
_LEAST = 1.0  # grey level


@dataclass(frozen=True)
class Recognised:
    """What the networks say of a picture.

    Attributes:
        deviations: the noise of luma and two chroma planes, in grey levels, if there is any.
        noise: the log odds that there is.
        white: the log odds that it is white.
    """

    deviations: tuple[float, ...]
    noise: float
    white: float

    @property
    def is_noise(self) -> bool:
        """Whether there is noise, rather surely, and enough of it to be removed."""
        return self.noise > Recogniser.IS_NOISE and max(self.deviations) > _LEAST

    @property
    def is_coarse(self) -> bool:
        """Whether the noise, if any, is rather surely not white."""
        return self.white < Recogniser.IS_WHITE


class Recogniser(nn.Module):
    """Features (n, PLANES * parts * BANDS) to logarithms of deviations, and log odds of noise and of white: (n, 5).

    `members` are the small networks, whose mean it tells.
    """

    # Log odds from which on there is noise, and it is white: few clean pictures are taken for noisy, and white noise
    # hardly ever for coarse (docs/noise.md counts them).
    IS_NOISE: ClassVar[float] = 0.8
    IS_WHITE: ClassVar[float] = 0.0
    mean: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        count = PLANES * len(_PARTS) * BANDS
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("scale", torch.ones(count))
        self.members = nn.ModuleList(_member(count) for _ in range(_MEMBERS))

    def forward(self, features: Tensor) -> Tensor:
        """What the features tell."""
        seen = self.seen(features)
        return torch.stack([member(seen) for member in self.members]).mean(0)

    def seen(self, features: Tensor) -> Tensor:
        """The features as a member sees them, about -1 to 1."""
        return (features - self.mean) / self.scale


def _member(count: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(count, _WIDTH),
        nn.GELU(),
        nn.Linear(_WIDTH, _WIDTH),
        nn.GELU(),
        nn.Linear(_WIDTH, PLANES + 2),
    )


def features(spectra: Sequence[Spectrum]) -> Tensor:
    """What the networks see of three planes, (PLANES * parts * BANDS,): logarithms of deviations in grey levels."""
    return torch.cat([0.5 * one.smoothest(_PARTS).log().flatten() for one in spectra])


def recognise(spectra: Sequence[Spectrum]) -> Recognised:
    """What the bundled networks say of a picture's luma and two chroma planes."""
    with torch.inference_mode():
        *deviations, noise, white = bundled()(features(spectra)[None])[0].tolist()
    return Recognised(tuple(torch.tensor(deviations).exp().tolist()), noise, white)


@cache
def bundled() -> Recogniser:
    """The networks that come with linn.

    Raises:
        WeightsError: its file is damaged or missing.
    """
    network = Recogniser().requires_grad_(requires_grad=False).eval()
    try:
        network.load_state_dict(load_file(FILE))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise WeightsError(f"{FILE}: damaged or missing ({error}); reinstall linn") from error
    return network
