from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from linn_cli import denoise
from linn_cli.denoising import coarse
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.removal import remove
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from linn_cli.units import Sigma
from tests.conftest import shared
from tests.denoising.test_removal import SEEN_BESIDE, SMOOTH, blurred, planes


def test_nothing_sees_white_noise_beside_its_network() -> None:
    networks = Networks()
    white = NoiseProfile(Sigma((12.0,) * 3))
    assert not coarse.beside(networks, networks.at(12.0, 3), white, 1.0)
    photo = networks.at(7.0, 3, "photo")
    assert coarse.beside(networks, photo, SMOOTH, 1.0).white is None
    assert not coarse.beside(networks, photo, replace(SMOOTH, photo_half=()), 1.0)
    assert all(coarse.beside(networks, photo, SEEN_BESIDE, 1.0))


@pytest.mark.parametrize(("channels", "radius"), [(1, 1.0), (3, 1.5)])
def test_the_half_of_a_photograph_takes_coarse_noise_further(channels: int, radius: float) -> None:
    photograph = skimage.data.astronaut()[:192, 100:340, :channels].astype(float)
    noisy = (
        (photograph + blurred(radius, 6, photograph.shape)).round().clip(0, 255).astype(np.uint8)
    )
    found = Request(model="photo").find(Picture(noisy))
    errors = [
        np.square(
            remove(Networks(), planes(noisy), one)[0][0].permute(1, 2, 0).numpy() - photograph
        )
        for one in (found, replace(found, photo_half=()))
    ]
    # 0.1 dB; here it is 0.28 in grey and 0.13 in colour.
    assert errors[0].mean() < errors[1].mean() / 10**0.01


@pytest.mark.parametrize("name", ["nam_02", "nam_04", "sidd_invdn_0_0"])
def test_coarse_noise_of_a_real_grey_picture_leaves_by_default(name: str) -> None:
    noisy, clean = (
        np.array(Image.open(shared("data/real") / part / f"{name}.png").convert("L"))
        for part in ("noisy", "clean")
    )
    deviation = float((noisy.astype(float) - clean).std())
    as_white, answer = denoise(noisy, deviation), denoise(noisy)
    before, white, after = (
        np.square(one.astype(float) - clean).mean() for one in (noisy, as_white, answer)
    )
    # 7.7 dB or more, and 2.1 or more beyond what the true deviation gains as that of white noise.
    assert before / after > 10**0.7
    assert white / after > 10**0.15


def test_the_answer_for_a_smooth_photograph_is_half_that_of_a_network_for_white_noise() -> None:
    values = torch.rand((1, 3, 40, 32), generator=torch.Generator().manual_seed(2))
    networks = Networks(precision="float32")
    answer, alone = (remove(networks, values, one)[0] for one in (SEEN_BESIDE, SMOOTH))
    luma, *chroma = SEEN_BESIDE.photo_white
    white = networks.at(luma, 3)
    assert white.weight_set.noise == "white"
    ratios = tuple(level / luma for level in chroma)
    other = white(values, (luma,) * 3, chroma=ratios)
    # float32, in whole pictures and by rows.
    torch.testing.assert_close(answer, (alone + other) / 2, rtol=0, atol=1e-5)
    assert (answer - alone).abs().max() > 0.01


@pytest.mark.parametrize(
    "networks",
    [Networks(fast=True), Networks(weight_file="polyphase-photo"), Networks(variant="st")],
    ids=["fast", "named", "variant"],
)
def test_one_network_that_was_asked_for_stays_alone(networks: Networks) -> None:
    values = torch.rand((1, 3, 40, 32), generator=torch.Generator().manual_seed(2))
    answer, alone = (remove(networks, values, one)[0] for one in (SEEN_BESIDE, SMOOTH))
    assert torch.equal(answer, alone)


def test_weak_noise_of_a_smooth_photograph_leaves_further_with_both_networks() -> None:
    rows, columns = np.mgrid[:192, :256]
    clean = 255 * (0.5 + 0.3 * np.sin(columns / 19) * np.cos(rows / 23))
    clean = np.where((columns // 64 + rows // 64) % 2, clean, 0.3 * clean)[:, :, None]
    noisy = (clean + blurred(0.8, 4, (192, 256, 3))).round().clip(0, 255).astype(np.uint8)
    found = Request(model="photo").find(Picture(noisy))
    assert found.photo_white
    assert remove(Networks(), planes(noisy), found)[1].beside == "polyphase-colour"
    errors = [
        np.square(remove(Networks(), planes(noisy), one)[0][0].permute(1, 2, 0).numpy() - clean)
        for one in (found, replace(found, photo_white=()))
    ]
    # 0.2 dB.
    assert errors[0].mean() < errors[1].mean() / 10**0.02
