from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from linn_cli.pictures import reading, tiff_pages, tiff_writing, writing
from linn_cli.pictures._tiff_directories import ByteOrder
from linn_cli.pictures.formats import format_named
from linn_cli.pictures.picture import Picture
from linn_cli.pictures.tiff_writing import Pages

MANY = 10**6


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("nodata", [None, "0"])
def test_white_at_zero_stays_there(tmp_path: Path, dtype: str, nodata: str | None) -> None:
    values = np.random.default_rng(0).integers(0, 200, (6, 7)).astype(dtype)
    tags = [(42113, "s", 0, nodata, True)] if nodata else []
    for path in (tmp_path / "a.tif", tmp_path / "b.tif"):
        if path.name == "a.tif":
            tifffile.imwrite(path, values, photometric="miniswhite", extratags=tags)
        else:
            writing.write(path, reading.read(tmp_path / "a.tif"))
        with tifffile.TiffFile(path) as file:
            assert file.pages[0].aspage().photometric == 0
            np.testing.assert_array_equal(file.asarray(), values)


def test_pages_come_in_order() -> None:
    pages = [Picture(np.full((3, 4, 1), level, np.uint16)) for level in (5, 6, 7)]
    file = io.BytesIO()
    tiff_writing.write(file, pages, Pages.of(pages), {})
    file.seek(0)
    found, _ = tiff_pages.read(file, MANY) or ([], [])
    assert [int(page.values[0, 0, 0]) for page in found] == [5, 6, 7]


def compression(path: Path) -> str:
    with tifffile.TiffFile(path) as file:
        return str(file.pages[0].aspage().compression.name)


