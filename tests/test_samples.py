"""Samples to floats and back, held to numpy's own arithmetic in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from linn_cli import samples

INTEGERS = ("uint8", "uint16", "uint32", "int8", "int16", "int32")


def every(dtype: str) -> NDArray[Any]:
    """Every value of a type, or some from all over it."""
    span = np.iinfo(dtype)
    return np.unique(np.linspace(span.min, span.max, 70_000).round()).astype(dtype)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_floats_are_the_nearest_to_the_quotient(dtype: str) -> None:
    values = every(dtype)
    right = (values / np.float64(np.iinfo(dtype).max)).astype(np.float32)
    np.testing.assert_array_equal(samples.to_floats(torch.from_numpy(values)).numpy(), right)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int8", "int16"])
def test_there_and_back_is_the_identity(dtype: str) -> None:
    values = torch.from_numpy(every(dtype))
    assert torch.equal(samples.from_floats(samples.to_floats(values), values.dtype), values)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_what_lies_outside_becomes_the_limit(dtype: str) -> None:
    span = np.iinfo(dtype)
    kind = torch.from_numpy(np.zeros(1, dtype)).dtype
    assert samples.from_floats(torch.tensor([-3.0, 3.0]), kind).tolist() == [span.min, span.max]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floats_keep_their_values(dtype: torch.dtype) -> None:
    values = torch.tensor([-0.5, 0.25, 1.0, 2.5], dtype=dtype)
    assert samples.to_floats(values).tolist() == values.tolist()
    assert samples.from_floats(values.float(), dtype).tolist() == values.tolist()


def test_white_is_the_same_for_numpy_and_torch() -> None:
    for name in (*INTEGERS, "float32", "float64"):
        array = np.zeros(1, name)
        assert samples.white(array.dtype) == samples.white(torch.from_numpy(array).dtype)


def test_grey_stored_as_colour_is_grey() -> None:
    grey = torch.arange(12, dtype=torch.uint8).view(1, 1, 3, 4).repeat(1, 3, 1, 1)
    assert samples.is_grey(grey)
    grey[0, 2, 2, 3] += 1
    assert not samples.is_grey(grey)


def test_rows_as_floats_go_back_to_their_dtype() -> None:
    levels = torch.arange(12, dtype=torch.uint8).view(1, 4, 3)
    floats, back = samples.as_floats(levels.split(3, 1))
    doubled = list(back(2 * rows for rows in floats))
    assert [rows.shape[1] for rows in doubled] == [3, 1]
    assert torch.equal(torch.cat(doubled, 1), 2 * levels)
