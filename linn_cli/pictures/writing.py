"""Pictures to the bytes of a file: what a format cannot hold is refused, or left out and said."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, JpegImagePlugin

from linn_cli import files
from linn_cli.errors import InputError
from linn_cli.files import write_atomically
from linn_cli.pictures import (
    _avif_boxes,
    _exif,
    _gif_blocks,
    _jpeg_segments,
    _netpbm,
    _png_chunks,
    _tiff_tags,
    high_depth,
    tiff_writing,
)
from linn_cli.pictures import metadata as kept
from linn_cli.pictures._conversion import is_deep, suited
from linn_cli.pictures.formats import SUFFIXES, Format, format_of
from linn_cli.pictures.picture import Document, Picture
from linn_cli.pictures.tiff_writing import Pages

_BILEVEL = ("PNG", "TIFF")  # have one bit for a pixel
_QUALITY = 95
_PILLOW_WRITES = ("exif", "icc_profile", "xmp", "dpi", "comment")
# A JPEG holds red, green and blue as they are and is finer than most cameras' tables, or compression would lose what
# denoising won. In YCbCr rounding alone costs 0.4 to 0.6 dB of a clean photograph at any quality; this costs less than 0.1
# (benchmarks/quality/photographs.py).
_JPEG_QUALITY = 98
# Metadata that is left out, in this order, until the encoder takes the rest.
_LEFT_OUT = tuple(
    frozenset(names.split())
    for names in (
        "",
        "xmp",
        "comment",
        "exif tiff",
        "icc_profile",
        "exif tiff xmp",
        "chunks cicp comment dpi exif icc_profile iptc segments tiff xmp",
    )
)


def check_output(path: Path, source: Path | None = None) -> None:
    """Refuse an output that could not be written, or that would replace its own source.

    Raises:
        UsageError: before any work is done.
    """
    files.check_output(path, [source] if source else [], SUFFIXES)


def write(path: Path, document: Document, *, quality: int | None = None) -> list[str]:
    """Write a picture in the format of the path's ending; the file appears whole or not at all.

    Args:
        path: where to; an existing file is replaced.
        document: what to write.
        quality: as in `encode`.

    Returns:
        The remarks of `encode`.

    Raises:
        InputError: the folder cannot be written to, the disk is full, or the format cannot hold the
            picture's transparency or frames.
    """
    try:
        with write_atomically(path) as temporary, temporary.open("w+b") as file:
            return encode(file, document, format_of(path), quality=quality)
    except InputError as error:
        raise InputError(f"{path}: {error.text}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def encode(
    file: BinaryIO, document: Document, target: Format, *, quality: int | None = None
) -> list[str]:
    """Write a picture to an open file or buffer that can be rewound.

    Args:
        file: is emptied first.
        document: what to write.
        target: in which format.
        quality: of JPEG, WebP and AVIF, 1 to 100; by default a JPEG loses next to nothing, and no
            more than it had lost as the source.

    Returns:
        Remarks: what the format could not hold and was converted or left out.

    Raises:
        InputError: the format cannot hold the picture, or its transparency or frames.
        OSError: the file cannot be written to.
    """
    document, remarks = suited(document, target)
    if document.is_bilevel and not _stays_bilevel(document, target):
        document = replace(document, is_bilevel=False)
        remarks.append("black and white became grey")
    remarks += _pages_in_grey(document, target)
    remarks += target.remarks_on(quality)
    for lost in _LEFT_OUT:
        if not lost - {"tiff"} <= document.metadata.keys() and lost != _LEFT_OUT[-1]:
            continue
        file.seek(0)
        file.truncate()
        try:
            _encode(file, _without(document, lost), target, quality)
        except OSError:
            raise
        except Exception as error:  # encoders raise whatever metadata makes them stumble over
            if lost == _LEFT_OUT[-1]:
                raise InputError(f"{target} cannot hold this picture ({error})") from error
        else:
            if lost:
                names = ", ".join(sorted((lost & document.metadata.keys()) - {"tiff"}))
                remarks.append(f"metadata ({names}) is damaged or too large and was left out")
            return remarks
    raise AssertionError("the last attempt returns or raises")


def _stays_bilevel(document: Document, target: Format) -> bool:
    """Whether a format can hold one bit for each pixel, and that is all there is."""
    return target.name in _BILEVEL and all(frame.is_black_and_white for frame in document.frames)


def _pages_in_grey(document: Document, target: Format) -> list[str]:
    """What to say of pages of one bit among others, where they do not stay so."""
    each = document.encoding.get("pages", ())
    if len(each) != len(document.frames):
        return []
    faded = any(
        page["is_bilevel"] and not (target.name == "TIFF" and frame.is_black_and_white)
        for page, frame in zip(each, document.frames, strict=True)
    )
    return ["pages in black and white became grey"] if faded and not document.is_bilevel else []


def _without(document: Document, lost: frozenset[str]) -> Document:
    """A document without some of its metadata; its pixels are turned where they lose their orientation."""
    frames, metadata = document.frames, document.metadata
    if "exif" in lost:
        frames = tuple(frame.turned(kept.orientation(metadata)) for frame in frames)
    left = {key: value for key, value in metadata.items() if key not in lost}
    return replace(document, frames=frames, metadata=left)


def _encode(file: BinaryIO, document: Document, target: Format, quality: int | None) -> None:
    frames, metadata = document.frames, document.metadata
    if target.name == "TIFF":
        encoding = document.encoding if document.format == target else {}
        tiff_writing.write(
            file, frames, Pages.of(frames, is_bilevel=document.is_bilevel), metadata, encoding
        )
        return
    if target.name == "PFM":
        unit = document.encoding.get("unit", 1.0) if document.format == target else 1.0
        high_depth.write_pfm(file, frames[0], unit)
        return
    if target.name in ("WebP", "BMP"):
        _save(file, document, target, quality)
        return
    content = io.BytesIO()
    if not is_deep(frames):
        _save(content, document, target, quality)
    elif target.name == "PNG":
        content.write(high_depth.write_png(frames[0]))
    else:
        high_depth.write_ppm(content, frames[0])
    encoded = content.getvalue()
    match target.name:
        case "PNG":
            encoded = _png_chunks.insert(encoded, metadata)
        case "JPEG":
            beside = metadata.get("iptc", b""), metadata.get("segments", ())
            encoded = _jpeg_segments.insert(encoded, *beside)
        case "PPM" | "PGM" if comment := metadata.get("comment"):
            encoded = _netpbm.insert(encoded, comment)
        case "GIF":
            xmp, profile = (metadata.get(name, b"") for name in ("xmp", "icc_profile"))
            encoded = _gif_blocks.insert(encoded, xmp, profile)
        case "AVIF" if cicp := metadata.get("cicp"):
            encoded = _avif_boxes.relabel(encoded, cicp)
    file.write(encoded)


def _save(file: BinaryIO, document: Document, target: Format, quality: int | None) -> None:
    """Write by Pillow, with the metadata that it writes."""
    taken = () if target.name == "PNG" else _PILLOW_WRITES
    options: dict[str, Any] = {
        key: document.metadata[key] for key in taken if key in document.metadata
    }
    if target.name == "JPEG":
        has_header = quality is not None or not document.frames[0].is_colour
        options |= _jpeg_exif(document.metadata, has_header)
        if not has_header:  # JFIF, which would say that these colours are YCbCr
            options.pop("dpi", None)
    match target.name:
        case "JPEG" if quality is None:
            source = document.encoding if document.format == target else {}
            table = _finest(source.get("qtables", {}).values())
            progressive = source.get("progressive", False)
            options |= {"keep_rgb": True, "qtables": [table], "progressive": progressive}
        case "JPEG":
            options["quality"] = quality
        case "WebP" if quality is None:
            options |= {"lossless": True, "exact": True}
        case "WebP" | "AVIF":
            options["quality"] = quality or _QUALITY
    images = [_image(frame) for frame in document.frames]
    if document.is_bilevel:
        images = [image.convert("1") for image in images]
    if len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:], **document.timing}
        if target.name == "GIF":
            options["disposal"] = 2
    images[0].save(file, format=target.pillow, **options)


def _jpeg_exif(metadata: dict[str, Any], has_header: bool) -> dict[str, bytes]:
    """The EXIF of a JPEG: it says the resolution if no header does, or if it said another one."""
    exif, dpi, density = (metadata.get(name) for name in ("exif", "dpi", "density"))
    if dpi and (not has_header or _exif.resolution(exif or b"")):
        return {"exif": _exif.with_resolution(exif, dpi)}
    if density:
        return {"exif": _exif.with_resolution(exif, density, _tiff_tags.NO_UNIT)}
    return {}


def _finest(tables: Iterable[list[int]]) -> list[int]:
    """A table no coarser than any of a source's, and no coarser than that of linn's own quality."""
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG", quality=_JPEG_QUALITY)
    file.seek(0)
    own = JpegImagePlugin.JpegImageFile(file).quantization[0]
    return [min(steps) for steps in zip(own, *tables, strict=True)]


def _image(picture: Picture) -> Image.Image:
    samples = high_depth.to_samples(picture)
    return Image.fromarray(
        np.ascontiguousarray(samples[:, :, 0] if samples.shape[2] == 1 else samples)
    )
