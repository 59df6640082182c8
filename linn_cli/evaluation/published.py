"""What others published: PSNR in dB by method and sigma, the size of their networks, and on which pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Mean PSNR in dB on BSD68, grey, by sigma (Huang and Dragotti 2021, table 1).
_GREY: dict[str, dict[float, float]] = {
    "BM3D": {15: 31.07, 25: 28.57, 50: 25.63},
    "WNNM": {15: 31.37, 25: 28.83, 50: 25.87},
    "EPLL": {15: 31.21, 25: 28.68, 50: 25.67},
    "TNRD": {15: 31.42, 25: 28.92, 50: 25.97},
    "DnCNN": {15: 31.70, 25: 29.19, 50: 26.20},
    "DnINN-ST 1-scale": {15: 31.58, 25: 29.08, 50: 26.14},
    "DnINN-LISTA 1-scale": {15: 31.59, 25: 29.09, 50: 26.14},
    "DnINN-ST 2-scale": {15: 31.62, 25: 29.14, 50: 26.19},
    "DnINN-LISTA 2-scale": {15: 31.63, 25: 29.14, 50: 26.20},
}
# The same in colour, on CBSD68, over all channels (Zhang et al., DnCNN, 2017, and its code's tables).
_COLOUR: dict[str, dict[float, float]] = {
    "CBM3D": {15: 33.52, 25: 30.71, 50: 27.38},
    "CDnCNN": {15: 33.89, 25: 31.23, 50: 27.92},
}
# Numbers of parameters, from the same table.
_PARAMETERS = {
    "TNRD": 26_600,
    "DnCNN": 556_000,
    "DnINN-ST 1-scale": 134_700,
    "DnINN-LISTA 1-scale": 135_200,
    "DnINN-ST 2-scale": 269_300,
    "DnINN-LISTA 2-scale": 270_300,
}


@dataclass(frozen=True)
class Published:
    """The figures for one test set: PSNR in dB by method and sigma, and numbers of parameters by method."""

    on: str
    psnr: Mapping[str, Mapping[float, float]]
    parameters: Mapping[str, int] = field(default_factory=dict)


# By the digest that `CleanPictures` has of the test set.
_KNOWN = {
    "0a1b1caf262ada5141c9b67d086161b0db0581e193cf2789aff0081461126437": Published(
        "BSD68", _GREY, _PARAMETERS
    ),
    "7d4bb57d32210035dc29c214ae53237b35ad7bca9a64c8108f31c6b3a3122c4b": Published(
        "CBSD68", _COLOUR
    ),
}


def find(digest: str) -> Published | None:
    """What was published on the test set with this digest; None for any other pictures."""
    return _KNOWN.get(digest)
