from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from linn_cli.errors import InputError
from linn_cli.pictures import reading, tiff_pages
from linn_cli.pictures.picture import Picture

MANY = 10**6


def tiff(samples: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **options)
    file.seek(0)
    return file


def one_page(file: io.BytesIO, *remarks: str) -> Picture:
    read = tiff_pages.read(file, MANY)
    assert read is not None
    [found], frames = read
    assert frames.remarks == list(remarks)
    return found


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64, np.float16])
def test_every_arrangement_of_a_tiff_is_the_same_picture(
    dtype: type, order: str, planar: str
) -> None:
    values: NDArray[Any] = np.random.default_rng(0).integers(0, 2000, (6, 5, 3)).astype(dtype)
    stored = np.moveaxis(values, -1, 0) if planar == "separate" else values
    file = tiff(stored, photometric="rgb", planarconfig=planar, byteorder=order)
    found = one_page(file)
    assert found.values.dtype == dtype
    np.testing.assert_array_equal(found.values, values)


def test_white_may_be_zero() -> None:
    values = np.array([[0, 1, 65535]], np.uint16)
    found = one_page(tiff(values, photometric="miniswhite"))
    assert found.values.ravel().tolist() == [65535, 65534, 0]


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ycbcr_becomes_rgb_however_it_is_arranged(compression: str | None, planar: str) -> None:
    colours = np.zeros((6, 8, 3), np.uint8)
    colours[:, :, 0], colours[:, :, 2] = 200, np.arange(8) * 30
    stored = np.array(Image.fromarray(colours).convert("YCbCr"))
    stored = np.moveaxis(stored, -1, 0) if planar == "separate" else stored
    options = {"photometric": "ycbcr", "planarconfig": planar, "compression": compression}
    found = one_page(tiff(stored, **options), "YCbCr became RGB")
    # Eight bits of YCbCr have fewer colours than eight of RGB.
    assert np.abs(found.values.astype(int) - colours).max() <= 3


def test_ycbcr_of_16_bits_is_refused() -> None:
    stored = np.zeros((6, 8, 3), np.uint16)
    with pytest.raises(InputError, match="YCBCR"):
        tiff_pages.read(tiff(stored, photometric="ycbcr"), MANY)


@pytest.mark.parametrize(
    ("axes", "options", "channels"),
    [
        ("TCYX", {"imagej": True}, [0, 1, 2, 0, 1, 2]),
        ("CZYX", {"ome": True}, [0, 0, 0, 1, 1, 1]),
        ("CZYX", {"volumetric": True}, [0, 0, 0, 1, 1, 1]),
        ("TZYX", {"ome": True}, [0] * 6),
    ],
)
def test_pages_are_channels_where_the_file_says_so(
    axes: str, options: dict[str, Any], channels: list[int]
) -> None:
    sides = (2, 3, 16, 18)
    file = tiff(
        np.zeros(sides, np.uint16), photometric="minisblack", metadata={"axes": axes}, **options
    )
    pages, _ = tiff_pages.read(file, MANY) or ([], [])
    count = sides[axes.index("C")] if "C" in axes else 1
    assert [page.channel for page in pages] == [(index, count) for index in channels]


def test_what_pillow_converts_is_left_to_it() -> None:
    file = io.BytesIO()
    Image.new("P", (4, 3)).save(file, "TIFF")
    file.seek(0)
    assert tiff_pages.read(file, MANY) is None


def test_too_many_pixels_are_refused_before_they_are_read() -> None:
    file = tiff(np.zeros((30, 40), np.uint16))
    with pytest.raises(InputError, match="more than 1199 pixels"):
        tiff_pages.read(file, 1199)


def test_12_bits_use_the_whole_range() -> None:
    values = np.array([[0, 1000, 4095, 7]], np.uint16)
    found = one_page(packed(values), "values of 0 to 4095 became values of 0 to 65535")
    assert found.values.ravel().tolist() == [
        0,
        round(1000 / 4095 * 65535),
        65535,
        round(7 / 4095 * 65535),
    ]


