"""The oracle is SciPy's cosine transform."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.fft import dctn

from linn_cli.noise._patch_statistics import measure
from tests.noise.test_estimation import noise


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
    # Every seventh place of 1,493: of many as few as an odd step leaves.
    assert len(measure(noise(5, 1500, 1500))) == 214**2


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
    plane = (noise(60, 100, 100) * 255).round() / 255
    low, high = plane.quantile(0.1).item(), plane.quantile(0.9).item()
    for cut, expected in (
        (plane, (0, 1)),
        (plane.clamp(low, high), (low, high)),
        (plane.clamp(max=high), (0, high)),
        (torch.full((9, 9), 0.5), (0, 1)),
        (torch.tensor([0.4, 0.5]).repeat(40, 20), (0, 1)),
        (plane.clamp(low, high) + 2, (0, 1)),  # limits out of range would turn things round
        (plane.clamp(low, high) - 2, (0, 1)),
        (plane.clamp(min=low) + 1 - low, (0, 1)),
        (plane.clamp(max=high) - high, (0, 1)),
    ):
        assert measure(cut).limits == expected
    cut = plane.clamp(low, high)
    seen = torch.ones_like(cut, dtype=torch.bool)
    seen[:, 80:] = False
    cut[:, 80:], cut[:10] = 0.0, 0.05  # what is hidden, and what is drawn, does not count
    assert measure(cut, seen).limits == (low, high)
    assert measure(cut, seen).black.max() > 0


def test_what_is_drawn_is_found_all_over_a_tall_plane() -> None:
    plane = noise(20, 600, 20)
    for top in (0, 250, 256, 261, 592):
        drawn = plane.clone()
        drawn[top : top + 8, 5:15] = 0.5
        touched = sum(abs(row - top) < 8 for row in range(593)) * 13
        assert len(measure(drawn)) == 593 * 13 - touched


def test_only_patches_that_are_wholly_seen_count() -> None:
    plane = noise(20, 12, 12)
    seen = plane < 2
    seen[0, 0] = False
    assert len(measure(plane, seen)) == len(measure(plane)) - 1
