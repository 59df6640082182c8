from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from linn_cli.pictures import _jpeg_segments, reading, writing
from linn_cli.pictures.formats import format_named

RECORD = b"\x1c\x02\x74\x00\x06(c) me"
IPTC = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(RECORD)) + RECORD + b"\0"
EXTENDED = b"http://ns.adobe.com/xmp/extension/\0" + b"g" * 32 + bytes(8) + b"<x/>"


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (40, 1))).save(
        file, "JPEG", progressive=True
    )
    return file.getvalue()


def copied(content: bytes, kind: str = "jpeg") -> tuple[bytes, list[str]]:
    document, copy = reading.decode(io.BytesIO(content), "a"), io.BytesIO()
    remarks = writing.encode(copy, document, format_named(kind))
    return copy.getvalue(), [*document.remarks, *remarks]


def test_segments_come_back_to_the_byte() -> None:
    # More IPTC than one segment holds, XMP that is continued, and what a maker alone understands.
    long = IPTC + b"8BIM\x04\x05\x00\x00" + struct.pack(">I", 70_000) + bytes(70_000)
    segments = ((0xE1, EXTENDED), (0xE5, b"MAKER\0" + bytes(9)))
    given = _jpeg_segments.insert(jpeg(), long, segments)
    copy, remarks = copied(given)
    assert remarks == []
    found = _jpeg_segments.read(io.BytesIO(copy))
    assert (found.photoshop, found.segments, found.lost) == (long, segments, ())
    assert Image.open(io.BytesIO(copy)).info["progressive"]


def test_iptc_goes_into_a_tiff_and_back_and_is_missed_elsewhere() -> None:
    given = _jpeg_segments.insert(jpeg(), IPTC, ())
    as_tiff, remarks = copied(given, "tiff")
    assert remarks == []
    back, _ = copied(as_tiff, "jpeg")
    assert _jpeg_segments.read(io.BytesIO(back)).photoshop == IPTC
    assert _jpeg_segments.to_iptc(IPTC) == (IPTC, RECORD)
    assert _jpeg_segments.from_iptc(None, RECORD) == IPTC
    assert copied(given, "png")[1] == ["PNG does not hold the metadata (IPTC)"]


def test_what_lies_behind_the_picture_is_told() -> None:
    plain = jpeg()
    video = plain + b"\0\0\0\x18ftypmp42" + bytes(50)
    assert copied(video)[1] == ["left out: the video of a motion photo"]
    gain = _jpeg_segments.insert(plain, b"", ((0xE1, b"http://ns.adobe.com/xap/1.0/\0hdrgm:"),))
    assert copied(gain + plain)[1] == ["left out: the gain map of its HDR version"]
    assert copied(plain + plain)[1] == ["left out: further pictures"]
    assert copied(plain + b"note")[1] == ["left out: 4 bytes behind the picture"]
    assert copied(plain + bytes(9))[1] == []
    credentials = _jpeg_segments.insert(plain, b"", ((0xEB, b"JP" + bytes(20)),))
    assert "content credentials" in copied(credentials)[1][0]


def test_damaged_ones_end() -> None:
    content = _jpeg_segments.insert(jpeg(), IPTC, ())
    chance = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        for place in chance.integers(2, len(content), 3):
            damaged[place] = chance.integers(0, 256)
        _jpeg_segments.read(io.BytesIO(damaged[: chance.integers(2, len(content))]))
        _jpeg_segments.to_iptc(bytes(damaged[20:80]))


def test_every_comment_comes_back() -> None:
    segments = ((0xFE, b"first"), (0xFE, b"second"))
    copy, remarks = copied(_jpeg_segments.insert(jpeg(), b"", segments))
    assert remarks == []
    assert _jpeg_segments.read(io.BytesIO(copy)).comments == (b"first", b"second")


def test_the_thumbnail_of_a_header_is_named() -> None:
    content = jpeg()
    header = b"\xff\xe0" + struct.pack(">H", 28) + b"JFIF\0\x01\x02\x01\0\x48\0\x48\2\2" + bytes(12)
    remarks = copied(content[:2] + header + content[20:])[1]
    assert remarks == ["left out: the thumbnail in its header (JFIF)"]


def test_pixels_that_are_not_square_stay_so() -> None:
    content = bytearray(jpeg())
    content[13:18] = struct.pack(">BHH", 0, 2, 1)
    copy, remarks = copied(bytes(content))
    assert remarks == []
    again, _ = copied(copy, "tiff")
    for found in (copy, again):
        exif = Image.open(io.BytesIO(found)).getexif()
        assert (exif[282], exif[283], exif[296]) == (2, 1, 1)
    assert copied(bytes(content), "webp")[1] == [
        "WebP does not hold the metadata (resolution without a unit)"
    ]


def test_of_two_resolutions_the_file_gets_one_and_says_so() -> None:
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 72.0, 72.0, 2
    exif.get_ifd(0x8769)[0x927C] = b"a maker's own, which must not move"
    colours = np.dstack([np.tile(np.arange(64, dtype=np.uint8), (40, 1))] * 3)
    image = Image.fromarray(colours)
    image.save(file := io.BytesIO(), "JPEG", exif=exif, dpi=(300, 300))
    before = image_exif(file.getvalue())
    copy, [remark] = copied(file.getvalue())
    assert remark == "the EXIF said 72 dpi and now says 300, as the rest of the file did"
    after = image_exif(copy)
    assert Image.open(io.BytesIO(copy)).info["dpi"] == (300, 300)
    assert after.index(b"a maker's own") == before.index(b"a maker's own")


def image_exif(content: bytes) -> bytes:
    exif = Image.open(io.BytesIO(content)).info["exif"]
    assert isinstance(exif, bytes)
    return exif


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_resolution_in_the_exif_moves_nothing_else(order: str) -> None:
    note = struct.pack(order + "HHI4s", 0x010F, 2, 4, b"abc\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    thumbnail = struct.pack(order + "HHHII", 1, 0x0202, 4, 1, 7) + bytes(4)
    first = struct.pack(order + "H", 1) + note + struct.pack(order + "I", 8 + 18)
    exif = b"Exif\0\0" + head + first + thumbnail
    colours = np.dstack([np.tile(np.arange(64, dtype=np.uint8), (40, 1))] * 3)
    Image.fromarray(colours).save(file := io.BytesIO(), "JPEG", exif=exif, dpi=(300, 200))
    copy, remarks = copied(file.getvalue())
    assert remarks == []
    found = Image.open(io.BytesIO(copy)).getexif()
    assert (found[0x010F], found[282], found[283]) == ("abc", 300, 200)
    assert found.get_ifd(ExifTags.IFD.IFD1)[0x0202] == 7
    assert image_exif(copy)[14 : len(exif)] == exif[14:]
    assert copied(file.getvalue(), "tiff")[1] == ["TIFF does not hold the thumbnail of the EXIF"]
