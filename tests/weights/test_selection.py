from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from linn_cli.errors import UsageError
from linn_cli.network.architecture import NETWORKS, Architecture
from linn_cli.weights.selection import select
from linn_cli.weights.sets import WeightSet


def entry(name: str, sigma: tuple[float, float], scales: int = 1) -> WeightSet:
    return WeightSet(Path(f"{name}.safetensors"), Architecture("st", scales), sigma, "")


@pytest.mark.parametrize(
    ("sigma", "chosen"), [(25, "s25"), (24, "s25"), (30, "any"), (2, "any"), (90, "any")]
)
def test_the_most_specialised_set_that_covers_sigma_is_chosen(sigma: float, chosen: str) -> None:
    known = [entry("any", (5, 60)), entry("s25", (23, 27)), entry("s50", (48, 52))]
    assert select(known, sigma, "st", 1).name == chosen


def test_planes_of_several_contrasts_need_a_set_that_covers_them_all() -> None:
    known = [entry("any", (1, 80)), entry("s25", (23, 27))]
    assert select(known, 25, "st", 1, most=25).name == "s25"
    assert select(known, 25, "st", 1, most=70).name == "any"
    assert select(known[1:], 25, "st", 1, most=70).name == "s25"


def test_colour_takes_a_set_that_lifts_all_planes_and_grey_does_not() -> None:
    joint = WeightSet(Path("joint.safetensors"), NETWORKS["colour"], (1, 80), "")
    known = [entry("any", (1, 80)), joint]
    assert select(known, 25, None, None).name == "any"
    assert select(known, 25, None, None, most=70, channels=3).name == "joint"
    assert select(known, 25, "st", None, most=70, channels=3).name == "any"
    # 60 of the luma are 104 of each channel: too far for a set up to 80.
    assert select(known, 60, None, None, most=70, channels=3).name == "any"
    assert joint.reaches(45)
    assert not joint.reaches(60)


def test_a_set_is_chosen_where_it_suits() -> None:
    wider = replace(entry("s25", (23, 27)), suits=(20, 30))
    known = [entry("any", (5, 60)), wider, entry("s32", (31, 33))]
    assert [select(known, sigma, "st", 1).name for sigma in (19, 20, 30, 31)] == [
        "any",
        "s25",
        "s25",
        "s32",
    ]


def test_the_architecture_asked_for_is_respected() -> None:
    known = [entry("one", (5, 60)), entry("two", (5, 60), scales=2)]
    assert select(known, 25, None, 2).name == "two"
    assert select(known, 25, None, None).name == "one"
    with pytest.raises(UsageError, match="no weights for DnINN-LISTA are bundled yet"):
        select(known, 25, "lista", None)


def test_fast_is_the_cheapest_that_was_trained_for_the_noise() -> None:
    large = replace(entry("large", (1, 80)), suits=(1, 80))
    small = replace(
        entry("small", (10, 80)), architecture=Architecture(phases=2, width=8), suits=(60, 80)
    )
    assert select([large, small], 25, None, None).name == "large"
    assert select([large, small], 25, None, None, fast=True).name == "small"
    assert select([large, small], 5, None, None, fast=True).name == "large"


def test_what_learned_other_noise_than_white_is_the_last_choice() -> None:
    photo, far = replace(entry("photo", (1, 80)), noise="photo"), entry("far", (50, 55))
    assert select([photo, far], 25, None, None).name == "far"
    assert select([photo], 25, None, None).name == "photo"


def test_of_equals_the_faster_is_chosen() -> None:
    known = [
        WeightSet(Path(f"{variant}-{scales}"), Architecture(variant, scales), (1, 80), "")
        for variant in ("lista", "st")
        for scales in (2, 1)
    ]
    assert select(known, 25, None, None).name == "st-1"
    assert select(known, 25, "lista", None).name == "lista-1"
    assert select(known, 25, None, 2).name == "st-2"


def test_a_slower_network_is_not_chosen_for_suiting_less() -> None:
    fast = replace(entry("one", (23, 27)), suits=(21, 29))
    slow = replace(entry("two", (23, 27), scales=2), suits=(23, 27))
    assert select([slow, fast], 25, "st", None).name == "one"
