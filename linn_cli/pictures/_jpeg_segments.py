"""What a JPEG keeps beside its pixels and Pillow neither keeps nor tells: segments, and data behind the picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_START, _END = b"\xff\xd8", b"\xff\xd9"
_SCAN, _APP0, COMMENT = 0xDA, 0xE0, 0xFE
_JFIF, _JFIF_THUMBNAIL = b"JFIF\0", 12
_PHOTOSHOP = b"Photoshop 3.0\0"
_IPTC_RESOURCE = 0x0404
_MOST = 2**16 - 3
# Written anew by the encoder, from what is kept elsewhere.
_KNOWN = {
    0xE0: (_JFIF,),
    0xE1: (b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0"),
    0xE2: (b"ICC_PROFILE\0",),
    0xED: (_PHOTOSHOP,),
    0xEE: (b"Adobe",),
}
# What belongs to data that does not come along, or that no longer holds of other pixels.
_LEFT_OUT = (
    (0xE2, b"MPF\0", None),  # where further pictures lie; these are told of themselves
    (0xE2, b"urn:iso:std:iso:ts:21496:-1\0", None),  # the gain map's
    (0xEB, b"JP", "content credentials (C2PA, JUMBF), which are for other pixels"),
)


@dataclass(frozen=True)
class Beside:
    """What a JPEG has beside its picture.

    `photoshop` is the content of its Photoshop segments, in which IPTC lies; `segments` are further ones whole, by
    their markers; `comments` are texts; `lost` says in words what does not come along.
    """

    photoshop: bytes = b""
    segments: tuple[tuple[int, bytes], ...] = ()
    lost: tuple[str, ...] = ()
    comments: tuple[bytes, ...] = ()


def read(file: BinaryIO) -> Beside:
    """What a JPEG has beside its picture; of a damaged one, what lies before the damage."""
    file.seek(0)
    content = file.read()
    photoshop, kept, lost, comments = b"", [], [], []
    end = len(content)
    for marker, segment, place in _segments(content):
        end = place
        if marker == COMMENT:
            comments.append(segment)
        if not 0xE0 <= marker <= 0xEF:
            continue
        if segment.startswith(_JFIF) and any(segment[_JFIF_THUMBNAIL : _JFIF_THUMBNAIL + 2]):
            lost.append("the thumbnail in its header (JFIF)")
        if marker == 0xED and segment.startswith(_PHOTOSHOP):
            photoshop += segment.removeprefix(_PHOTOSHOP)
        elif segment.startswith(_KNOWN.get(marker, ())):
            continue
        else:
            reasons = [
                said
                for kind, start, said in _LEFT_OUT
                if kind == marker and segment.startswith(start)
            ]
            if not reasons:
                kept.append((marker, segment))
            lost += [said for said in reasons if said]
    if said := _behind(content, end):
        lost.append(said)
    return Beside(photoshop, tuple(kept), tuple(dict.fromkeys(lost)), tuple(comments))


def insert(jpeg: bytes, photoshop: bytes, segments: tuple[tuple[int, bytes], ...]) -> bytes:
    """A JPEG with segments put in behind those of its header that the encoder wrote."""
    place = len(_START)
    for marker, _, behind in _segments(jpeg):
        if not (_APP0 <= marker <= _APP0 + 15 or marker == COMMENT):
            break
        place = behind
    step = _MOST - len(_PHOTOSHOP)
    parts = [photoshop[start : start + step] for start in range(0, len(photoshop), step)]
    added = [(0xED, _PHOTOSHOP + part) for part in parts]
    new = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(segment) + 2) + segment
        for marker, segment in (*added, *segments)
    )
    return jpeg[:place] + new + jpeg[place:]


def from_iptc(resources: bytes | None, record: bytes | None) -> bytes:
    """A TIFF's Photoshop resources and IPTC record as the content of a JPEG's Photoshop segment."""
    if resources:
        return resources
    if not record:
        return b""
    head = b"8BIM" + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(record))
    return head + record + bytes(len(record) % 2)


def to_iptc(photoshop: bytes) -> tuple[bytes, bytes | None]:
    """The content of a JPEG's Photoshop segment as a TIFF's resources and IPTC record."""
    place = 0
    while photoshop[place : place + 4] == b"8BIM" and place + 12 <= len(photoshop):
        (kind,) = struct.unpack_from(">H", photoshop, place + 4)
        name = photoshop[place + 6] + 1
        start = place + 6 + name + name % 2
        if start + 4 > len(photoshop):
            break
        (size,) = struct.unpack_from(">I", photoshop, start)
        if kind == _IPTC_RESOURCE:
            return photoshop, photoshop[start + 4 : start + 4 + size]
        place = start + 4 + size + size % 2
    return photoshop, None


def _segments(content: bytes) -> Iterator[tuple[int, bytes, int]]:
    """The segments of a JPEG to the end of its picture: marker, content, and where it ends."""
    place = len(_START)
    while (place := content.find(b"\xff", place)) >= 0 and place + 1 < len(content):
        marker = content[place + 1]
        if marker == _END[1]:
            yield marker, b"", place + 2
            return
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:  # a value, or without content
            place += 1 if marker == 0xFF else 2
            continue
        (size,) = struct.unpack(">H", content[place + 2 : place + 4].rjust(2, b"\0"))
        following = place + 2 + max(size, 2)
        yield marker, content[place + 4 : following], min(following, len(content))
        place = following


def _behind(content: bytes, end: int) -> str | None:
    """What lies behind the end of the picture."""
    rest = content[end:]
    if not rest.strip(b"\0"):
        return None
    is_gain_map = b"hdrgm:" in content or b"urn:iso:std:iso:ts:21496:-1" in content
    words = ["the gain map of its HDR version"] if is_gain_map and _START in rest else []
    if b"ftyp" in rest:
        words.append("the video of a motion photo")
    if not words:
        if _START in rest:
            return None if content.find(b"MPF\0", 0, end) >= 0 else "further pictures"
        words.append(f"{len(rest)} bytes behind the picture")
    return " and ".join(words)
