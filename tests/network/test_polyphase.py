from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from linn_cli.network import polyphase


def test_splitting_is_pixel_unshuffle_and_merging_undoes_it() -> None:
    picture = torch.randn((2, 3, 8, 12))
    for phases in (1, 2, 4):
        components = polyphase.split(picture, phases)
        torch.testing.assert_close(components, F.pixel_unshuffle(picture, phases), rtol=0, atol=0)
        torch.testing.assert_close(polyphase.merge(components, phases), picture, rtol=0, atol=0)


def test_no_rows_split_into_no_rows() -> None:
    components = polyphase.split(torch.empty((1, 3, 0, 4)), 2)
    assert components.shape == (1, 12, 0, 2)
    assert polyphase.merge(components, 2).shape == (1, 3, 0, 4)


@given(height=st.integers(1, 9), width=st.integers(1, 9), alignment=st.sampled_from([1, 2, 4]))
def test_a_filled_picture_suits_the_split_and_begins_with_the_picture(
    height: int, width: int, alignment: int
) -> None:
    picture = torch.randn((1, 1, height, width))
    filled = polyphase.fill(picture, alignment)
    assert all((side - 1) % alignment == 0 for side in filled.shape[2:])
    assert max(filled.shape[2] - height, filled.shape[3] - width) < alignment
    torch.testing.assert_close(filled[..., :height, :width], picture, rtol=0, atol=0)


@pytest.mark.parametrize(("rows", "expected"), [([1, 2, 3, 4], [3, 2, 1]), ([1, 2], [2, 2, 2])])
def test_rows_are_mirrored_or_else_repeated(rows: list[int], expected: list[int]) -> None:
    picture = torch.tensor(rows, dtype=torch.float32).view(1, 1, -1, 1)
    assert polyphase.fill_rows(picture, 3).flatten().tolist() == [*rows, *expected]
    turned = polyphase.fill_columns(picture.mT, 3)
    assert turned.flatten().tolist() == [*rows, *expected]
