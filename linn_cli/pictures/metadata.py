"""What is kept with a picture: EXIF, ICC profile, XMP and resolution."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any, BinaryIO

from PIL import Image

from linn_cli.errors import InputError
from linn_cli.pictures import (
    _avif_boxes,
    _bmp_profile,
    _exif,
    _gif_blocks,
    _jpeg_segments,
    _netpbm,
    _png_chunks,
    _tiff_tags,
    _webp_chunks,
)
from linn_cli.pictures._tiff_tags import ORIENTATION, Tags

_KEPT_BYTES = ("icc_profile", "xmp")
_HORIZONTAL, _UNIT = 282, 296  # resolution
_JPEGS = ("JPEG", "MPO")
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>))\d""")


def collect(image: Image.Image, file: BinaryIO) -> tuple[dict[str, Any], list[str]]:
    """The metadata of an opened, not yet decoded image, in one form whatever the format; and what is left out of it.

    TIFFs have their own way, `from_tiff`.
    """
    lost: list[str] = []
    metadata: dict[str, Any] = {
        key: bytes(value)
        for key in _KEPT_BYTES
        if isinstance(value := image.info.get(key), bytes | bytearray) and value
    }
    if (dpi := _resolution(image.info.get("dpi"))) is not None:
        metadata["dpi"] = dpi
    if isinstance(exif := image.info.get("exif"), bytes) and exif:
        metadata["exif"] = exif
    tags = exif_tags(metadata)
    is_guess = _HORIZONTAL not in tags or tags.get(_UNIT) == _tiff_tags.NO_UNIT
    if image.info.get("jfif_unit", 0) == 0 and image.format in _JPEGS and is_guess:
        metadata.pop("dpi", None)  # Pillow's own
    if (density := _density(image.info)) is not None:
        metadata["density"] = density
        if _HORIZONTAL in tags:  # so it would say two things
            del metadata["density"]
            lost.append("the shape of its pixels, of which the EXIF says something else")
    if isinstance(comment := image.info.get("comment"), bytes) and comment:
        metadata["comment"] = comment
    more: dict[str, Any] = {}
    match image.format:
        case "PNG":
            chunks = _png_chunks.read(file)
            more = {"exif": chunks.exif and b"Exif\0\0" + chunks.exif}
            more |= {"xmp": chunks.xmp, "cicp": chunks.cicp}
            more["chunks"] = list(chunks.further)
            if chunks.lost:
                lost.append(f"PNG chunks ({', '.join(chunks.lost)})")
        case "JPEG" | "MPO":
            beside = _jpeg_segments.read(file)
            more = {"iptc": beside.photoshop, "segments": beside.segments}
            if len(beside.comments) > 1:  # Pillow knows of the last only
                metadata.pop("comment", None)
                more["segments"] += tuple((_jpeg_segments.COMMENT, one) for one in beside.comments)
            lost += beside.lost
        case "PPM":
            header = _netpbm.read(file)
            more = {"comment": header.comment}
            lost += ["further pictures"] if header.is_followed else []
        case "BMP":
            more = {"icc_profile": _bmp_profile.read(file)}
        case "WEBP":
            names = _webp_chunks.further(file)
            lost += [f"WebP chunks ({', '.join(names)})"] if names else []
        case "GIF":
            blocks = _gif_blocks.read(file)
            more = {"xmp": blocks.xmp, "icc_profile": blocks.profile}
            lost += [f"GIF extensions ({', '.join(blocks.lost)})"] if blocks.lost else []
        case "AVIF":
            file.seek(0)
            coding = _avif_boxes.read(file.read())
            more = {"cicp": coding.cicp}
            if coding.bits > 8 and is_hdr(coding.cicp):
                raise InputError(
                    f"holds HDR in {coding.bits} bits, which linn would flatten: "
                    "convert it first (avifdec --depth 16 FILE FILE.png)"
                )
            if coding.bits > 8:
                lost.append(f"the lowest {coding.bits - 8} of {coding.bits} bits")
            if coding.has_gain_map:
                lost.append("the gain map of its HDR version")
    metadata |= {key: value for key, value in more.items() if value}
    return metadata, lost


def is_hdr(cicp: bytes) -> bool:
    """Whether the values are those of PQ or HLG (ITU-T H.273), which means something else without the label."""
    return cicp[1:2] in (b"\x10", b"\x12")


def is_usual(cicp: bytes) -> bool:
    """Whether colours are what a picture without a label has, those of sRGB."""
    return cicp[0] in (1, 2) and cicp[1] in (1, 2, 6, 13)


