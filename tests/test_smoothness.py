"""The oracle is SciPy's cosine transform."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.fft import dctn

from linn_cli.smoothness import limits, measure

from .test_estimation import noise


def test_the_transform_is_the_orthonormal_cosine_transform() -> None:
    plane = noise(20, 8, 8)
    measured = measure(plane)
    squares = dctn(plane.numpy(), norm="ortho") ** 2
    order = np.add.outer(np.arange(8), np.arange(8))
    assert len(measured) == 1
    # float32 coefficients of values of the order of 1.
    assert measured.mean.item() == pytest.approx(plane.mean().item(), abs=1e-6)
    assert measured.power.item() == pytest.approx(squares[order >= 11].mean(), rel=1e-4)
    chosen = (order > 0) & (order < 11)
    assert measured.texture.item() == pytest.approx(squares[chosen].mean(), rel=1e-4)


def test_a_large_plane_is_sampled() -> None:
    # Every fifth place of 1,493: of more than 200,000 as few as an odd step leaves.
    assert len(measure(noise(5, 1500, 1500))) == 299**2


def test_what_is_drawn_is_left_out() -> None:
    plane = noise(20, 40, 60)
    plane[:9] = 0.25
    plane[30:38, 10:18] = 0.75
    measured = measure(plane)
    # 24 x 53 patches are below the frame, 10 x 15 of which the caption touches.
    assert len(measured) == 24 * 53 - 10 * 15
    assert measured.power.min() > 0
    plane[:25] = 0.25
    assert len(measure(plane)) == 33 * 53  # a drawing: all of it counts


def test_limits_are_where_values_pile_up() -> None:
    plane = (noise(20, 100, 100) * 255).round() / 255
    assert limits(plane) == (0, 1)
    low, high = plane.quantile(0.1).item(), plane.quantile(0.9).item()
    assert limits(plane.clamp(low, high)) == (low, high)
    assert limits(plane.clamp(max=high)) == (0, high)
    assert limits(torch.full((9, 9), 0.5)) == (0, 1)
    two = torch.tensor([0.4, 0.5]).repeat(40, 20)
    assert limits(two) == (0, 1)
    assert limits(plane.clamp(low, high), plane.clamp(low, high) < high)[1] == 1


def test_only_patches_that_are_wholly_seen_count() -> None:
    plane = noise(20, 12, 12)
    seen = plane < 2
    seen[0, 0] = False
    assert len(measure(plane, seen)) == len(measure(plane)) - 1
