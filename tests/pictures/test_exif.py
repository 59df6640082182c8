"""The oracle is Pillow's reading of the block."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from linn_cli.pictures import _exif

DAMAGED = b"Exif\0\0II*\0\xff\xff\0\0"


def stored(*, thumbnail: bool = False) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8769)[0x927C] = b"notes of a maker"
    block = exif.tobytes()
    if not thumbnail:
        return block
    # The main directory is the last part of the block but for its values: another one follows behind everything.
    tags = _exif.read(block)
    place = len(block) - len(b"Exif\0\0")
    head = 6 + 8 + 2 + 12 * len(tags.pages[0])
    following = struct.pack(tags.byteorder + "I", place)
    return block[:head] + following + block[head + 4 :] + bytes(6)


def read_by_pillow(block: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block)
    return exif


def test_tags_go_into_a_block_and_back() -> None:
    tags = _exif.read(stored())
    block = _exif.block(tags)
    assert block is not None
    assert _exif.read(block).pages == tags.pages
    assert read_by_pillow(block)[0x010F] == "a camera"


@pytest.mark.parametrize("unit", [1, 2])
@pytest.mark.parametrize("exif", [None, stored()])
def test_a_block_gets_a_resolution(exif: bytes | None, unit: int) -> None:
    block = _exif.with_resolution(exif, (300, 200), unit)
    found = read_by_pillow(block)
    assert (found[282], found[283], found[296]) == (300, 200, unit)
    assert _exif.resolution(block) == ((300, 200) if unit == 2 else None)
    if exif:
        assert found[0x010F] == "a camera"
        assert block.index(b"notes of a maker") == exif.index(b"notes of a maker")


def test_a_block_that_says_it_already_stays() -> None:
    block = _exif.with_resolution(stored(), (300, 200))
    assert _exif.with_resolution(block, (300.4, 199.7)) == block  # as rounded in JFIF
    assert _exif.with_resolution(block, (150, 200)) != block


def test_what_is_damaged_stays_and_says_nothing() -> None:
    assert _exif.resolution(DAMAGED) is None
    assert _exif.with_resolution(DAMAGED, (300, 200)) == DAMAGED
    assert not _exif.has_thumbnail(DAMAGED)


def test_a_second_directory_is_about_a_thumbnail() -> None:
    assert _exif.has_thumbnail(stored(thumbnail=True))
    assert not _exif.has_thumbnail(stored())
