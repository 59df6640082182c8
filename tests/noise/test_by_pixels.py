from __future__ import annotations

import pytest
import torch
from skimage import data
from torch import Tensor
from torch.nn import functional as F

from linn_cli.noise import _by_pixels
from linn_cli.noise._by_pixels import PixelNetwork

NOISE = -2


def levels(picture: Tensor) -> list[Tensor]:
    return list((255 * picture).round().clamp(0, 255) / 255)


def coarse(sigma: float, height: int, width: int) -> Tensor:
    """Noise (3, height, width) of this deviation, of four neighbours averaged."""
    generator = torch.Generator().manual_seed(0)
    white = torch.randn((3, height + 1, width + 1), generator=generator)
    return 2 * sigma / 255 * F.avg_pool2d(white, 2, 1)


def small(name: str) -> Tensor:
    """A photograph made smaller, so that its own noise goes."""
    picture = torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255
    reduced = F.interpolate(picture, scale_factor=0.5, mode="bicubic", antialias=True)
    return reduced[0].clamp(0, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_is_told_from_texture(channels: int) -> None:
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        clean = small(name)
        noisy = clean + coarse(6, *clean.shape[1:])
        clean, noisy = (one[:channels] for one in (clean, noisy))
        without, there = (_by_pixels.tell(levels(one), "cameras") for one in (clean, noisy))
        assert without is not None
        assert there is not None
        assert without[NOISE] < 0 < there[NOISE]


def test_what_is_not_to_be_seen_changes_nothing() -> None:
    picture = 0.5 + coarse(6, 150, 131)
    seen = torch.ones(150, 131, dtype=torch.bool)
    seen[60:70, 40:47] = seen[149] = False
    other = torch.where(seen, picture, 1.0)
    told, still = (_by_pixels.tell(levels(one), "cameras", seen) for one in (picture, other))
    assert told is not None
    assert still is not None
    assert torch.equal(told, still)
    everywhere = _by_pixels.tell(levels(other), "cameras")
    assert everywhere is not None
    assert not torch.equal(told, everywhere)


def test_nothing_is_told_of_too_little() -> None:
    picture = levels(0.5 + coarse(6, 48, 48))
    assert _by_pixels.tell(picture, "cameras") is None
    larger = levels(0.5 + coarse(6, 128, 128))
    assert _by_pixels.tell(larger, "cameras") is not None
    assert _by_pixels.tell(larger, "cameras", torch.zeros(128, 128, dtype=torch.bool)) is None


def test_a_large_picture_is_told_by_some_of_its_strips() -> None:
    picture = 0.5 + coarse(6, 64 * 9 + 7, 1024)
    told = _by_pixels.tell(levels(picture), "cameras")
    # 250,000 pixels are three strips of 64 rows; the last rows are no whole strip.
    strips = picture[:, : 64 * 9].unflatten(1, (9, 64)).transpose(0, 1)[[0, 4, 8]]
    with torch.inference_mode():
        expected = _by_pixels.bundled(3, "cameras")((255 * strips).round())
    assert told is not None
    torch.testing.assert_close(told, expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_a_batch_are_told_one_by_one(channels: int) -> None:
    network = PixelNetwork(channels).eval()
    pictures = 255 * torch.rand((3, channels, 64, 70), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        together = network.tell(network.places(pictures).flatten(2))
        alone = torch.stack([network(one[None]) for one in pictures])
    torch.testing.assert_close(together, alone)
