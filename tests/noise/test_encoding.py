from __future__ import annotations

import torch

from linn_cli.noise import encoding

VALUES = torch.linspace(-0.2, 1.5, 2001, dtype=torch.float64)


def test_light_becomes_the_same_values_again() -> None:
    torch.testing.assert_close(encoding.to_values(encoding.to_light(VALUES)), VALUES)


def test_it_is_about_a_power_of_2_2() -> None:
    bright = VALUES[(VALUES > 0.1) & (VALUES <= 1)]
    torch.testing.assert_close(encoding.to_light(bright), bright**2.2, rtol=0, atol=0.01)
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(encoding.to_light(ends), ends)


def test_the_slope_is_the_derivative() -> None:
    light = encoding.to_light(VALUES)
    between = (VALUES[2:] - VALUES[:-2]) / (light[2:] - light[:-2])
    # Differences over two steps; at the end of the line the slope has a small jump.
    torch.testing.assert_close(encoding.slope(VALUES)[1:-1], between, rtol=0.02, atol=0)
