from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

from linn_cli.pictures import _webp_chunks, reading


def webp(*chunks: bytes) -> bytes:
    Image.fromarray(np.zeros((9, 7, 3), np.uint8)).save(
        file := io.BytesIO(), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"
    )
    content = file.getvalue() + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content) - 8) + content[8:]


def test_further_chunks_are_named() -> None:
    content = webp(b"ABCD\x03\0\0\0abc\0", b"C2PA\x02\0\0\0ab")
    assert _webp_chunks.further(io.BytesIO(content)) == ["ABCD", "C2PA"]
    remarks = reading.decode(io.BytesIO(content), "a.webp").remarks
    assert remarks == ("left out: WebP chunks (ABCD, C2PA)",)


def test_a_usual_file_has_none() -> None:
    assert reading.decode(io.BytesIO(webp()), "a.webp").remarks == ()
