from __future__ import annotations

import math
from typing import Any

import pytest

from linn_cli.denoising import networks
from linn_cli.denoising.networks import load
from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets

ANY = "dninn-st-1-any"


def test_a_network_is_loaded_once() -> None:
    made = networks.Networks(precision="float32", variant="st")
    assert made.at(35) is made.at(36)
    assert made.at(35) is made.at((25, 20, 15), 3)


def test_colour_takes_no_set_that_is_made_for_one_sigma() -> None:
    known = [entry for entry in sets.bundled() if entry.architecture == Architecture("st", 1)]
    narrow = [entry for entry in known if entry.sigma[1] < 2 * entry.sigma[0]]
    assert narrow
    for entry in narrow:
        sigma = sum(entry.sigma) / 2
        assert load(sigma, variant="st").weight_set == entry
        colour = load(sigma * math.sqrt(3), channels=3, variant="st")
        assert colour.weight_set not in narrow


def test_the_network_is_that_of_the_noise_and_the_channels() -> None:
    def name(sigma: float, channels: int, **options: Any) -> str:
        return load(sigma, channels, **options).weight_set.name

    assert name(50, 1) == "polyphase-grey"
    assert name(25, 1) == "polyphase-grey"
    assert name(12, 1).startswith("dninn")
    assert name(25, 3) == "polyphase-colour"
    assert name(25, 3, fast=True) == "polyphase-colour-fast"
    assert name(2, 3).startswith("dninn")  # weak noise is DnINN's
    made = networks.Networks()
    assert made.at(25, 3, noise="photo").weight_set.name == "polyphase-photo"
    assert made.at(12, 1, noise="photo").weight_set.name == "polyphase-photo-grey"


@pytest.mark.parametrize(
    ("name", "sigma", "channels", "words"),
    [
        ("dninn-st-1-25", 3, 1, "are for sigma 21 to 29, and this noise is 3; without them linn"),
        ("dninn-st-1-any", 200, 1, "are for sigma 1 to 80, and this noise is 200"),
        ("dninn-st-1-50", 50, 3, "and this noise counts as 28.9; without them linn takes"),
        ("dninn-st-1-25", 30, 1, ""),
        ("dninn-st-1-25", 0, 1, ""),
        (None, 200, 1, ""),
    ],
)
def test_weights_asked_for_that_do_not_suit_are_doubted(
    name: str | None, sigma: float, channels: int, words: str
) -> None:
    doubt = load(sigma, channels, weight_file=name).doubt
    assert words in doubt
    assert bool(words) == bool(doubt)
