from __future__ import annotations

from dataclasses import replace

import pytest

from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import Strength
from linn_cli.units import Sigma


def test_a_cameras_noise_has_the_sigma_of_mid_grey() -> None:
    profile = NoiseProfile.from_cameras((CameraNoise(0.02, 0.0), CameraNoise(0.0, 0.1)))
    assert profile.sigma.levels == pytest.approx((25.5, 25.5))
    assert profile.grows
    assert not profile.is_alike
    assert profile.first_channel().cameras == (CameraNoise(0.02, 0.0),)


def test_noise_is_the_same_in_another_range() -> None:
    profile = NoiseProfile(Sigma((10.0,)), unit=2.0)
    other = profile.within(None, 0.5)
    assert other.sigma.levels == (40.0,)
    assert other.levels_at(1.0) == profile.levels_at(1.0) == (20.0,)
    assert profile.within(None, 2.0) is profile


def test_nothing_is_removed_of_no_noise_and_at_no_strength() -> None:
    assert NoiseProfile.none(None, 1.0).is_nothing(1.0)
    some = NoiseProfile(Sigma((10.0,)))
    assert some.is_nothing(0.0)
    assert not some.is_nothing(1.0)


def test_a_network_is_told_what_it_has_learned() -> None:
    profile = NoiseProfile(Sigma((20.0,) * 3), chroma=(1.2, 1.3), photo=(10.0, 5.0, 4.0))
    assert profile.told("white", 1.0) == (Sigma((20.0,) * 3), (1.2, 1.3))
    sigma, chroma = profile.told("photo", 0.5)
    assert 5 <= sigma.levels[0] <= 10
    assert chroma == (0.5, 0.4)
    assert replace(profile, words=("estimated",), unit=2.0).shown_at(Strength.of(0.5)) == (
        10.0,
        5.0,
        4.0,
    )
    assert profile.shown_at(Strength.of(1.0)) == (20.0,) * 3  # as it was given
    plain = NoiseProfile(Sigma((20.0,) * 3))
    assert plain.told("photo", 1.0) == (Sigma((20.0,) * 3), ())
