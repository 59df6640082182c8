"""Samples of more than 8 bits, which Pillow would flatten: PNG, TIFF and PPM, reading beside writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import imagecodecs
import netpbmfile
import numpy as np
import tifffile
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.pictures import _tiff_tags
from linn_cli.pictures import metadata as kept
from linn_cli.pictures.picture import Picture
from linn_cli.samples import white

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH, _PNG_COLOUR = 24, 25  # where IHDR says how many bits and which channels
_PNG_PALETTE = 3
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WITH_ALPHA = (2, 4)
_NODATA = 42113
# The compressions of TIFF that lose nothing and that tifffile writes: none, LZW, ZIP, PackBits, LZMA, ZSTD.
_LOSSLESS = (1, 5, 8, 32773, 32946, 34925, 50000)
ZIP = 8
# Beyond this, offsets of classic TIFF, which count up to 4 GB, may not do.
CLASSIC_BYTES = 2**32 - 2**25


def is_deep_png(head: bytes) -> bool:
    """Whether a file that begins like this (26 bytes) is a PNG of 16 bits in several channels."""
    deep = head.startswith(_PNG) and len(head) > _PNG_COLOUR and head[_PNG_DEPTH] == 16
    return deep and head[_PNG_COLOUR] not in (0, _PNG_PALETTE)


def read_png(file: BinaryIO) -> Picture:
    """The picture of a 16-bit PNG."""
    return from_samples(imagecodecs.png_decode(file.read()))


def write_png(picture: Picture) -> bytes:
    """A 16-bit PNG; grey with alpha becomes colour with alpha, since the library has no such kind."""
    samples = to_samples(picture)
    if samples.shape[-1] == 2:
        samples = samples[:, :, [0, 0, 0, 1]]
    png = bytes(imagecodecs.png_encode(np.ascontiguousarray(samples)))
    return png


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins like this (4 bytes) is a TIFF."""
    return head[:4] in _TIFF


def read_tiff(
    file: BinaryIO, max_pixels: int, indices: Sequence[int] | None = None
) -> tuple[list[Picture], list[str]] | None:
    """Pages of a TIFF, by default all, and remarks; None if its samples are of another kind.

    Several pages are turned the right way up, each its own; a single one is not.

    Raises:
        InputError: a page is too large, or its samples are of a kind that linn does not take.
    """
    with tifffile.TiffFile(file) as tiff:
        pages = [tiff.pages[index].aspage() for index in indices or range(len(tiff.pages))]
        if not pages or not all(map(_is_direct, pages)):
            return None
        stacked = _stacked(tiff)
        if stacked * sum(page.imagewidth * page.imagelength for page in pages) > max_pixels:
            raise too_large(max_pixels)
        remarks: list[str] = []
        if stacked > 1:
            samples = tiff.series[0].asarray().reshape(stacked, *pages[0].shape)
            pictures = [_page_picture(pages[0], frame, remarks) for frame in samples]
        else:
            pictures = [one for page in pages for one in _read_page(page, remarks)]
        if len(pages) > 1 and len(pages) == len(pictures):
            turns = [page.tags.valueof(_tiff_tags.ORIENTATION, 1) for page in pages]
            pictures = [one.turned(turn) for one, turn in zip(pictures, turns, strict=True)]
        return pictures, list(dict.fromkeys(remarks))


def _is_direct(page: tifffile.TiffPage) -> bool:
    """Whether samples are channels by themselves; Pillow converts those of other kinds, such as palettes."""
    if page.dtype is None or page.dtype.itemsize > 1 or page.dtype.kind == "i":
        return page.dtype is not None
    is_whole = page.dtype == np.uint8 and page.bitspersample == 8
    return is_whole and page.photometric in (0, 1, 2)


def _stacked(tiff: tifffile.TiffFile) -> int:
    """How many frames lie behind one directory, as ImageJ writes files of over 4 GB and tifffile shaped ones."""
    if len(tiff.pages) != 1 or not tiff.series:
        return 1
    page, series = tiff.pages[0].aspage(), tiff.series[0]
    return series.size // page.size if page.size and series.size > page.size else 1


