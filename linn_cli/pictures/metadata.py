"""What is kept with a picture: EXIF, ICC profile, XMP and resolution."""

from __future__ import annotations

import math
import os
import re
import struct
import zlib
from typing import Any, BinaryIO

from PIL import ExifTags, Image

_KEPT_BYTES = ("icc_profile", "xmp")
ORIENTATION = int(ExifTags.Base.Orientation)
XMP, ICC_PROFILE = 700, 34675
_MOST_CHUNK = 2**20
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>))\d""")
# What else a PNG may say of its colours, and its texts.
_PNG_KEPT = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"tEXt", b"zTXt", b"iTXt")
_PNG_XMP = b"XML:com.adobe.xmp"
# Tags of a TIFF that tell how its samples are stored: they belong to the file, not to the picture.
_STRUCTURE = frozenset(
    {
        *range(254, 267),
        *(273, 277, 278, 279, 280, 281, 282, 283, 284, 290, 291, 292, 293, 296, 297, 301, 317),
        *(318, 319, 320, 321, 322, 323, 324, 325, 330, 332, 338, 339, 340, 341, 342, 347),
        *range(512, 522),
        *(529, 530, 531, 532, XMP, ICC_PROFILE, 33723, 34377),
    }
)


def collect(image: Image.Image) -> dict[str, Any]:
    """The metadata of an opened, not yet decoded image, in one form whatever the file format."""
    metadata: dict[str, Any] = {
        key: bytes(value)
        for key in _KEPT_BYTES
        if isinstance(value := image.info.get(key), bytes | bytearray) and value
    }
    if (dpi := _resolution(image.info.get("dpi"))) is not None:
        metadata["dpi"] = dpi
    if image.format == "TIFF":
        exif = image.getexif()
        stored = getattr(image, "tag_v2", {})
        for tag in list(exif):
            # Pillow takes an orientation from XMP where the file has none of its own.
            if tag in _STRUCTURE or (tag == ORIENTATION and tag not in stored):
                del exif[tag]
        if len(exif):
            metadata["exif"] = _serialised(exif)
    elif isinstance(exif_bytes := image.info.get("exif"), bytes):
        metadata["exif"] = exif_bytes
    if isinstance(comment := image.info.get("comment"), bytes) and image.format == "JPEG":
        metadata["comment"] = comment
    return metadata


def orientation(metadata: dict[str, Any]) -> int:
    """How a viewer turns the stored pixels, 1 to 8."""
    found = exif_tags(metadata).get(ORIENTATION, 1)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def from_tiff_tags(tags: dict[int, Any], dpi: tuple[float, float]) -> dict[str, Any]:
    """Metadata from the tags of a TIFF: text, the orientation, XMP and the colour profile."""
    exif = Image.Exif()
    for tag, value in tags.items():
        if tag not in _STRUCTURE and (isinstance(value, str) or tag == ORIENTATION):
            exif[tag] = value
    metadata: dict[str, Any] = {"exif": exif.tobytes()} if len(exif) else {}
    for name, tag in (("icc_profile", ICC_PROFILE), ("xmp", XMP)):
        if isinstance(tags.get(tag), bytes):
            metadata[name] = tags[tag]
    if _resolution(dpi) not in (None, (1.0, 1.0)):  # 1 where nothing is said
        metadata["dpi"] = _resolution(dpi)
    return metadata


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
    return upright


def has_directories(metadata: dict[str, Any]) -> bool:
    """Whether EXIF has directories of its own, for exposure or position."""
    return bool({int(ExifTags.IFD.Exif), int(ExifTags.IFD.GPSInfo)} & exif_tags(metadata).keys())


def is_of_grey(profile: bytes) -> bool:
    """Whether an ICC profile describes grey and not colour (ICC.1, 7.2.6)."""
    return profile[16:20] == b"GRAY"


def _serialised(exif: Image.Exif) -> bytes:
    """EXIF as bytes; Pillow would put question marks for what is not ASCII."""
    for tag, value in list(exif.items()):
        if isinstance(value, str) and not value.isascii():
            exif[tag] = value.encode("latin-1", "replace")  # as Pillow had decoded it
    return exif.tobytes()


def with_xmp(exif: bytes, xmp: bytes) -> bytes:
    """EXIF that has the XMP as a tag, as a TIFF stores it."""
    tags = Image.Exif()
    tags.load(exif)
    tags[XMP] = xmp
    return tags.tobytes()


def png_chunks(file: BinaryIO) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG, before its pixels, that say more of its colours, and its texts."""
    found: list[tuple[bytes, bytes]] = []
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] != b"IDAT":
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if name not in _PNG_KEPT or length > _MOST_CHUNK:
            file.seek(length + 4, os.SEEK_CUR)
            continue
        content = file.read(length)
        file.seek(4, os.SEEK_CUR)
        if not content.startswith(_PNG_XMP):
            found.append((name, content))
    return found


def with_png_chunks(png: bytes, metadata: dict[str, Any]) -> bytes:
    """A PNG file with metadata chunks put in behind its header (PNG specification, third edition)."""
    chunks = b""
    if profile := metadata.get("icc_profile"):
        chunks += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
    if exif := metadata.get("exif"):
        chunks += _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    if xmp := metadata.get("xmp"):
        chunks += _chunk(b"iTXt", _PNG_XMP + b"\0\0\0\0\0" + xmp)
    if dpi := metadata.get("dpi"):
        horizontal, vertical = (round(value / 0.0254) for value in dpi)
        chunks += _chunk(b"pHYs", struct.pack(">IIB", horizontal, vertical, 1))
    for name, content in metadata.get("chunks", ()):
        chunks += _chunk(name, content)
    header = 8 + 4 + 4 + 13 + 4  # signature, then length, name, content and check of IHDR
    return png[:header] + chunks + png[header:]


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def _resolution(dpi: Any) -> tuple[float, float] | None:
    try:
        horizontal, vertical = map(float, dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (horizontal, vertical) if min(dpi) > 0 and max(dpi) < math.inf else None
