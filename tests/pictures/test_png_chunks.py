from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from linn_cli.errors import InputError
from linn_cli.pictures import _png_chunks, high_depth, reading, writing
from linn_cli.pictures.formats import format_named
from linn_cli.pictures.picture import Picture

EXIF = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"  # an orientation
XMP = b"<x:xmpmeta>\xc3\xa4</x:xmpmeta>"


def png(dtype: str = "uint8") -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((9, 7), 100, dtype)).save(file, "PNG")
    return file.getvalue()


def copied(content: bytes, kind: str = "png") -> tuple[bytes, list[str]]:
    document, copy = reading.decode(io.BytesIO(content), "a"), io.BytesIO()
    remarks = writing.encode(copy, document, format_named(kind))
    return copy.getvalue(), [*document.remarks, *remarks]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_chunks_before_and_behind_the_pixels_are_kept(dtype: str) -> None:
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)
    further = [(b"tIME", bytes(7)), (b"prVt", b"own"), (b"pHYs", b"\0\0\0\2\0\0\0\1\0")]
    given = png(dtype)
    late = _png_chunks.insert(given, {"exif": EXIF, "chunks": [*further, (b"iTXt", packed)]})
    chunks = late[33 : len(late) - len(given) + 33]
    behind = given[:-12] + chunks + given[-12:]
    for content in (late, behind):
        copy, remarks = copied(content)
        assert remarks == []
        found = _png_chunks.read(io.BytesIO(copy))
        assert (found.exif, found.xmp) == (EXIF, XMP)
        assert sorted(found.further) == sorted(further)
        assert Image.open(io.BytesIO(copy)).getexif()[0x0112] == 6


def test_what_hangs_on_the_storage_is_named() -> None:
    given = _png_chunks.insert(png(), {"chunks": [(b"bKGD", b"\0\0"), (b"caBX", b"signed")]})
    assert copied(given)[1] == ["left out: PNG chunks (bKGD, caBX)"]


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("kind", ["png", "avif", "jpeg", "webp", "tiff", "bmp"])
def test_hdr_keeps_its_label_or_is_refused(transfer: int, kind: str) -> None:
    label = bytes((9, transfer, 0, 1))
    given = _png_chunks.insert(png(), {"cicp": label})
    if kind not in ("png", "avif"):
        with pytest.raises(InputError, match="holds HDR"):
            copied(given, kind)
        return
    copy, _ = copied(given, kind)
    assert reading.decode(io.BytesIO(copy), "").metadata["cicp"] == label


def test_wide_colours_that_are_lost_are_told() -> None:
    given = _png_chunks.insert(png(), {"cicp": bytes((12, 13, 0, 1))})
    assert "they may shift" in copied(given, "jpeg")[1][0]
    assert copied(_png_chunks.insert(png(), {"cicp": bytes((1, 13, 0, 1))}), "jpeg")[1] == []


def test_a_damaged_chunk_behind_the_pixels_does_not_spoil_the_copy() -> None:
    given = high_depth.write_png(Picture(np.full((9, 7, 3), 1000, np.uint16)))
    damaged = _png_chunks._chunk(b"zTXt", b"Title\0\7text")  # no such compression
    copy, remarks = copied(given[:-12] + damaged + given[-12:])
    assert "damaged or too large" in remarks[0]
    Image.open(io.BytesIO(copy)).load()


def test_a_profile_keeps_its_name() -> None:
    profile = b"p" * 200
    named = [(b"iCCP", b"Display P3\0\0" + zlib.compress(profile))]
    given = _png_chunks.insert(png(), {"icc_profile": profile, "chunks": named})
    copy, remarks = copied(given)
    assert remarks == []
    assert b"iCCPDisplay P3\0" in copy
    assert Image.open(io.BytesIO(copy)).info["icc_profile"] == profile
