"""A frame is found by its rows and columns, whatever its colour, and left out of what tells the noise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from linn_cli.noise import _frame, photograph
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


def test_a_picture_without_a_frame_is_seen_wholly(noisy: Tensor) -> None:
    assert _frame.within(list(noisy)) is None
    seen = torch.ones(noisy.shape[1:], dtype=torch.bool)
    assert _frame.within(list(noisy), seen) is seen


@pytest.mark.parametrize("colour", [INK, WHITE, TINT])
@pytest.mark.parametrize("width", [1, 12, 60])
def test_what_lies_within_is_seen(noisy: Tensor, colour: tuple[float, ...], width: int) -> None:
    seen = _frame.within(list(framed(noisy, colour, width)))
    assert seen is not None
    expected = torch.zeros_like(seen)
    inner = width + 8  # less what compression may have changed
    expected[inner:-inner, inner:-inner] = True
    assert seen.equal(expected)


def test_frames_lie_within_each_other_and_bars_on_two_sides(noisy: Tensor) -> None:
    both = _frame.within(list(framed(framed(noisy, INK, 3), WHITE, 30)))
    assert both is not None
    assert int(both.sum()) == (noisy.shape[1] - 16) * (noisy.shape[2] - 16)
    bars = _frame.within(list(framed(noisy, INK, 40)[:, :, 40:-40]))
    assert bars is not None
    assert bool(bars[60].all())
    assert not bool(bars[:40].any())


def test_what_is_hidden_stays_so(noisy: Tensor) -> None:
    seen = torch.ones(noisy.shape[1] + 40, noisy.shape[2] + 40, dtype=torch.bool)
    seen[:100] = False
    within = _frame.within(list(framed(noisy, TINT, 20)), seen)
    assert within is not None
    assert not bool(within[:100].any())
    assert bool(within[100, 28:-28].all())


@pytest.mark.parametrize("size", [(1, 1), (20, 300), (300, 300)])
def test_a_picture_of_one_colour_has_no_frame(size: tuple[int, int]) -> None:
    assert _frame.within([torch.full(size, 0.5)] * 3) is None


@pytest.mark.parametrize("colour", [INK, WHITE, TINT])
def test_a_drawing_has_a_page_and_no_frame(colour: tuple[float, ...]) -> None:
    page = torch.tensor(colour)[:, None, None].expand(3, 200, 200).clone()
    page[:, 40:160:3, 40:160] = 0.5
    assert _frame.within(list(page)) is None


@pytest.mark.parametrize("colour", [INK, WHITE, TINT])
def test_noise_within_a_frame_is_found(noisy: Tensor, colour: tuple[float, ...]) -> None:
    bare, within = (photograph.find(list(one)) for one in (noisy, framed(noisy, colour, 40)))
    assert bare
    assert within
    assert within[0].deviation == pytest.approx(bare[0].deviation, rel=0.15)
    assert photograph.assume(list(framed(noisy, colour, 40)))[0].deviation == pytest.approx(
        bare[0].deviation, rel=0.15
    )
