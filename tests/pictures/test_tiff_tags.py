from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from linn_cli.errors import InputError
from linn_cli.pictures import _tiff_tags, reading, writing
from linn_cli.pictures._tiff_directories import ByteOrder, Tag
from linn_cli.pictures.formats import format_named

LEVELS = np.random.default_rng(0).integers(0, 200, (12, 10)).astype(np.uint8)
OME = '<OME><Image Name="Zellkern µm, 核"/></OME>'.encode()
GEO = [
    (33550, "d", 3, (0.5, 0.5, 0.0), True),
    (34735, "H", 8, (1, 1, 0, 1, 3072, 0, 1, 32633), True),
]


def tiff(samples: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    byteorder, bigtiff = options.pop("byteorder", "<"), options.pop("bigtiff", False)
    with tifffile.TiffWriter(file, byteorder=byteorder, bigtiff=bigtiff) as writer:
        writer.write(samples, metadata=None, **options)
    file.seek(0)
    return file


def opened(file: io.BytesIO) -> tifffile.TiffFile:
    file.seek(0)
    return tifffile.TiffFile(file)


def copied(file: io.BytesIO, kind: str = "tiff") -> tuple[io.BytesIO, list[str]]:
    """The file read and written by linn, and all remarks."""
    file.seek(0)
    document, copy = reading.decode(file, "a"), io.BytesIO()
    remarks = writing.encode(copy, document, format_named(kind))
    copy.seek(0)
    return copy, [*document.remarks, *remarks]


def values(file: io.BytesIO, page: int = 0) -> dict[int, Any]:
    """The tags by an independent reader, without those of how the samples are stored."""
    stored = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 338, 339, 320, 330}
    with opened(file) as found:
        tags = found.pages[page].aspage().tags
        return {tag.code: tag.value for tag in tags if tag.code not in stored}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_every_tag_of_every_kind_of_tiff_comes_back(
    dtype: str, channels: int, byteorder: str, bigtiff: bool
) -> None:
    samples = np.dstack([LEVELS] * channels).squeeze().astype(dtype)
    more = [(270, 2, len(OME) + 1, OME + b"\0", True), (65000, "I", 3, (1, 2, 3), True)]
    file = tiff(
        samples,
        byteorder=byteorder,
        bigtiff=bigtiff,
        photometric="rgb" if channels == 3 else "minisblack",
        resolution=(5.5, 7),
        resolutionunit=3,
        extratags=[*GEO, *more, (42113, "s", 0, "-9999", True)],
    )
    copy, remarks = copied(file)
    assert remarks == []
    assert values(copy) == values(file)
    assert values(copy)[270] == OME.decode()
    with opened(copy) as found:
        assert (found.byteorder, found.is_bigtiff) == (byteorder, bigtiff)
        np.testing.assert_array_equal(found.pages[0].asarray(), samples)


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_imagej_keeps_its_scale_labels_and_colours(byteorder: ByteOrder) -> None:
    file = io.BytesIO()
    colours = [np.arange(256, dtype=np.uint8)[None].repeat(3, 0)] * 2
    about = {"axes": "CYX", "unit": "um", "Labels": ["ä", "b"], "LUTs": colours, "spacing": 2.5}
    stack = np.stack([LEVELS, LEVELS[::-1]]).astype(np.uint16)
    with tifffile.TiffWriter(file, imagej=True, byteorder=byteorder) as writer:
        writer.write(stack, resolution=(5, 5), metadata=about)
    copy, remarks = copied(file)
    assert remarks == []
    with opened(file) as before, opened(copy) as after:
        assert str(after.imagej_metadata) == str(before.imagej_metadata)
        assert after.series[0].axes == before.series[0].axes == "CYX"
        np.testing.assert_array_equal(after.asarray(), stack)


def test_exif_and_its_directories_go_from_a_jpeg_into_a_tiff_and_back() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8769)[0x8827] = 400
    exif.get_ifd(0x8825)[1] = "N"
    file = io.BytesIO()
    Image.fromarray(LEVELS).save(file, "JPEG", exif=exif, dpi=(300, 200))
    for kind in ("tiff", "png", "tiff", "jpeg"):
        file, _ = copied(file, kind)
        found = Image.open(file)
        assert found.getexif()[0x010F] == "a camera", kind
        assert found.getexif().get_ifd(0x8769)[0x8827] == 400
        assert found.getexif().get_ifd(0x8825)[1] == "N"
        assert found.info["dpi"] == pytest.approx((300, 200), abs=0.01)