def orientation(metadata: dict[str, Any]) -> int:
    """How a viewer turns the stored pixels, 1 to 8."""
    found = exif_tags(metadata).get(ORIENTATION, 1)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def from_tiff(tags: Tags) -> dict[str, Any]:
    """Metadata from the tags of a TIFF; all of them, for another TIFF, are `tiff`."""
    found = {
        "exif": _exif.block(tags),
        "icc_profile": tags.first(_tiff_tags.ICC_PROFILE),
        "xmp": tags.first(_tiff_tags.XMP),
        "iptc": _jpeg_segments.from_iptc(
            tags.first(_tiff_tags.PHOTOSHOP), tags.first(_tiff_tags.IPTC)
        ),
        "dpi": tags.resolution,
        "density": tags.density,
        "tiff": tags,
    }
    return {key: value for key, value in found.items() if value}


def left_out_of_tiff(tags: Tags | None) -> tuple[str, ...]:
    """What the tags of a TIFF say that no other file gets or that no longer holds, in words; None are damaged ones."""
    if tags is None:
        return ("the metadata is damaged and was left out",)
    said = [f"left out: {', '.join(tags.lost)}"] if tags.lost else []
    if files := tags.files:
        said.append(
            f"its OME-XML is about several files ({', '.join(files[:3])}{', ...' * (len(files) > 3)}): "
            "denoise them all into another folder, where they keep their names"
        )
    return tuple(said)


def tiff_encoding(tags: Tags | None) -> dict[str, Any]:
    """How the samples of a TIFF are compressed and laid out: on the first page, and on all `pages` if they differ."""
    if not tags or not tags.stored:
        return {}
    first = vars(tags.stored[0])
    if len(set(tags.stored)) == 1:
        return dict(first)
    return first | {"pages": tuple(map(vars, tags.stored))}


def to_tiff(metadata: dict[str, Any], count: int) -> Tags:
    """The tags of a TIFF of so many pages; where the file was no TIFF, of the first one.

    Raises:
        ValueError: EXIF is damaged.
    """
    tags: Tags | None = metadata.get("tiff")
    if tags is None:
        exif = metadata.get("exif")
        tags = _exif.read(exif) if exif else Tags(pages=({},))
        if photoshop := metadata.get("iptc"):
            resources, record = _jpeg_segments.to_iptc(photoshop)
            tags = tags.with_bytes(_tiff_tags.PHOTOSHOP, resources)
            tags = tags.with_bytes(_tiff_tags.IPTC, record)
        if dpi := metadata.get("dpi"):
            tags = tags.with_resolution(dpi)
        elif density := metadata.get("density"):
            tags = tags.with_resolution(density, _tiff_tags.NO_UNIT)
    own = tags.first(_tiff_tags.ICC_PROFILE)
    profile = metadata.get("icc_profile")
    if profile != own:  # the colours of every page were converted
        tags = tags.without(_tiff_tags.ICC_PROFILE)
    tags = tags.with_bytes(_tiff_tags.ICC_PROFILE, profile)
    tags = tags.with_bytes(_tiff_tags.XMP, metadata.get("xmp"))
    if len(tags.pages) == 1 < count:
        tags = tags.in_several()
    pages = tags.pages if len(tags.pages) == count else (tags.pages[0], *[{}] * (count - 1))
    return replace(tags, pages=pages)


def exif_tags(metadata: dict[str, Any]) -> dict[int, Any]:
    """The tags of the main EXIF directory; none if it is damaged."""
    exif = Image.Exif()
    try:
        exif.load(metadata.get("exif", b""))
        return dict(exif)
    except Exception:  # whatever damage makes the parser stumble over
        return {}


def upright(metadata: dict[str, Any]) -> dict[str, Any]:
    """The same metadata for pixels that have been turned upright."""
    upright = dict(metadata)
    if "exif" in metadata:
        exif = Image.Exif()
        exif.load(metadata["exif"])
        if exif.pop(ORIENTATION, 1) != 1:
            upright["exif"] = _serialised(exif)
    if "xmp" in metadata:
        upright["xmp"] = _XMP_ORIENTATION.sub(rb"\g<1>1", metadata["xmp"])
    if "tiff" in metadata:
        upright["tiff"] = metadata["tiff"].upright()
    return upright


def is_of_grey(profile: bytes) -> bool:
    """Whether an ICC profile describes grey and not colour (ICC.1, 7.2.6)."""
    return profile[16:20] == b"GRAY"


def _serialised(exif: Image.Exif) -> bytes:
    """EXIF as bytes; Pillow would put question marks for what is not ASCII."""
    for tag, value in list(exif.items()):
        if isinstance(value, str) and not value.isascii():
            exif[tag] = value.encode("latin-1", "replace")  # as Pillow had decoded it
    return exif.tobytes()


def _density(info: dict[Any, Any]) -> tuple[float, float] | None:
    """What a JPEG or PNG says of the shape of its pixels without a unit, if they are not square."""
    density = info.get("jfif_density") if info.get("jfif_unit") == 0 else info.get("aspect")
    found = _resolution(density)
    return found if found and found[0] != found[1] else None


def _resolution(dpi: Any) -> tuple[float, float] | None:
    try:
        horizontal, vertical = map(float, dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (horizontal, vertical) if min(dpi) > 0 and max(dpi) < math.inf else None
