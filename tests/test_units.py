from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from linn_cli.errors import UsageError
from linn_cli.units import Sigma, in_levels, shown


@pytest.mark.parametrize(
    ("text", "unit", "levels"),
    [
        ("25", "8bit", (25,)),
        ("12,10,18", "8bit", (12, 10, 18)),
        ("7,5", "8bit", (7, 5)),
        ("1,2,3,4,5", "8bit", (1, 2, 3, 4, 5)),
        ("6425", "16bit", (25,)),
        ("0.1", "unit", (25.5,)),
        ("3000", "value", (765_000,)),
        ("0,5", "8bit", (0, 5)),
    ],
)
def test_sigma_is_parsed_in_every_unit(text: str, unit: str, levels: tuple[float, ...]) -> None:
    assert Sigma.parse(text, unit).levels == pytest.approx(levels)


@pytest.mark.parametrize(
    ("text", "unit"), [("loud", "8bit"), ("1,", "8bit"), ("5", "12bit"), ("nan", "unit")]
)
def test_what_is_no_sigma_is_refused(text: str, unit: str) -> None:
    with pytest.raises(UsageError, match=r"sigma|unit"):
        Sigma.parse(text, unit)


@pytest.mark.parametrize(
    ("text", "unit", "reason"),
    [
        ("262144", "16bit", r"where white is 65535 .*: give 0 to 262140, or --sigma-unit 8bit"),
        ("6425", "8bit", r"where white is 255 .*: give 0 to 1020, or --sigma-unit 16bit"),
    ],
)
def test_a_sigma_that_is_meant_otherwise_says_how(text: str, unit: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Sigma.parse(text, unit)


def test_one_sigma_is_that_of_every_channel() -> None:
    assert Sigma.of(25).by_channel(3) == (25, 25, 25)
    assert Sigma.of((5, 6, 7)).by_channel(3) == (5, 6, 7)


@pytest.mark.parametrize(
    ("count", "channels", "wanted"),
    [
        (2, 1, "give one, a decimal as 7.5$"),
        (2, 3, "give 3, or one, a decimal as 7.5$"),
        (3, 2, "give 2, or one$"),
    ],
)
def test_as_many_sigmas_as_channels_are_asked_for(count: int, channels: int, wanted: str) -> None:
    with pytest.raises(UsageError, match=f"{count} sigmas for a picture of {channels} .*{wanted}"):
        Sigma((5.0,) * count).by_channel(channels)


def test_sigma_is_taken_from_numbers_of_any_kind() -> None:
    known = Sigma((5.0, 6.0, 7.0))
    assert Sigma.of(known) is known
    assert Sigma.of([5, 6, 7]) == Sigma.of(np.array([5, 6, 7], np.float32)) == known
    assert Sigma.of(np.float32(5)) == Sigma.of(np.array(5.0)) == Sigma((5.0,))


@pytest.mark.parametrize("sigma", [None, "auto", ["auto"], [], b"auto"])
def test_what_is_no_number_is_refused_with_a_reason(sigma: Any) -> None:
    with pytest.raises(UsageError, match=r"give a number, or one for each channel|1 channel:"):
        Sigma.of(sigma).by_channel(1)


@pytest.mark.parametrize("levels", [(-1,), (float("nan"),), (5, 6), ()])
def test_what_is_no_noise_level_is_refused(levels: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="sigma"):
        Sigma(levels).by_channel(3)


def test_strength_multiplies_up_to_the_limit() -> None:
    assert Sigma((10.0, 800.0)).times(1.5).levels == (15, 1020)
    assert Sigma((0.02, 30.0)).times(0.1).levels == pytest.approx((0.01, 3))
    assert Sigma((0.02, 0.03)).times(0.1).is_nothing
    assert Sigma((0.005,)).is_nothing
    assert not Sigma((0.01,)).is_nothing


@pytest.mark.parametrize("level", [0.0, 0.000434, 0.1, 20.639, 9999.0, 12345.0, 1.2e9])
def test_a_level_that_is_shown_can_be_given(level: float) -> None:
    assert "e" not in shown(level)
    [again] = Sigma.parse(shown(level), "value").levels
    assert again / 255 == pytest.approx(level, rel=0.01)


def test_numbers_count_in_a_unit() -> None:
    assert in_levels((0.1, 1), "unit") == pytest.approx((25.5, 255))
    with pytest.raises(UsageError, match="unknown unit '12bit'"):
        in_levels((1,), "12bit")
