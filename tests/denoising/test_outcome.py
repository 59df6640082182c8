from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linn_cli.denoising import networks
from linn_cli.denoising.outcome import Outcome, Tally, of_removal
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from linn_cli.units import Sigma

DONE = Outcome(
    "a.png",
    "b.png",
    width=4,
    height=3,
    frames=1,
    channels=1,
    depth="uint8",
    bytes=1234,
    sigma=(25.153,),
    noise="white",
    strength=(100.0,),
    seconds=1.26,
)


def test_an_outcome_is_one_short_line() -> None:
    assert str(DONE) == "b.png: 4 x 3, 1.23 kB, sigma 25.2 given, 1.3 s"
    assert str(Outcome("a.png", "b.png", error="a.png: no such file")) == "a.png: no such file"
    assert str(Outcome("a.png", "b.png", skipped=True)) == "b.png: there already, left as it is"


def test_the_line_says_what_was_estimated() -> None:
    found = Outcome("-", "-", noise="camera", sigma=(5.0, 6.0), estimate=("gain 1", "gain 2"))
    assert "standard output: " in str(found)
    assert "camera noise of sigma 5, 6 estimated" in str(found)
    assert found.details()[1:] == ("gain 1", "gain 2")
    assert "coarse noise of sigma 5, 6 estimated" in str(replace(found, noise="photo"))


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (99_960, "100 kB"), (2_500_000, "2.5 MB"), (7e9, "7 GB")],
)
def test_sizes_are_written_as_people_do(count: int, words: str) -> None:
    assert f", {words}, " in str(Outcome("a", "b", bytes=int(count)))


def test_several_frames_and_what_is_cut_off_are_details() -> None:
    done = Outcome("a", "b", frames=3, channels=3, sigma=(5.0, 6.0), clipped=("black", "white"))
    [line] = done.details()
    assert "colour" in line
    assert "3 frames, sigma 5, 6 cut off at black and white" in line


def test_levels_of_several_frames_are_not_told_one_by_one() -> None:
    levels = replace(DONE, sigma=(5.0, 10, 20))
    assert ", sigma 5, 10, 20 given, " in str(levels)
    assert ", sigma 5 to 20 given, " in str(replace(levels, frames=3))
    assert ", sigma 5 given, " in str(replace(levels, sigma=(5.0,), frames=3))


def test_measured_values_are_told_in_themselves() -> None:
    counts = replace(DONE, depth="uint16", sigma_unit="value", sigma=(20.6,), range=(545.3, 709.4))
    assert ", sigma 20.6 of 545.3 to 709.4 given (--sigma-unit value), 1.3 s" in str(counts)
    assert ", sigma 4860 of " in str(replace(counts, sigma=(4857.05,)))
    assert "uint16, values 545.3 to 709.4, sigma 20.6" in counts.details()[0]
    assert str(replace(DONE, sigma=(1.0, 2, 3, 4, 5))).endswith("sigma 1 to 5 given, 1.3 s")


def test_the_line_says_how_much_of_the_noise_was_removed() -> None:
    in_colour = replace(DONE, strength=(0.0, 100.0), channels=3)
    assert str(in_colour).endswith(", sigma 25.2 given, strength 0,100, 1.3 s")
    assert str(replace(in_colour, channels=1)).endswith(", left as it is, strength 0,100, 1.3 s")
    assert str(replace(DONE, strength=(0.0,), sigma=())).endswith(
        ", left as it is, strength 0, 1.3 s"
    )


def test_noise_of_which_nothing_is_known_is_neither_given_nor_estimated() -> None:
    nothing = NoiseProfile.none(Picture(np.full((8, 8, 1), np.nan, np.float32)))
    found = of_removal(networks.load(25), [nothing], Request())
    assert found.sigma == ()
    assert "left as it is" in str(found)
    assert "given" not in str(found)
    some = NoiseProfile(Sigma((5.0,)), words=("sigma 5",))
    assert of_removal(networks.load(25), [nothing, some], Request()).sigma == (0.0, 5.0)


def test_what_was_estimated_of_several_planes_is_said_once() -> None:
    one, other = (
        NoiseProfile(Sigma((level,)), words=(f"sigma {level}", "it is blotchy"))
        for level in (5.0, 9.0)
    )
    said = ("sigma 5.00 to 9.00 in 2 planes, each estimated by itself", "it is blotchy")
    network = networks.load(25)
    assert of_removal(network, [one, other], Request()).estimate == said
    assert of_removal(network, [one, one], Request()).estimate == one.words


def test_outcomes_are_counted() -> None:
    tally = Tally()
    for outcome in (
        Outcome("a", "b"),
        Outcome("a", "b", skipped=True),
        Outcome("a", "b", error="damaged"),
    ):
        tally.add(outcome)
    assert (tally.total, tally.skipped, tally.failed) == (3, 1, 1)
    assert str(tally) == "1 of 3 pictures denoised"


def test_a_second_network_is_a_detail() -> None:
    done = replace(DONE, network="DnINN", weights="photo")
    assert "weights photo," in done.details()[0]
    assert "weights photo beside white," in replace(done, beside="white").details()[0]
