"""docs/formats.md is what round trips through every format show.

After a change: LINN_WRITE_DOCS=1 python -m pytest tests/test_formats_page.py
"""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from linn_cli.errors import InputError
from linn_cli.pictures import reading, writing
from linn_cli.pictures.formats import FORMATS, Format
from linn_cli.pictures.metadata import exif_tags
from linn_cli.pictures.picture import Document, Picture
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "formats.md"
BEGIN, END = "<!-- table -->\n", "<!-- /table -->\n"
COLUMNS = [
    "format",
    "endings",
    "grey",
    "colour",
    "transparency",
    "frames",
    "EXIF",
    "ICC",
    "XMP",
    "dpi",
]
BITS = {"uint8": "8", "uint16": "16", "float32": "float"}


def kept(document: Document, kind: Format) -> Document | None:
    """What comes back from a file of this kind; None if it cannot hold the document as it is."""
    file = io.BytesIO()
    try:
        remarks = writing.encode(file, document, kind)
    except InputError:
        return None
    file.seek(0)
    found = reading.decode(file, kind.name)
    lost = [remark for remark in remarks if "samples became" in remark]
    return None if lost else found


def samples(dtype: str, channels: int) -> Any:
    levels = np.random.default_rng(0).integers(0, 200, (24, 16, channels))
    smooth = np.sort(levels, axis=0)
    return (smooth * (1 if dtype == "uint8" else 300)).astype(dtype)


def depths(kind: Format, channels: int) -> str:
    """The depths that come back, and whether every value does."""
    cells = []
    for dtype, name in BITS.items():
        values = samples(dtype, channels)
        found = kept(Document((Picture(values),), kind), kind)
        if found is not None and found.frames[0].values.dtype == dtype:
            exact = np.array_equal(
                found.frames[0].values,
                np.broadcast_to(values, (24, 16, found.frames[0].values.shape[2])),
            )
            cells.append(name if exact else f"{name} (lossy)")
    return ", ".join(cells) or "-"


def transparency(clear: Any, dim: Any, hole: Any, dimness: Any) -> str:
    """What became of holes and of partial transparency."""
    if clear is None:
        return "-"
    if dim is None:
        np.testing.assert_array_equal(clear, hole)
        return "all or nothing"
    np.testing.assert_allclose(dim, dimness, atol=4)  # AVIF
    return "yes" if np.array_equal(dim, dimness) else "yes (lossy)"


def row(kind: Format) -> list[str]:
    colour = samples(kind.depths[0], 3 if kind.colour else 1)
    plain = Picture(colour)
    hole = np.where(colour[:, :, 0] > 99, 255, 0).astype(np.uint8)
    dimness = colour[:, :, 0]
    clear, dim = (
        kept(Document((Picture(colour, alpha),), kind), kind) for alpha in (hole, dimness)
    )
    moving = kept(Document((plain, Picture(colour[::-1].copy())), kind), kind)
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    assert (clear is not None) == kind.alpha
    metadata = {
        "exif": exif.tobytes(),
        "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        "xmp": b"<x:xmpmeta/>",
        "dpi": (300.0, 300.0),
    }
    found = kept(Document((plain,), kind, metadata), kind)
    assert found is not None
    held = {
        "exif": exif_tags(found.metadata).get(0x010F) == "a camera",
        "icc_profile": found.metadata.get("icc_profile") == metadata["icc_profile"],
        "xmp": found.metadata.get("xmp") == metadata["xmp"],
        "dpi": found.metadata.get("dpi") == pytest.approx((300, 300), abs=0.02),
    }
    assert {name for name, is_held in held.items() if is_held} == set(kind.metadata) & set(held)
    return [
        kind.name,
        " ".join(kind.suffixes),
        depths(kind, 1),
        depths(kind, 3) if kind.colour else "-",
        transparency(clear and clear.frames[0].alpha, dim and dim.frames[0].alpha, hole, dimness),
        "yes" if moving and len(moving.frames) == 2 else "-",
        *("yes" if held[name] else "-" for name in ("exif", "icc_profile", "xmp", "dpi")),
    ]


def test_the_page_says_what_round_trips_show() -> None:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row(kind) for kind in FORMATS)]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    shown, after = rest.split(END)
    if os.environ.get("LINN_WRITE_DOCS"):
        PAGE.write_text(before + BEGIN + table + END + after, encoding="utf-8")
        return
    assert shown == table
