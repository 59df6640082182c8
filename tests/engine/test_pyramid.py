"""The oracle is the correction written for whole pictures."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from linn_cli.denoising import networks
from linn_cli.engine import pyramid, streaming
from linn_cli.engine.folding import FoldedScale, fold
from linn_cli.metrics import add_noise, psnr
from linn_cli.network.architecture import Architecture
from tests.conftest import random_image, random_model

SCALES = fold(random_model(Architecture("st", 1)), torch.float64)


def whole(scales: tuple[FoldedScale, ...], image: Tensor, halvings: int, weight: float) -> Tensor:
    answer = streaming.run(scales, image)
    if halvings:
        half = whole(scales, 2 * pyramid.halve(image), halvings - 1, weight) / 2
        correction = pyramid.double(half - pyramid.halve(answer))
        answer = answer + weight * correction[..., : image.shape[-2], : image.shape[-1]]
    return answer


@settings(max_examples=40)
@given(
    height=st.integers(1, 50),
    width=st.integers(1, 10),
    cut=st.integers(1, 60),
    halvings=st.integers(0, 3),
    weight=st.sampled_from([0.5, 1.0]),
)
def test_bands_of_any_height_give_the_whole_images_answer(
    height: int, width: int, cut: int, halvings: int, weight: float
) -> None:
    image = random_image(height, width)
    bands = pyramid.stream(
        SCALES, image.split(cut, dim=2), width, halvings=halvings, weight=weight, band=cut
    )
    expected = whole(SCALES, image, halvings, weight)
    # As for the engine itself: only rounding, amplified by a random network.
    torch.testing.assert_close(torch.cat(list(bands), dim=2), expected, rtol=0, atol=1e-9)


@given(cuts=st.lists(st.integers(1, 7), min_size=1, max_size=9), width=st.integers(1, 5))
def test_halves_and_doubles_do_not_depend_on_the_bands(cuts: list[int], width: int) -> None:
    image = random_image(sum(cuts), width)
    for over_bands, over_all in (
        (pyramid.halved, pyramid.halve),
        (pyramid.doubled, pyramid.double),
    ):
        rows = torch.cat(list(over_bands(image.split(cuts, dim=2))), dim=2)
        torch.testing.assert_close(rows, over_all(image), rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(8, 8), (7, 10), (1, 1), (5, 1)])
def test_halves_have_the_means_and_come_back_as_large(shape: tuple[int, int]) -> None:
    picture = torch.rand((2, 3, *shape), generator=torch.Generator().manual_seed(2))
    half = pyramid.halve(picture)
    assert half.shape[-2:] == ((shape[0] + 1) // 2, (shape[1] + 1) // 2)
    torch.testing.assert_close(half[..., 0, 0], picture[..., :2, :2].mean((-2, -1)))
    assert pyramid.double(half).shape[-2:] == (2 * half.shape[-2], 2 * half.shape[-1])


@pytest.mark.parametrize(
    ("sigma", "halvings"), [(0, 0), (70, 0), (71, 1), (140, 1), (141, 2), (1020, 4)]
)
def test_a_picture_is_halved_until_its_noise_is_not_heavy(sigma: float, halvings: int) -> None:
    assert pyramid.halvings(sigma) == halvings
    assert len(pyramid.widths(9, halvings)) == halvings + 1


def test_widths_are_those_of_the_halves() -> None:
    assert pyramid.widths(9, 3) == [9, 5, 3, 2]


def test_it_brings_heavy_noise_closer_to_the_truth() -> None:
    rows, columns = torch.meshgrid(torch.arange(160.0), torch.arange(120.0), indexing="ij")
    clean = (0.5 + 0.3 * torch.sin(rows / 19) * torch.cos(columns / 17))[None, None]
    for sigma in (100, 300):
        noisy = add_noise(clean, sigma / 255, seed=0)
        denoiser = networks.load(sigma, precision="float32", variant="st")
        plain = streaming.run(denoiser.scales, (noisy - 0.5) / (sigma / 255)) * sigma / 255 + 0.5
        # By a half dB on photographs at 200, more on what is smooth.
        assert psnr(denoiser(noisy, sigma), clean) > psnr(plain, clean) + 0.5


@pytest.mark.parametrize(("height", "width"), [(16, 18), (15, 17)])
def test_bands_are_corrected_as_the_whole(height: int, width: int) -> None:
    answer = random_image(height, width)
    half = random_image(-(-height // 2), -(-width // 2))
    whole = pyramid.corrected(answer, half, 0.6)
    bands = pyramid.corrected_by_rows(answer.split(5, 2), half.split(3, 2), 0.6)
    torch.testing.assert_close(torch.cat(list(bands), 2), whole)
