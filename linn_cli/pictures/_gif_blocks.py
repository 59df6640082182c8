"""What a GIF keeps in extension blocks and Pillow neither reads nor writes: XMP and a colour profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_HEADER = 13
_EXTENSION, _IMAGE = 0x21, 0x2C
_APPLICATION, _TEXT = 0xFF, 0x01
_XMP, _PROFILE = b"XMP DataXMP", b"ICCRGBG1012"
_TIMING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")  # how often it plays, which Pillow knows
# XMP lies in no blocks. What skips blocks ends up in these bytes, each of which leads to the last.
_TRAILER = b"\1" + bytes(range(255, -1, -1))
_MOST = 255  # bytes in a block


@dataclass(frozen=True)
class Blocks:
    """XMP and profile of a GIF, and the names of extensions that do not come along."""

    xmp: bytes = b""
    profile: bytes = b""
    lost: tuple[str, ...] = ()


def read(file: BinaryIO) -> Blocks:
    """What the extension blocks of a GIF say; of a damaged one, those before the damage."""
    file.seek(0)
    content = file.read()
    xmp, profile, lost = b"", b"", []
    for label, start, end in _extensions(content):
        if label == _TEXT:
            lost.append("plain text")
        if label != _APPLICATION:
            continue
        name, place = content[start + 1 : start + 12], start + 12
        if name == _XMP:
            xmp = content[place : end - 1].removesuffix(_TRAILER)
        elif name == _PROFILE:
            profile = b"".join(_blocks(content, place))
        elif name not in _TIMING:
            lost.append(name.decode("ascii", "replace").strip("\0 "))
    return Blocks(xmp, profile, tuple(dict.fromkeys(lost)))


def insert(gif: bytes, xmp: bytes = b"", profile: bytes = b"") -> bytes:
    """A GIF with XMP and a profile put in behind its header."""
    start = bytes((_EXTENSION, _APPLICATION, len(_XMP)))
    new = b""
    if profile:
        parts = (profile[place : place + _MOST] for place in range(0, len(profile), _MOST))
        new += start + _PROFILE + b"".join(bytes((len(part),)) + part for part in parts) + b"\0"
    if xmp:
        new += start + _XMP + xmp + _TRAILER + b"\0"
    place = _HEADER + _table(gif[_HEADER - 3])
    return gif[:place] + new + gif[place:]


def _table(flags: int) -> int:
    """How many bytes a table of colours has."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _extensions(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Extensions: label, where the first block starts, and where the last one ends."""
    if len(content) < _HEADER:
        return
    place = _HEADER + _table(content[_HEADER - 3])
    while place + 10 < len(content):
        if content[place] == _EXTENSION:
            start = place + 2
        elif content[place] == _IMAGE:
            start = place + 10 + _table(content[place + 9]) + 1
        else:
            return
        end = start
        for block in _blocks(content, start):
            end += 1 + len(block)
        if content[place] == _EXTENSION:
            yield content[place + 1], start, end + 1
        place = end + 1


def _blocks(content: bytes, place: int) -> Iterator[bytes]:
    """The blocks from a place on, to the empty one."""
    while place < len(content) and (size := content[place]):
        yield content[place + 1 : place + 1 + size]
        place += 1 + size
