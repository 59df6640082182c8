from __future__ import annotations

from dataclasses import replace

import pytest

from linn_cli.noise._telling import beside, deviations, learned, told
from linn_cli.noise.photograph import Plane

COARSE = Plane(9.0, 8.0, 12.0, 3.0, unevenness=0.1, unlikeness=0.1)


def test_coarse_noise_is_told_stronger_than_it_is() -> None:
    luma, *chroma = told((COARSE, COARSE, COARSE))
    assert luma > COARSE.smoothest
    assert min(chroma) > COARSE.strongest
    assert told((COARSE,)) == (luma,)
    assert told(()) == ()


def test_the_more_noise_the_more_is_told_and_the_more_texture_the_less() -> None:
    more = replace(COARSE, smoothest=16.0, strongest=24.0, highest=6.0)
    assert all(a > b for a, b in zip(told((more,) * 3), told((COARSE,) * 3), strict=True))
    assert told((replace(COARSE, unevenness=0.4),)) < told((COARSE,))


def test_white_luma_is_told_as_it_is() -> None:
    white = replace(COARSE, strongest=7.7, highest=7.7)
    assert told((white,))[0] == pytest.approx(8, rel=0.05)


def test_a_network_that_has_learned_such_noise_is_told_its_proportions() -> None:
    planes = (COARSE, replace(COARSE, deviation=4.0), replace(COARSE, deviation=2.0))
    ratios = [told / own for told, own in zip(learned(planes), deviations(planes), strict=True)]
    assert ratios == pytest.approx([ratios[0]] * 3)
    assert 1 <= ratios[0] <= 2  # as in training
    assert learned(()) == ()


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
