from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from linn_cli.denoising import document as documents
from linn_cli.errors import InputError
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from linn_cli.units import Sigma
from linn_cli.volumes import sampling
from linn_cli.volumes.axes import Axes
from tests.conftest import noisy_picture


class Counting:
    """An array that counts what is asked of it."""

    def __init__(self, values: Any) -> None:
        self.values, self.shape, self.asked = values, values.shape, 0

    def __getitem__(self, wanted: Any) -> Any:
        part = self.values[wanted]
        self.asked += part.size
        return part


def test_a_single_plane_has_the_noise_of_the_picture() -> None:
    values = noisy_picture((20.0,))
    found, remarks = sampling.profiles(values[:, :, 0], Axes("yx"), (32, 32), Request())
    expected = Request().find(documents.in_range(Picture(values)))
    assert (found[0].sigma, found[0].words, remarks) == (expected.sigma, expected.words, [])


def test_of_many_planes_only_a_sample_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_PIXELS", 60_000)
    monkeypatch.setattr(sampling, "_LEAST_PIXELS", 0)
    monkeypatch.setattr(sampling, "_SIDE", 32)
    ramp = np.linspace(0.2, 0.8, 256)[:, None]
    chance = np.random.default_rng(1).normal(size=(4, 2, 256, 256))
    levels = ramp + chance * np.array([5, 25])[:, None, None] / 255
    array = Counting(levels.astype(np.float32))
    found, _ = sampling.profiles(array, Axes("tcyx"), (1, 1, 64, 64), Request())
    assert array.asked <= 60_000
    assert [one.shown_in("8bit")[0] for one in found] == pytest.approx([5, 25], rel=0.15)


@pytest.mark.parametrize("empty", [0, np.nan, np.inf])
def test_what_is_empty_all_over_is_passed_over(empty: float) -> None:
    values = np.full((8, 128, 128), empty, np.float32)
    values[5, :3, :3] = np.nan
    values[3] = noisy_picture((20.0,))[:, :, 0]
    found, _ = sampling.profiles(values, Axes("zyx"), (1, 64, 64), Request())
    assert found[0].shown_in("8bit")[0] == pytest.approx(20, rel=0.1)


def test_a_sigma_for_each_channel_goes_to_it() -> None:
    request = Request(Sigma((10.0, 20.0)))
    array = np.zeros((2, 3, 16, 16), np.uint8)
    found, _ = sampling.profiles(array, Axes("czyx"), (1, 1, 16, 16), request)
    assert [one.sigma.levels for one in found] == [(10.0,), (20.0,)]


def test_planes_that_are_too_small_to_estimate_are_refused() -> None:
    with pytest.raises(InputError, match="too few to estimate"):
        sampling.profiles(np.eye(5, dtype=np.float32), Axes("yx"), (5, 5), Request())
