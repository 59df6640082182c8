from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from skimage import data

from linn_cli.noise import camera, encoding, estimation
from linn_cli.noise._patch_statistics import measure
from linn_cli.noise.camera import CameraNoise, closed_form


def photograph() -> torch.Tensor:
    return torch.from_numpy(data.camera()).double() / 255


def shot(clean: torch.Tensor, peak: float, read: float, seed: int = 0) -> torch.Tensor:
    """A picture of a sensor whose white is `peak` counts, with a read noise in counts."""
    generator = torch.Generator().manual_seed(seed)
    counts = torch.poisson(peak * clean, generator=generator)
    return (counts + read * torch.randn(clean.shape, generator=generator).double()) / peak


def expectation(counts: float, read: float) -> float:
    """The expectation of the transform by adaptive integration over the mixture's density."""
    seen = np.arange(int(counts + 15 * math.sqrt(counts) + 20))
    chances = stats.poisson.pmf(seen, counts)

    def stabilised(value: float) -> float:
        return 2 * math.sqrt(max(0.0, value + 3 / 8 + read**2))

    if read == 0:
        return float(chances @ [stabilised(float(value)) for value in seen])
    given = [
        integrate.quad(
            lambda z, value=value: stabilised(value + read * z) * stats.norm.pdf(z),
            -8,
            8,
            limit=200,
        )[0]
        for value in map(float, seen)
    ]
    return float(chances @ given)


