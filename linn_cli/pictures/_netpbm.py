"""What a PNM says in its header and behind its pixels, which Pillow does not tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from linn_cli.pictures import high_depth

_MOST_HEADER = 2**20
_TOKEN = re.compile(rb"[^\s#]+|#([^\r\n]*)")
_CHANNELS = {b"P5": 1, b"P6": 3}  # of those that are not text


@dataclass(frozen=True)
class Header:
    """Comments, the largest value that may be, and whether further pictures follow the first."""

    comment: bytes = b""
    most: int = 1
    is_followed: bool = False


def read(file: BinaryIO) -> Header:
    """What a PNM says beside its pixels.

    Raises:
        ValueError: the header is damaged.
    """
    file.seek(0)
    head = file.read(_MOST_HEADER)
    magic, end = head[:2], 2
    numbers: list[int] = []
    comments: list[bytes] = []
    while len(numbers) < (2 if magic in (b"P1", b"P4") else 3):
        found = _TOKEN.search(head, end)
        if found is None:
            raise ValueError("the header of the PNM is damaged")
        end = found.end()
        if found[1] is None:
            numbers.append(int(found[0]))
        else:
            comments.append(found[1].strip())
    width, height, most = (*numbers, 1)[:3]
    if magic == b"P4":
        size = (width + 7) // 8 * height
    else:
        size = width * height * _CHANNELS.get(magic, 0) * (2 if most > 255 else 1)
    file.seek(end + 1 + size)
    following = file.read(1) if size else b""
    return Header(b"\n".join(comments), most, following == b"P")


def rescaled(file: BinaryIO) -> tuple[str, ...]:
    """What to say of values that were brought from the range of a file to that of 8 or 16 bits."""
    try:
        most = read(file).most
    except ValueError:  # it is said of the metadata
        return ()
    return () if most == 1 else high_depth.spread(most)  # a picture of bits has no range


def insert(pnm: bytes, comment: bytes) -> bytes:
    """A PNM with a comment put in behind its magic number."""
    lines = b"".join(b"# " + line + b"\n" for line in comment.splitlines())
    return pnm[:2] + b"\n" + lines + pnm[3:]
