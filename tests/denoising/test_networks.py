from __future__ import annotations

import math

import pytest

from linn_cli.denoising import networks
from linn_cli.denoising.networks import load
from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets

ANY = "dninn-st-1-any"


def test_a_network_is_loaded_once() -> None:
    made = networks.Networks(precision="float32")
    assert made.at(35) is made.at(36)
    assert made.at(35) is made.at((25, 20, 15), 3)


def test_colour_takes_no_set_that_is_made_for_one_sigma() -> None:
    known = [entry for entry in sets.bundled() if entry.architecture == Architecture("st", 1)]
    narrow = [entry for entry in known if entry.sigma[1] < 2 * entry.sigma[0]]
    assert narrow
    for entry in narrow:
        sigma = sum(entry.sigma) / 2
        assert load(sigma).weight_set == entry
        colour = load(sigma * math.sqrt(3), channels=3)
        assert colour.weight_set not in narrow


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
