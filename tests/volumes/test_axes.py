from __future__ import annotations

import numpy as np
import pytest

from linn_cli.denoising.by_parts import Part
from linn_cli.errors import UsageError
from linn_cli.volumes.axes import Axes


@pytest.mark.parametrize("letters", ["yx", "zyx", "tczyx", "xzy", "yxs", "syx", "cyxsz"])
def test_planes_go_back_as_they_came(letters: str) -> None:
    shape = tuple({"s": 3, "y": 5, "x": 7}.get(letter, 2) for letter in letters)
    values = np.arange(np.prod(shape)).reshape(shape)
    axes = Axes(letters)
    axes.check(shape)
    planes = axes.as_planes(values)
    assert planes.shape[-3:] == (3 if "s" in letters else 1, 5, 7)
    assert np.prod(planes.shape[:-3], dtype=int) == axes.planes(shape)
    np.testing.assert_array_equal(axes.as_stored(planes), values)
    assert axes.size(shape) == (5, 7)


def test_a_selection_is_a_part_of_some_planes() -> None:
    axes = Axes("xczsy")
    assert axes.selection((slice(1, 2), slice(0, 4)), Part(2, 3, 4, 6)) == (
        slice(4, 6),
        slice(1, 2),
        slice(0, 4),
        slice(None),
        slice(2, 3),
    )
    assert (axes.outer, axes.colour, axes.channel) == ((1, 2), 3, 0)
    assert axes.channels((7, 2, 4, 3, 5)) == 2
    assert axes.channel_at((1, 3)) == 1
    assert Axes("zyx").channel_at((4,)) == 0


@pytest.mark.parametrize(
    ("letters", "shape", "said"),
    [
        ("zz", (3, 3), "name one axis y"),
        ("yyx", (3, 3, 3), "name one axis y"),
        ("ccyx", (3, 3, 3, 3), "at most one axis can be c"),
        ("zyx", (3, 3), "axes zyx are 3, and the array has 2"),
        ("syx", (4, 3, 3), "s is for red, green and blue, and that axis has 4"),
    ],
)
def test_axes_that_do_not_fit_are_refused(letters: str, shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Axes(letters).check(shape)
