"""A small network that knows the noise of colour photographs by the power of patches in each band.

Of luma and of each chroma plane it sees how strong each band is in the smoothest patches and in more and more of them. It
says whether that is noise, whether it is white noise, and how strong it is in each plane. Noise is in all bands and in
the chroma too, and about as strong in rougher patches; textures are not. `benchmarks/fit_noise.py` fits it to noise that is
made on clean pictures, and to clean pictures, drawings and text.
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
# It sees so many parts of the patches, the smoothest.
_PARTS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
_WIDTH = 64
_LEAST = 1.0  # grey level


@dataclass(frozen=True)
class Recognised:
    """What the network says of a picture.

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
    """Features (n, PLANES * parts * BANDS) to logarithms of deviations, and log odds of noise and of white: (n, 5)."""

    # Log odds from which on there is noise, and it is white: few clean pictures are taken for noisy, and white noise
    # hardly ever for coarse.
    IS_NOISE: ClassVar[float] = 3.0
    IS_WHITE: ClassVar[float] = 0.0
    mean: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        count = PLANES * len(_PARTS) * BANDS
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("scale", torch.ones(count))
        self.layers = nn.Sequential(
            nn.Linear(count, _WIDTH),
            nn.GELU(),
            nn.Linear(_WIDTH, _WIDTH),
            nn.GELU(),
            nn.Linear(_WIDTH, PLANES + 2),
        )

    def forward(self, features: Tensor) -> Tensor:
        """What the features tell."""
        out: Tensor = self.layers((features - self.mean) / self.scale)
        return out


def features(spectra: Sequence[Spectrum]) -> Tensor:
    """What the network sees of three planes, (PLANES * parts * BANDS,): logarithms of deviations in grey levels."""
    return torch.cat([0.5 * one.smoothest(_PARTS).log().flatten() for one in spectra])


def recognise(spectra: Sequence[Spectrum]) -> Recognised:
    """What the bundled network says of a picture's luma and two chroma planes."""
    with torch.inference_mode():
        *deviations, noise, white = bundled()(features(spectra)[None])[0].tolist()
    return Recognised(tuple(torch.tensor(deviations).exp().tolist()), noise, white)


@cache
def bundled() -> Recogniser:
    """The network that comes with linn.

    Raises:
        WeightsError: its file is damaged or missing.
    """
    network = Recogniser().requires_grad_(requires_grad=False).eval()
    try:
        network.load_state_dict(load_file(FILE))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise WeightsError(f"{FILE}: damaged or missing ({error}); reinstall linn") from error
    return network
