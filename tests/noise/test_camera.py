from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from linn_cli.noise import encoding
from linn_cli.noise.camera import CameraNoise, closed_form


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
