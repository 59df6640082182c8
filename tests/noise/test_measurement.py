from __future__ import annotations

import numpy as np
import pytest
import torch

from linn_cli.errors import InputError
from linn_cli.noise import camera_fit, measurement
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from tests.conftest import SIDE, cut_off, noisy_picture


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_sigma_is_in_grey_levels_whatever_the_depth(dtype: str) -> None:
    values = noisy_picture((10,))
    if dtype != "float32":
        white = np.iinfo(dtype).max
        values = (values * white).round().clip(0, white).astype(dtype)
    found = measurement.measure(Picture(values)).overall
    assert found.low < 10 < found.high
    assert found.sigma == pytest.approx(10, rel=0.1)  # 16,384 pixels of a smooth picture


def test_channels_that_clearly_differ_keep_their_own_sigma() -> None:
    alike = measurement.measure(Picture(noisy_picture((10, 10, 10))))
    assert len(alike.channels) == 3
    assert alike.sigma == (alike.overall.sigma,)
    different = measurement.measure(Picture(noisy_picture((5, 10, 20))))
    assert different.sigma == pytest.approx((5, 10, 20), rel=0.15)
    assert different.in_words()[0].startswith("sigma by channel ")
    assert alike.in_words()[0].startswith(f"sigma {alike.overall.sigma:.2f} ")


def test_grey_stored_as_colour_is_measured_once() -> None:
    grey = noisy_picture((10,))
    stored = measurement.measure(Picture(grey.repeat(3, axis=2)))
    assert stored == measurement.measure(Picture(grey))


def test_what_is_transparent_is_not_looked_at() -> None:
    values = noisy_picture((10,))
    alpha = np.full((SIDE, SIDE), 255, np.uint8)
    alpha[:, : SIDE // 2] = 0
    values[:, : SIDE // 2] = 0.5
    assert measurement.measure(Picture(values, alpha)).overall.sigma == pytest.approx(10, rel=0.15)
    with pytest.raises(InputError, match="too little is seen"):
        measurement.measure(Picture(values, np.zeros_like(alpha)))


def test_white_noise_that_is_cut_off_is_not_taken_for_a_cameras() -> None:
    values = cut_off(40)
    planes = torch.from_numpy(values).permute(2, 0, 1) / 255
    assert camera_fit.estimate(planes[0], 1 / 255)[0].gain > 0  # it is weaker in the dark
    assert not measurement.measure(Picture(values)).cameras
    assert Request().find(Picture(values)).clipped.black


@pytest.mark.parametrize("frame", [0, 5, 250])
def test_a_frame_does_not_hide_a_cameras_noise(frame: int) -> None:
    ramp = np.linspace(0.15, 0.9, 400)[:, None, None] * np.ones((1, 400, 1))
    levels = np.random.default_rng(0).poisson(100 * ramp) / 100 * 255
    levels[:20] = frame
    assert measurement.measure(Picture(levels.round().clip(0, 255).astype(np.uint8))).grows


def test_white_noise_cut_off_above_black_is_not_taken_for_a_cameras() -> None:
    values = np.maximum(cut_off(40), 20)  # as an editor lifts black
    assert not measurement.measure(Picture(values)).cameras


def test_the_half_of_a_photograph_has_noise_of_its_own() -> None:
    noise = np.random.default_rng(8).normal(0, 12, (200, 200, 3)).repeat(2, 0).repeat(2, 1)
    values = (128 + noise[:380]).round().clip(0, 255).astype(np.uint8)
    alpha = np.full(values.shape[:2], 255, np.uint8)
    alpha[:9] = 0
    halves = [measurement.measure_photo_of_half(Picture(values, one)) for one in (None, alpha)]
    for planes in halves:
        assert [plane.deviation for plane in planes] == pytest.approx([12] * 3, rel=0.2)
    assert halves[0] != halves[1]


@pytest.mark.parametrize(("dtype", "none"), [(np.float32, np.nan), (np.int16, -9999)])
def test_holes_are_no_hot_pixels(dtype: type, none: float) -> None:
    chance = np.random.default_rng(0)
    counts = np.linspace(1000, 3000, 130)[:, None] + chance.normal(0, 20, (120, 130, 2))
    counts[chance.random((120, 130)) < 0.01] = none
    counts[0, :5] = counts[40] = counts[:, 60] = none
    picture = Picture(counts.astype(dtype), nodata=none)
    assert measurement.find_hot_pixels(picture, asked=True) is None
    lone = counts.copy()
    lone[5::20, 7::20] = 6000
    hot = measurement.find_hot_pixels(Picture(lone.astype(dtype), nodata=none), asked=False)
    assert hot is not None


def test_transparent_pixels_are_no_hot_pixels() -> None:
    chance = np.random.default_rng(0)
    levels = np.linspace(80, 220, 130)[:, None] + chance.normal(0, 4, (120, 130, 1))
    hidden = chance.random((120, 130)) < 0.01
    levels[hidden] = 0
    alpha = np.where(hidden, 0, 255).astype(np.uint8)
    values = levels.round().astype(np.uint8)
    assert measurement.find_hot_pixels(Picture(values), asked=False)
    assert measurement.find_hot_pixels(Picture(values, alpha), asked=False) is None


def test_nothing_but_holes_has_no_noise_to_find() -> None:
    nothing = Picture(np.full((40, 40, 1), np.nan, np.float32))
    assert measurement.find_hot_pixels(nothing, asked=True) is None
