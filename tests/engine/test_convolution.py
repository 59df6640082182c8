from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from linn_cli.engine._convolution import ConvStream, NetworkStream, Workspaces
from linn_cli.engine.folding import fold_network
from linn_cli.network.architecture import ACTIVATIONS, Activation, Architecture
from tests.conftest import random_image, random_model


@given(cuts=st.lists(st.integers(1, 4), min_size=1, max_size=8), dilation=st.sampled_from([1, 2]))
def test_convolving_bands(cuts: list[int], dilation: int) -> None:
    bank = random_image(3, 3).expand(2, 1, 3, 3) * torch.tensor([1.0, -2.0]).view(2, 1, 1, 1)
    image = random_image(sum(cuts), 5)
    stream = ConvStream(bank, dilation)
    bands = image.split(cuts, dim=2)
    answer = [stream.push(rows, k == len(bands) - 1) for k, rows in enumerate(bands)]
    expected = torch.nn.functional.conv2d(image, bank, padding=dilation, dilation=dilation)
    torch.testing.assert_close(torch.cat(answer, dim=2), expected, rtol=0, atol=1e-13)


@given(
    cuts=st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(any),
    band=st.integers(1, 12),
    dilation=st.sampled_from([1, 2]),
    activation=st.sampled_from(ACTIVATIONS),
)
def test_a_network_over_bands(
    cuts: list[int], band: int, dilation: int, activation: Activation
) -> None:
    architecture = Architecture("st", dilation, activation=activation)
    network = random_model(architecture).scales[-1].steps[0].predict
    image = random_image(sum(cuts), 5)
    stream = NetworkStream(fold_network(network, torch.float64), 5, band, Workspaces())
    bands = image.split(cuts, dim=2)
    answer = [stream.push(rows, k == len(bands) - 1) for k, rows in enumerate(bands)]
    # Only the folding's and the convolutions' rounding differ.
    torch.testing.assert_close(torch.cat(answer, dim=2), network(image), rtol=0, atol=1e-9)
