from __future__ import annotations

import math

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
