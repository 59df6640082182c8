"""The curve between light and stored values: that of sRGB, about a power of 1/2.2, as most pictures have it."""

from __future__ import annotations

import torch
from torch import Tensor

# IEC 61966-2-1: a line in the dark, so that the curve has a slope at black, and goes on below it.
_LINE, _LINE_ENDS = 12.92, 0.0031308
_FACTOR, _POWER = 1.055, 2.4


def to_light(values: Tensor) -> Tensor:
    """Stored values, white at 1, to light."""
    curved = ((values.clamp(min=0) + _FACTOR - 1) / _FACTOR) ** _POWER
    return torch.where(values <= _LINE * _LINE_ENDS, values / _LINE, curved)


def to_values(light: Tensor) -> Tensor:
    """Light to stored values."""
    curved = _FACTOR * light.clamp(min=_LINE_ENDS) ** (1 / _POWER) - (_FACTOR - 1)
    return torch.where(light <= _LINE_ENDS, light * _LINE, curved)


def slope(values: Tensor) -> Tensor:
    """How fast stored values grow with light there."""
    light = to_light(values).clamp(min=_LINE_ENDS)
    curved = _FACTOR / _POWER * light ** (1 / _POWER - 1)
    return torch.where(values <= _LINE * _LINE_ENDS, _LINE, curved)
