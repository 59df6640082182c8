from __future__ import annotations

import numpy as np
import pywt
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import correlate

from linn_cli.network.shrinkage import ATOMS, ITERATIONS, Lista, SoftThreshold, soft_threshold

Array = NDArray[np.float64]


@given(
    values=st.lists(st.floats(-100, 100), min_size=1, max_size=20),
    # PyWavelets divides by the value and so wants a positive threshold.
    threshold=st.floats(1e-6, 10),
)
def test_soft_threshold_agrees_with_pywavelets(values: list[float], threshold: float) -> None:
    value = torch.tensor(values, dtype=torch.float64).view(1, 1, 1, -1)
    shrunk = soft_threshold(value, torch.tensor([threshold], dtype=torch.float64))
    with np.errstate(all="ignore"):
        expected = pywt.threshold(np.array(values), threshold, mode="soft")
    # One subtraction: half an epsilon of 100, against another order of the same arithmetic.
    np.testing.assert_allclose(shrunk.flatten().numpy(), expected, atol=1e-13, rtol=0)


def test_a_zero_threshold_changes_nothing() -> None:
    value = torch.randn((1, 2, 4, 4))
    assert torch.equal(soft_threshold(value, torch.zeros(2)), value)


def test_each_channel_has_its_own_threshold() -> None:
    shrink = SoftThreshold(3)
    shrink.threshold.data = torch.tensor([0.0, 1.0, 5.0])
    shrunk = shrink(torch.full((1, 3, 2, 2), -2.0))
    assert shrunk[0, :, 0, 0].tolist() == [-2.0, -1.0, 0.0]


def test_gradients_reach_value_and_threshold() -> None:
    value = torch.tensor([[[[0.5, 2.0, -3.0]]]], dtype=torch.float64, requires_grad=True)
    threshold = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(soft_threshold, (value, threshold))


def test_lista_is_three_thresholded_iterations() -> None:
    generator = torch.Generator().manual_seed(0)
    lista = Lista(3).double()
    for parameter in lista.parameters():
        parameter.data.uniform_(-0.5, 0.5, generator=generator)
    lista.thresholds.data.abs_()
    detail = torch.randn((1, 3, 9, 11), generator=generator, dtype=torch.float64)

    def filtered(channels: Array, weight: torch.Tensor) -> Array:
        taps = weight.detach().numpy()
        return np.stack(
            [
                sum(
                    correlate(channels[j], taps[i, j], mode="constant")
                    for j in range(taps.shape[1])
                )
                for i in range(taps.shape[0])
            ]
        )

    def soft(code: Array, thresholds: torch.Tensor) -> Array:
        bound = thresholds.detach().numpy()[:, None, None]
        shrunk: Array = np.sign(code) * np.maximum(np.abs(code) - bound, 0)
        return shrunk

    image = detail[0].numpy()
    code = np.zeros((ATOMS, 9, 11))
    for k in range(ITERATIONS):  # from a zero code the first iteration is soft(A d, t_1)
        residual = image - filtered(code, lista.synthesis.weight)
        code = soft(code + filtered(residual, lista.analysis.weight), lista.thresholds[k])
    expected = filtered(code, lista.synthesis.weight)
    np.testing.assert_allclose(lista(detail)[0].detach().numpy(), expected, atol=1e-12, rtol=0)
