from __future__ import annotations

import numpy as np
import pytest
import pywt
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import correlate

from linn_cli.network.haar import COLUMNS, ROWS, merge, reflect, split

FILTERS = [
    [[1, 1], [1, 1]],
    [[1, -1], [1, -1]],
    [[1, 1], [-1, -1]],
    [[1, -1], [-1, 1]],
]


def random_image(height: int, width: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 1, height, width), generator=generator, dtype=torch.float64)


@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    dilation=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_merge_undoes_split(height: int, width: int, dilation: int, seed: int) -> None:
    image = random_image(height, width, seed)
    coarse, detail = split(image, dilation)
    assert coarse.shape == (1, 1, height + dilation, width + dilation)
    assert detail.shape == (1, 3, height + dilation, width + dilation)
    # Sums of at most 16 numbers in [0, 1] and divisions by powers of two: a few epsilon.
    torch.testing.assert_close(merge(coarse, detail, dilation), image, rtol=0, atol=1e-14)


@pytest.mark.parametrize("dilation", [1, 2])
def test_split_correlates_with_the_four_haar_filters(dilation: int) -> None:
    image = random_image(13, 18)
    padded = np.pad(image[0, 0].numpy(), dilation, mode="reflect")
    coefficients = torch.cat(split(image, dilation), dim=1)[0].numpy()
    for channel, taps in enumerate(FILTERS):
        spread = np.zeros((dilation + 1, dilation + 1))
        spread[::dilation, ::dilation] = np.array(taps) / 2
        # scipy centres the filter: origin moves its first tap to the output pixel.
        expected = correlate(padded, spread, mode="constant", origin=-((dilation + 1) // 2))
        np.testing.assert_allclose(
            coefficients[channel], expected[:-dilation, :-dilation], atol=1e-14, rtol=0
        )


def test_split_agrees_with_the_stationary_wavelet_transform() -> None:
    image = random_image(16, 16)
    [(approximation, details)] = pywt.swt2(image[0, 0].numpy(), "haar", level=1)
    coarse, detail = split(image)
    # Both agree inside; the borders differ (reflected here, periodic there). The signs are a
    # convention: PyWavelets takes the second neighbour minus the first.
    ours = torch.cat((coarse, detail), dim=1)[0, :, 1:-1, 1:-1].numpy()
    horizontal, vertical, diagonal = details
    for channel, theirs in enumerate([approximation, vertical, horizontal, diagonal]):
        np.testing.assert_allclose(
            np.abs(ours[channel]), np.abs(theirs[:-1, :-1]), atol=1e-14, rtol=0
        )


def test_merge_is_a_quarter_of_the_adjoint() -> None:
    # On periodic ground: far from the border <split(x), y> = 4 <x, merge(y)>.
    image = torch.zeros((1, 1, 12, 12), dtype=torch.float64)
    image[..., 4:8, 4:8] = random_image(4, 4)
    coefficients = torch.zeros((1, 4, 13, 13), dtype=torch.float64)
    coefficients[..., 4:8, 4:8] = random_image(4, 4, seed=1)
    coarse, detail = coefficients[:, :1], coefficients[:, 1:]
    forward = (torch.cat(split(image), dim=1) * coefficients).sum()
    backward = (image * merge(coarse, detail)).sum()
    torch.testing.assert_close(forward, 4 * backward)


def test_white_noise_keeps_its_standard_deviation() -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((1, 1, 512, 512), generator=generator)
    for channel in torch.cat(split(noise), dim=1)[0, :, 2:-2, 2:-2]:
        # 1 +- 4 standard errors of a standard deviation from 512^2 correlated samples.
        assert channel.std().item() == pytest.approx(1, abs=0.02)


def test_reflect_mirrors_without_the_edge_and_repeats_a_short_axis() -> None:
    row = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    assert reflect(row, 2, COLUMNS).flatten().tolist() == [3, 2, 1, 2, 3, 2, 1]
    assert reflect(row, 3, COLUMNS).flatten().tolist() == [1, 1, 1, 1, 2, 3, 3, 3, 3]
    assert reflect(row, 1, ROWS).shape == (1, 1, 3, 3)
