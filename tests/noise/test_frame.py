"""A frame is found by its rows and columns, whatever its colour, and left out of what tells the noise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from linn_cli.noise import _frame, photograph
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from tests.noise.test_photograph import coarse, scene

INK, WHITE, TINT = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.35, 0.47, 0.63)


def framed(picture: Tensor, colour: tuple[float, ...], width: int) -> Tensor:
    """A picture (C, H, W) with a frame of so many pixels."""
    height, wide = (side + 2 * width for side in picture.shape[1:])
    page = torch.tensor(colour)[:, None, None].expand(3, height, wide).clone()
    page[:, width:-width, width:-width] = picture
    return page


@pytest.fixture(scope="module")
def noisy() -> Tensor:
    """A scene with coarse noise, in 8 bits."""
    return ((scene(3) + coarse(3, 6)).clamp(0, 1) * 255).round() / 255


def within(picture: Tensor) -> Tensor:
    """What lies within the frame, (C, H, W)."""
    return torch.stack(_frame.without(list(picture))[0])


def test_a_picture_without_a_frame_stays_whole(noisy: Tensor) -> None:
    assert within(noisy).equal(noisy)


@pytest.mark.parametrize("colour", [INK, WHITE, TINT])
@pytest.mark.parametrize("width", [1, 12, 60])
def test_what_lies_within_is_seen(noisy: Tensor, colour: tuple[float, ...], width: int) -> None:
    # Less what compression may have changed.
    assert within(framed(noisy, colour, width)).equal(noisy[:, 8:-8, 8:-8])


def test_frames_lie_within_each_other_and_bars_on_two_sides(noisy: Tensor) -> None:
    assert within(framed(framed(noisy, INK, 3), WHITE, 30)).equal(noisy[:, 8:-8, 8:-8])
    assert within(framed(noisy, INK, 40)[:, :, 40:-40]).equal(noisy[:, 8:-8])
    assert within(framed(noisy, INK, 40)[:, 40:-40]).equal(noisy[:, :, 8:-8])


@pytest.mark.parametrize("width", [20, 64, 200])
def test_of_a_large_picture_whole_strips_are_left(noisy: Tensor, width: int) -> None:
    large = framed(noisy.tile(1, 4, 4), TINT, width)
    left = within(large)
    first = -(-width // 64) * 64
    assert left.shape[1] % 64 == 0
    last = first + left.shape[1]
    assert left.equal(large[:, first:last, width + 8 : -width - 8])
    assert large.shape[1] - width - 64 < last <= large.shape[1] - width


def test_what_is_hidden_stays_so(noisy: Tensor) -> None:
    seen = torch.rand(noisy.shape[1] + 40, noisy.shape[2] + 40) < 0.5
    _, left = _frame.without(list(framed(noisy, TINT, 20)), seen)
    assert left is not None
    assert left.equal(seen[28:-28, 28:-28])


@pytest.mark.parametrize("size", [(1, 1), (20, 300), (300, 300)])
def test_a_picture_of_one_colour_has_no_frame(size: tuple[int, int]) -> None:
    plain = torch.full((3, *size), 0.5)
    assert within(plain).equal(plain)


@pytest.mark.parametrize("colour", [INK, WHITE, TINT])
def test_a_drawing_has_a_page_and_no_frame(colour: tuple[float, ...]) -> None:
    page = torch.tensor(colour)[:, None, None].expand(3, 200, 200).clone()
    page[:, 40:160:3, 40:160] = 0.5
    assert within(page).equal(page)


def test_noise_of_a_large_picture_within_a_frame_is_found(noisy: Tensor) -> None:
    # Of 12 megapixels four strips are looked at, and the first and the last of them are frame.
    large = (255 * framed(noisy.tile(1, 20, 20), TINT, 200)).round().byte()
    assert Request().find(Picture(large.permute(1, 2, 0).contiguous().numpy())).photo


@pytest.mark.parametrize("colour", [INK, WHITE, TINT])
def test_noise_within_a_frame_is_found(noisy: Tensor, colour: tuple[float, ...]) -> None:
    bare, within = (photograph.find(list(one)) for one in (noisy, framed(noisy, colour, 40)))
    assert bare
    assert within
    assert within[0].deviation == pytest.approx(bare[0].deviation, rel=0.15)
    assert photograph.assume(list(framed(noisy, colour, 40)))[0].deviation == pytest.approx(
        bare[0].deviation, rel=0.15
    )
