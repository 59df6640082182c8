from __future__ import annotations

import numpy as np
import pytest

from linn_cli.noise import camera_fit
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.estimation import Estimate
from linn_cli.noise.measured import Measured, hidden
from linn_cli.pictures.picture import Picture


def test_words_say_the_interval_and_what_is_odd() -> None:
    one = Estimate(10.0, 9.0, 11.0)
    assert Measured((one,), one).in_words() == ["sigma 10.00 (9.00 to 11.00), estimated"]
    _, correlated = Measured((one,), one, Estimate(17.0, 16.0, 18.0)).in_words()
    assert "weaker than white noise" in correlated
    assert "sigma 17.00" in correlated
    assert "noise=" not in correlated  # on texture that would destroy the picture
    cameras = (CameraNoise(1 / 40, 0.02),)
    _, may_grow, _ = Measured((one,), one, None, cameras).in_words()
    assert "may grow with brightness" in may_grow
    _, grows, words = Measured((one,), one, None, cameras, certainty=camera_fit.CERTAIN).in_words()
    assert "grows with brightness" in grows
    assert words == "white is 40 counts, gain=6.375 read_noise=5.10, estimated"


def test_next_to_nothing_is_said_to_be_nothing() -> None:
    little = Estimate(0.04, 1e-13, 0.35)
    [words] = Measured((little,), little).in_words()
    assert words == "sigma 0.04 (0.00 to 0.35), estimated"
    least = Estimate(4e-5, 3e-5, 5e-5)  # what is as small as its unit is told
    assert Measured((least,), least).in_words() == ["sigma 0.00004 (0.00003 to 0.00005), estimated"]


def test_noise_behind_a_curve_is_said_in_one_line() -> None:
    one = Estimate(10.0, 9.0, 11.0)
    cameras = (CameraNoise(1 / 200, 0.01, encoded=True),) * 3
    [words] = Measured((one,) * 3, one, None, cameras, certainty=camera_fit.CERTAIN).in_words()
    expected = (
        "a camera's noise, sigma 20.1 in shadows, 9.4 in midtones and 8.2 in highlights, estimated"
    )
    assert words == expected


def test_the_command_line_sees_its_options_in_words() -> None:
    one = Estimate(10.0, 9.0, 11.0)
    picture = Picture(np.zeros((8, 8, 1), np.uint8))
    cameras = (CameraNoise(1 / 40, 0.02),)
    _, may_grow, _ = Measured((one,), one, None, cameras).of(picture)
    assert "--noise camera may suit it better" in may_grow


def test_little_noise_in_a_lossy_file_may_have_been_more() -> None:
    assert "give --sigma" in hidden("JPEG", (0.1, 1.9))[0]
    assert hidden("JPEG", (0.1, 2.1)) == hidden("WebP", (0.1,)) == ()


def test_data_are_in_grey_levels() -> None:
    one = Estimate(10.0, 9.0, 11.0)
    data = Measured((one,), one, None, (CameraNoise(1 / 40, 0.02),), certainty=11.0).as_data()
    assert data["overall"] == {"sigma": 10.0, "low": 9.0, "high": 11.0}
    assert data["cameras"] == [
        {"gain": pytest.approx(255 / 40), "read": pytest.approx(5.1), "encoded": False}
    ]
    assert data["grows"] is False