BITS = (np.add.outer(np.arange(1200) // 9, np.arange(900) // 7) % 5 > 0) & True


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("name", ["tiff_ccitt", "group3", "group4", "tiff_lzw", "zstd", "packbits"])
def test_one_bit_stays_compressed_as_it_was(tmp_path: Path, name: str, pages: int) -> None:
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    images = [Image.fromarray(BITS), Image.fromarray(~BITS[:, :500])][:pages]
    images[0].save(source, compression=name, save_all=True, append_images=images[1:])
    assert writing.write(target, reading.read(source)) == []
    assert compression(target) == compression(source)
    with Image.open(target) as file:
        for number, image in enumerate(images):
            file.seek(number)
            assert file.mode == "1"
            np.testing.assert_array_equal(np.array(file), np.array(image))
    assert target.stat().st_size < 1.1 * source.stat().st_size + 2000 * pages


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_fax_with_white_at_zero_stays_one(tmp_path: Path, order: ByteOrder) -> None:
    path, again = tmp_path / "a.tif", tmp_path / "b.tif"
    picture = Picture((BITS * np.uint8(255))[:, :, None])
    pages = Pages.of([picture], is_bilevel=True)
    tags = reading.read(_tiff_of(tmp_path / "c.tif", order)).metadata
    encoding = {"compression": 4, "white_is_zero": True}
    with path.open("w+b") as file:
        tiff_writing.write(file, [picture], pages, tags, encoding)
    writing.write(again, reading.read(path))
    for one in (path, again):
        with tifffile.TiffFile(one) as file:
            page = file.pages[0].aspage()
            assert (file.byteorder, page.compression, page.photometric) == (order, 4, 0)
        with Image.open(one) as image:
            np.testing.assert_array_equal(np.array(image), BITS)


def _tiff_of(path: Path, order: ByteOrder) -> Path:
    tifffile.imwrite(path, np.zeros((4, 5), np.uint8), byteorder=order)
    return path


def test_a_jpeg_inside_becomes_lossless_and_small(tmp_path: Path) -> None:
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    rows, columns = np.mgrid[:128, :160]
    photo = np.dstack([rows + columns // 2, columns, 160 - columns]).astype(np.uint8)
    Image.fromarray(photo).save(source, compression="jpeg")
    writing.write(target, reading.read(source))
    with Image.open(source) as before, Image.open(target) as after:
        np.testing.assert_array_equal(np.array(after), np.array(before))
    with tifffile.TiffFile(target) as file:
        assert (file.pages[0].aspage().compression, file.pages[0].aspage().predictor) == (8, 2)


@pytest.mark.parametrize(
    ("axes", "sides", "options"),
    [
        ("ZYX", (5, 32, 40), {}),
        ("ZYX", (5, 32, 40), {"tile": (16, 16, 16)}),
        ("ZYX", (5, 32, 40), {"compression": "zlib", "predictor": True}),
        ("CZYX", (2, 5, 32, 40), {}),
        ("ZYXS", (5, 32, 40, 3), {"photometric": "rgb"}),
    ],
)
@pytest.mark.parametrize("described", ["axes", "shape", "nothing"])
def test_depth_stays(
    tmp_path: Path, axes: str, sides: tuple[int, ...], options: dict[str, Any], described: str
) -> None:
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    values = np.random.default_rng(0).integers(0, 60_000, sides, dtype=np.uint16)
    said = {"axes": {"axes": axes}, "shape": {}, "nothing": None}[described]
    options = {"photometric": "minisblack", **options}
    tifffile.imwrite(source, values, volumetric=True, metadata=said, **options)
    document = reading.read(source)
    assert document.remarks == (("the tiles of a volume became strips",) * ("tile" in options))
    writing.write(target, document)
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(target) as after:
        assert after.series[0].axes == before.series[0].axes
        assert len(after.pages) == len(before.pages)
        np.testing.assert_array_equal(after.asarray(), values)


def test_layers_of_other_depths_become_pages(tmp_path: Path) -> None:
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    values = np.random.default_rng(0).integers(0, 255, (6, 32, 40), dtype=np.uint8)
    with tifffile.TiffWriter(source) as writer:
        for layers in (values[:2], values[2:]):
            writer.write(layers, volumetric=True, photometric="minisblack", metadata=None)
    writing.write(target, reading.read(source))
    pages, _ = tiff_pages.read(io.BytesIO(target.read_bytes()), MANY) or ([], [])
    np.testing.assert_array_equal([page.values[:, :, 0] for page in pages], values)


def test_layers_are_turned_upright(tmp_path: Path) -> None:
    values = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    turn = [(274, "H", 1, 6, True)]
    options: dict[str, Any] = {"volumetric": True, "photometric": "minisblack", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=turn, **options)
    writing.write(tmp_path / "b.tif", reading.read(tmp_path / "a.tif"))
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.pages[0].aspage().tags.valueof(274, 1) == 1
        np.testing.assert_array_equal(file.asarray(), np.rot90(values, -1, axes=(1, 2)))


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("pages", [1, 3])
@pytest.mark.parametrize(
    ("sides", "options"),
    [
        ((70, 50), {}),
        ((70, 50, 3), {"photometric": "rgb"}),
        ((3, 70, 50), {"photometric": "rgb", "planarconfig": "separate"}),
    ],
)
def test_tiles_stay(
    tmp_path: Path, sides: tuple[int, ...], options: dict[str, Any], pages: int, compression: str
) -> None:
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    values = np.random.default_rng(0).integers(0, 60_000, (pages, *sides), dtype=np.uint16)
    with tifffile.TiffWriter(source) as writer:
        for page in values:
            writer.write(page, tile=(32, 16), compression=compression, metadata=None, **options)
    assert writing.write(target, reading.read(source)) == []
    with tifffile.TiffFile(target) as file:
        assert {page.aspage().tile for page in file.pages} == {(32, 16)}
        for page, own in zip(file.pages, values, strict=True):
            np.testing.assert_array_equal(page.asarray(), own)


def _scan(path: Path) -> list[Any]:
    """Pages as a scanner mixes them: text as a fax, a photograph, a map in tiles."""
    rows, columns = np.mgrid[:96, :128]
    photo = np.dstack([rows + columns // 2, columns, 160 - columns]).astype(np.uint8)
    fax, tiled = BITS[:96, :128], photo[:, :, 1].astype(np.uint16) * 99
    Image.fromarray(fax).save(path, compression="group4")
    with tifffile.TiffWriter(path, append=True) as writer:
        writer.write(photo, photometric="rgb", compression="zlib", predictor=True, metadata=None)
        writer.write(tiled, tile=(32, 16), metadata=None)
    return [fax, photo, tiled]


def test_every_page_stays_as_it_was_stored(tmp_path: Path) -> None:
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    values = _scan(source)
    assert writing.write(target, reading.read(source)) == []
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(target) as after:
        for old, new, own in zip(before.pages, after.pages, values, strict=True):
            one, other = old.aspage(), new.aspage()
            for name in ("compression", "predictor", "tile", "bitspersample", "photometric"):
                assert getattr(other, name) == getattr(one, name), name
            np.testing.assert_array_equal(other.asarray(), own)


@pytest.mark.parametrize("kind", ["tiff", "png"])
def test_pages_that_became_grey_are_told(tmp_path: Path, kind: str) -> None:
    _scan(tmp_path / "a.tif")
    document = reading.read(tmp_path / "a.tif")
    first = replace(document.frames[0], values=document.frames[0].values // 2)
    frames = (first, *document.frames[1:]) if kind == "tiff" else document.frames
    remarks = writing.encode(io.BytesIO(), replace(document, frames=frames), format_named(kind))
    assert "pages in black and white became grey" in remarks