@pytest.mark.parametrize(
    "compression", ["none", "lzw", "adobe_deflate", "zstd", "packbits", "lzma"]
)
@pytest.mark.parametrize("predictor", [False, True])
def test_the_compression_is_the_sources(compression: str, predictor: bool) -> None:
    if predictor and compression in ("none", "packbits"):
        pytest.skip("has no predictor")
    file = tiff(LEVELS, compression=compression, predictor=predictor)
    with opened(copied(file)[0]) as found:
        page = found.pages[0].aspage()
        assert page.compression.name.lower() == compression
        assert page.predictor == 1 + predictor


def test_a_fax_becomes_no_large_file() -> None:
    file = io.BytesIO()
    Image.fromarray(np.tile(LEVELS > 100, (50, 50))).save(file, "TIFF", compression="group4")
    assert len(copied(file)[0].getvalue()) < 1.01 * len(file.getvalue())


def test_overviews_are_told_and_masks_stay_to_the_bit() -> None:
    file = io.BytesIO()
    mask = LEVELS > 50
    with tifffile.TiffWriter(file) as writer:
        writer.write(LEVELS, metadata=None)
        writer.write(LEVELS[::2, ::2], subfiletype=1, metadata=None)
        writer.write(mask, subfiletype=4, photometric="mask", metadata=None)
    file.seek(0)
    assert len(reading.decode(file, "a").frames) == 1
    copy, remarks = copied(file)
    assert remarks == ["left out: 1 smaller or further pictures (gdaladdo makes overviews)"]
    with opened(copy) as found:
        assert [page.aspage().subfiletype for page in found.pages] == [0, 4]
        np.testing.assert_array_equal(found.pages[1].asarray(), mask)
    assert copied(file, "png")[1][-1] == "PNG does not hold the TIFF tags (masks)"


def test_what_only_a_tiff_has_is_named_elsewhere() -> None:
    _, remarks = copied(tiff(LEVELS, extratags=GEO), "png")
    names = "ModelPixelScaleTag, GeoKeyDirectoryTag"
    assert remarks == [f"PNG does not hold the TIFF tags ({names})"]


def test_damage_is_an_error_and_nothing_is_allocated_for_it() -> None:
    content = tiff(LEVELS, extratags=GEO).getvalue()
    chance = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        for place in chance.integers(4, 200, 3):
            damaged[place] = chance.integers(0, 256)
        with suppress(ValueError, KeyError, InputError):
            _tiff_tags.read(io.BytesIO(damaged))


def test_a_file_without_pages_holds_no_picture() -> None:
    with pytest.raises(ValueError, match="without pages"):
        _tiff_tags.read(io.BytesIO(b"II*\0" + bytes(4)))
    with pytest.raises(InputError):
        reading.decode(io.BytesIO(b"II*\0" + bytes(4)), "a")


def test_a_pfm_of_colours_comes_back_to_the_bit() -> None:
    given = np.random.default_rng(0).normal(0, 9, (5, 4, 3)).astype(np.float32)
    body = given[::-1].astype(">f4").tobytes()
    copy, _ = copied(io.BytesIO(b"PF\n4 5\n1.0\n" + body), "pfm")
    np.testing.assert_array_equal(reading.decode(copy, "a").frames[0].values, given)
    for damaged in (b"PF\n4 5\n1.0\n" + body[1:], b"PF\n4\n1\n", b"PF\n0 5\n1\n"):
        with pytest.raises(InputError, match="PFM"):
            reading.decode(io.BytesIO(damaged), "a")


def test_what_further_pages_say_is_named_where_a_format_has_one_place() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for number in range(2):
            page = (285, "s", 0, f"page {number}", True)
            writer.write(LEVELS, metadata=None, software=False, extratags=[page])
    assert copied(file)[1] == []
    assert copied(file, "png")[1] == ["PNG does not hold the TIFF tags (those of further pages)"]


@pytest.mark.parametrize(
    ("code", "tag"), [(296, (3, 0, b"")), (296, (5, 1, bytes(8))), (282, (3, 1, b"\1\0"))]
)
def test_a_damaged_resolution_is_none_or_in_inches(code: int, tag: tuple[int, int, bytes]) -> None:
    tags = _tiff_tags.Tags(pages=({},)).with_resolution((300, 200))
    damaged = {**tags.pages[0], code: Tag(*tag)}
    found = _tiff_tags.Tags(pages=(damaged,)).resolution
    assert found == ((300, 200) if code == 296 else None)


@pytest.mark.parametrize(("code", "name"), [(34412, "CZ_LSMINFO"), (33629, "UIC2tag")])
def test_what_points_into_the_file_is_named(code: int, name: str) -> None:
    file = tiff(LEVELS, software=False, extratags=[(code, "B", 4, b"abcd", True)])
    assert copied(file)[1] == [f"left out: {name}"]
