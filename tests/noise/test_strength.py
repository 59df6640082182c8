from __future__ import annotations

import numpy as np
import pytest

from linn_cli.errors import UsageError
from linn_cli.noise.strength import FULL, Strength, StrengthLike


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("100", FULL),
        ("70", Strength(0.7, 0.7)),
        ("100,150", Strength(1, 1.5)),
        ("0, 1", Strength(0, 0.01)),
    ],
)
def test_it_is_written_in_per_cent(text: str, strength: Strength) -> None:
    assert Strength.parse(text) == strength
    assert Strength.parse(str(strength)) == strength


@pytest.mark.parametrize("text", ["201", "-1", "nan", "100,201", "much", "", "1,2,3", "100,"])
def test_what_is_no_strength_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"0 to 200 %|as 100,150"):
        Strength.parse(text)


@pytest.mark.parametrize("factors", [0.7, (0.7, 0.7), [0.7], np.array(0.7), Strength(0.7, 0.7)])
def test_one_factor_serves_both(factors: StrengthLike) -> None:
    assert Strength.of(factors) == Strength(0.7, 0.7)
    assert not Strength.of(factors).is_apart


@pytest.mark.parametrize("factors", [2.1, -0.1, float("nan"), (1, 3), (1, 1, 1), ()])
def test_factors_out_of_range_are_refused(factors: StrengthLike) -> None:
    with pytest.raises(UsageError, match="give a factor"):
        Strength.of(factors)


def test_without_colour_the_lumas_holds() -> None:
    apart = Strength(0.5, 1.5)
    assert apart.of_channels(3) == apart
    assert apart.of_channels(1) == apart.of_channels(4) == Strength(0.5, 0.5)
