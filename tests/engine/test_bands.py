from __future__ import annotations

from collections.abc import Iterator
from itertools import tee

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from linn_cli.engine import pyramid
from linn_cli.engine.bands import Meeting, cut, in_step, marked
from tests.conftest import random_image


def test_the_last_band_is_marked() -> None:
    image = random_image(7, 2)
    bands = list(marked(image.split(3, dim=2)))
    assert [(rows.shape[2], last) for rows, last in bands] == [(3, False), (3, False), (1, True)]
    assert list(marked([])) == []


def test_high_bands_are_cut() -> None:
    image = random_image(23, 2)
    bands = list(cut([(image[:, :, :5], image[:, :, :5], False), (image, image, True)], 10))
    assert [coarse.shape[2] for coarse, _, _ in bands] == [5, 10, 10, 3]
    assert [last for _, _, last in bands] == [False, False, False, True]
    assert torch.equal(torch.cat([detail for _, detail, _ in bands[1:]], dim=2), image)


def test_streams_wait_for_the_slowest() -> None:
    meeting = Meeting()
    fast, slow = torch.arange(6.0).view(1, 1, 6, 1), 10 * torch.arange(6.0).view(1, 1, 6, 1)
    first = meeting.wait(fast[:, :, :4], slow[:, :, :1])
    second = meeting.wait(fast[:, :, 4:], slow[:, :, 1:6])
    assert [part.flatten().tolist() for part in first] == [[0], [0]]
    assert [part.flatten().tolist() for part in second] == [[1, 2, 3, 4, 5], [10, 20, 30, 40, 50]]


@given(
    cuts=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=9), min_size=1, max_size=3),
)
def test_streams_in_step_have_the_same_rows(cuts: list[list[int]]) -> None:
    streams = [random_image(sum(heights), 2).split(heights, dim=2) for heights in cuts]
    height = min(map(sum, cuts))
    together = list(zip(*in_step(*streams), strict=True))
    for stream, bands in zip(streams, together, strict=True):
        assert torch.equal(torch.cat(bands, dim=2), torch.cat(stream, dim=2)[:, :, :height])


def test_streams_in_step_wait_for_no_more_than_they_lag() -> None:
    image = random_image(400, 2)
    ahead = 0

    def counted(bands: Iterator[Tensor], sign: int) -> Iterator[Tensor]:
        nonlocal ahead
        for band in bands:
            ahead += sign * band.shape[2]
            yield band

    rows, copy = tee(iter(image.split(1, dim=2)))
    fast, slow = counted(rows, 1), counted(pyramid.doubled(pyramid.halved(copy)), -1)
    for _ in in_step(fast, slow):
        assert abs(ahead) <= 6  # two rows that doubling reaches, and the one that may be the last
