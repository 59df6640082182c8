from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linn_cli.network.architecture import ACTIVATIONS, Activation, Architecture
from linn_cli.network.lifting import (
    LiftingNetwork,
    LiftingStep,
    OneSidedConv,
    RectifiedConv,
    ThresholdedConv,
)
from tests.conftest import random_model


def layers(network: LiftingNetwork) -> list[ThresholdedConv]:
    return [layer for layer in network.layers if isinstance(layer, ThresholdedConv)]


def random_step(dilation: int) -> LiftingStep:
    return random_model(Architecture("st", dilation)).scales[dilation - 1].steps[0]


@given(height=st.integers(1, 12), width=st.integers(1, 12), dilation=st.sampled_from([1, 2]))
def test_inverse_undoes_forward(height: int, width: int, dilation: int) -> None:
    step = random_step(dilation)
    generator = torch.Generator().manual_seed(height * 13 + width)
    coarse = torch.randn((2, 1, height, width), generator=generator, dtype=torch.float64)
    detail = torch.randn((2, 3, height, width), generator=generator, dtype=torch.float64)
    lifted = step(coarse, detail)
    restored = step.inverse(*lifted)
    # Two additions and two subtractions; the networks' gain is of the order of 1.
    torch.testing.assert_close(restored, (coarse, detail), rtol=0, atol=1e-13)


def test_a_step_predicts_the_detail_and_updates_the_coarse_channel() -> None:
    step = random_step(1)
    coarse = torch.ones((1, 1, 5, 5), dtype=torch.float64)
    detail = torch.ones((1, 3, 5, 5), dtype=torch.float64)
    lifted_coarse, lifted_detail = step(coarse, detail)
    torch.testing.assert_close(lifted_detail, detail - step.predict(coarse))
    torch.testing.assert_close(lifted_coarse, coarse + step.update(lifted_detail))
    assert not torch.equal(lifted_detail, detail)
    assert not torch.equal(lifted_coarse, coarse)


@pytest.mark.parametrize(("dilation", "reach"), [(1, 9), (2, 18)])
def test_a_network_reaches_nine_taps_in_each_direction(dilation: int, reach: int) -> None:
    network = random_step(dilation).predict
    for layer in layers(network):
        layer.threshold.data.zero_()
    dot = torch.zeros((1, 1, 61, 61), dtype=torch.float64)
    dot[..., 30, 30] = 1
    _, _, rows, columns = network(dot).nonzero(as_tuple=True)
    assert (rows.min(), rows.max()) == (30 - reach, 30 + reach)
    assert (columns.min(), columns.max()) == (30 - reach, 30 + reach)


def test_a_one_sided_threshold_is_the_upper_side_of_a_soft_one() -> None:
    soft, upper, plain = ThresholdedConv(1, 2, 1), OneSidedConv(1, 2, 1), RectifiedConv(1, 2, 1)
    value = torch.randn((1, 1, 7, 8), generator=torch.Generator().manual_seed(0))
    for layer in (soft, upper, plain):
        layer.weight.data[:] = torch.tensor([1.0, -1.0])[:, None, None, None]
    for layer in (soft, upper):
        layer.threshold.data[:] = torch.tensor([0.5, 2.0])
    torch.testing.assert_close(upper(value), soft(value).clamp(min=0))
    upper.threshold.data.zero_()
    torch.testing.assert_close(upper(value), plain(value))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_only_thresholds_tell_how_strong_the_noise_is(activation: Activation) -> None:
    architecture = Architecture(phases=2, pairs=1, width=8, depth=3, activation=activation)
    predict = random_model(architecture).scales[0].steps[0].predict
    value = torch.randn((1, 4, 9, 9), generator=torch.Generator().manual_seed(0)).double()
    told_half = predict(2 * value) / 2
    assert torch.allclose(told_half, predict(value)) == (activation == "relu")


def test_a_network_has_eight_layers_of_sixteen_channels() -> None:
    network = random_step(1).update
    assert len(network.layers) == 8
    assert [tuple(layer.weight.shape) for layer in layers(network)] == [
        (16, 3, 3, 3),
        *[(16, 16, 3, 3)] * 7,
    ]
    assert tuple(network.output.weight.shape) == (1, 16, 3, 3)
