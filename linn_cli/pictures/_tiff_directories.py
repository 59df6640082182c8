"""Directories of TIFFs as they lie in a file, classic or big, in either byte order: read raw, and put raw into another."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Literal

ByteOrder = Literal["<", ">"]
ORDERS: tuple[ByteOrder, ByteOrder] = ("<", ">")
EXIF, GPS, INTEROPERABILITY = 34665, 34853, 40965  # tags that point to directories of their own
SHORT, LONG, LONG8 = 3, 4, 16  # types of values
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_POINTERS = (13, 18)  # types of values that are places of directories, of 32 and of 64 bits
_KNOWN = (EXIF, GPS, INTEROPERABILITY)
SUB_IFDS = 330  # point to pictures
_UNSIGNED = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_DEPTH = 4
_NONE: Mapping[int, bytes] = {}


@dataclass(frozen=True)
class Tag:
    """A tag: its type, how many values of it, and these as bytes; or the directory that it points to."""

    kind: int
    count: int
    value: bytes
    below: Directory | None = None


Directory = dict[int, Tag]


@dataclass(frozen=True)
class Layout:
    """How directories lie in a file: byte order, and offsets of 32 or of 64 bits."""

    byteorder: ByteOrder
    is_big: bool = False

    @property
    def offset(self) -> struct.Struct:
        return struct.Struct(self.byteorder + ("Q" if self.is_big else "I"))

    @property
    def count(self) -> struct.Struct:
        return struct.Struct(self.byteorder + ("Q" if self.is_big else "H"))

    @property
    def entry(self) -> struct.Struct:
        return struct.Struct(self.byteorder + ("HHQ8s" if self.is_big else "HHI4s"))

    @property
    def header(self) -> bytes:
        mark = b"II" if self.byteorder == "<" else b"MM"
        version = (43, 8, 0) if self.is_big else (42,)
        return mark + struct.pack(self.byteorder + "H" * len(version), *version)

    def numbers(self, tag: Tag) -> tuple[int, ...]:
        """The values of a tag that holds whole numbers."""
        return struct.unpack(f"{self.byteorder}{tag.count}{_UNSIGNED[tag.kind]}", tag.value)


def layout_of(file: BinaryIO) -> tuple[Layout, int]:
    """The layout of an open TIFF, and where the offset of its first directory stands."""
    file.seek(0)
    head = file.read(4)
    for layout in (Layout(order, is_big) for order in ORDERS for is_big in (False, True)):
        if head == layout.header[:4]:
            return layout, len(layout.header)
    raise ValueError("no TIFF")


def offset_at(file: BinaryIO, place: int, layout: Layout) -> int:
    file.seek(place)
    offset: int = layout.offset.unpack(exactly(file, layout.offset.size))[0]
    return offset


def read(
    file: BinaryIO, place: int, layout: Layout, wanted: Callable[[int], bool], depth: int = 0
) -> tuple[Directory, int]:
    """The wanted tags of the directory at a place, and where the next one lies."""
    file.seek(place)
    (count,) = layout.count.unpack(exactly(file, layout.count.size))
    entries = exactly(file, count * layout.entry.size)
    (following,) = layout.offset.unpack(exactly(file, layout.offset.size))
    found: Directory = {}
    for code, kind, number, inline in layout.entry.iter_unpack(entries):
        if not wanted(code) or kind not in _SIZES:
            continue
        size = number * _SIZES[kind]
        value = inline[:size]
        if size > len(inline):
            file.seek(layout.offset.unpack(inline)[0])
            value = exactly(file, size)
        tag = Tag(kind, number, value)
        is_pointer = code in _KNOWN or (kind in _POINTERS and code != SUB_IFDS)
        if is_pointer and number == 1 and kind in _UNSIGNED:
            if depth == _MOST_DEPTH:
                raise ValueError("directories within directories without end")
            (lower,) = layout.numbers(tag)
            below, _ = read(file, lower, layout, everything, depth + 1)
            tag = Tag(kind, number, value, below)
        found[code] = tag
    return found, following


def unread(file: BinaryIO, place: int, layout: Layout) -> tuple[dict[int, bytes], int]:
    """The entries of the directory at a place as they are, whose values lie elsewhere, and where the next one lies."""
    file.seek(place)
    (count,) = layout.count.unpack(exactly(file, layout.count.size))
    content = exactly(file, count * layout.entry.size)
    (following,) = layout.offset.unpack(exactly(file, layout.offset.size))
    entries = [
        content[start : start + layout.entry.size]
        for start in range(0, len(content), layout.entry.size)
    ]
    return {layout.entry.unpack(entry)[0]: entry for entry in entries}, following


def serialised(
    directory: Directory,
    start: int,
    layout: Layout,
    following: int = 0,
    others: Mapping[int, bytes] = _NONE,
) -> tuple[bytes, int]:
    """A directory that lies at `start`, with its values behind it; and where the offset of the next one stands.

    `others` are entries of the same file that come along as they are, unless the directory has tags of their codes.
    """
    taken = {code: entry for code, entry in others.items() if code not in directory}
    count_all = len(directory) + len(taken)
    fixed = layout.count.size + count_all * layout.entry.size + layout.offset.size
    values = b""
    for code, tag in sorted(directory.items()):
        kind, count, value = tag.kind, tag.count, tag.value
        place = start + fixed + len(values)
        if tag.below is not None:
            is_typed = kind in _POINTERS
            kind, count = (_POINTERS if is_typed else (LONG, LONG8))[layout.is_big], 1
            value = layout.offset.pack(place)
            values += serialised(tag.below, place, layout)[0]
        elif len(value) > layout.offset.size:
            values += value + bytes(len(value) % 2)
            value = layout.offset.pack(place)
        taken[code] = layout.entry.pack(code, kind, count, value)
    head = layout.count.pack(count_all) + b"".join(taken[code] for code in sorted(taken))
    return head + layout.offset.pack(following) + values, start + len(head)


def append(
    file: BinaryIO, directory: Directory, pointer: int, following: int, layout: Layout
) -> int:
    """Put a directory at the end of a file and link it at `pointer`; where its own link to the next stands."""
    start = end_of(file)
    content, link = serialised(directory, start, layout, following)
    file.write(content)
    file.seek(pointer)
    file.write(layout.offset.pack(start))
    return link


def end_of(file: BinaryIO) -> int:
    """The end of a file, at an even place, as TIFF asks for."""
    end = file.seek(0, os.SEEK_END)
    file.write(bytes(end % 2))
    return end + end % 2


def exactly(file: BinaryIO, size: int) -> bytes:
    """So many bytes. What a damaged file claims is not allocated."""
    place = file.tell()
    if size > file.seek(0, os.SEEK_END) - place:
        raise ValueError("a tag that reaches beyond the file")
    file.seek(place)
    return file.read(size)


def everything(code: int) -> bool:
    return True
