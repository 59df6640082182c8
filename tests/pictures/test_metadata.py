from __future__ import annotations

import io

import pytest
from PIL import Image

from linn_cli.pictures import _tiff_tags, metadata


def exif(**tags: object) -> bytes:
    found = Image.Exif()
    for name, value in tags.items():
        found[{"make": 0x010F, "orientation": 0x0112}[name]] = value
    return found.tobytes()


def test_the_tags_of_a_tiffs_storage_are_not_metadata() -> None:
    file = io.BytesIO()
    Image.new("RGB", (6, 4)).save(file, "TIFF", exif=exif(make="a camera"), icc_profile=b"p" * 200)
    found = metadata.from_tiff(_tiff_tags.read(file))
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


def test_damaged_tags_are_a_word_and_nothing_else() -> None:
    assert metadata.left_out_of_tiff(None) == ("the metadata is damaged and was left out",)
    assert metadata.tiff_encoding(None) == {}


def test_an_hdr_label_is_known() -> None:
    assert [metadata.is_hdr(bytes((9, transfer, 0, 1))) for transfer in (13, 16, 18)] == [0, 1, 1]
    assert not metadata.is_hdr(b"")
    assert [metadata.is_usual(bytes((kind, 13, 0, 1))) for kind in (1, 9, 12)] == [1, 0, 0]