def _read_page(page: tifffile.TiffPage, remarks: list[str]) -> list[Picture]:
    """The picture of a page; of a page with depth the pictures one behind the other."""
    samples = page.asarray()
    if page.imagedepth > 1 and page.planarconfig != 2:
        return [_page_picture(page, layer, remarks) for layer in samples]
    if page.imagedepth > 1:
        raise InputError("TIFF with depth in separate planes: write its layers as pages first")
    return [_page_picture(page, samples, remarks)]


def _page_picture(page: tifffile.TiffPage, samples: NDArray[Any], remarks: list[str]) -> Picture:
    if page.photometric not in (0, 1, 2):
        raise InputError(f"TIFF samples of kind {page.photometric!r}: convert it to RGB first")
    samples = samples.reshape(
        (page.samplesperpixel, page.imagelength, page.imagewidth)
        if page.planarconfig == 2
        else (page.imagelength, page.imagewidth, page.samplesperpixel)
    )
    if page.planarconfig == 2:
        samples = np.moveaxis(samples, 0, -1)
    samples = _as_supported(np.ascontiguousarray(samples), page.bitspersample)
    picture = _with_alpha(samples, page, remarks)
    picture = replace(picture, nodata=nodata(page))
    if (
        page.photometric == 0 and samples.dtype.kind == "u" and picture.nodata is None
    ):  # white is zero
        inverted = np.asarray(white(samples.dtype), samples.dtype) - picture.values
        return replace(picture, values=inverted)
    return picture


def _with_alpha(samples: NDArray[Any], page: tifffile.TiffPage, remarks: list[str]) -> Picture:
    """A picture of samples (H, W, C): colour where the page says so, with alpha if that comes behind; else channels."""
    colours = 3 if page.photometric == 2 else 1
    extra = page.extrasamples[:1] if samples.shape[2] > colours else ()
    if samples.shape[2] == colours:
        return Picture(samples)
    if extra not in ((1,), (2,)) or samples.shape[2] > colours + 1:
        if colours == 3:
            remarks.append(f"{samples.shape[2]} channels were denoised each by itself")
        return Picture(samples, separate=True)
    values, alpha = samples[:, :, :colours], samples[:, :, colours]
    if extra == (1,):
        remarks.append("premultiplied alpha became plain alpha")
        opaque = white(alpha.dtype)
        plain = values * (opaque / np.maximum(alpha, opaque * 1e-6))[:, :, None]
        values = (plain if alpha.dtype.kind == "f" else plain.round().clip(0, opaque)).astype(
            alpha.dtype
        )
    return Picture(values, alpha)


def _as_supported(samples: NDArray[Any], bits: int) -> NDArray[Any]:
    """Native samples; integers of odd depths over the whole range of 16 bits."""
    if samples.dtype.kind not in "iuf" or (
        samples.dtype.kind != "f" and samples.dtype.itemsize > 4
    ):
        raise InputError(
            f"TIFF samples of type {samples.dtype}: convert them to 32 bits or float first"
        )
    native = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    odd = samples.dtype.kind == "u" and bits < 8 * samples.dtype.itemsize
    return _over_16_bits(native, 2**bits - 1) if odd and bits <= 16 else native


