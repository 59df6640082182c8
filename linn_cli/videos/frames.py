"""Frames of a video to arrays and back, in all their bits, through the matrix and range that the video names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from av.codec.codec import find_best_pix_fmt_of_list
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

_BYTE = 8
# libswscale's bicubic, accurate_rnd, full_chroma_int and full_chroma_inp, which not every PyAV names: with them a
# frame that nothing changes comes back as it was.
FLAGS = 0x4 | 0x40000 | 0x2000 | 0x4000
_ARRAYS = {
    ("grey", False): "gray",
    ("grey", True): "gray16le",
    ("colour", False): "rgb24",
    ("colour", True): "rgb48le",
    ("alpha", False): "rgba",
    ("alpha", True): "rgba64le",
}
# JPEG's names for full range, which the frame says by itself.
_FULL_RANGE = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p"}


def array_format(pixels: av.VideoFormat) -> str:
    """What frames of a pixel format are as arrays: grey, colour or with alpha, of 8 or 16 bits."""
    parts = pixels.components
    deep = _bits(pixels) > _BYTE
    if has_alpha(pixels):
        return _ARRAYS["alpha", deep]
    return _ARRAYS["grey" if len(parts) == 1 and not pixels.has_palette else "colour", deep]


def pixel_format(
    source: str, held: Sequence[str], size: tuple[int, int], *, halves_even: bool = False
) -> str:
    """The pixel format among those of an encoder that loses least of the source's.

    Args:
        source: the format of the source.
        held: those of the encoder; none if it takes all.
        size: width and height of the frames.
        halves_even: whether the encoder halves the colours only of sides that are even.
    """
    wanted = _FULL_RANGE.get(source, source)
    if halves_even:
        held = [name for name in held if _divides(av.VideoFormat(name), size)] or held
    if not held or wanted in held:
        return wanted
    best, _ = find_best_pix_fmt_of_list(list(held), wanted, has_alpha=True)
    return str(getattr(best, "name", best)) if best else held[0]


def _divides(pixels: av.VideoFormat, size: tuple[int, int]) -> bool:
    """Whether the colours of a pixel format divide sides of this size into wholes."""
    width, height = size
    # Of two pixels one or two are coloured, of four at least one.
    across, down = 4 // pixels.chroma_width(4), 4 // pixels.chroma_height(4)
    return width % across == 0 and height % down == 0


def losses(source: av.VideoFormat, pixels: av.VideoFormat) -> list[str]:
    """What a pixel format does not hold of another, or holds otherwise than players expect, in words."""
    lost = []
    if has_alpha(source) and not has_alpha(pixels):
        lost.append("left out: transparency")
    before, after = _bits(source), _bits(pixels)
    if after < before:
        lost.append(f"{before} bits became {after}")
    return lost


def has_alpha(pixels: av.VideoFormat) -> bool:
    """Whether frames of a pixel format have transparency."""
    return any(part.is_alpha for part in pixels.components)


def matrix_and_range(like: av.VideoFrame, pixels: str) -> tuple[int, int]:
    """Those of a frame, for its colours in a pixel format; red, green and blue that become luma and chroma get BT.709's."""
    if _is_rgb(like.format) and not _is_rgb(av.VideoFormat(pixels)):
        return Colorspace.ITU709, ColorRange.MPEG
    return like.colorspace, like.color_range


def _is_rgb(pixels: av.VideoFormat) -> bool:
    return pixels.is_rgb or pixels.has_palette


def _bits(pixels: av.VideoFormat) -> int:
    return max(part.bits for part in pixels.components)


def to_array(frame: av.VideoFrame) -> NDArray[Any]:
    """A frame as (H, W, C): grey, red, green and blue, or these and alpha."""
    array = frame.to_ndarray(format=array_format(frame.format), interpolation=FLAGS)
    return array[:, :, None] if array.ndim == 2 else array


def to_frame(array: NDArray[Any], like: av.VideoFrame, pixels: str) -> av.VideoFrame:
    """An array, as `to_array` gives it, as a frame in the place and the colours of another."""
    packed = np.ascontiguousarray(array[:, :, 0] if array.shape[2] == 1 else array)
    matrix, colour_range = matrix_and_range(like, pixels)
    frame = av.VideoFrame.from_ndarray(packed, format=array_format(like.format)).reformat(
        format=pixels,
        interpolation=FLAGS,
        dst_colorspace=matrix,
        dst_color_range=colour_range,
    )
    if like.time_base:
        frame.time_base = like.time_base
    frame.pts, frame.duration = like.pts, like.duration
    frame.colorspace, frame.color_range = matrix, colour_range
    frame.color_primaries, frame.color_trc = like.color_primaries, like.color_trc
    return frame
