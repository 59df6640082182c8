from __future__ import annotations

import pytest

from linn_cli import units
from linn_cli.errors import UsageError


@pytest.mark.parametrize(
    ("text", "unit", "levels"),
    [
        ("25", "8bit", (25,)),
        ("12,10,18", "8bit", (12, 10, 18)),
        ("6425", "16bit", (25,)),
        ("0.1", "unit", (25.5,)),
    ],
)
def test_sigma_is_parsed_in_every_unit(text: str, unit: str, levels: tuple[float, ...]) -> None:
    assert units.parse_sigma(text, unit) == pytest.approx(levels)


@pytest.mark.parametrize(("text", "unit"), [("loud", "8bit"), ("1,", "8bit"), ("5", "12bit")])
def test_what_is_no_sigma_is_refused(text: str, unit: str) -> None:
    with pytest.raises(UsageError, match=r"sigma|unit"):
        units.parse_sigma(text, unit)


def test_one_sigma_is_that_of_every_channel() -> None:
    assert units.channel_sigmas(25, 3) == (25, 25, 25)
    assert units.channel_sigmas((5, 6, 7), 3) == (5, 6, 7)


@pytest.mark.parametrize(
    "levels", [(-1,), (1020.5,), (float("nan"),), (5, 6), (0.0, 5, 5), (5, 0.009, 5)]
)
def test_what_is_no_noise_level_is_refused(levels: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="sigma"):
        units.channel_sigmas(levels, 3)
