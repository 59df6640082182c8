from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linn_cli.noise import measurement
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.noise.strength import Strength
from linn_cli.pictures.picture import Picture
from linn_cli.samples import Range
from linn_cli.units import Sigma


def test_a_cameras_noise_has_the_sigma_of_mid_grey() -> None:
    profile = NoiseProfile.from_cameras((CameraNoise(0.02, 0.0), CameraNoise(0.0, 0.1)))
    assert profile.sigma.levels == pytest.approx((25.5, 25.5))
    assert profile.grows
    assert not profile.is_alike
    assert profile.first_channel().cameras == (CameraNoise(0.02, 0.0),)


def test_noise_is_the_same_in_another_range() -> None:
    counts = np.zeros((8, 8, 1), np.uint16)
    wide, narrow = (Picture(counts, range=Range(100.0, 100.0 + span)) for span in (514, 51.4))
    profile = NoiseProfile(Sigma((10.0,))).of(wide)
    other = profile.within(narrow)
    assert other.sigma.levels == pytest.approx((100.0,))
    for one in (profile, other):
        assert one.shown_in("value") == pytest.approx((514 * 10 / 255,))
        assert one.shown_in("8bit") == pytest.approx((514 * 10 / 65535,))
    assert profile.within(wide) is profile


def test_channels_without_noise_are_kept_and_the_network_is_told_of_the_others() -> None:
    profile = NoiseProfile.of_levels((0.0, 25.0, 12.0))
    assert profile.sigma.levels == (12.0, 25.0, 12.0)
    assert profile.kept == (0,)
    assert not profile.is_alike
    assert profile.shown_in("8bit") == (0.0, 25.0, 12.0)
    assert NoiseProfile.of_levels((0.0, 0.0)).is_nothing(1.0)


def test_gain_and_read_noise_are_told_as_they_are_given() -> None:
    counts = Picture(np.zeros((8, 8, 1), np.uint16), range=Range(200.0, 1000.0))
    given = CameraNoise(2 / 1, 30 / 1).times(1 / 65535)  # in values
    profile = NoiseProfile.from_cameras((given.within(counts.scale, counts.unit),)).of(counts)
    [told] = profile.cameras_in("value")
    assert told.levels == pytest.approx((2.0, 30.0))
    # Black is not at 0: no read noise explains that it is so dark there.
    offset = NoiseProfile.from_cameras((CameraNoise(0.01, 0.001),)).of(counts)
    assert offset.cameras_in("value") == []


def test_nothing_is_removed_of_no_noise_and_at_no_strength() -> None:
    nothing = NoiseProfile.none(Picture(np.zeros((8, 8, 1), np.uint8)))
    assert nothing.is_nothing(1.0)
    assert not nothing.is_known
    some = NoiseProfile(Sigma((10.0,)))
    assert some.is_nothing(0.0)
    assert not some.is_nothing(1.0)


def test_a_network_is_told_what_it_has_learned() -> None:
    profile = NoiseProfile(
        Sigma((20.0,) * 3),
        chroma=(1.2, 1.3),
        photo=(10.0, 5.0, 4.0),
        photo_told=(12.0, 6.0, 4.8),
    )
    assert profile.told("white", 1.0) == (Sigma((20.0,) * 3), (1.2, 1.3))
    sigma, chroma = profile.told("photo", 0.5)
    assert sigma.levels == pytest.approx((6.0,) * 3)
    assert chroma == pytest.approx((0.5, 0.4))
    scale = Range(0.0, 510.0)
    estimated = replace(profile, words=("estimated",), range=scale)
    assert estimated.shown_in("8bit", Strength.of(0.5)) == (10.0, 5.0, 4.0)
    assert profile.shown_in("8bit") == (20.0,) * 3  # as it was given
    plain = NoiseProfile(Sigma((20.0,) * 3))
    assert plain.told("photo", 1.0) == (Sigma((20.0,) * 3), ())


def test_a_half_is_told_apart_to_a_network_that_has_learned_such_noise() -> None:
    profile = NoiseProfile(Sigma((20.0,) * 3), photo=(10.0, 5.0, 4.0), photo_half=(8.0, 4.0, 2.0))
    assert profile.told_of_half("photo", 0.5) == (Sigma((4.0,) * 3), (0.5, 0.25))
    assert profile.told_of_half("white", 0.5) is None
    grey = profile.first_channel()
    assert grey.told_of_half("photo", 0.5) == (Sigma((4.0,)), ())
    assert replace(profile, photo_half=()).told_of_half("photo", 0.5) is None


def test_a_network_for_white_noise_is_told_beside_one_that_has_learned_another_kind() -> None:
    profile = NoiseProfile(Sigma((7.0,) * 3), photo=(4.0, 2.0, 2.0), photo_white=(12.0, 6.0, 3.0))
    assert profile.told_of_white("photo", 0.5) == (Sigma((6.0,) * 3), (0.5, 0.25))
    assert profile.told_of_white("white", 0.5) is None
    assert profile.first_channel().told_of_white("photo", 1.0) == (Sigma((12.0,)), ())


def test_in_another_range_all_noise_counts_in_it() -> None:
    picture = Picture(np.zeros((8, 8, 3), np.uint8))
    wide = replace(picture, range=Range(0.0, 510.0))
    found = NoiseProfile(
        Sigma((20.0,) * 3),
        coarser=(Sigma((10.0,) * 3),),
        photo=(10.0, 5.0, 4.0),
        photo_told=(12.0, 6.0, 4.8),
        photo_half=(8.0, 4.0, 2.0),
        photo_white=(6.0, 3.0, 2.0),
    ).of(wide)
    narrow = found.within(picture)
    assert narrow.sigma.levels == (40.0,) * 3
    assert narrow.coarser == (Sigma((20.0,) * 3),)
    assert narrow.photo == (20.0, 10.0, 8.0)
    assert narrow.photo_told == (24.0, 12.0, 9.6)
    assert narrow.photo_half == (16.0, 8.0, 4.0)
    assert narrow.photo_white == (12.0, 6.0, 4.0)


@pytest.mark.parametrize("kind", ["coarse", "camera", "white"])
def test_what_was_measured_has_the_sigma_that_is_removed(kind: str) -> None:
    chance = np.random.default_rng(0)
    ramp = np.linspace(0.15, 0.9, 200)[:, None, None] * np.ones((1, 200, 3))
    noise = chance.normal(0, 0.06, (200, 201, 3))
    levels = {
        "coarse": ramp + (noise[:, 1:] + noise[:, :-1]) / 2,
        "camera": chance.poisson(100 * ramp) / 100,
        "white": ramp + noise[:, 1:],
    }[kind]
    picture = Picture((255 * levels).round().clip(0, 255).astype(np.uint8))
    measured = measurement.measure(picture)
    assert (bool(measured.photo), measured.grows) == (kind == "coarse", kind == "camera")
    told = NoiseProfile.of_measured(measured, picture).shown_in("8bit")
    assert told == Request().find(picture).shown_in("8bit")
