"""What a WebP keeps in chunks that Pillow does not tell of."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

_HEADER = 12
_KNOWN = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP ")


def further(file: BinaryIO) -> list[str]:
    """The names of chunks that belong neither to the picture nor to the metadata that linn keeps."""
    file.seek(_HEADER)
    names: dict[str, None] = {}
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name not in _KNOWN:
            names[name.decode("latin-1").strip()] = None
        file.seek(size + size % 2, os.SEEK_CUR)
    return list(names)
