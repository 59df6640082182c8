from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from linn_cli.denoising.document import in_range
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.removal import remove
from linn_cli.errors import UsageError
from linn_cli.noise import camera_fit, clipping, measurement, request
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.measured import CAMERA, CORRELATED, WHITE
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import AUTO, Request, parse_camera
from linn_cli.noise.strength import Strength
from linn_cli.pictures.picture import Picture
from linn_cli.samples import Range
from linn_cli.units import Sigma
from tests.conftest import cut_off, noisy_picture


@pytest.mark.parametrize("strength", [0.5, 1.0, 1.5])
def test_words_say_the_sigma_that_is_removed(strength: float) -> None:
    found = Request(strength=Strength.of(strength)).find(Picture(noisy_picture((10,))))
    [sigma] = found.sigma_at(strength).levels
    assert f"sigma {sigma:.2f} " in found.words[-1]
    assert len(found.words) == (1 if strength == 1 else 2)


def test_a_cameras_noise_is_seen_around_what_is_transparent() -> None:
    ramp = np.linspace(0.1, 0.9, 300)[:, None, None] * np.ones((1, 200, 1))
    counts = (np.random.default_rng(0).poisson(40 * ramp) / 40).astype(np.float32)
    alpha = np.full((300, 200), 255, np.uint8)
    alpha[:, :50] = 0
    counts[:, :50] = 0.3
    for model in (AUTO, CAMERA):
        [camera] = Request(model=model).find(Picture(counts, alpha)).cameras
        assert camera.gain == pytest.approx(1 / 40, rel=0.15)


def test_a_sigma_far_beyond_the_values_is_refused_with_both_in_their_own_unit() -> None:
    counts = Picture(np.ones((8, 8, 1), np.float32), range=Range(100.0, 600.0))
    given = Sigma.parse("300", "unit")
    [level] = Request(given).find(counts).shown_in("value")
    assert level == pytest.approx(300)
    with pytest.raises(UsageError, match=r"is 2500 in .*from 100 to 600.*or another sigma_unit"):
        Request(Sigma.parse("2500", "unit")).find(counts)


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_that_grows_with_brightness_is_taken_for_a_cameras(channels: int) -> None:
    ramp = np.linspace(0.1, 0.9, 300)[:, None, None] * np.ones((1, 200, channels))
    counts = np.random.default_rng(0).poisson(40 * ramp) / 40
    picture = Picture(counts.astype(np.float32))
    found = Request().find(picture)
    assert [one.gain for one in found.cameras] == [pytest.approx(1 / 40, rel=0.15)] * channels
    assert any("grows with brightness" in words for words in found.words)
    white = Request(model=WHITE).find(picture)
    assert not white.cameras
    assert not any("grows" in words for words in white.words)
    assert Request(model=CAMERA).find(picture).cameras == found.cameras


def test_noise_that_may_grow_with_brightness_is_taken_for_white(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, doubt = CameraNoise(1 / 40, 0.02), camera_fit.CERTAIN - 1
    monkeypatch.setattr(camera_fit, "fit", lambda *_: (one, doubt))
    found = Request().find(Picture(noisy_picture((10,))))
    assert not found.cameras
    assert any("may grow" in words for words in found.words)


def test_a_grey_picture_stored_as_colour_has_one_cameras_noise() -> None:
    ramp = np.linspace(0.1, 0.9, 300)[:, None, None] * np.ones((1, 200, 1))
    counts = (np.random.default_rng(0).poisson(40 * ramp) / 40).astype(np.float32)
    stored = Picture(counts.repeat(3, axis=2))
    for model in (AUTO, CAMERA):
        found = Request(model=model).find(stored)
        assert found.cameras == Request(model=model).find(Picture(counts)).cameras * 3
    part = torch.from_numpy(stored.values[:48, :48]).permute(2, 0, 1)[None]
    answer, _ = remove(Networks(), part, found)
    assert bool((answer == answer[:, :1]).all())


def test_a_given_sigma_is_not_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "measure", None)
    picture = Picture(noisy_picture((10, 10, 10)))
    assert Request(Sigma((12.0,))).find(picture).sigma == Sigma((12.0, 12.0, 12.0))
    assert Request(strength=Strength.of(0)).find(picture) == NoiseProfile.none(picture)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"model": "pink"}, "unknown noise 'pink'"),
        ({"sigma": Sigma((5.0,)), "model": CAMERA}, "leave sigma out"),
        ({"sigma": Sigma((5.0,)), "model": CORRELATED}, "leave sigma out"),
        ({"cameras": (CameraNoise(0.01, 0.0),)}, "add noise='camera'"),
    ],
)
def test_requests_that_cannot_be_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Request(**options)


