from __future__ import annotations

from dataclasses import replace

import pytest

from linn_cli.noise._telling import (
    beside,
    deviations,
    learned,
    learned_of_half,
    lies_in_blotches,
    told,
)
from linn_cli.noise.photograph import Plane

COARSE = Plane(9.0, 8.0, 12.0, 3.0, unevenness=0.1)


def test_coarse_noise_is_told_stronger_than_it_is() -> None:
    luma, *chroma = told((COARSE, COARSE, COARSE))
    assert luma > COARSE.smoothest
    assert min(chroma) > COARSE.strongest
    assert told(()) == ()


def test_the_more_noise_the_more_is_told_and_the_more_texture_the_less() -> None:
    more = replace(COARSE, smoothest=16.0, strongest=24.0, highest=6.0)
    assert all(a > b for a, b in zip(told((more,) * 3), told((COARSE,) * 3), strict=True))
    uneven = replace(COARSE, unevenness=0.4)
    assert told((uneven, COARSE, COARSE)) < told((COARSE,) * 3)


def test_white_luma_is_told_as_it_is() -> None:
    white = replace(COARSE, strongest=7.7, highest=7.7)
    assert told((white,) * 3)[0] == pytest.approx(8, rel=0.05)


def test_grey_noise_is_told_the_stronger_the_coarser_and_the_weaker_it_is() -> None:
    def factor(deviation: float, highest: float) -> float:
        (level,) = told((replace(COARSE, deviation=deviation, highest=highest * deviation),))
        return level / deviation

    white, still_white, between, coarse, coarser = (
        factor(3.0, part) for part in (1.1, 0.9, 0.7, 0.5, 0.1)
    )
    assert 1 <= white == still_white < between < coarse == coarser < 3
    assert coarse > factor(6.0, 0.1) > factor(30.0, 0.1) == pytest.approx(white)


@pytest.mark.parametrize("count", [1, 3])
def test_the_half_says_no_more_of_noise_that_is_nearly_white(count: int) -> None:
    half = (replace(COARSE, deviation=4.0),) * count
    white = (replace(COARSE, highest=7.0),) * count
    assert learned_of_half((COARSE,) * count, half) == learned(half)
    assert learned_of_half(white, half) == ()
    assert learned_of_half((COARSE,) * count, ()) == ()


def test_grey_noise_that_is_coarse_in_the_half_lies_in_blotches() -> None:
    # Grain has 0.22 to 0.29 of its deviation in the highest band of the half, other noise 0.35 and more.
    assert lies_in_blotches((replace(COARSE, highest=0.25 * COARSE.deviation),))
    assert not lies_in_blotches((replace(COARSE, highest=0.4 * COARSE.deviation),))
    assert not lies_in_blotches((replace(COARSE, highest=0.0),) * 3)
    assert not lies_in_blotches(())


def test_a_network_that_has_learned_such_noise_is_told_its_proportions() -> None:
    planes = (COARSE, replace(COARSE, deviation=4.0), replace(COARSE, deviation=2.0))
    ratios = [told / own for told, own in zip(learned(planes), deviations(planes), strict=True)]
    assert ratios == pytest.approx([ratios[0]] * 3)
    assert 0.5 <= ratios[0] <= 2  # about as in training
    assert learned(()) == ()


def test_it_is_told_more_the_less_of_the_noise_is_in_the_smoothest_patches() -> None:
    def factor(part: float) -> float:
        planes = (replace(COARSE, smoothest=part * COARSE.deviation), COARSE, COARSE)
        return learned(planes)[0] / COARSE.deviation

    little, some, more, all_of_it, beyond = map(factor, (0.4, 0.6, 0.7, 0.9, 1.3))
    assert little > some > more > all_of_it == beyond


def test_a_network_for_white_noise_sees_beside_what_jpeg_left_white_in_the_luma() -> None:
    # The bounds lie between JPEG (0.7 and more) and a phone's noise (0.6 and less).
    left = replace(COARSE, smoothest=9.0, strongest=10.0, highest=7.0)
    assert beside((left, COARSE, COARSE)) == told((left, COARSE, COARSE))
    assert beside((replace(left, highest=5.0), COARSE, COARSE)) == ()


def test_a_network_for_white_noise_is_told_more_beside_where_noise_is_weak_and_the_picture_smooth() -> (
    None
):
    weak = replace(COARSE, deviation=3.0, smoothest=2.8, strongest=4.0, highest=1.0)
    more = [level / own for level, own in zip(beside((weak,) * 3), told((weak,) * 3), strict=True)]
    assert more == pytest.approx([more[0]] * 3)
    assert more[0] > 1
    textured = replace(weak, unevenness=0.5)
    assert beside((textured, weak, weak)) == ()
    assert beside((replace(weak, deviation=8.0), weak, weak)) == ()
