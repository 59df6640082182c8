from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile

from linn_cli.pictures import _tiff_directories as directories
from linn_cli.pictures._tiff_directories import SHORT, ByteOrder, Tag

ORDERS = pytest.mark.parametrize("byteorder", ["<", ">"])
SIZES = pytest.mark.parametrize("is_big", [False, True])


def tiff(byteorder: ByteOrder, *, is_big: bool) -> io.BytesIO:
    """A TIFF of two pages."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file, byteorder=byteorder, bigtiff=is_big) as writer:
        for level in (3, 4):
            tags = [(65000, 3, 3, (1, 2, level), True), (65001, 2, 0, "a long text", True)]
            writer.write(np.full((4, 5), level, np.uint8), extratags=tags, metadata=None)
    return file


@ORDERS
@SIZES
def test_directories_are_read_as_tifffile_reads_them(byteorder: ByteOrder, is_big: bool) -> None:
    file = tiff(byteorder, is_big=is_big)
    layout, pointer = directories.layout_of(file)
    assert (layout.byteorder, layout.is_big) == (byteorder, is_big)
    place = directories.offset_at(file, pointer, layout)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as known:
        for page in known.pages:
            found, place = directories.read(file, place, layout, directories.everything)
            tags = page.aspage().tags
            assert list(found) == [tag.code for tag in tags.values()]
            assert layout.numbers(found[65000]) == tags.valueof(65000)
            assert found[65001].value == b"a long text\0"
    assert place == 0


@ORDERS
@SIZES
def test_a_directory_that_is_put_at_the_end_is_read_by_tifffile(
    byteorder: ByteOrder, is_big: bool
) -> None:
    file = tiff(byteorder, is_big=is_big)
    layout, pointer = directories.layout_of(file)
    place = directories.offset_at(file, pointer, layout)
    own, following = directories.read(file, place, layout, directories.everything)
    value = struct.pack(byteorder + "HH", 7, 8)
    below = {306: Tag(2, 4, b"now\0")}
    added = {65002: Tag(SHORT, 2, value), directories.EXIF: Tag(4, 1, b"", below)}
    directories.append(file, own | added, pointer, following, layout)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as known:
        assert len(known.pages) == 2
        assert known.pages.first.tags.valueof(65002) == (7, 8)
        assert known.pages.first.tags.valueof(directories.EXIF)["DateTime"] == "now"
        assert known.pages.first.asarray().max() == 3


@pytest.mark.parametrize("head", [b"", b"II", b"MM*\0", b"PK\3\4"])
def test_what_is_no_tiff_is_refused(head: bytes) -> None:
    file = io.BytesIO(head)
    with pytest.raises(ValueError, match="no TIFF"):
        directories.layout_of(file)


def test_a_tag_that_claims_more_than_the_file_has_is_refused() -> None:
    entry = struct.pack("<HHHII", 1, 700, 1, 2**31, 0)
    file = io.BytesIO(b"II*\0" + struct.pack("<I", 8) + entry + bytes(4))
    layout, pointer = directories.layout_of(file)
    place = directories.offset_at(file, pointer, layout)
    with pytest.raises(ValueError, match="beyond the file"):
        directories.read(file, place, layout, directories.everything)


@ORDERS
@SIZES
def test_a_directory_of_an_unknown_tag_moves_with_it(byteorder: ByteOrder, is_big: bool) -> None:
    file = tiff(byteorder, is_big=is_big)
    layout, pointer = directories.layout_of(file)
    place = directories.offset_at(file, pointer, layout)
    own, following = directories.read(file, place, layout, directories.everything)
    below = {306: Tag(2, 9, b"far away\0")}
    added = {65010: Tag(13, 1, b"", below)}
    directories.append(file, own | added, pointer, following, layout)
    place = directories.offset_at(file, pointer, layout)
    found, _ = directories.read(file, place, layout, directories.everything)
    assert found[65010].kind == (18 if is_big else 13)
    assert found[65010].below == below
