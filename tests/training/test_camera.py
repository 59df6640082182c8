from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from linn_cli.training.camera import Cameras, SensorNoise, photograph
from tests.conftest import random_image

Array = NDArray[np.float64]
# Every phase of the mosaic under both demosaicers.
WAYS = list(product((0, 1), (0, 1), (False, True)))
PHASES = torch.tensor([way[:2] for way in WAYS])
MALVAR = torch.tensor([way[2] for way in WAYS]).view(-1, 1, 1, 1)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def cameras(count: int) -> Cameras:
    return replace(Cameras.draw(count, seeded()), exposure=torch.ones(count, 1, 1, 1))


def every_mosaic() -> Cameras:
    return replace(cameras(len(WAYS)), phase=PHASES, malvar=MALVAR)


def noise(shot: Tensor, read: float, rows: float = 0.0) -> SensorNoise:
    constant = torch.ones_like(shot)
    return SensorNoise(shot, read * constant, rows * constant, (2**14 - 1) * constant)


def test_without_noise_and_mosaic_development_is_the_way_back() -> None:
    subject = cameras(32)
    grey, colour = (torch.rand(32, planes, 24, 24, generator=seeded()) for planes in (1, 3))
    picture = (
        0.2 + 0.5 * grey + 0.1 * colour
    )  # nothing clips: no colour is pure, no light near white
    light = subject.to_sensor(picture)
    assert 0 < light.min() < light.max() < 0.9
    # Float32 rounds to 6e-8; the powers, the tone curve and the inverse matrix make at most thirty times as much.
    torch.testing.assert_close(subject.develop(light), picture, rtol=0, atol=2e-6)


def test_white_stays_white_and_light_fits_the_sensor() -> None:
    subject = cameras(1000)
    white = torch.ones(1000, 3, 1, 1)
    torch.testing.assert_close(subject.develop(subject.to_sensor(white)), white, rtol=0, atol=2e-6)
    pure = (torch.rand(1000, 3, 8, 8, generator=seeded()) > 0.5).float()
    light = subject.to_sensor(pure)
    assert light.min() >= 0
    assert light.max() <= 1


def test_exposure_darkens() -> None:
    dark = replace(cameras(4), exposure=torch.full((4, 1, 1, 1), 0.25))
    picture = torch.rand(4, 3, 8, 8, generator=seeded())
    torch.testing.assert_close(dark.to_sensor(picture), cameras(4).to_sensor(picture) / 4)


def test_the_variance_grows_with_the_light() -> None:
    shot, read = 1e-3, 1e-5
    levels = torch.linspace(0.05, 0.95, 10).view(-1, 1, 1, 1)
    noisy = noise(torch.full((10, 1, 1, 1), shot), read).add(
        levels.expand(-1, 1, 128, 128), seeded()
    )
    # A variance over n samples has a standard error of sqrt(2 / n), here 1.1 %, a mean one of the deviation
    # by sqrt(n), here at most 0.00025; four times these. Rounding to 14 bits adds 3e-10.
    expected = shot * levels + read
    torch.testing.assert_close(noisy.var((1, 2, 3)), expected.flatten(), rtol=0.045, atol=0)
    torch.testing.assert_close(noisy.mean((1, 2, 3)), levels.flatten(), rtol=0, atol=1e-3)


def test_rows_have_noise_of_their_own() -> None:
    dark = torch.zeros(1, 1, 2000, 64)
    noisy = noise(torch.zeros(1, 1, 1, 1), 1e-4, rows=0.02).add(dark, seeded())
    means = noisy.mean(3).flatten()
    # The deviation of 2,000 numbers is known to 1.6 %; the noise of single pixels adds 0.2 % to it.
    assert means.std().item() == pytest.approx(0.02, rel=0.065)


def test_the_sensor_counts_in_whole_numbers() -> None:
    drawn = SensorNoise.draw(64, seeded())
    assert set((drawn.levels + 1).log2().flatten().tolist()) == {10, 12, 14}
    counted = drawn.add(torch.rand(64, 1, 8, 8, generator=seeded()), seeded()) * drawn.levels
    # A quotient in float32 of up to 2^14 levels, times those levels again.
    assert (counted - counted.round()).abs().max() < 2**14 * 2**-23


def seen(phase: tuple[int, int], row: int, column: int) -> int:
    """Which colour (0, 1, 2) an RGGB sensor measures at a place."""
    return [[0, 1], [1, 2]][(row + phase[0]) % 2][(column + phase[1]) % 2]


