from __future__ import annotations

import numpy as np
import pytest
import skimage.data
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional as F

from linn_cli.denoising.networks import Networks
from linn_cli.denoising.removal import remove
from linn_cli.errors import InputError, UsageError
from linn_cli.metrics import psnr
from linn_cli.noise import photograph
from linn_cli.noise.measured import PHOTO
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from linn_cli.units import Sigma

SIDE = 160


def scene(channels: int) -> Tensor:
    """A smooth picture (C, H, W)."""
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    one = 0.5 + 0.2 * torch.sin(x / 19) * torch.cos(y / 23)
    return torch.stack([one * (1 - 0.1 * channel) for channel in range(channels)])


def coarse(channels: int, sigma: float) -> Tensor:
    """Noise (C, H, W) of neighbours averaged three by three."""
    generator = torch.Generator().manual_seed(0)
    white = torch.randn((channels, SIDE + 2, SIDE + 2), generator=generator)
    return 3 * sigma / 255 * F.avg_pool2d(white, 3, 1)


def white(channels: int, sigma: float) -> Tensor:
    return (
        sigma
        / 255
        * torch.randn((channels, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    )


def picture_of(planes: Tensor) -> Picture:
    levels = (255 * planes).round().clamp(0, 255)
    return Picture(levels.permute(1, 2, 0).numpy().astype(np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_coarse_noise_is_found_and_removed_by_default(channels: int) -> None:
    clean = scene(channels)
    picture = picture_of(clean + coarse(channels, 8))
    found = Request().find(picture)
    assert found.photo
    # Coarse noise passes a network for white noise that is told its deviation.
    assert found.sigma.levels[0] > 8
    assert found.photo_half
    assert "a photograph's coarse noise" in found.words[0]
    values = torch.from_numpy(picture.values).permute(2, 0, 1)[None]
    answer, _ = remove(Networks(), values, found)
    before, after = (psnr(one[0].float() / 255, clean) for one in (values, answer))
    assert after > before + 4  # white noise told right gains 5.5


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sigma", [0, 5, 25])
def test_white_noise_and_none_are_no_photographs(channels: int, sigma: float) -> None:
    planes = scene(channels) + white(channels, sigma)
    assert photograph.find(list(planes)) == ()
    assert not Request().find(picture_of(planes)).photo


def drawings() -> dict[str, Tensor]:
    """Pictures without noise that are full of detail, in [0, 1]."""
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    generator = torch.Generator().manual_seed(0)
    dots = ((x % 4 - 1.5) ** 2 + (y % 4 - 1.5) ** 2 >= 2.5).float()
    lines = ((x + 2 * y) % 37 > 2).float()
    letters = F.interpolate(
        (torch.rand((1, 1, SIDE // 4, SIDE // 2), generator=generator) > 0.5).float(),
        (SIDE, SIDE),
    )[0, 0] * ((y % 16) < 8)
    stars = (torch.rand((SIDE, SIDE), generator=generator) > 0.998).float()
    return {"halftone": dots, "lines": lines, "text": 1 - letters, "stars": stars}


@pytest.mark.parametrize("kind", ["halftone", "lines", "text", "stars"])
@pytest.mark.parametrize("channels", [1, 3])
def test_drawings_are_not_taken_for_noise(kind: str, channels: int) -> None:
    plane = drawings()[kind]
    planes = [plane * (1 - 0.2 * channel) for channel in range(channels)]
    assert photograph.find(planes) == ()


def texture(strength: float) -> Tensor:
    """Gravel or grass (3, H, W): of one colour, and here stronger, there weaker."""
    grains = coarse(1, 1)[0]
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    beds = 1 + 0.75 * torch.sin(x / 7) * torch.sin(y / 9)
    return 0.5 + strength * beds * grains * torch.tensor([0.9, 1.0, 0.7])[:, None, None]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("strength", [4, 12, 24])
def test_texture_is_not_taken_for_noise(channels: int, strength: float) -> None:
    assert photograph.find(list(texture(strength)[:channels])) == ()


def test_texture_beside_noise_does_not_hide_it() -> None:
    half = torch.cat((texture(12)[:, : SIDE // 2], scene(3)[:, SIDE // 2 :]), 1)
    assert photograph.find(list(half + coarse(3, 8)))


def test_white_noise_in_the_luma_alone_is_what_a_jpeg_left() -> None:
    assert photograph.find(list(scene(3) + white(1, 8)))
    assert photograph.find(list(scene(3) + white(3, 8))) == ()


def test_weak_noise_of_a_grey_picture_is_found_even_where_its_strength_differs() -> None:
    bed = torch.linspace(0.4, 1.6, SIDE)
    for strength in (1.0, bed):
        assert photograph.find(list(scene(1) + strength * coarse(1, 2.5)))


def test_a_small_picture_says_nothing() -> None:
    small = list(coarse(3, 8)[:, :20, :20] + 0.5)
    assert photograph.find(small) == photograph.assume(small) == ()
    with pytest.raises(InputError, match="leave noise out and give sigma"):
        Request(model=PHOTO).find(Picture(np.full((20, 20, 3), 9, np.uint8)))
    with pytest.raises(UsageError, match="leave sigma out"):
        Request(Sigma((5.0,)), PHOTO)


def test_noise_can_be_called_a_photographs_by_hand() -> None:
    found = Request(model=PHOTO).find(picture_of(scene(3) + coarse(3, 1)))
    assert found.photo
    assert len(found.chroma) == 2


def test_only_what_is_seen_counts() -> None:
    planes = list(scene(3) + coarse(3, 8))
    seen = torch.ones((SIDE, SIDE), dtype=torch.bool)
    assert photograph.find(planes, seen=seen) == photograph.find(planes)
    assert photograph.find(planes, seen=~seen) == ()


def test_noise_is_no_weaker_over_the_whole_than_in_the_smoothest_patches() -> None:
    # The networks take most of such grain for texture: alone they say 1.7 where the truth is 20.8.
    clean = skimage.data.astronaut()[:192, 100:340].astype(float)
    grain = gaussian_filter(np.random.default_rng(0).normal(size=clean.shape[:2]), 1.5)
    noisy = (clean + 12 / grain.std() * grain[:, :, None]).round().clip(0, 255) / 255
    luma, *_ = photograph.assume(list(torch.from_numpy(noisy).float().permute(2, 0, 1)))
    assert luma.deviation > 0.8 * luma.smoothest
    assert 0.5 < luma.deviation / (12 * 3**0.5) < 1.1  # some of it hides in texture
