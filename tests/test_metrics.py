from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from linn_cli.metrics import add_noise, psnr, ssim


def pair(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(height)
    clean = torch.rand((height, width), generator=generator)
    noise = torch.randn((height, width), generator=generator)
    return (clean + 0.1 * noise).clamp(0, 1), clean


@pytest.mark.parametrize(("height", "width"), [(11, 11), (11, 40), (64, 37)])
def test_agrees_with_scikit_image(height: int, width: int) -> None:
    estimate, clean = pair(height, width)
    expected = structural_similarity(
        clean.double().numpy(),
        estimate.double().numpy(),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1.0,
    )
    assert ssim(estimate, clean) == pytest.approx(expected, abs=1e-9)
    assert psnr(estimate, clean) == pytest.approx(
        peak_signal_noise_ratio(clean.double().numpy(), estimate.double().numpy(), data_range=1.0)
    )


def test_equal_pictures() -> None:
    clean = torch.rand((20, 20))
    assert psnr(clean, clean) == math.inf
    assert ssim(clean, clean) == pytest.approx(1.0)


def test_ssim_needs_a_whole_window() -> None:
    assert ssim(*pair(10, 40)) is None


def test_noise_is_that_of_the_protocol() -> None:
    clean = torch.full((1, 1, 5, 7), 0.5)
    noise = torch.randn((1, 1, 5, 7), generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(add_noise(clean, 0.2, seed=3), clean + 0.2 * noise)


def test_noise_has_its_sigma_and_is_not_clipped() -> None:
    noise = add_noise(torch.zeros((1, 1, 300, 300)), 0.1, seed=0).numpy()
    assert np.std(noise) == pytest.approx(0.1, rel=0.01)
    assert noise.min() < 0
