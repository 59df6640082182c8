"""Frames as arrays and back: nothing that is not changed is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

av = pytest.importorskip("av", reason="needs PyAV, the extra video")

from linn_cli.videos import frames  # noqa: E402
from tests.videos.clips import pictures  # noqa: E402


def planes(frame: Any) -> list[bytes]:
    return [bytes(plane) for plane in frame.planes]


@pytest.mark.parametrize("matrix", [1, 2, 5, 9], ids=["709", "unnamed", "601", "2020"])
@pytest.mark.parametrize("full", [1, 2], ids=["limited", "full"])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv444p12le"])
def test_a_frame_that_nothing_changes_comes_back(pixels: str, full: int, matrix: int) -> None:
    # Smooth chroma: what lies between its samples can be nothing else.
    [picture] = pictures(1, sigma=0)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format=pixels, dst_colorspace=matrix, dst_color_range=full
    )
    frame.pts = 7
    array = frames.to_array(frame)
    assert array.dtype == (np.uint8 if pixels.endswith("p") else np.uint16)
    again = frames.to_frame(array, frame, pixels)
    assert again.pts == 7
    assert (again.colorspace, again.color_range) == (frame.colorspace, frame.color_range)
    depth = np.uint8 if array.dtype == np.uint8 else np.uint16
    for one, other in zip(planes(frame), planes(again), strict=True):
        # 8 bits of red, green and blue have fewer colours than 8 bits of luma and chroma, and the
        # converter rounds full range of more bits down by up to half an 8-bit level.
        level = 1 << (frame.format.components[0].bits - 8)
        difference = np.frombuffer(one, depth).astype(int) - np.frombuffer(other, depth)
        assert np.abs(difference).max() <= level
        assert np.abs(difference).mean() < 0.6 * level


def test_grey_and_transparent_frames_are_such_arrays() -> None:
    grey = av.VideoFrame.from_ndarray(np.full((8, 8), 90, np.uint8), format="gray")
    assert frames.to_array(grey).shape == (8, 8, 1)
    clear = av.VideoFrame.from_ndarray(np.full((8, 8, 4), 90, np.uint8), format="rgba")
    assert frames.to_array(clear).shape == (8, 8, 4)
    assert frames.to_frame(frames.to_array(grey), grey, "gray").format.name == "gray"


@pytest.mark.parametrize(
    ("source", "held", "chosen"),
    [
        ("yuv420p10le", ["yuv420p", "yuv420p10le"], "yuv420p10le"),
        ("yuvj420p", ["yuv420p"], "yuv420p"),
        ("yuv422p", ["yuv420p", "yuv444p"], "yuv444p"),
        ("nv12", [], "nv12"),
    ],
)
def test_the_pixels_are_those_that_lose_least(source: str, held: list[str], chosen: str) -> None:
    assert frames.pixel_format(source, held, (96, 64)) == chosen


@pytest.mark.parametrize(
    ("source", "size", "chosen"),
    [
        ("yuv420p", (96, 64), "yuv420p"),
        ("yuv420p", (97, 64), "yuv444p"),
        ("yuv420p", (96, 65), "yuv422p"),
        ("yuv422p", (96, 65), "yuv422p"),
    ],
)
def test_sides_that_are_odd_keep_their_colours_whole(
    source: str, size: tuple[int, int], chosen: str
) -> None:
    held = ["yuv420p", "yuv422p", "yuv444p"]
    assert frames.pixel_format(source, held, size, halves_even=True) == chosen
    assert frames.pixel_format(source, held, size) == source


def test_transparency_is_kept_where_that_is_possible_and_missed_where_not() -> None:
    source = av.VideoFormat("yuva444p12le")
    held = ["yuv444p10le", "yuva444p10le"]
    assert frames.pixel_format(source.name, held, (96, 64)) == "yuva444p10le"
    assert frames.losses(source, av.VideoFormat("yuva444p10le")) == ["12 bits became 10"]
    lost = frames.losses(source, av.VideoFormat("yuv420p"))
    assert lost == ["left out: transparency", "12 bits became 8"]


def test_red_green_and_blue_become_luma_and_chroma_of_a_matrix_that_players_know() -> None:
    [picture] = pictures(1, sigma=0)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="gbrp")
    again = frames.to_frame(frames.to_array(frame), frame, "yuv444p")
    assert (again.colorspace, again.color_range) == (1, 1)
    difference = again.to_ndarray(format="rgb24").astype(int) - picture
    assert np.abs(difference).mean() < 1
    kept = frames.to_frame(frames.to_array(frame), frame, "gbrp")
    assert kept.colorspace == frame.colorspace
