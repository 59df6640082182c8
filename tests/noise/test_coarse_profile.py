from __future__ import annotations

import pytest
import torch

from linn_cli.noise import _coarse_profile, measurement
from linn_cli.noise.profile import NoiseProfile
from linn_cli.units import LEAST_SIGMA, Sigma
from tests.noise.test_photograph import coarse, picture_of, scene


@pytest.mark.parametrize("channels", [1, 3])
def test_each_network_is_told_of_noise_as_it_was_measured(channels: int) -> None:
    picture = picture_of(scene(channels) + coarse(channels, 4))
    photo = measurement.measure_photo(picture)
    profile = _coarse_profile.of_photo(picture, photo, ("coarse",))
    assert profile.words == ("coarse",)
    assert profile.photo == tuple(plane.deviation for plane in photo)
    assert len(profile.photo_told) == len(profile.photo_half) == channels
    assert len(profile.sigma.levels) == channels
    assert len(profile.chroma) == channels - 1


def test_a_sigma_that_is_given_is_that_of_the_luma_and_the_others_keep_their_proportion() -> None:
    picture = picture_of(scene(3) + coarse(3, 8))
    photo = measurement.measure_photo(picture)
    measured = _coarse_profile.of_photo(picture, photo, ())
    given = NoiseProfile(Sigma((2 * measured.photo_told[0],) * 3))
    told = _coarse_profile.of_sigma(given, photo, picture)
    assert told.sigma == given.sigma
    for one, other in (
        (told.photo, measured.photo),
        (told.photo_told, measured.photo_told),
        (told.photo_half, measured.photo_half),
        (told.photo_white, measured.photo_white),
    ):
        assert one == pytest.approx([2 * level for level in other])


def test_no_network_is_told_of_less_than_it_can_remove() -> None:
    levels = measurement.measure_correlated(picture_of(torch.full((1, 96, 96), 0.5)))
    assert min(levels[0].sigma) < LEAST_SIGMA
    profile = _coarse_profile.of_levels(levels)
    assert profile.sigma.levels == (LEAST_SIGMA,)
    assert len(profile.coarser) == len(levels) - 1
