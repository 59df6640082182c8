"""Samples of more than 8 bits, which Pillow would flatten: PNG, PPM and PFM, reading beside writing."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.pictures.picture import Picture
from linn_cli.wording import setting

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH, _PNG_COLOUR = 24, 25  # where IHDR says how many bits and which channels
_PNG_PALETTE = 3
_WITH_ALPHA = (2, 4)
_PFM_HEADER = 256
_PFM = re.compile(rb"(P[Ff])\s+(\d+)\s+(\d+)\s+([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)(?:\r\n|\s)")


def is_deep_png(head: bytes) -> bool:
    """Whether a file that begins like this (26 bytes) is a PNG of 16 bits in several channels."""
    deep = head.startswith(_PNG) and len(head) > _PNG_COLOUR and head[_PNG_DEPTH] == 16
    return deep and head[_PNG_COLOUR] not in (0, _PNG_PALETTE)


def read_png(file: BinaryIO) -> Picture:
    """The picture of a 16-bit PNG."""
    import imagecodecs

    return from_samples(imagecodecs.png_decode(file.read()))


def write_png(picture: Picture) -> bytes:
    """A 16-bit PNG; grey with alpha becomes colour with alpha, since the library has no such kind."""
    import imagecodecs

    samples = to_samples(picture)
    if samples.shape[-1] == 2:
        samples = samples[:, :, [0, 0, 0, 1]]
    png = bytes(imagecodecs.png_encode(np.ascontiguousarray(samples)))
    return png


def read_ppm(file: BinaryIO, max_pixels: int) -> Picture | None:
    """The picture of a PPM of more than 8 bits, over the whole range of 16; None if it is another kind."""
    import netpbmfile

    with netpbmfile.NetpbmFile(file) as pnm:
        if pnm.magicnumber not in ("P3", "P6") or pnm.maxval <= np.iinfo(np.uint8).max:
            return None
        if pnm.width * pnm.height > max_pixels:
            raise too_large(max_pixels)
        return from_samples(over_16_bits(pnm.asarray(), pnm.maxval))


def is_pfm(head: bytes) -> bool:
    """Whether a file that begins like this is a PFM."""
    return head.startswith((b"PF", b"Pf"))


def read_pfm(file: BinaryIO, max_pixels: int) -> tuple[Picture, float]:
    """The picture of a PFM, and the unit of its values: the scale in its header.

    Raises:
        InputError: it is too large or cut short.
    """
    header = _PFM.match(file.read(_PFM_HEADER))
    scale = float(header[4]) if header else 0.0
    if header is None or not np.isfinite(scale) or scale == 0:
        raise InputError("the header of the PFM is damaged")
    width, height, channels = int(header[2]), int(header[3]), 3 if header[1] == b"PF" else 1
    if min(width, height) < 1:
        raise InputError("the header of the PFM is damaged")
    if width * height > max_pixels:
        raise too_large(max_pixels)
    file.seek(header.end())
    size = width * height * channels * 4
    body = file.read(size)
    if len(body) < size:
        raise InputError("the PFM is cut short")
    values = np.frombuffer(body, "<f4" if scale < 0 else ">f4")
    # Rows go from the bottom up.
    return Picture(values.reshape(height, width, channels)[::-1].astype(np.float32)), abs(scale)


def write_pfm(file: BinaryIO, picture: Picture, scale: float = 1.0) -> None:
    """A PFM with values in a unit."""
    height, width, channels = picture.values.shape
    kind = "PF" if channels == 3 else "Pf"
    file.write(f"{kind}\n{width} {height}\n{-scale}\n".encode("ascii"))
    file.write(picture.values[::-1].astype("<f4").tobytes())


def spread(most: int) -> tuple[str, ...]:
    """What is to be said of integers from 0 to `most` that were spread over all of 8 or 16 bits; () if they were not."""
    full = np.iinfo(np.uint8 if most <= np.iinfo(np.uint8).max else np.uint16).max
    if most == full:
        return ()
    return (f"values of 0 to {most} became values of 0 to {full}",)


def over_16_bits(samples: NDArray[Any], most: int) -> NDArray[Any]:
    """Integers up to `most` as uint16 over its whole range."""
    largest = np.iinfo(np.uint16).max
    scaled = (samples.astype(np.uint32) * largest + most // 2) // most
    return scaled.clip(0, largest).astype(np.uint16)


def write_ppm(file: BinaryIO, picture: Picture) -> None:
    """A 16-bit PPM."""
    import netpbmfile

    netpbmfile.imwrite(file, picture.values)


def too_large(max_pixels: int) -> InputError:
    """The refusal of a picture that may be a decompression bomb."""
    return InputError(
        f"more than {max_pixels} pixels; if you trust the file, "
        f"linn takes it with a higher {setting('max_pixels')}"
    )


def from_samples(samples: NDArray[Any]) -> Picture:
    """Samples (H, W) or (H, W, 1 to 4), the alpha last, to a picture."""
    if samples.ndim == 2:
        samples = samples[:, :, None]
    if samples.shape[2] > 4:
        raise InputError(
            f"{samples.shape[2]} channels: linn takes grey and RGB, with or without alpha"
        )
    if samples.shape[2] in _WITH_ALPHA:
        return Picture(samples[:, :, :-1], samples[:, :, -1])
    return Picture(samples)


def to_samples(picture: Picture) -> NDArray[Any]:
    """A picture to samples (H, W, 1 to 4), the alpha last."""
    if picture.alpha is None:
        return picture.values
    return np.dstack((picture.values, picture.alpha))