def write_tiff(
    file: BinaryIO,
    pictures: Sequence[Picture],
    metadata: dict[str, Any],
    encoding: dict[str, Any] | None = None,
) -> None:
    """A TIFF with a page for each picture, all of its metadata, and compressed without loss.

    Raises:
        ValueError: metadata is damaged.
    """
    tags = kept.to_tiff(metadata, len(pictures))
    size = sum(to_samples(picture).nbytes for picture in pictures)
    is_big = tags.is_big or size > CLASSIC_BYTES
    compression = tiff_compression(encoding or {})
    layout = "separate" if (encoding or {}).get("planar") else "contig"
    # ImageJ, and what reads its files, takes plain pages for one behind the other.
    kinds = {(one.values.shape, one.values.dtype, one.alpha is None) for one in pictures}
    in_one = compression["compression"] == 1 and len(kinds) == 1
    with tifffile.TiffWriter(file, bigtiff=is_big, byteorder=tags.byteorder) as writer:
        for picture in pictures:
            samples = to_samples(picture)
            count = samples.shape[-1]
            placed = np.moveaxis(samples, -1, 0) if layout == "separate" else samples
            extra = ["unspecified"] * (picture.values.shape[2] - (3 if picture.is_colour else 1))
            alpha = ["unassalpha"] if picture.alpha is not None else []
            writer.write(
                samples[:, :, 0] if count == 1 else placed,
                photometric="rgb" if picture.is_colour else "minisblack",
                planarconfig=layout if count > 1 else None,
                extrasamples=[*extra, *alpha] or None,
                metadata=None,
                software=False,
                contiguous=in_one,
                **compression,
            )
    _tiff_tags.graft(file, tags.pages, tags.masks)


def nodata(page: tifffile.TiffPage) -> float | None:
    """GDAL's value for pixels without one, None if the page names none."""
    try:
        return float(page.tags.valueof(_NODATA))
    except (TypeError, ValueError):
        return None


def tiff_compression(encoding: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `TiffWriter.write` that compress as a file was; without loss, if it was with some."""
    compression = encoding.get("compression", 0)
    if compression not in _LOSSLESS:
        return {"compression": ZIP}
    return {"compression": compression, "predictor": bool(encoding.get("predictor"))}


def read_ppm(file: BinaryIO, max_pixels: int) -> Picture | None:
    """The picture of a PPM of more than 8 bits, over the whole range of 16; None if it is another kind."""
    with netpbmfile.NetpbmFile(file) as pnm:
        if pnm.magicnumber not in ("P3", "P6") or pnm.maxval <= np.iinfo(np.uint8).max:
            return None
        if pnm.width * pnm.height > max_pixels:
            raise too_large(max_pixels)
        return from_samples(_over_16_bits(pnm.asarray(), pnm.maxval))


def read_pfm(file: BinaryIO, max_pixels: int) -> Picture:
    """The picture of a PFM in colour.

    Raises:
        InputError: it is too large or cut short.
    """
    head, size, scale = (file.readline(80).split() for _ in range(3))
    if head != [b"PF"] or len(size) != 2 or len(scale) != 1:
        raise InputError("the header of the PFM is damaged")
    width, height = map(int, size)
    if min(width, height) < 1:
        raise InputError("the header of the PFM is damaged")
    if width * height > max_pixels:
        raise too_large(max_pixels)
    body = file.read(width * height * 12)
    if len(body) < width * height * 12:
        raise InputError("the PFM is cut short")
    values = np.frombuffer(body, "<f4" if float(scale[0]) < 0 else ">f4")
    # Rows go from the bottom up.
    return Picture(values.reshape(height, width, 3)[::-1].astype(np.float32))


def write_pfm(file: BinaryIO, picture: Picture) -> None:
    """A PFM in colour."""
    height, width, _ = picture.values.shape
    file.write(b"PF\n%d %d\n-1.0\n" % (width, height))
    file.write(picture.values[::-1].astype("<f4").tobytes())


def _over_16_bits(samples: NDArray[Any], most: int) -> NDArray[Any]:
    """Integers up to `most` as uint16 over its whole range."""
    largest = np.iinfo(np.uint16).max
    scaled = (samples.astype(np.uint32) * largest + most // 2) // most
    return scaled.clip(0, largest).astype(np.uint16)


def write_ppm(file: BinaryIO, picture: Picture) -> None:
    """A 16-bit PPM."""
    netpbmfile.imwrite(file, picture.values)


def too_large(max_pixels: int) -> InputError:
    """The refusal of a picture that may be a decompression bomb."""
    return InputError(
        f"more than {max_pixels} pixels; if you trust the file, "
        "linn denoise takes it with a higher --max-pixels"
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
