from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from linn_cli.pictures import _bmp_profile, reading, writing
from linn_cli.pictures.formats import format_named

PROFILE = b"p" * 200


def bmp(space: bytes = b"DEBM") -> bytes:
    """A BMP with a header of version 5 and a profile behind the pixels."""
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(file := io.BytesIO(), "BMP")
    content = file.getvalue()
    pixels, start = content[54:], 14 + 124
    header = struct.pack("<I", 124) + content[18:54] + bytes(16) + space + bytes(48)
    header += struct.pack("<IIII", 4, 124 + len(pixels), len(PROFILE), 0)
    size = start + len(pixels) + len(PROFILE)
    return b"BM" + struct.pack("<III", size, 0, start) + header + pixels + PROFILE


def test_the_profile_comes_along_or_is_named() -> None:
    document = reading.decode(io.BytesIO(bmp()), "a.bmp")
    assert document.metadata["icc_profile"] == PROFILE
    remarks = writing.encode(io.BytesIO(), document, format_named("bmp"))
    assert remarks == ["BMP does not hold the metadata (icc_profile)"]
    writing.encode(copy := io.BytesIO(), document, format_named("png"))
    with Image.open(copy) as image:
        assert image.info["icc_profile"] == PROFILE


@pytest.mark.parametrize("content", [bmp(b"BGRs"), bmp()[:100], b"BM"])
def test_others_have_none(content: bytes) -> None:
    assert _bmp_profile.read(io.BytesIO(content)) == b""
