"""Frames of a video to arrays and back, in all their bits, through the matrix and range that the video names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from av.codec.codec import find_best_pix_fmt_of_list
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
    deep = any(part.bits > _BYTE for part in parts)
    if any(part.is_alpha for part in parts):
        return _ARRAYS["alpha", deep]
    return _ARRAYS["grey" if len(parts) == 1 and not pixels.has_palette else "colour", deep]


def pixel_format(source: str, held: Sequence[str]) -> str:
    """The pixel format among those of an encoder that loses least of the source's."""
    wanted = _FULL_RANGE.get(source, source)
    if not held or wanted in held:
        return wanted
    best, _ = find_best_pix_fmt_of_list(list(held), wanted)
    return str(getattr(best, "name", best)) if best else held[0]


def to_array(frame: av.VideoFrame) -> NDArray[Any]:
    """A frame as (H, W, C): grey, red, green and blue, or these and alpha."""
    array = frame.to_ndarray(format=array_format(frame.format), interpolation=FLAGS)
    return array[:, :, None] if array.ndim == 2 else array


def to_frame(array: NDArray[Any], like: av.VideoFrame, pixels: str) -> av.VideoFrame:
    """An array, as `to_array` gives it, as a frame in the place and the colours of another."""
    packed = np.ascontiguousarray(array[:, :, 0] if array.shape[2] == 1 else array)
    frame = av.VideoFrame.from_ndarray(packed, format=array_format(like.format)).reformat(
        format=pixels,
        interpolation=FLAGS,
        dst_colorspace=like.colorspace,
        dst_color_range=like.color_range,
    )
    if like.time_base:
        frame.time_base = like.time_base
    frame.pts, frame.duration = like.pts, like.duration
    frame.colorspace, frame.color_range = like.colorspace, like.color_range
    frame.color_primaries, frame.color_trc = like.color_primaries, like.color_trc
    return frame