def mosaic_by_pixel(light: Array, phase: tuple[int, int]) -> Array:
    _, height, width = light.shape
    return np.array([[light[seen(phase, r, c), r, c] for c in range(width)] for r in range(height)])


def demosaic_by_pixel(mosaic: Array, phase: tuple[int, int], malvar: bool) -> Array:
    """The mean of the colour's neighbours; Malvar adds what the measured colour differs from its own."""
    height, width = mosaic.shape
    z = np.pad(mosaic, 2, mode="reflect")
    answer = np.empty((3, height, width))
    for colour, r, c in np.ndindex(answer.shape):
        y, x = r + 2, c + 2
        here = seen(phase, r, c)
        if here == colour:
            answer[colour, r, c] = mosaic[r, c]
            continue
        near = [
            (down, right)
            for down, right in product((-1, 0, 1), repeat=2)
            if seen(phase, r + down, c + right) == colour
        ]
        value = np.mean([z[y + down, x + right] for down, right in near])
        if malvar and here != 1:
            around = z[y - 2, x] + z[y + 2, x] + z[y, x - 2] + z[y, x + 2]
            value += (1 / 2 if colour == 1 else 3 / 4) * (z[y, x] - around / 4)
        elif malvar:
            down, right = near[0]
            along = z[y + 2 * down, x + 2 * right] + z[y - 2 * down, x - 2 * right]
            across = z[y + 2 * right, x + 2 * down] + z[y - 2 * right, x - 2 * down]
            diagonal = z[y - 1, x - 1] + z[y - 1, x + 1] + z[y + 1, x - 1] + z[y + 1, x + 1]
            value += 5 / 8 * (z[y, x] - (along + diagonal) / 5 + across / 10)
        answer[colour, r, c] = value
    return answer


def test_mosaic_and_demosaicing_are_the_textbooks() -> None:
    light = random_image(7, 8, planes=3)
    mosaic = every_mosaic().mosaic(light.expand(len(WAYS), -1, -1, -1))
    colours = every_mosaic().demosaic(mosaic)
    for number, (row, column, malvar) in enumerate(WAYS):
        expected = mosaic_by_pixel(light[0].numpy(), (row, column))
        np.testing.assert_array_equal(mosaic[number, 0].numpy(), expected)
        developed = demosaic_by_pixel(expected, (row, column), malvar)
        np.testing.assert_allclose(colours[number].numpy(), developed, atol=1e-12)


def test_demosaicing_is_exact_on_flat_colours_and_ramps() -> None:
    rows, columns = torch.meshgrid(*[torch.arange(12.0, dtype=torch.float64)] * 2, indexing="ij")
    subject = every_mosaic()
    for slope in (0.0, 1.0):
        ramps = [0.2 + slope * (0.01 * rows - 0.02 * k * columns) + 0.1 * k for k in range(3)]
        light = torch.stack(ramps).expand(len(WAYS), -1, -1, -1)
        inside = (..., slice(2, -2), slice(2, -2))  # at the border a ramp is reflected
        found = subject.demosaic(subject.mosaic(light))
        torch.testing.assert_close(found[inside], light[inside], rtol=0, atol=1e-12)


def test_demosaicing_makes_noise_coarse() -> None:
    subject = every_mosaic()
    mosaic = torch.randn(len(WAYS), 1, 128, 128, generator=seeded())
    power = torch.fft.rfft2(subject.demosaic(mosaic)).abs().square().mean(1)
    frequency = torch.fft.fftfreq(128).abs()[:, None].maximum(torch.fft.rfftfreq(128))
    low, high = (power[:, band].mean(1) for band in (frequency < 0.1, frequency > 0.4))
    assert (high < 0.2 * low).all()


def test_a_photograph_is_decided_by_its_draws() -> None:
    clean = torch.rand(6, 3, 24, 24, generator=seeded())
    noisy, target = photograph(clean, seeded(1))
    for picture in (noisy, target):
        assert picture.shape == clean.shape
        assert picture.isfinite().all()
        assert picture.min() >= 0
        assert picture.max() <= 1
    assert not torch.equal(noisy, target)
    again = photograph(clean, seeded(1))
    assert torch.equal(again[0], noisy)
    assert torch.equal(again[1], target)
    assert photograph(clean[:0], seeded())[0].shape == (0, 3, 24, 24)
