from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from linn_cli.volumes import levels


@pytest.fixture(autouse=True, params=["together", "few at a time"])
def averaged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "few at a time":
        monkeypatch.setattr(levels, "_MOST_VALUES", 9)


def all_of(shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(0, side) for side in shape)


@pytest.mark.parametrize(
    ("side", "smaller", "begins"),
    [
        (6, 3, [0, 2, 4, 6]),
        (7, 4, [0, 2, 4, 6, 7]),  # rounded up: the last one has less
        (7, 3, [0, 2, 4, 6]),  # rounded down: a value is nobody's
        (5, 5, [0, 1, 2, 3, 4, 5]),
        (10, 4, [0, 2, 5, 7, 10]),  # no whole factor
        (1, 1, [0, 1]),
    ],
)
def test_values_are_shared_out(side: int, smaller: int, begins: list[int]) -> None:
    assert levels.begins(side, smaller).tolist() == begins


def test_means_are_rounded_and_pieces_are_as_the_whole() -> None:
    larger = np.random.default_rng(0).integers(0, 256, (4, 13, 10), np.uint8)
    shape = (2, 7, 5)
    whole = levels.region(larger, shape, all_of(shape), larger.dtype)
    expected = larger[2:4, 4:6, 8:10].mean()
    assert whole.dtype == np.uint8
    assert whole[1, 2, 4] == np.rint(expected)
    assert whole[0, 6, 0] == np.rint(larger[:2, 12:, :2].mean())
    piece = (slice(1, 2), slice(3, 7), slice(0, 4))
    np.testing.assert_array_equal(levels.region(larger, shape, piece, larger.dtype), whole[piece])


def test_what_has_no_value_is_left_out_of_means() -> None:
    larger = np.array([[1, np.nan, np.nan, np.nan], [3, 5, np.nan, np.inf]], np.float32)
    answer = levels.region(larger, (1, 2), all_of((1, 2)), larger.dtype)
    np.testing.assert_array_equal(answer, np.array([[3, np.nan]], np.float32))


@pytest.mark.parametrize("shape", [(3, 9), (2, 3)])
def test_a_level_that_is_not_smaller_repeats_values(shape: tuple[int, ...]) -> None:
    larger: Any = np.arange(6.0).reshape(2, 3)
    answer = levels.region(larger, shape, all_of(shape), larger.dtype)
    assert answer.shape == shape
    assert set(answer.ravel()) <= set(larger.ravel())


def test_memory_does_not_grow_with_the_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "_MOST_VALUES", 9)
    larger, shape = np.zeros((256, 256), np.uint8), (128, 128)
    tracemalloc.start()
    levels.region(larger, shape, all_of(shape), larger.dtype)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < larger.nbytes  # in floats it would take eight times as much
