from __future__ import annotations

import pytest
import torch
from skimage import data

from linn_cli.noise import camera_fit, encoding, estimation
from linn_cli.noise._patch_statistics import measure
from linn_cli.noise.camera import CameraNoise
from tests.noise.test_camera import shot


def photograph() -> torch.Tensor:
    return torch.from_numpy(data.camera()).double() / 255


@pytest.mark.parametrize(("peak", "read"), [(2, 1.0), (10, 0.0), (30, 2.0)])
def test_gain_and_read_noise_are_found(peak: float, read: float) -> None:
    found, _ = camera_fit.estimate(shot(photograph(), peak, read))
    assert found.gain == pytest.approx(1 / peak, rel=0.15)
    assert found.read == pytest.approx(read / peak, abs=0.3 / peak)


@pytest.mark.parametrize(("peak", "read"), [(2, 0.0), (5, 2.0), (10, 0.0)])
def test_low_light_is_beyond_doubt(peak: float, read: float) -> None:
    found, certainty = camera_fit.estimate(shot(photograph(), peak, read))
    assert found.gain > 0
    assert certainty > camera_fit.CERTAIN


@pytest.mark.parametrize("sigma", [5, 25])
def test_white_noise_has_no_gain(sigma: float) -> None:
    generator = torch.Generator().manual_seed(0)
    clean = photograph()
    noisy = clean + sigma / 255 * torch.randn(clean.shape, generator=generator).double()
    found, _ = camera_fit.estimate(noisy)
    assert found == CameraNoise(0.0, estimation.estimate(noisy).sigma / 255)


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_a_picture_without_noise_has_none(level: float) -> None:
    assert camera_fit.estimate(torch.full((40, 60), level))[0] == CameraNoise(0, 0)


def test_noise_that_hardly_varies_counts_as_white() -> None:
    clean = photograph()
    noisy = shot(clean, 4, 4.0)
    found, _ = camera_fit.estimate(noisy)
    assert found.gain == 0
    assert found.read == pytest.approx((noisy - clean).std().item(), rel=0.05)


def test_a_tiny_picture_counts_as_white() -> None:
    noisy = shot(torch.full((8, 8), 0.5).double(), 30, 1.0)
    assert camera_fit.estimate(noisy)[0].gain == 0


def test_clipped_white_noise_has_no_gain() -> None:
    clean = photograph()
    generator = torch.Generator().manual_seed(0)
    noisy = clean + 25 / 255 * torch.randn(clean.shape, generator=generator).double()
    rounded = (255 * noisy).round().clamp(0, 255) / 255
    assert camera_fit.estimate(rounded, 1 / 255)[0].gain == 0


def stored(clean: torch.Tensor, peak: float, read: float, levels: int) -> torch.Tensor:
    """A picture whose light was noisy, stored by the curve of sRGB in so many levels."""
    noisy = encoding.to_values(shot(encoding.to_light(clean), peak, read)).clamp(0, 1)
    return (noisy * levels).round() / levels


@pytest.mark.parametrize("levels", [255, 65535])
@pytest.mark.parametrize(("peak", "read"), [(1000, 3.0), (200, 2.0), (100, 2.0)])
def test_noise_of_light_is_found_behind_a_curve(peak: float, read: float, levels: int) -> None:
    found, certainty = camera_fit.estimate(stored(photograph(), peak, read, levels), 1 / levels)
    assert found.encoded
    assert certainty >= camera_fit.CERTAIN
    truth = CameraNoise(1 / peak, read / peak, encoded=True)
    for level in (0.3, 0.6, 0.8):
        assert found.deviation_at(level) == pytest.approx(truth.deviation_at(level), rel=0.2)
    # In the dark black cuts much of it off.
    assert found.deviation_at(0.1) == pytest.approx(truth.deviation_at(0.1), rel=0.5)


@pytest.mark.parametrize("sigma", [5, 10, 25, 50])
def test_white_noise_is_behind_no_curve(sigma: float) -> None:
    clean = photograph()
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(3)).double()
    noisy = ((clean + sigma / 255 * noise) * 255).round().clamp(0, 255) / 255
    assert not camera_fit.estimate(noisy, 1 / 255)[0].encoded


def test_most_channels_decide_whether_there_is_a_curve() -> None:
    clean = photograph()
    behind = stored(clean, 200, 2.0, 255)
    white = clean + 10 / 255 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
    patches = [measure(plane) for plane in (behind, white)]
    both = [estimation.from_patches(one) for one in patches]
    for chosen, encoded in (([0, 0, 1], True), ([0, 1, 1], False)):
        fits = camera_fit.fit_channels([patches[k] for k in chosen], [both[k] for k in chosen])
        assert [one.encoded for one, _ in fits] == [encoded] * 3
