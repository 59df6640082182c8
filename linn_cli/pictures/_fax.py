"""Pages of one bit for each pixel, compressed as fax machines do (ITU-T T.4 and T.6), which tifffile does not write."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, features

# What Pillow calls the compressions of TIFF: Huffman codes by rows, Group 3 and Group 4.
_NAMES = {2: "tiff_ccitt", 3: "group3", 4: "group4"}


def writes(compression: int) -> bool:
    """Whether a compression of TIFF is a fax's, and can be written."""
    return compression in _NAMES and bool(features.check("libtiff"))


def encode(bits: NDArray[np.bool_], compression: int) -> bytes:
    """The bits (H, W) of a page as the one strip of a TIFF."""
    file = io.BytesIO()
    options: dict[str, Any] = {"compression": _NAMES[compression], "strip_size": bits.size}
    Image.fromarray(bits).save(file, "TIFF", **options)
    file.seek(0)
    with tifffile.TiffFile(file) as written:
        page = written.pages[0].aspage()
        [offset], [size] = page.dataoffsets, page.databytecounts
    return file.getvalue()[offset : offset + size]
