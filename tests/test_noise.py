from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from linn_cli import clipping, noise
from linn_cli.errors import InputError, UsageError
from linn_cli.estimation import Estimate
from linn_cli.noise import CAMERA, CORRELATED, Found, Measured, Request
from linn_cli.picture import Picture
from linn_cli.pipeline import Networks, denoise
from linn_cli.stabilisation import CameraNoise

SIDE = 128


def noisy_picture(sigma: tuple[float, ...], seed: int = 0) -> NDArray[np.float32]:
    """A smooth picture with noise of sigma in each channel, (SIDE, SIDE, C), white at 1."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    clean = 0.5 + 0.2 * np.sin(rows / 30) * np.cos(columns / 40)
    chance = np.random.default_rng(seed).normal(size=(SIDE, SIDE, len(sigma)))
    values: NDArray[np.float64] = clean[:, :, None] + chance * np.array(sigma) / 255
    return values.astype(np.float32)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_sigma_is_in_grey_levels_whatever_the_depth(dtype: str) -> None:
    values = noisy_picture((10,))
    if dtype != "float32":
        white = np.iinfo(dtype).max
        values = (values * white).round().clip(0, white).astype(dtype)
    found = noise.measure(Picture(values)).overall
    assert found.low < 10 < found.high
    assert found.sigma == pytest.approx(10, rel=0.1)  # 16,384 pixels of a smooth picture


def test_channels_that_clearly_differ_keep_their_own_sigma() -> None:
    alike = noise.measure(Picture(noisy_picture((10, 10, 10))))
    assert len(alike.channels) == 3
    assert alike.sigma == (alike.overall.sigma,)
    different = noise.measure(Picture(noisy_picture((5, 10, 20))))
    assert different.sigma == pytest.approx((5, 10, 20), rel=0.15)
    assert "by channel" in different.in_words()[0]


def test_grey_stored_as_colour_is_measured_once() -> None:
    grey = noisy_picture((10,))
    stored = noise.measure(Picture(grey.repeat(3, axis=2)))
    assert stored == noise.measure(Picture(grey))


def test_what_is_transparent_is_not_looked_at() -> None:
    values = noisy_picture((10,))
    alpha = np.full((SIDE, SIDE), 255, np.uint8)
    alpha[:, : SIDE // 2] = 0
    values[:, : SIDE // 2] = 0.5
    assert noise.measure(Picture(values, alpha)).overall.sigma == pytest.approx(10, rel=0.15)
    with pytest.raises(InputError, match="too little is seen"):
        noise.measure(Picture(values, np.zeros_like(alpha)))


def test_words_say_the_interval_and_what_is_odd() -> None:
    one = Estimate(10.0, 9.0, 11.0)
    assert Measured((one,), one).in_words() == ["sigma 10.00 (9.00 to 11.00), estimated"]
    _, correlated, grows = Measured((one,), one, Estimate(17.0, 16.0, 18.0), True).in_words()
    assert "the noise is not white" in correlated
    assert "--noise correlated takes it for sigma 17.00" in correlated
    assert "grows with brightness" in grows


def test_a_given_sigma_is_not_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "measure", None)
    picture = Picture(noisy_picture((10, 10, 10)))
    assert Request((12.0,)).find(picture).sigma == (12.0, 12.0, 12.0)
    assert Request(strength=0).find(picture) == Found((0.0,))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"model": "pink"}, "unknown noise 'pink'"),
        ({"sigma": (5.0,), "model": CAMERA}, "leave --sigma out"),
        ({"sigma": (5.0,), "model": CORRELATED}, "leave --sigma out"),
        ({"camera": (CameraNoise(0.01, 0.0),)}, "add --noise poisson-gauss"),
        ({"strength": 2.1}, "strength 210 is out of range"),
        ({"strength": -0.1}, "out of range"),
        ({"strength": float("nan")}, "out of range"),
    ],
)
def test_requests_that_cannot_be_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Request(**options)


def planes(values: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(values).permute(2, 0, 1)[None]


@pytest.mark.parametrize("strength", [0.5, 1.5])
def test_strength_multiplies_sigma(strength: float) -> None:
    values = noisy_picture((10, 10, 10))
    answer, _ = noise.remove(Networks(), planes(values), Found((10.0,)), strength)
    expected = denoise(values, 10 * strength)
    np.testing.assert_array_equal(answer[0].permute(1, 2, 0).numpy(), expected)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("found", [Found((10.0,)), Found((9.0,), (CameraNoise(1 / 40, 0.01),))])
def test_no_strength_returns_every_pixel(found: Found, dtype: str) -> None:
    values = (noisy_picture((10,)) * (255 if dtype == "uint8" else 1)).clip(0, 255).astype(dtype)
    answer, _ = noise.remove(Networks(), planes(values), found, 0)
    np.testing.assert_array_equal(answer[0].permute(1, 2, 0).numpy(), values)


def test_white_noise_through_the_camera_is_white_noise() -> None:
    values = noisy_picture((12,))
    white, _ = noise.remove(Networks(precision="float32"), planes(values), Found((12.0,)))
    camera = Found((12.0,), (CameraNoise(0.0, 12 / 255),))
    through, _ = noise.remove(Networks(precision="float32"), planes(values), camera)
    torch.testing.assert_close(through, white, rtol=0, atol=1e-5)  # float32 rounding


@pytest.mark.parametrize("channels", [1, 3])
def test_camera_noise_is_removed_better_than_as_white_noise(channels: int) -> None:
    peak, chance = 30, np.random.default_rng(0)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    clean = 0.5 + 0.4 * np.sin(rows / 20) * np.cos(columns / 25)
    clean = np.dstack([clean, clean[::-1], clean[:, ::-1]])[:, :, :channels]
    noisy = (chance.poisson(peak * clean) / peak).astype(np.float32)

    def error(request: Request) -> float:
        found = request.find(Picture(noisy))
        answer, _ = noise.remove(Networks(), planes(noisy), found)
        return float(np.mean((answer[0].permute(1, 2, 0).numpy() - clean) ** 2))

    # Half a dB at the least, as the benchmark finds on photographs.
    assert error(Request(model=CAMERA)) < 0.89 * error(Request())


def test_a_channel_without_noise_does_no_harm() -> None:
    found = Found((0.0,), (CameraNoise(0.0, 0.0),))
    values = noisy_picture((10,))
    answer, _ = noise.remove(Networks(precision="float32"), planes(values), found)
    # Less than a hundredth of a grey level is removed.
    np.testing.assert_allclose(answer[0].permute(1, 2, 0).numpy(), values, atol=1e-3)


def cut_off(sigma: float, dtype: str = "uint8", gradient: float = 0.3) -> NDArray[Any]:
    """A dark picture (SIDE, SIDE, 1) with noise as a file keeps it."""
    clean = np.linspace(0, gradient, SIDE)[None, :, None].repeat(SIDE, axis=0)
    white = np.iinfo(dtype).max
    chance = np.random.default_rng(3).normal(size=clean.shape)
    levels: NDArray[np.float64] = (clean + sigma / 255 * chance) * white
    stored: NDArray[Any] = levels.round().clip(0, white).astype(dtype)
    return stored


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("sigma", [None, (25.0,)])
def test_noise_cut_off_at_black_is_made_up_for(sigma: tuple[float, ...] | None, dtype: str) -> None:
    values = cut_off(25, dtype)
    found = Request(sigma).find(Picture(values))
    assert found.clipped.where == ("black",)
    planes = torch.from_numpy(values).permute(2, 0, 1)[None]
    corrected, _ = noise.remove(Networks(), planes, found)
    plain, _ = noise.remove(Networks(), planes, replace(found, clipped=clipping.NONE))
    clean = np.linspace(0, 0.3, SIDE)[:20]

    def bias(answer: torch.Tensor) -> float:
        levels = answer[0, 0, :, :20].double().numpy() / np.iinfo(dtype).max
        return float((levels - clean).mean() * 255)

    # At black the mean of what is left is 0.4 sigma, 10 grey levels, too high.
    assert bias(plain) > 5
    assert abs(bias(corrected)) < 1.5


def test_half_the_strength_makes_up_for_half() -> None:
    values = cut_off(25)
    found = Request((25.0,)).find(Picture(values))
    planes = torch.from_numpy(values).permute(2, 0, 1)[None]
    dark = [
        noise.remove(Networks(), planes, found, strength)[0][..., :4].double().mean().item()
        for strength in (0.0, 0.5, 1.0)
    ]
    assert dark[0] > dark[1] > dark[2]


def test_a_camera_with_white_noise_has_it_made_up_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "measure_camera", lambda _: [CameraNoise(0.0, 25 / 255)])
    found = Request(model=CAMERA).find(Picture(cut_off(25)))
    assert not found.grows
    assert found.clipped == clipping.Clipping(found.sigma, black=True)


def test_a_given_cameras_noise_is_not_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "measure_camera", None)
    picture = Picture(noisy_picture((10, 10, 10)))
    one = CameraNoise(0.02, 0.01)
    found = Request(model=CAMERA, camera=(one,)).find(picture)
    assert found.camera == (one, one, one)
    assert found.sigma == pytest.approx((255 * math.sqrt(0.0101),) * 3)
    with pytest.raises(UsageError, match="2 gains for a picture of 3 channels"):
        Request(model=CAMERA, camera=(one, one)).find(picture)


def test_without_a_gain_no_camera_is_given() -> None:
    assert noise.parse_camera(None, None) == ()


@pytest.mark.parametrize(
    ("gain", "read", "unit", "cameras"),
    [
        ("2.55", "5.1", "8bit", [(0.01, 0.02)]),
        ("0.01", "0.02", "unit", [(0.01, 0.02)]),
        ("655.35", None, "16bit", [(0.01, 0.0)]),
        ("255", "0,51,102", "8bit", [(1.0, 0.0), (1.0, 0.2), (1.0, 0.4)]),
    ],
)
def test_gain_and_read_noise_are_white_at_one(
    gain: str, read: str | None, unit: str, cameras: list[tuple[float, float]]
) -> None:
    found = [(one.gain, one.read) for one in noise.parse_camera(gain, read, unit)]
    np.testing.assert_allclose(found, cameras)


@pytest.mark.parametrize(
    ("gain", "read", "reason"),
    [
        (None, "2", "--read-noise goes with --gain"),
        ("loud", None, "gain 'loud': give a number"),
        ("1,2", "1,2,3", "2 gains and 3 read noises"),
        ("-1", None, "between 0 and white"),
        ("1", "nan", "between 0 and white"),
        ("inf", None, "between 0 and white"),
    ],
)
def test_what_is_no_cameras_noise_is_refused(
    gain: str | None, read: str | None, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        noise.parse_camera(gain, read)


@pytest.mark.parametrize("transparent", [False, True])
def test_correlated_noise_is_removed_at_its_full_strength(transparent: bool) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    clean = 0.5 + 0.2 * np.sin(rows / 30) * np.cos(columns / 40)
    chance = np.random.default_rng(6).normal(size=(SIDE + 1, SIDE + 1)) * 40 / 255
    smoothed = (chance[1:, 1:] + chance[1:, :-1] + chance[:-1, 1:] + chance[:-1, :-1]) / 4
    values = (clean + smoothed).astype(np.float32)[:, :, None]
    alpha = np.full((SIDE, SIDE), 255, np.uint8)
    alpha[:8] = 0 if transparent else 255
    picture = Picture(values, alpha)
    white, correlated = Request().find(picture), Request(model=CORRELATED).find(picture)
    assert white.sigma[0] < 15
    assert correlated.sigma[0] == pytest.approx(20, rel=0.15)
    planes = torch.from_numpy(values).permute(2, 0, 1)[None]
    errors = [
        float(np.square(noise.remove(Networks(), planes, found)[0][0, 0].numpy() - clean).mean())
        for found in (white, correlated)
    ]
    assert errors[1] < errors[0] / 1.5
