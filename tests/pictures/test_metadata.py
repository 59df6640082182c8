from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from linn_cli.pictures import metadata


def exif(**tags: object) -> bytes:
    found = Image.Exif()
    for name, value in tags.items():
        found[{"make": 0x010F, "orientation": 0x0112}[name]] = value
    return found.tobytes()


def test_the_tags_of_a_tiffs_storage_are_not_metadata() -> None:
    file = io.BytesIO()
    Image.new("RGB", (6, 4)).save(file, "TIFF", exif=exif(make="a camera"), icc_profile=b"p" * 200)
    found = metadata.collect(Image.open(file))
    assert metadata.exif_tags(found) == {0x010F: "a camera"}
    assert found["icc_profile"] == b"p" * 200


@pytest.mark.parametrize(("stored", "orientation"), [(1, 1), (6, 6), (8, 8), (0, 1), (9, 1)])
def test_an_orientation_that_is_none_is_upright(stored: object, orientation: int) -> None:
    assert metadata.orientation({"exif": exif(orientation=stored)}) == orientation
    assert metadata.orientation({}) == 1


def test_upright_pixels_lose_their_orientation_only() -> None:
    before = {"exif": exif(orientation=6, make="a camera"), "dpi": (72, 72)}
    after = metadata.upright(before)
    assert metadata.exif_tags(after) == {0x010F: "a camera"}
    assert after["dpi"] == (72, 72)
    assert metadata.upright({}) == {}


def test_png_chunks_are_read_back_by_pillow() -> None:
    file = io.BytesIO()
    Image.fromarray(np.zeros((3, 4), np.uint8)).save(file, "PNG")
    kept = {
        "exif": exif(make="a camera"),
        "icc_profile": b"p" * 200,
        "xmp": b"<x/>",
        "dpi": (300.0, 150.0),
    }
    found = metadata.collect(
        Image.open(io.BytesIO(metadata.with_png_chunks(file.getvalue(), kept)))
    )
    assert found.pop("dpi") == pytest.approx((300, 150), abs=0.02)  # PNG counts dots in metres
    assert metadata.exif_tags(found) == {0x010F: "a camera"}
    assert (found["icc_profile"], found["xmp"]) == (b"p" * 200, b"<x/>")
