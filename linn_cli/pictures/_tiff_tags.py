"""What the tags of a TIFF mean: which come along into another file, raw, and which belong to how the pixels are stored.

tifffile writes neither EXIF's directories nor masks, and no text that is not ASCII. So it writes the pixels, and `graft`
gives the file the directories that it should have.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import repeat
from typing import BinaryIO

import tifffile
from PIL import ExifTags

from linn_cli.errors import InputError
from linn_cli.pictures import _tiff_directories as directories
from linn_cli.pictures._tiff_directories import (
    EXIF,
    GPS,
    LONG,
    LONG8,
    ORDERS,
    SHORT,
    ByteOrder,
    Directory,
    Layout,
    Tag,
)

ORIENTATION = int(ExifTags.Base.Orientation)
XMP, ICC_PROFILE, IPTC, PHOTOSHOP = 700, 34675, 33723, 34377
RESOLUTION = frozenset({282, 283, 296})
_SUBFILE, _DESCRIPTION, BELOW = 254, 270, directories.SUB_IFDS
_OVERVIEW, _MASK = 1, 4
_STRIPS, _TILES = (273, 279), (324, 325)
COMPRESSION = 259
_STORAGE = (COMPRESSION, 317, 284, 262, 32997, 258, 277, 323, 322)
# How samples are stored belongs to the file and not to the picture.
STRUCTURE = frozenset(
    {
        *(255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 284, 288, 289, 292),
        *(293, 317, 320, 322, 323, 324, 325, 326, 327, 328, 338, 339, 347, 400),
        *range(512, 522),
        *(529, 530, 531, 532, 559, 32995, 32996, 32997, 32998),
    }
)
# What no longer holds of other pixels or in another file, and so is left out with a word: ranges of values, inks, layers;
# and what MetaMorph (STK) and Zeiss (LSM) say of places in the file.
_STALE = frozenset(
    {
        *(280, 281, 290, 291, 301, 321, 332, 333, 334, 336, 340, 341, 342, 433, 434, 37724),
        *(33628, 33629, 33630, 33631, 34412),
    }
)
# Of the tags of a TIFF, those that EXIF in other formats may have, too.
_IN_EXIF = frozenset({33432, EXIF, GPS, *range(0x9C9B, 0x9CA0)})
_LAST_OF_TIFF = 33000
_BYTE, _RATIONAL, _UNDEFINED = 1, 5, 7
_PAIR = 8  # bytes of a ratio
NO_UNIT, INCH, _PER_INCH = 1, 2, {2: 1.0, 3: 2.54}
_MOST_PAGES = 2**20
# Where OME-XML says in which files its planes and itself lie.
_OME_FILES = re.compile(
    rb"""<(?:\w+:)?(?:UUID|BinaryOnly)\b[^>]*?\b(?:FileName|MetadataFile)\s*=\s*["']([^"']+)"""
)


@dataclass(frozen=True)
class Mask:
    """A page that says which pixels of another hold: its directory and its strips or tiles, as they are."""

    behind: int
    directory: Directory
    segments: tuple[bytes, ...]


@dataclass(frozen=True)
class Stored:
    """How a page is stored.

    `predictor`: as differences; `planar`: channel by channel; `depth`: layers in the page; `tile`: height and width of
    tiles, None for strips; `is_bilevel`: in one bit for each pixel.
    """

    compression: int = 0
    predictor: bool = False
    planar: bool = False
    white_is_zero: bool = False
    depth: int = 1
    tile: tuple[int, int] | None = None
    is_bilevel: bool = False


