"""What an AVIF says of its colours and its depth, which Pillow neither tells nor writes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_COLOURS = b"colrnclx"
_CONFIGURATION = b"av1C"
_GAIN_MAP = b"tmap"


@dataclass(frozen=True)
class Coding:
    """Colour primaries and transfer as a PNG's cICP says them (ITU-T H.273), bits a sample, and a gain map or none."""

    cicp: bytes
    bits: int
    has_gain_map: bool


def read(content: bytes) -> Coding:
    """How the colours of an AVIF file are coded."""
    boxes = _meta(content)
    place = boxes.find(_COLOURS)
    values = boxes[place + len(_COLOURS) :][:4]
    cicp = b""
    if place >= 0 and len(values) == 4:
        primaries, transfer = struct.unpack(">HH", values)
        cicp = bytes((primaries & 255, transfer & 255, 0, 1))
    bits, place = 8, boxes.find(_CONFIGURATION)
    while place >= 0 and place + 7 <= len(boxes):
        flags = boxes[place + 6]
        bits = max(bits, (8, 8, 10, 12)[flags >> 5 & 3])
        place = boxes.find(_CONFIGURATION, place + 1)
    return Coding(cicp, bits, _GAIN_MAP in boxes)


def relabel(content: bytes, cicp: bytes) -> bytes:
    """An AVIF file that says primaries and transfer of its colours, of which the pixels are."""
    start, boxes = content.find(b"meta"), _meta(content)
    begun = boxes.find(_COLOURS)
    if start < 0 or begun < 0:
        return content
    place = content.find(boxes) + begun + len(_COLOURS)
    return content[:place] + struct.pack(">HH", cicp[0], cicp[1]) + content[place + 4 :]


def _meta(content: bytes) -> bytes:
    """The box of a file that describes its pictures; empty if there is none."""
    place = 0
    while place + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        if kind == b"meta":
            return content[place : place + size]
        if size < 8:
            break
        place += size
    return b""