def packed(values: NDArray[np.uint16]) -> io.BytesIO:
    """A TIFF of 12 bits a sample, most significant bits first."""
    file = io.BytesIO()
    bits = "".join(f"{value:012b}" for value in values.ravel())
    strip = int(bits, 2).to_bytes(len(bits) // 8, "big")
    tags = [(256, values.shape[1]), (257, values.shape[0]), (258, 12), (259, 1), (262, 1)]
    tags += [(273, 8 + 2 + 12 * 9 + 4), (277, 1), (278, values.shape[0]), (279, len(strip))]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    file.write(struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + strip)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("kind", "alpha", "remarks"),
    [
        ("unassalpha", True, []),
        ("assocalpha", True, ["premultiplied alpha became plain alpha"]),
        ("unspecified", False, ["4 channels were denoised each by itself"]),
    ],
)
def test_a_fourth_channel_is_what_the_file_says(kind: str, alpha: bool, remarks: list[str]) -> None:
    samples = np.full((3, 4, 4), 30000, np.uint16)
    found = one_page(tiff(samples, photometric="rgb", extrasamples=[kind]), *remarks)
    assert (found.alpha is not None) is alpha
    assert found.values.max() == found.values.min() == (65535 if kind == "assocalpha" else 30000)


def test_pages_are_turned_each_its_own_way() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for turn in (1, 6):
            tags = [(274, "H", 1, turn, True)]
            writer.write(np.zeros((3, 5), np.uint16), extratags=tags, metadata=None)
    file.seek(0)
    pages, _ = tiff_pages.read(file, MANY) or ([], [])
    assert [page.size for page in pages] == [(5, 3), (3, 5)]


def test_a_page_without_a_side_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "flat.tif"
    tifffile.imwrite(file, np.ones((8, 8), np.uint8), photometric="minisblack")
    data = bytearray(file.read_bytes())
    with tifffile.TiffFile(file) as tiff:
        at = tiff.pages[0].aspage().tags["ImageLength"].valueoffset
    data[at : at + 4] = bytes(4)
    file.write_bytes(data)
    with pytest.raises(InputError, match="no height"):
        reading.read(file)


@pytest.mark.parametrize("missing", [1, 2])
def test_a_stack_that_was_cut_short_is_refused(tmp_path: Path, missing: int) -> None:
    with tifffile.TiffWriter(file := io.BytesIO()) as writer:
        for level in (5, 6, 7):
            writer.write(np.full((64, 64), level, np.uint8), metadata=None)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as whole:
        place = whole.pages[3 - missing].aspage().offset
    path = tmp_path / "cut.tif"
    path.write_bytes(file.getvalue()[: place - 1])
    with pytest.raises(InputError, match="cut short"):
        reading.read(path)


def _of_a_set(folder: Path, count: int) -> list[Path]:
    """The files of an OME-TIFF whose channels lie in files of their own."""
    names = [f"cell_{number}.ome.tif" for number in range(count)]
    planes = "".join(
        f'<TiffData FirstC="{number}" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{number}</UUID></TiffData>'
        for number, name in enumerate(names)
    )
    pixels = f'DimensionOrder="XYCZT" SizeX="18" SizeY="16" SizeC="{count}" SizeZ="1" SizeT="1" Type="uint16"'
    for number, name in enumerate(names):
        ome = (
            f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{number}">'
            f'<Image ID="Image:0"><Pixels ID="Pixels:0" {pixels}>{planes}</Pixels></Image></OME>'
        )
        levels = np.full((16, 18), 1000 * number, np.uint16)
        tifffile.imwrite(folder / name, levels, description=ome, metadata=None)
    return [folder / name for name in names]


def test_a_file_of_an_ome_set_is_its_own_planes(tmp_path: Path) -> None:
    _, second = _of_a_set(tmp_path, 2)
    document = reading.read(second)
    assert [int(frame.values.max()) for frame in document.frames] == [1000]
    assert document.remarks == (
        "its OME-XML is about several files (cell_0.ome.tif, cell_1.ome.tif): "
        "denoise them all into another folder, where they keep their names",
    )


def test_an_ome_tiff_in_one_file_is_no_set(tmp_path: Path) -> None:
    [path] = _of_a_set(tmp_path, 1)
    assert reading.read(path).remarks == ()
