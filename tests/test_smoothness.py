"""The oracle is SciPy's cosine transform."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dctn

from linn_cli.smoothness import measure

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


def test_only_patches_that_are_wholly_seen_count() -> None:
    plane = noise(20, 12, 12)
    seen = plane < 2
    seen[0, 0] = False
    assert len(measure(plane, seen)) == len(measure(plane)) - 1
