"""What a PNG says beside its pixels, wherever in the file: chunks read, and put into a written PNG."""

from __future__ import annotations

import io
import os
import struct
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image

PROFILE = b"iCCP"
_SIGNATURE = 8
_MOST = 2**24
# How the pixels are stored, and what Pillow reads of the header.
_STRUCTURE = (
    *(b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"iDOT"),
    *(b"acTL", b"fcTL", b"fdAT"),
)
# What hangs on how the pixels are stored, which may change.
_OF_STORAGE = (b"bKGD", b"sBIT", b"hIST", b"sPLT")
# By their names these are not safe to copy behind changed pixels, but they are.
_COLOURS = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", PROFILE)
_SAFE = (*_COLOURS, b"tIME", b"oFFs", b"pCAL", b"sCAL", b"sTER", b"pHYs")
_XMP = b"XML:com.adobe.xmp\0"


@dataclass(frozen=True)
class Chunks:
    """EXIF and XMP of a PNG, what it says of coded colours (cICP), further chunks, and the names of those left out."""

    exif: bytes = b""
    xmp: bytes = b""
    cicp: bytes = b""
    further: tuple[tuple[bytes, bytes], ...] = ()
    lost: tuple[str, ...] = ()


def read(file: BinaryIO) -> Chunks:
    """What a PNG says before and behind its pixels."""
    named: dict[bytes, bytes] = {}
    further: list[tuple[bytes, bytes]] = []
    lost: dict[str, None] = {}
    file.seek(_SIGNATURE)
    while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if name in _STRUCTURE:
            file.seek(length + 4, os.SEEK_CUR)
            continue
        is_safe = name in _SAFE or (name not in _OF_STORAGE and bool(name[3] & 0x20))
        if not is_safe or length > _MOST:
            file.seek(length + 4, os.SEEK_CUR)
            lost[name.decode("latin-1")] = None
            continue
        content = file.read(length)
        file.seek(4, os.SEEK_CUR)
        if name in (b"eXIf", b"cICP"):
            named.setdefault(name, content)
        elif name == b"iTXt" and content.startswith(_XMP):
            named.setdefault(_XMP, _text(content.removeprefix(_XMP)))
        else:
            further.append((name, content))
    exif, xmp, cicp = (named.get(name, b"") for name in (b"eXIf", _XMP, b"cICP"))
    return Chunks(exif, xmp, cicp, tuple(further), tuple(lost))


def insert(png: bytes, metadata: dict[str, Any]) -> bytes:
    """A PNG with chunks put in behind its header (PNG specification, third edition).

    Raises:
        ValueError: a chunk is damaged, so that readers would refuse the file.
    """
    chunks = _chunks(metadata)
    header = _SIGNATURE + 4 + 4 + 13 + 4  # then length, name, content and check of IHDR
    try:
        with Image.open(io.BytesIO(_PIXEL[:header] + chunks + _PIXEL[header:])) as tried:
            tried.load()
    except Exception as error:
        raise ValueError("a chunk is damaged") from error
    return png[:header] + chunks + png[header:]


def _chunks(metadata: dict[str, Any]) -> bytes:
    further = metadata.get("chunks", ())
    chunks = b""
    if profile := metadata.get("icc_profile"):
        chunks += _chunk(PROFILE, _profile(profile, dict(further).get(PROFILE, b"")))
    if cicp := metadata.get("cicp"):
        chunks += _chunk(b"cICP", cicp)
    if exif := metadata.get("exif"):
        chunks += _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    if xmp := metadata.get("xmp"):
        chunks += _chunk(b"iTXt", _XMP + b"\0\0\0\0" + xmp)
    if (dpi := metadata.get("dpi")) and b"pHYs" not in dict(further):
        horizontal, vertical = (round(value / 0.0254) for value in dpi)
        chunks += _chunk(b"pHYs", struct.pack(">IIB", horizontal, vertical, 1))
    for name, content in further:
        if name != PROFILE:
            chunks += _chunk(name, content)
    return chunks


def _profile(profile: bytes, stored: bytes) -> bytes:
    """The content of a chunk with a profile, by the name that it had in the source."""
    name = stored.partition(b"\0")[0] or b"ICC profile"
    return name + b"\0\0" + zlib.compress(profile)


def _text(content: bytes) -> bytes:
    """The text of an iTXt chunk from behind its keyword."""
    is_compressed, rest = content[:1] == b"\1", content[2:]
    text = rest.split(b"\0", 2)[-1]
    if not is_compressed:
        return text
    unpacker = zlib.decompressobj()
    return unpacker.decompress(text, _MOST)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def _pixel() -> bytes:
    """The smallest PNG, to try chunks on."""
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG")
    return file.getvalue()


_PIXEL = _pixel()