def test_a_camera_with_white_noise_has_it_made_up_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "measure_camera", lambda _: [CameraNoise(0.0, 25 / 255)])
    found = Request(model=CAMERA).find(Picture(cut_off(25)))
    assert not found.grows
    assert found.clipped == clipping.Clipping(found.sigma.levels, black=True)


def test_a_given_cameras_noise_is_not_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "measure_camera", None)
    picture = Picture(noisy_picture((10, 10, 10)))
    one = CameraNoise(0.02, 0.01)
    found = Request(model=CAMERA, cameras=(one,)).find(picture)
    assert found.cameras == (one, one, one)
    assert found.sigma.levels == pytest.approx((255 * math.sqrt(0.0101),) * 3)
    with pytest.raises(UsageError, match="2 gains for a picture of 3 channels"):
        Request(model=CAMERA, cameras=(one, one)).find(picture)


@pytest.mark.parametrize("dtype", ["uint16", "int16", "uint32", "float32"])
def test_noise_in_the_files_values_is_the_same_whatever_their_type(dtype: str) -> None:
    counts = Picture(np.ones((8, 8, 1), dtype), range=Range(100.0, 600.0))
    request = Request(Sigma.parse("30", "value"), in_values=True)
    found = request.find(counts)
    assert found.sigma.levels == pytest.approx((30 / 500 * 255,))
    assert found.shown_in("value") == pytest.approx((30.0,))
    cameras = parse_camera("2", "8", "value")
    of_camera = Request(model=CAMERA, cameras=cameras, in_values=True).find(counts)
    assert [one.levels for one in of_camera.cameras_in("value")] == [pytest.approx((2, 8))]


def test_a_value_that_may_stand_for_none_is_said() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.05, (96, 96, 1)).astype(np.float32)
    values[20:40, 20:40] = -9999
    found = Request().find(in_range(Picture(values)))
    [advice] = found.advice
    assert advice.startswith("many values are -9999, far from all others")
    assert not Request().find(in_range(Picture(values, nodata=-9999.0))).advice


@pytest.mark.parametrize("strength", [0, 1])
def test_a_channel_without_noise_may_be_given(strength: float) -> None:
    given = Request(Sigma((0.0, 20.0, 10.0)), strength=Strength.of(strength))
    found = given.find(Picture(noisy_picture((1, 20, 10))))
    assert found.kept == (0,)
    assert found.shown_in("8bit") == (0.0, 20.0, 10.0)
    assert given.of_channel(0, 3).sigma == Sigma((0.0,))


def test_without_a_gain_no_camera_is_given() -> None:
    assert request.parse_camera(None, None) == ()


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
    found = [(one.gain, one.read) for one in request.parse_camera(gain, read, unit)]
    np.testing.assert_allclose(found, cameras)


@pytest.mark.parametrize(
    ("gain", "read", "reason"),
    [
        (None, "2", "read_noise goes with gain"),
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
        request.parse_camera(gain, read)


def test_the_former_name_of_camera_noise_is_known() -> None:
    assert Request(model="poisson-gauss") == Request(model=CAMERA)


def test_a_sigma_for_each_channel_is_not_the_same_for_all() -> None:
    with pytest.raises(UsageError, match="leave one of them out"):
        Request(Sigma((7.0, 5.0)), same=True)
    assert Request(Sigma((7.0,)), same=True).same
