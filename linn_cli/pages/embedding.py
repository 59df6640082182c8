"""Pictures inside a page: encoded as WebP, and made smaller where they would be too large."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linn_cli.pictures.picture import Picture
from linn_cli.samples import white
from linn_cli.units import GREY_LEVELS

Levels = NDArray[Any]

_MOST_PIXELS = 32 * 10**6
_MOST_SIDE = 16_383  # of a WebP file
_LEAST_SIDE = 16
_LOSSLESS_UP_TO = 2**20  # pixels


def grey_levels(picture: Levels) -> NDArray[np.float32]:
    """A picture of any dtype as floats from 0 to 255; floats are white at 1.0."""
    scale = np.float32(GREY_LEVELS / white(picture.dtype))
    levels: NDArray[np.float32] = np.asarray(picture, np.float32) * scale
    return levels


def shown(picture: Picture) -> NDArray[np.float32]:
    """A picture as floats from 0 to 255 of its own range: (H, W), or (H, W, 3) in colour; no number is black."""
    if picture.range is None:
        levels = grey_levels(picture.array)
    else:
        floats = picture.array.astype(np.float64) - picture.range.low
        levels = (floats * (GREY_LEVELS / picture.range.span)).astype(np.float32)
    return levels if np.isfinite(levels).all() else np.nan_to_num(levels, nan=0, posinf=0, neginf=0)


def with_alpha(picture: Picture) -> NDArray[np.float32]:
    """What is `shown` of a picture: (H, W), (H, W, 3), or (H, W, 4) with alpha if some of it is transparent."""
    levels = shown(picture)
    if picture.alpha is None:
        return levels
    alpha = grey_levels(picture.alpha)
    if bool((alpha >= GREY_LEVELS).all()):
        return levels
    colours = np.broadcast_to(np.atleast_3d(levels), (*alpha.shape, 3))
    return np.dstack([colours, alpha])


def to_bytes(levels: Levels) -> NDArray[np.uint8]:
    """Grey levels rounded and cut off at black and white."""
    rounded: NDArray[np.uint8] = np.clip(np.rint(levels), 0, GREY_LEVELS).astype(np.uint8)
    return rounded


def embed(levels: NDArray[Any], name: str) -> dict[str, str]:
    """A picture (H, W), (H, W, 3) or (H, W, 4) in 8-bit grey levels for a page; lossless up to a million pixels."""
    lossless = levels.shape[0] * levels.shape[1] <= _LOSSLESS_UP_TO
    return {"name": name, "source": data_uri(webp(levels, None if lossless else 90))}


def webp(levels: NDArray[Any], quality: int | None) -> bytes:
    """Encode a picture (H, W), (H, W, 3) or (H, W, 4) in 8-bit grey levels; lossless without a quality."""
    image = Image.fromarray(to_bytes(levels))
    content = io.BytesIO()
    lossless = quality is None
    # For lossless files the quality is the effort.
    image.save(
        content, "WEBP", lossless=lossless, quality=30 if quality is None else quality, method=2
    )
    return content.getvalue()


def data_uri(content: bytes) -> str:
    """A WebP file as an address that holds it."""
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


def preview(levels: NDArray[Any], most: int) -> str:
    """A picture as above in a file of at most `most` bytes: first coarser, then smaller."""
    factor = 1
    while True:
        small, _ = fitting(levels, levels.shape[0] * levels.shape[1] // factor**2)
        for quality in (85, 70, 50, 30):
            content = webp(small, quality)
            if len(content) <= most or max(small.shape[:2]) <= _LEAST_SIDE:
                return data_uri(content)
        factor += 1


def fitting(levels: Levels, most: int = _MOST_PIXELS) -> tuple[NDArray[Any], int]:
    """The picture (H, W, ...) if a page can hold it, else its means over squares, and their side.

    `most` is a number of pixels.
    """
    height, width = levels.shape[:2]
    factor = 1
    while height * width > most * factor**2 or max(height, width) > _MOST_SIDE * factor:
        factor += 1
    if factor == 1:
        return levels, 1
    height, width = max(1, height // factor), max(1, width // factor)
    cut = levels[: height * factor, : width * factor]
    squares = cut.reshape(height, cut.shape[0] // height, width, cut.shape[1] // width, -1)
    return squares.mean(axis=(1, 3)).reshape(height, width, *levels.shape[2:]), factor


def reduced(factor: int) -> str:
    """What to say of a picture that `fitting` made smaller."""
    if factor == 1:
        return ""
    return f"Too large for a page: each pixel here is the mean of {factor} x {factor}."
