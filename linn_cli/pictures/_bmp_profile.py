"""The colour profile in the header of a BMP (version 5), which Pillow does not read."""

from __future__ import annotations

import struct
from typing import BinaryIO

_FILE_HEADER, _VERSION_5 = 14, 124
_COLOUR_SPACE, _PROFILE = 56, 112  # where they stand in the header of version 5
_EMBEDDED = b"DEBM"


def read(file: BinaryIO) -> bytes:
    """The profile; empty if there is none."""
    file.seek(_FILE_HEADER)
    header = file.read(_VERSION_5)
    if len(header) < _VERSION_5 or struct.unpack_from("<I", header)[0] < _VERSION_5:
        return b""
    if header[_COLOUR_SPACE : _COLOUR_SPACE + 4] != _EMBEDDED:
        return b""
    place, size = struct.unpack_from("<II", header, _PROFILE)
    file.seek(_FILE_HEADER + place)
    return file.read(size)
