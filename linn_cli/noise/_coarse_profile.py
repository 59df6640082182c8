"""The profile of coarse noise, from what was measured of it: what each network that sees the picture is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from linn_cli.network.planes import sigma_of
from linn_cli.noise import measurement
from linn_cli.noise._telling import (
    beside,
    deviations,
    learned,
    learned_of_half,
    lies_in_blotches,
    told,
)
from linn_cli.noise.measured import Measured
from linn_cli.noise.photograph import Plane
from linn_cli.noise.profile import NoiseProfile
from linn_cli.pictures.picture import Picture
from linn_cli.units import LEAST_SIGMA, Sigma


def of_levels(levels: Sequence[Measured]) -> NoiseProfile:
    """Noise that was measured in a picture, in its half, and so on."""
    sigma, *coarser = (
        Sigma.removable([max(level, LEAST_SIGMA) for level in one.sigma]) for one in levels
    )
    return NoiseProfile(sigma, coarser=tuple(coarser))


def of_photo(picture: Picture, photo: Sequence[Plane], words: tuple[str, ...]) -> NoiseProfile:
    """Coarse noise as it was measured in the planes of a picture."""
    half = measurement.measure_photo_of_half(picture)
    if lies_in_blotches(half):
        found = of_levels(measurement.measure_correlated(picture))
        if found.coarser:  # measured in every second pixel, which may show too little of it
            first, *smaller = found.coarser
            more = Sigma((max(*first.levels, *deviations(half)),))
            own = Sigma((max(*found.sigma.levels, photo[0].deviation / 2),))
            return replace(
                found, sigma=own, coarser=(more, *smaller), words=words, photo=deviations(photo)
            )
    luma, *chroma = (max(level, LEAST_SIGMA) for level in told(photo))
    profile = NoiseProfile(
        Sigma.removable([luma] * picture.values.shape[2]),
        words=words,
        chroma=tuple(level / luma for level in chroma),
    )
    return _told(profile, photo, half)


def of_sigma(profile: NoiseProfile, photo: Sequence[Plane], picture: Picture) -> NoiseProfile:
    """Coarse noise of which sigma was given: that is the luma's, and the noise found tells the proportions."""
    factor = sigma_of(profile.sigma.levels)[0] / learned(photo)[0]
    return _told(profile, photo, measurement.measure_photo_of_half(picture), factor)


def _told(
    profile: NoiseProfile, photo: Sequence[Plane], half: Sequence[Plane], factor: float = 1.0
) -> NoiseProfile:
    """With what the networks are told, of noise that is `factor` times as strong as it was measured."""
    by_plane, of_whole, of_half, of_white = (
        tuple(max(factor * level, LEAST_SIGMA) for level in levels)
        for levels in (
            deviations(photo),
            learned(photo),
            learned_of_half(photo, half),
            beside(photo),
        )
    )
    return replace(
        profile, photo=by_plane, photo_told=of_whole, photo_half=of_half, photo_white=of_white
    )
