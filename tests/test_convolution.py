from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from linn_cli.convolution import ConvStream

from .test_streaming import random_image


@given(cuts=st.lists(st.integers(1, 4), min_size=1, max_size=8), dilation=st.sampled_from([1, 2]))
def test_convolving_bands(cuts: list[int], dilation: int) -> None:
    bank = random_image(3, 3).expand(2, 1, 3, 3) * torch.tensor([1.0, -2.0]).view(2, 1, 1, 1)
    image = random_image(sum(cuts), 5)
    stream = ConvStream(bank, dilation)
    bands = image.split(cuts, dim=2)
    answer = [stream.push(rows, k == len(bands) - 1) for k, rows in enumerate(bands)]
    expected = torch.nn.functional.conv2d(image, bank, padding=dilation, dilation=dilation)
    torch.testing.assert_close(torch.cat(answer, dim=2), expected, rtol=0, atol=1e-13)
