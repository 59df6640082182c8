"""EXIF blocks, which are small TIFFs: their tags, and the resolution that they say."""

from __future__ import annotations

import io
import math
import struct

from linn_cli.pictures import _tiff_directories as directories
from linn_cli.pictures._tiff_directories import Directory, Layout
from linn_cli.pictures._tiff_tags import BELOW, INCH, RESOLUTION, STRUCTURE, Tags, is_of_exif

_EXIF = b"Exif\0\0"
_ROUNDED = 0.005  # dots per inch are whole numbers in JFIF, and dots per metre in a PNG


def read(exif: bytes) -> Tags:
    """The tags of an EXIF block, as those of a file with one page.

    Raises:
        ValueError: the block is damaged.
    """
    file = io.BytesIO(exif.removeprefix(_EXIF))
    layout, pointer = directories.layout_of(file)
    place = directories.offset_at(file, pointer, layout)
    directory, _ = directories.read(
        file, place, layout, lambda code: code not in {BELOW, *STRUCTURE}
    )
    return Tags(layout.byteorder, layout.is_big, (directory,), (0,))


def block(tags: Tags) -> bytes | None:
    """The first page's tags as an EXIF block, as far as such blocks have them."""
    directory = {code: tag for code, tag in tags.pages[0].items() if is_of_exif(code)}
    if not directory:
        return None
    return _serialised(directory, Layout(tags.byteorder))


def _serialised(directory: Directory, layout: Layout) -> bytes:
    start = layout.offset.size + len(layout.header)
    content, _ = directories.serialised(directory, start, layout)
    return _EXIF + layout.header + layout.offset.pack(start) + content


def resolution(exif: bytes) -> tuple[float, float] | None:
    """The resolution that an EXIF block says, in dots per inch."""
    try:
        return read(exif).resolution
    except (ValueError, struct.error):
        return None


def are_alike(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two resolutions are the same but for rounding."""
    pairs = zip(one, other, strict=True)
    return all(math.isclose(first, second, rel_tol=_ROUNDED) for first, second in pairs)


def with_resolution(exif: bytes | None, density: tuple[float, float], unit: int = INCH) -> bytes:
    """An EXIF block that says the resolution; as it was if it says it already, or is damaged.

    It gets a new main directory behind everything else, so that nothing moves: neither a thumbnail nor makers' notes,
    which may point to places.
    """
    try:
        tags = read(exif) if exif else Tags(pages=({},))
    except (ValueError, struct.error):
        return exif or b""
    stated = tags.with_resolution(density, unit).pages[0]
    if not exif:
        return _serialised(stated, Layout(tags.byteorder))
    if unit == INCH and tags.resolution and are_alike(tags.resolution, density):
        return exif
    block = exif.removeprefix(_EXIF)
    layout, pointer = directories.layout_of(file := io.BytesIO(block))
    place = directories.offset_at(file, pointer, layout)
    own, following = directories.unread(file, place, layout)
    start = len(block) + len(block) % 2
    new = {code: stated[code] for code in RESOLUTION}
    directory, _ = directories.serialised(new, start, layout, following, own)
    head = block[:pointer] + layout.offset.pack(start)
    return _EXIF + (head + block[len(head) :]).ljust(start, b"\0") + directory


def has_thumbnail(exif: bytes) -> bool:
    """Whether an EXIF block has a second directory, which is about a thumbnail."""
    try:
        layout, pointer = directories.layout_of(file := io.BytesIO(exif.removeprefix(_EXIF)))
        place = directories.offset_at(file, pointer, layout)
        return directories.unread(file, place, layout)[1] > 0
    except (ValueError, struct.error):
        return False
