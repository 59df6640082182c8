from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from linn_cli.engine.folding import FoldedNetwork, fold, fold_network
from linn_cli.network.architecture import ACTIVATIONS, Activation, Architecture
from linn_cli.network.lifting import ThresholdedConv
from tests.conftest import random_model


def plain(network: FoldedNetwork, value: torch.Tensor) -> torch.Tensor:
    d = network.dilation
    *hidden, output = network.filters
    for bank, bias in zip(hidden, network.biases, strict=True):
        response = F.conv2d(value, bank, bias, padding=d, dilation=d)
        value = F.softshrink(response, 1.0) if network.activation == "soft" else response.relu()
    return F.conv2d(value, output, padding=d, dilation=d)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("scale", [0, 1])
def test_a_folded_network_gives_the_same_answer(scale: int, activation: Activation) -> None:
    architecture = Architecture("st", 2, activation=activation)
    network = random_model(architecture).scales[scale].steps[1].update
    value = torch.randn((1, 3, 14, 17), dtype=torch.float64)
    torch.testing.assert_close(
        plain(fold_network(network, torch.float64), value), network(value), rtol=0, atol=1e-12
    )


def test_a_zero_threshold_is_floored_without_harm() -> None:
    network = random_model(Architecture("st", 1)).scales[0].steps[0].predict
    for layer in network.layers:
        if isinstance(layer, ThresholdedConv):
            layer.threshold[::2] = 0
    value = torch.randn((1, 1, 14, 17), dtype=torch.float64)
    # Each of the eight layers moves by at most 2^-20 (1e-6) in half of its channels.
    torch.testing.assert_close(
        plain(fold_network(network, torch.float64), value), network(value), rtol=0, atol=1e-4
    )


def test_filters_are_stored_as_the_convolutions_like_them() -> None:
    [scale] = fold(random_model(Architecture("st", 1)), torch.float32)
    assert len(scale.steps) == 4
    for step in scale.steps:
        for network in (step.predict, step.update):
            assert len(network.filters) == 9
            for bank in network.filters:
                assert bank.dtype == torch.float32
                assert bank.is_contiguous(memory_format=torch.channels_last)