@pytest.mark.parametrize("read", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("counts", [0.3, 2.0, 17.0])
def test_the_inverse_is_exactly_unbiased(counts: float, read: float) -> None:
    noise = CameraNoise(1.0, read)
    level = torch.tensor([expectation(counts, read)], dtype=torch.float64)
    # The table is linear between its 400 nodes.
    assert noise.restore(level).item() == pytest.approx(counts, abs=1e-3)


@pytest.mark.parametrize("read", [0.0, 1.0, 5.0, 40.0])
def test_table_and_closed_form_meet(read: float) -> None:
    noise = CameraNoise(0.01, read / 100)
    level = 2 * math.sqrt(100 + 3 / 8 + read**2)
    levels = torch.linspace(level - 1, level + 1, 2001, dtype=torch.float64)
    restored = noise.restore(levels)
    steps = restored.diff()
    assert steps.min() > 0
    # A count is 0.01; the closed form is off by a 50th of one there.
    torch.testing.assert_close(restored, 0.01 * closed_form(levels, read), atol=3e-4, rtol=0)


@pytest.mark.parametrize(("peak", "read"), [(5, 1.0), (30, 0.0), (1000, 3.0)])
def test_stabilised_noise_has_variance_one_and_comes_back(peak: float, read: float) -> None:
    noise = CameraNoise(1 / peak, read / peak)
    for value in (0.5, 0.9):
        stabilised = noise.stabilise(shot(torch.full((400, 400), value).double(), peak, read))
        # Anscombe's root leaves some per cent at 2.5 counts; 160,000 samples are good to 0.5 %.
        assert stabilised.var().item() == pytest.approx(1, abs=0.09)
        restored = noise.restore(stabilised.mean())
        # Four standard errors of the mean.
        assert restored.item() == pytest.approx(
            value, abs=4 * math.sqrt(value / peak + (read / peak) ** 2) / 400
        )


def test_without_gain_it_only_scales() -> None:
    noise = CameraNoise(0.0, 0.1)
    values = torch.linspace(-1, 2, 7)
    torch.testing.assert_close(noise.restore(noise.stabilise(values)), values)
    torch.testing.assert_close(noise.stabilise(values), 10 * values)


def test_the_inverse_keeps_the_dtype_and_is_never_below_black() -> None:
    noise = CameraNoise(0.2, 0.1)
    restored = noise.restore(torch.tensor([[-3.0, 0.0, 50.0]]))
    assert restored.dtype == torch.float32
    assert restored[0, 0] == restored[0, 1] == 0
    assert restored[0, 2] > 100


@pytest.mark.parametrize(("peak", "read"), [(2, 1.0), (10, 0.0), (30, 2.0)])
def test_gain_and_read_noise_are_found(peak: float, read: float) -> None:
    found, _ = camera.estimate(shot(photograph(), peak, read))
    assert found.gain == pytest.approx(1 / peak, rel=0.15)
    assert found.read == pytest.approx(read / peak, abs=0.3 / peak)


@pytest.mark.parametrize(("peak", "read"), [(2, 0.0), (5, 2.0), (10, 0.0)])
def test_low_light_is_beyond_doubt(peak: float, read: float) -> None:
    found, certainty = camera.estimate(shot(photograph(), peak, read))
    assert found.gain > 0
    assert certainty > camera.CERTAIN


@pytest.mark.parametrize("sigma", [5, 25])
def test_white_noise_has_no_gain(sigma: float) -> None:
    generator = torch.Generator().manual_seed(0)
    clean = photograph()
    noisy = clean + sigma / 255 * torch.randn(clean.shape, generator=generator).double()
    found, _ = camera.estimate(noisy)
    assert found == CameraNoise(0.0, estimation.estimate(noisy).sigma / 255)


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_a_picture_without_noise_has_none(level: float) -> None:
    assert camera.estimate(torch.full((40, 60), level))[0] == CameraNoise(0, 0)


def test_noise_that_hardly_varies_counts_as_white() -> None:
    clean = photograph()
    noisy = shot(clean, 4, 4.0)
    found, _ = camera.estimate(noisy)
    assert found.gain == 0
    assert found.read == pytest.approx((noisy - clean).std().item(), rel=0.05)


@pytest.mark.parametrize("read", [0.0, 2.0])
def test_the_deviation_bounds_that_of_stabilised_noise(read: float) -> None:
    noise = CameraNoise(0.5, read / 2)
    seen = [
        noise.stabilise(shot(torch.full((300, 300), value).double(), 2, read)).std().item()
        for value in (0.0, 0.3, 0.6, 1.0)
    ]
    # 90,000 samples.
    assert noise.deviation() == pytest.approx(max(seen), rel=0.01)
    assert CameraNoise(0.0, 0.1).deviation() == 1


def test_a_tiny_picture_counts_as_white() -> None:
    noisy = shot(torch.full((8, 8), 0.5).double(), 30, 1.0)
    assert camera.estimate(noisy)[0].gain == 0


def test_clipped_white_noise_has_no_gain() -> None:
    clean = photograph()
    generator = torch.Generator().manual_seed(0)
    noisy = clean + 25 / 255 * torch.randn(clean.shape, generator=generator).double()
    rounded = (255 * noisy).round().clamp(0, 255) / 255
    assert camera.estimate(rounded, 1 / 255)[0].gain == 0


def stored(clean: torch.Tensor, peak: float, read: float, levels: int) -> torch.Tensor:
    """A picture whose light was noisy, stored by the curve of sRGB in so many levels."""
    noisy = encoding.to_values(shot(encoding.to_light(clean), peak, read)).clamp(0, 1)
    return (noisy * levels).round() / levels


@pytest.mark.parametrize("levels", [255, 65535])
@pytest.mark.parametrize(("peak", "read"), [(1000, 3.0), (200, 2.0), (100, 2.0)])
def test_noise_of_light_is_found_behind_a_curve(peak: float, read: float, levels: int) -> None:
    found, certainty = camera.estimate(stored(photograph(), peak, read, levels), 1 / levels)
    assert found.encoded
    assert certainty >= camera.CERTAIN
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
    assert not camera.estimate(noisy, 1 / 255)[0].encoded


def test_behind_a_curve_noise_is_stabilised_and_comes_back() -> None:
    noise = CameraNoise(1 / 500, 0.004, encoded=True)
    levels = torch.linspace(0.1, 0.95, 8, dtype=torch.float64)[:, None].repeat(1, 200_000)
    noisy = encoding.to_values(shot(encoding.to_light(levels), 500, 2.0))
    stabilised = noise.stabilise(noisy)
    # Of 200,000 values the variance is known to 0.3 %; in the dark there are few counts.
    ones = torch.ones(8, dtype=torch.float64)
    torch.testing.assert_close(stabilised.var(1), ones, rtol=0.05, atol=0)
    back = noise.restore(stabilised.mean(1))
    torch.testing.assert_close(back, levels[:, 0], rtol=0, atol=1e-3)
    bright = slice(2, None)  # where the curve is about a line as far as the noise leads
    expected = noise.deviations_at(levels[bright, 0])
    torch.testing.assert_close(noisy[bright].std(1), expected, rtol=0.03, atol=0)


def test_the_curve_does_not_move_with_the_unit() -> None:
    noise = CameraNoise(0.01, 0.02, encoded=True)
    assert noise.times(0.5).deviation_at(0.3) == pytest.approx(0.5 * noise.deviation_at(0.3))
    raw = CameraNoise(0.01, 0.02)
    assert raw.times(0.5).deviation_at(0.15) == pytest.approx(0.5 * raw.deviation_at(0.3))


def test_most_channels_decide_whether_there_is_a_curve() -> None:
    clean = photograph()
    behind = stored(clean, 200, 2.0, 255)
    white = clean + 10 / 255 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
    patches = [measure(plane) for plane in (behind, white)]
    both = [estimation.from_patches(one) for one in patches]
    for chosen, encoded in (([0, 0, 1], True), ([0, 1, 1], False)):
        fits = camera.fit_channels([patches[k] for k in chosen], [both[k] for k in chosen])
        assert [one.encoded for one, _ in fits] == [encoded] * 3
