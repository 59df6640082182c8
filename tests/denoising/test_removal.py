from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from linn_cli import denoise
from linn_cli.denoising import removal
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.removal import remove
from linn_cli.engine import pyramid
from linn_cli.noise import clipping, encoding
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.measured import CAMERA, CORRELATED, WHITE
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from linn_cli.units import Sigma
from tests.conftest import SIDE, cut_off, noisy_picture


def planes(values: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(values).permute(2, 0, 1)[None]


@pytest.mark.parametrize("strength", [0.5, 1.5])
def test_strength_multiplies_sigma(strength: float) -> None:
    values = noisy_picture((10, 10, 10))
    expected = denoise(values, 10 * strength)
    np.testing.assert_array_equal(denoise(values, 10, strength=strength), expected)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize(
    "found",
    [NoiseProfile(Sigma((10.0,))), NoiseProfile(Sigma((9.0,)), (CameraNoise(1 / 40, 0.01),))],
)
def test_no_strength_returns_every_pixel(found: NoiseProfile, dtype: str) -> None:
    values = (noisy_picture((10,)) * (255 if dtype == "uint8" else 1)).clip(0, 255).astype(dtype)
    answer, _ = remove(Networks(), planes(values), found, 0)
    np.testing.assert_array_equal(answer[0].permute(1, 2, 0).numpy(), values)


def test_white_noise_through_the_camera_is_white_noise() -> None:
    values = noisy_picture((12,))
    white, _ = remove(Networks(precision="float32"), planes(values), NoiseProfile(Sigma((12.0,))))
    camera = NoiseProfile(Sigma((12.0,)), (CameraNoise(0.0, 12 / 255),))
    through, _ = remove(Networks(precision="float32"), planes(values), camera)
    torch.testing.assert_close(through, white, rtol=0, atol=1e-5)  # float32 rounding


@pytest.mark.parametrize("channels", [1, 3])
def test_camera_noise_is_removed_better_than_as_white_noise(channels: int) -> None:
    peak, chance = 30, np.random.default_rng(0)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    clean = 0.5 + 0.4 * np.sin(rows / 20) * np.cos(columns / 25)
    clean = np.dstack([clean, clean[::-1], clean[:, ::-1]])[:, :, :channels]
    noisy = (chance.poisson(peak * clean) / peak).astype(np.float32)

    def error(request: Request) -> float:
        found = request.find(Picture(noisy))
        answer, _ = remove(Networks(), planes(noisy), found)
        return float(np.mean((answer[0].permute(1, 2, 0).numpy() - clean) ** 2))

    # Half a dB at the least, as the benchmark finds on photographs.
    assert error(Request(model=CAMERA)) < 0.89 * error(Request(model=WHITE))


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_behind_a_curve_is_removed_better_than_as_white_noise(channels: int) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    clean = 0.45 + 0.4 * np.sin(rows / 20) * np.cos(columns / 25)
    clean = np.dstack([clean, clean[::-1], clean[:, ::-1]])[:, :, :channels]
    light = encoding.to_light(torch.from_numpy(clean)).numpy()
    chance = np.random.default_rng(0)
    light = chance.poisson(200 * light) / 200 + chance.normal(0, 0.02, light.shape)
    noisy = encoding.to_values(torch.from_numpy(light)).clamp(0, 1).mul(255).round().byte().numpy()

    def error(request: Request) -> float:
        found = request.find(Picture(noisy))
        answer, _ = remove(Networks(), planes(noisy), found)
        return float(np.mean((answer[0].permute(1, 2, 0).numpy() / 255 - clean) ** 2))

    # Half a dB at the least, as the benchmark finds on grey photographs.
    assert error(Request()) < 0.89 * error(Request(model=WHITE))


@pytest.mark.parametrize("channels", [1, 3])
def test_few_counts_are_cleaner_with_those_of_four_pixels_together(
    monkeypatch: pytest.MonkeyPatch, channels: int
) -> None:
    photograph = skimage.data.camera() / 255
    crops = [photograph[100:260, left : left + 155] for left in (150, 160, 170)]
    clean = np.dstack(crops[:channels])
    noisy = np.random.default_rng(0).poisson(clean).astype(np.float32)

    def error() -> float:
        found = NoiseProfile.from_cameras((CameraNoise(1.0, 0.0),) * channels)
        answer, _ = remove(Networks(variant="st"), planes(noisy), found)
        return float(np.mean((answer[0].permute(1, 2, 0).numpy() - clean) ** 2))

    halved = error()
    monkeypatch.setattr(pyramid, "HEAVY", 1e9)
    assert halved < 0.89 * error()  # half a dB


def test_a_grey_picture_stored_as_colour_loses_a_cameras_noise_as_grey() -> None:
    counts = np.random.default_rng(0).poisson(3 * np.full((60, 60, 1), 0.5))
    values = planes((counts / 3).astype(np.float32))
    grey, _ = remove(Networks(), values, NoiseProfile.from_cameras((CameraNoise(1 / 3, 0.0),)))
    stored = values.repeat(1, 3, 1, 1)
    colour, _ = remove(
        Networks(), stored, NoiseProfile.from_cameras((CameraNoise(1 / 3, 0.0),) * 3)
    )
    assert torch.equal(colour, grey.repeat(1, 3, 1, 1))


def test_a_channel_without_noise_does_no_harm() -> None:
    found = NoiseProfile(Sigma((0.0,)), (CameraNoise(0.0, 0.0),))
    values = noisy_picture((10,))
    answer, _ = remove(Networks(precision="float32"), planes(values), found)
    # Less than a hundredth of a grey level is removed.
    np.testing.assert_allclose(answer[0].permute(1, 2, 0).numpy(), values, atol=1e-3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("sigma", [None, Sigma((25.0,))])
def test_noise_cut_off_at_black_is_made_up_for(sigma: Sigma | None, dtype: str) -> None:
    values = cut_off(25, dtype)
    found = Request(sigma).find(Picture(values))
    assert found.clipped.where == ("black",)
    planes = torch.from_numpy(values).permute(2, 0, 1)[None]
    corrected, _ = remove(Networks(), planes, found)
    plain, _ = remove(Networks(), planes, replace(found, clipped=clipping.NONE))
    clean = np.linspace(0, 0.3, SIDE)[:20]

    def bias(answer: torch.Tensor) -> float:
        levels = answer[0, 0, :, :20].double().numpy() / np.iinfo(dtype).max
        return float((levels - clean).mean() * 255)

    # At black the mean of what is left is 0.4 sigma, 10 grey levels, too high.
    assert bias(plain) > 5
    assert abs(bias(corrected)) < 1.5


def test_half_the_strength_makes_up_for_half() -> None:
    values = cut_off(25)
    found = Request(Sigma((25.0,))).find(Picture(values))
    planes = torch.from_numpy(values).permute(2, 0, 1)[None]
    dark = [
        remove(Networks(), planes, found, strength)[0][..., :4].double().mean().item()
        for strength in (0.0, 0.5, 1.0)
    ]
    assert dark[0] > dark[1] > dark[2]


@pytest.mark.parametrize("transparent", [False, True])
def test_correlated_noise_is_removed_at_its_full_strength(transparent: bool) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    clean = 0.5 + 0.2 * np.sin(rows / 30) * np.cos(columns / 40)
    chance = np.random.default_rng(6).normal(size=(SIDE + 1, SIDE + 1)) * 40 / 255
    smoothed = (chance[1:, 1:] + chance[1:, :-1] + chance[:-1, 1:] + chance[:-1, :-1]) / 4
    values = (clean + smoothed).astype(np.float32)[:, :, None]
    alpha = np.full((SIDE, SIDE), 255, np.uint8)
    alpha[:8] = 0 if transparent else 255
    picture = Picture(values, alpha)
    white, correlated = Request(model=WHITE).find(picture), Request(model=CORRELATED).find(picture)
    assert white.sigma.levels[0] < 15
    assert correlated.sigma.levels[0] == pytest.approx(20, rel=0.15)
    planes = torch.from_numpy(values).permute(2, 0, 1)[None]
    errors = [
        float(np.square(remove(Networks(), planes, found)[0][0, 0].numpy() - clean).mean())
        for found in (white, correlated)
    ]
    assert errors[1] < errors[0] / 1.5


def blurred(radius: float, deviation: float, shape: tuple[int, ...]) -> NDArray[Any]:
    noise = gaussian_filter(np.random.default_rng(5).normal(size=shape), (radius, radius, 0))
    scaled: NDArray[Any] = deviation / noise.std() * noise
    return scaled


@pytest.mark.parametrize("channels", [1, 3])
def test_grain_leaves_by_default(channels: int) -> None:
    rows, columns = np.mgrid[:192, :256]
    clean = 255 * (0.5 + 0.3 * np.sin(columns / 19) * np.cos(rows / 23))[:, :, None]
    noisy = (clean + blurred(1.5, 12, (192, 256, channels))).round().clip(0, 255).astype(np.uint8)
    errors = [np.square(one - clean).mean() for one in (noisy, denoise(noisy))]
    # 2.3 dB, what removing blotches first makes of one plane, and less than the colours together tell.
    assert errors[0] / errors[1] > 10**0.23


SMOOTH = NoiseProfile(
    Sigma((7.0,) * 3),
    photo=(4.0, 2.0, 2.0),
    photo_told=(5.0, 2.5, 2.5),
    photo_half=(3.0, 2.0, 2.0),
)
GREY = NoiseProfile(Sigma((12.0,)), photo=(7.0,), photo_told=(8.0,), photo_half=(8.0,))
SEEN_BESIDE = replace(SMOOTH, photo_white=(14.0, 9.0, 8.0))


@pytest.mark.parametrize(
    "found",
    [
        NoiseProfile(Sigma((12.0,)), coarser=(Sigma((9.0,)),)),
        SMOOTH,
        GREY,
        replace(GREY, photo_white=(14.0,)),
        SEEN_BESIDE,
        replace(SEEN_BESIDE, photo_half=()),
    ],
    ids=[
        "blotches",
        "photograph",
        "grey photograph",
        "smooth grey photograph",
        "smooth",
        "smooth without a half",
    ],
)
def test_a_part_with_its_halo_has_the_whole_pictures_answer(found: NoiseProfile) -> None:
    channels = len(found.sigma.levels)
    networks = Networks(precision="float32", fast=channels == 1)
    halo = removal.halo(networks, found, 1.0, channels)
    height = 2 * halo.reach + 90
    values = torch.rand((1, channels, height, 24), generator=torch.Generator().manual_seed(1))
    whole, _ = remove(networks, values, found)
    rows = halo.reach + 21, halo.reach + 50
    top, bottom = halo.around(*rows, height)
    assert 0 < top < bottom < height
    part, _ = remove(networks, values[:, :, top:bottom], found)
    # The engine's promise in float32.
    torch.testing.assert_close(
        part[:, :, rows[0] - top : rows[1] - top], whole[:, :, slice(*rows)], rtol=0, atol=1.5e-5
    )
