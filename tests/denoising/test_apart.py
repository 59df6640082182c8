"""The oracle is what each strength alone makes of the picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from linn_cli import samples
from linn_cli.denoising import apart, removal
from linn_cli.denoising.networks import Networks
from linn_cli.network import planes
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.hot_pixels import HotPixels
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import Strength
from linn_cli.units import Sigma
from tests.conftest import noisy_picture

NETWORKS = Networks(precision="float32")
WHITE = NoiseProfile(Sigma((12.0,)))
CAMERA = NoiseProfile.from_cameras((CameraNoise(1 / 60, 0.01),) * 3)
PHOTO = NoiseProfile(
    Sigma((12.0,) * 3),
    chroma=(1.2, 1.1),
    photo=(7.0, 8.0, 9.0),
    photo_told=(8.0, 9.0, 10.0),
    photo_half=(5.0, 7.0, 8.0),
)
SMOOTH = replace(PHOTO, photo_white=(12.0, 9.0, 8.0))
CORRELATED = NoiseProfile(Sigma((12.0,)), coarser=(Sigma((8.0,)),))
KINDS = [WHITE, CAMERA, PHOTO, SMOOTH, CORRELATED]
APART = [Strength(0.5, 1.5), Strength(1, 0), Strength(0, 1)]


def picture(dtype: str = "float32", height: int = 60) -> Tensor:
    values = noisy_picture((12.0, 12.0, 12.0))[:height, :50]
    return samples.from_floats(
        torch.from_numpy(values).permute(2, 0, 1)[None].float(), getattr(torch, dtype)
    )


def cut(values: Tensor) -> list[Tensor]:
    return list(values[0].split([7, 1, 30, 22], dim=1))


@pytest.mark.parametrize("found", KINDS)
@pytest.mark.parametrize("strength", APART)
def test_brightness_is_that_of_one_strength_and_colours_those_of_the_other(
    found: NoiseProfile, strength: Strength
) -> None:
    values = picture()
    answer, _ = apart.remove(NETWORKS, values, found, strength)
    luma, chroma = (
        planes.from_channels(removal.remove(NETWORKS, values, found, one)[0])
        for one in (strength.luma, strength.chroma)
    )
    expected = torch.cat([luma[:, :1], chroma[:, 1:]], dim=1)
    # The rotation and back, in float32.
    torch.testing.assert_close(planes.from_channels(answer), expected, rtol=0, atol=1e-6)
    assert (planes.from_channels(values) - expected).abs().mean() > 1e-3


@pytest.mark.parametrize("found", KINDS)
@pytest.mark.parametrize(
    ("strength", "dtype"),
    [(APART[0], "uint8"), (APART[0], "uint16"), *((one, "float32") for one in APART)],
)
def test_by_rows_it_is_the_same(found: NoiseProfile, strength: Strength, dtype: str) -> None:
    values = picture(dtype)
    assert apart.goes_by_rows(found, strength)
    whole, network = apart.remove(NETWORKS, values, found, strength)
    rows, same = apart.remove_by_rows(NETWORKS, cut(values), (3, 50), found, strength)
    answer = torch.cat(list(rows), dim=1)
    assert answer.dtype == values.dtype
    # The engine's promise in float32; an integer may be rounded to the other side.
    torch.testing.assert_close(
        answer.double(), whole[0].double(), rtol=0, atol=2e-5 if dtype == "float32" else 1.0
    )
    assert same.weight_set == network.weight_set


def test_hot_pixels_go_even_where_the_brightness_stays() -> None:
    values = picture()
    values[0, :, 20, 20] = 1.0
    hot = HotPixels(0.01, (0.2,) * 3)
    found = NoiseProfile(Sigma((12.0,)), hot_pixels=hot)
    whole, _ = apart.remove(NETWORKS, values, found, Strength(0, 1))
    rows, _ = apart.remove_by_rows(NETWORKS, cut(values), (3, 50), found, Strength(0, 1))
    assert whole[0, :, 20, 20].max() < 0.9
    torch.testing.assert_close(torch.cat(list(rows), dim=1), whole[0], rtol=0, atol=2e-5)


def test_a_part_needs_around_it_what_either_strength_needs() -> None:
    heavy = NoiseProfile(Sigma((60.0,)))
    alone = [removal.halo(NETWORKS, heavy, one, 3) for one in (0.5, 1.5)]
    both = apart.halo(NETWORKS, heavy, Strength(0.5, 1.5), 3)
    assert both.reach == max(one.reach for one in alone)
    assert both.alignment == max(one.alignment for one in alone)


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_is_all_luma(channels: int) -> None:
    grey = picture("uint8")[:, :1].repeat(1, channels, 1, 1)
    answer, _ = apart.remove(NETWORKS, grey, WHITE, Strength(1.0, 0.2))
    alone, _ = removal.remove(NETWORKS, grey, WHITE, 1.0)
    assert torch.equal(answer, alone)


def test_progress_counts_each_row_once() -> None:
    told: list[float] = []

    def progress(done: float, note: str = "", total: float | None = None) -> Any:
        told.append(done)

    apart.remove(NETWORKS, picture(), WHITE, Strength(0.5, 1.0), progress)
    assert np.isclose(sum(told), 60)