@dataclass(frozen=True)
class Tags:
    """What a TIFF says of its pages besides how they are stored.

    `pages` are those that hold pictures of their own, `indices` says which of the file's these are, `stored` how, and
    `lost` names what no other file gets.
    """

    byteorder: ByteOrder = "<"
    is_big: bool = False
    pages: tuple[Directory, ...] = ()
    indices: tuple[int, ...] = ()
    masks: tuple[Mask, ...] = ()
    lost: tuple[str, ...] = ()
    stored: tuple[Stored, ...] = ()

    def first(self, code: int) -> bytes | None:
        """The bytes of a tag of the first page."""
        tag = self.pages[0].get(code) if self.pages else None
        return tag.value if tag else None

    @property
    def resolution(self) -> tuple[float, float] | None:
        """The first page's resolution in dots per inch, if it says one."""
        unit, density = self._stated()
        if unit not in _PER_INCH or density is None:
            return None
        horizontal, vertical = density
        return horizontal * _PER_INCH[unit], vertical * _PER_INCH[unit]

    @property
    def density(self) -> tuple[float, float] | None:
        """The first page's resolution if it has no unit, and is not what writers put there for none."""
        unit, density = self._stated()
        return density if unit == NO_UNIT and density != (1, 1) else None

    def _stated(self) -> tuple[int, tuple[float, float] | None]:
        """The unit of the first page's resolution, and its numbers, if they can be any."""
        first = self.pages[0] if self.pages else {}
        if not {282, 283} <= first.keys():
            return NO_UNIT, None
        unit, stated = INCH, first.get(296)
        if stated and stated.kind == SHORT and stated.count:
            unit = Layout(self.byteorder).numbers(stated)[0]
        values = [first[code].value for code in (282, 283)]
        if any(len(value) != _PAIR for value in values):
            return unit, None
        pairs = [struct.unpack(f"{self.byteorder}2I", value) for value in values]
        if not all(min(pair) > 0 for pair in pairs):
            return unit, None
        horizontal, vertical = (above / below for above, below in pairs)
        return unit, (horizontal, vertical)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that OME-XML speaks of, if there is another beside this one."""
        description = self.first(_DESCRIPTION) or b""
        names = dict.fromkeys(_OME_FILES.findall(description))
        is_set = len(names) > 1 or b"BinaryOnly" in description
        return tuple(name.decode("utf-8", "replace") for name in names) if is_set else ()

    def without(self, code: int) -> Tags:
        """The same without a tag on any page."""
        pages = [{key: tag for key, tag in page.items() if key != code} for page in self.pages]
        return replace(self, pages=tuple(pages))

    def with_bytes(self, code: int, value: bytes | None) -> Tags:
        """The same with bytes as a tag of the first page, or without."""
        first, *rest = self.pages
        old = first.get(code)
        if old is not None and old.value == value:
            return self
        first = {key: tag for key, tag in first.items() if key != code}
        if value:
            first[code] = Tag(_UNDEFINED if code == ICC_PROFILE else _BYTE, len(value), value)
        return replace(self, pages=(first, *rest))

    def with_resolution(self, density: tuple[float, float], unit: int = INCH) -> Tags:
        """The same with a resolution of the first page."""
        first, *rest = self.pages
        new = {296: Tag(SHORT, 1, struct.pack(self.byteorder + "H", unit))}
        for code, value in zip((282, 283), density, strict=True):
            ratio = Fraction(value).limit_denominator(10_000)
            pair = struct.pack(self.byteorder + "2I", ratio.numerator, ratio.denominator)
            new[code] = Tag(_RATIONAL, 1, pair)
        return replace(self, pages=({**first, **new}, *rest))

    def in_several(self) -> Tags:
        """The same for frames that lay behind one directory and now have one each."""
        first, *rest = self.pages
        tag = first.get(_DESCRIPTION)
        if tag is None:
            return self
        # tifffile writes this of its files, and would look for all frames behind the first directory.
        value = re.sub(rb',\s*"truncated":\s*true', b"", tag.value)
        return replace(
            self, pages=({**first, _DESCRIPTION: Tag(tag.kind, len(value), value)}, *rest)
        )

    def upright(self) -> Tags:
        """The same for pixels that have been turned upright."""
        value = Tag(SHORT, 1, struct.pack(self.byteorder + "H", 1))
        pages = [
            page | {ORIENTATION: value} if ORIENTATION in page else page for page in self.pages
        ]
        return replace(self, pages=tuple(pages))


def read(file: BinaryIO) -> Tags:
    """The tags of a TIFF, classic or big.

    Raises:
        ValueError: a directory is damaged.
        InputError: pages are missing at the end of the file.
    """
    layout, pointer = directories.layout_of(file)
    pages: list[Directory] = []
    indices: list[int] = []
    masks: list[Mask] = []
    stored: list[Stored] = []
    lost: list[str] = []
    overviews = 0
    places: list[int] = []
    place = directories.offset_at(file, pointer, layout)
    size = file.seek(0, os.SEEK_END)
    known: set[int] = set()
    while place and place not in known and len(places) < _MOST_PAGES:
        here = place
        if here >= size:
            raise InputError("damaged: pages lie beyond the end of the file, which was cut short")
        known.add(here)
        places.append(here)
        directory, place = directories.read(file, here, layout, _is_kept)
        role = layout.numbers(directory[_SUBFILE])[0] if _SUBFILE in directory else 0
        if role & _OVERVIEW and pages:
            overviews += 1
        elif role & _MASK and pages:
            masks.append(_mask(file, here, layout, len(pages)))
        else:
            overviews += directory[BELOW].count if BELOW in directory else 0
            lost += [_name(code) for code in directory if code in _STALE]
            gone = {BELOW, *_STALE}
            pages.append({code: tag for code, tag in directory.items() if code not in gone})
            indices.append(len(places) - 1)
            stored.append(_stored(file, here, layout))
    if not pages:
        raise ValueError("a file without pages")
    if overviews:
        lost.insert(0, f"{overviews} smaller or further pictures (gdaladdo makes overviews)")
    return Tags(
        layout.byteorder,
        layout.is_big,
        tuple(pages),
        tuple(indices),
        tuple(masks),
        tuple(dict.fromkeys(lost)),
        tuple(stored),
    )


def only_of_tiff(tags: Tags) -> list[str]:
    """The names of the tags that no other format has a place for."""
    known = {XMP, ICC_PROFILE, IPTC, PHOTOSHOP, _SUBFILE, *RESOLUTION}
    codes = dict.fromkeys(code for page in tags.pages for code in page)
    names = [_name(code) for code in codes if code not in known and not is_of_exif(code)]
    first, *others = tags.pages
    ignored = {XMP, ICC_PROFILE, _SUBFILE, ORIENTATION}
    is_more = any(
        first.get(code) != tag
        for page in others
        for code, tag in page.items()
        if code not in ignored
    )
    return [
        *names,
        *(["masks"] if tags.masks else []),
        *(["those of further pages"] if is_more else []),
    ]


def graft(
    file: BinaryIO,
    pages: Sequence[Directory],
    masks: Sequence[Mask] = (),
    compressions: Sequence[int] = (),
) -> None:
    """Give the pages of a written TIFF further tags, and put masks behind them.

    Args:
        file: open for reading and writing, in the byte order of the tags.
        pages: the tags of each page; they come before those that the page has, but for how it is stored.
        masks: pages as they were in another file.
        compressions: of each page, 0 where it is the one that the page names; by default of all.
    """
    layout, pointer = directories.layout_of(file)
    for number, (added, compression) in enumerate(
        zip(pages, compressions or repeat(0), strict=False), start=1
    ):
        own, following = directories.read(
            file, directories.offset_at(file, pointer, layout), layout, directories.everything
        )
        if (
            not RESOLUTION & added.keys()
            and layout.numbers(own.get(296, _INCHES[layout.byteorder]))[0] == 1
        ):
            own = {code: tag for code, tag in own.items() if code not in RESOLUTION}
        stored = {code: tag for code, tag in own.items() if code in STRUCTURE}
        if compression:
            stored[COMPRESSION] = Tag(SHORT, 1, struct.pack(layout.byteorder + "H", compression))
        pointer = directories.append(file, own | added | stored, pointer, following, layout)
        for mask in masks:
            if mask.behind == number:
                pointer = _append_mask(file, mask, pointer, following, layout)


def _stored(file: BinaryIO, place: int, layout: Layout) -> Stored:
    """How the page at a place is stored."""
    found, _ = directories.read(file, place, layout, lambda code: code in _STORAGE)
    numbers = {code: layout.numbers(tag)[0] for code, tag in found.items()}
    compression, predictor, planar, photometric, depth, bits, samples = (
        numbers.get(code, 1) for code in _STORAGE[:-2]
    )
    height, width = (numbers.get(code, 0) for code in _STORAGE[-2:])
    return Stored(
        compression,
        predictor > 1,
        planar > 1,
        photometric == 0,
        depth,
        (height, width) if height and width else None,
        bits == samples == 1,
    )


def _append_mask(file: BinaryIO, mask: Mask, pointer: int, following: int, layout: Layout) -> int:
    places = []
    for segment in mask.segments:
        places.append(directories.end_of(file))
        file.write(segment)
    offsets, _ = _segment_tags(mask.directory)
    kind, pattern = (LONG8, "Q") if layout.is_big else (LONG, "I")
    value = struct.pack(f"{layout.byteorder}{len(places)}{pattern}", *places)
    directory = mask.directory | {offsets: Tag(kind, len(places), value)}
    return directories.append(file, directory, pointer, following, layout)


def _mask(file: BinaryIO, place: int, layout: Layout, behind: int) -> Mask:
    directory, _ = directories.read(file, place, layout, lambda code: code != BELOW)
    offsets, counts = (layout.numbers(directory[code]) for code in _segment_tags(directory))
    segments = []
    for offset, count in zip(offsets, counts, strict=True):
        file.seek(offset)
        segments.append(directories.exactly(file, count))
    return Mask(behind, directory, tuple(segments))


def _segment_tags(directory: Directory) -> tuple[int, int]:
    for pair in (_TILES, _STRIPS):
        if directory.keys() >= set(pair):
            return pair
    raise ValueError("a mask without pixels")


def _is_kept(code: int) -> bool:
    return code not in STRUCTURE


def is_of_exif(code: int) -> bool:
    """Whether EXIF in other formats may have a tag, too."""
    own = code < _LAST_OF_TIFF and code not in {XMP, _SUBFILE, *RESOLUTION}
    return own or code in _IN_EXIF


def _name(code: int) -> str:
    return str(tifffile.TIFF.TAGS.get(code, f"tag {code}"))


_INCHES = {order: Tag(3, 1, struct.pack(order + "H", 1)) for order in ORDERS}
