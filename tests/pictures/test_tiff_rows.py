from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from linn_cli.errors import InputError
from linn_cli.pictures import tiff_rows
from linn_cli.pictures.metadata import exif_tags, tiff_encoding


def picture(dtype: str, channels: int) -> NDArray[Any]:
    levels = np.random.default_rng(0).integers(0, 200, (67, 50, channels))
    return levels.astype(dtype)


def store(path: Path, values: NDArray[Any], **options: Any) -> None:
    photometric = "rgb" if values.shape[2] == 3 else "minisblack"
    tifffile.imwrite(path, values.squeeze(), **{"photometric": photometric, **options})


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(
    "options",
    [
        {"rowsperstrip": 5},
        {"rowsperstrip": 7, "compression": "zlib", "predictor": True},
        {"rowsperstrip": 7, "compression": "lzw"},
        {"rowsperstrip": 7, "byteorder": ">"},
        {"rowsperstrip": 7, "bigtiff": True},
        {"rowsperstrip": 67},
        {"rowsperstrip": 67, "byteorder": ">"},
        {"tile": (16, 32)},
    ],
)
def test_rows_are_the_picture_and_can_be_written_back(
    tmp_path: Path, options: dict[str, Any], dtype: str, channels: int
) -> None:
    values = picture(dtype, channels)
    store(tmp_path / "a.tif", values, **options)
    with tiff_rows.opened(tmp_path / "a.tif", 1) as source:
        assert source is not None
        assert (source.shape, source.dtype) == (values.shape, np.dtype(dtype))
        bands = list(source)
        assert max(len(band) for band in bands) <= 16
        np.testing.assert_array_equal(np.concatenate(bands), values)
        with (tmp_path / "b.tif").open("w+b") as file:
            tiff_rows.write(file, iter(source), source.shape, source.dtype, {})
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), values.squeeze())


def test_text_profile_and_resolution_are_kept(tmp_path: Path) -> None:
    values = picture("uint8", 1)
    store(
        tmp_path / "a.tif",
        values,
        rowsperstrip=5,
        description="a scan",
        resolution=(300, 200),
        resolutionunit=2,
        iccprofile=b"p" * 200,
        extratags=[(274, "H", 1, 6, True), (700, "B", 4, b"<x/>", True)],
        metadata=None,
    )
    with tiff_rows.opened(tmp_path / "a.tif", 1) as source:
        assert source is not None
        with (tmp_path / "b.tif").open("w+b") as file:
            tiff_rows.write(file, iter(source), source.shape, source.dtype, source.metadata)
    with tiff_rows.opened(tmp_path / "b.tif", 1) as copy:
        assert copy is not None
        kept = copy.metadata
    tags = exif_tags(kept)
    assert (tags[270], tags[274]) == ("a scan", 6)
    assert kept["icc_profile"] == b"p" * 200
    assert kept["xmp"] == b"<x/>"
    assert kept["dpi"] == (300, 200)


def test_a_sample_is_strips_spread_over_the_picture(tmp_path: Path) -> None:
    values = np.arange(1000, dtype=np.uint16)[:, None, None].repeat(20, axis=1)
    store(tmp_path / "a.tif", values, rowsperstrip=7)
    with tiff_rows.opened(tmp_path / "a.tif", 1) as source:
        assert source is not None
        np.testing.assert_array_equal(source.sample(20_000), values)
        part = source.sample(5_000)[:, 0, 0]
    assert part.tolist() == [row for row in range(1000) if row // 64 % 4 == 0]


@pytest.mark.parametrize("grey", [True, False])
def test_a_grey_picture_stored_as_colour_is_known(tmp_path: Path, grey: bool) -> None:
    values = picture("uint8", 1).repeat(3, axis=2)
    values[66, 49, 2] += not grey
    store(tmp_path / "a.tif", values, rowsperstrip=5)
    with tiff_rows.opened(tmp_path / "a.tif", 1) as source:
        assert source is not None
        assert source.is_grey is grey


def test_holes_are_zeros(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tiles = iter([np.full((16, 16), 7, np.uint8), None, None, np.full((16, 16), 9, np.uint8)])
    tifffile.imwrite(path, tiles, shape=(32, 32), dtype=np.uint8, tile=(16, 16))
    with tiff_rows.opened(path, 1) as source:
        assert source is not None
        values = np.concatenate(list(source))[:, :, 0]
    assert values[::16, ::16].tolist() == [[7, 0], [0, 9]]


def test_other_files_are_left_to_others(tmp_path: Path) -> None:
    values = picture("uint8", 3)
    path = tmp_path / "a.tif"
    for options in (
        {"planarconfig": "separate", "photometric": "rgb"},
        {"photometric": "miniswhite"},
        {"rowsperstrip": 2000, "compression": "zlib"},
    ):
        stored = np.moveaxis(values, -1, 0) if "planarconfig" in options else values[:, :, 0]
        stored = np.tile(stored, (20, 1)) if "rowsperstrip" in options else stored
        tifffile.imwrite(path, stored, **options)
        with tiff_rows.opened(path, 1) as source:
            assert source is None, options
    tifffile.imwrite(path, np.zeros((3, 40, 50), np.uint8), imagej=True, truncate=True)
    with tiff_rows.opened(path, 1) as source:
        assert source is None  # a stack of which it says one page
    store(path, values, rowsperstrip=5)
    with tiff_rows.opened(path, 67 * 50 + 1) as source:
        assert source is None
    path.write_bytes(b"II*\0 no picture")
    with tiff_rows.opened(path, 1) as source:
        assert source is None
    with tiff_rows.opened(tmp_path / "missing.tif", 1) as source:
        assert source is None


def test_a_picture_in_one_strip_goes_by_rows_unless_it_is_compressed(tmp_path: Path) -> None:
    values = np.tile(picture("uint16", 1), (20, 1, 1))
    store(tmp_path / "a.tif", values)  # one strip, as tifffile and Pillow write it
    with tiff_rows.opened(tmp_path / "a.tif", 1) as source:
        assert source is not None
        assert [len(band) for band in source] == [16] * 83 + [12]
        pairs = list(zip(source, source, strict=True))  # each keeps its own place
        assert all((one == other).all() for one, other in pairs)
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[:-1])
    with tiff_rows.opened(tmp_path / "a.tif", 1) as source:
        assert source is not None
        with pytest.raises(InputError, match="cut short"):
            list(source)


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(1, 20))
def test_strips_are_the_same_rows(heights: list[int], count: int) -> None:
    values = np.arange(sum(heights), dtype=np.uint8)[:, None, None]
    cuts = np.cumsum(heights, dtype=int)[:-1]
    cut = list(tiff_rows.strips(iter(np.split(values, cuts)), count))
    assert all(len(strip) == count for strip in cut[:-1])
    assert np.concatenate([values[:0], *cut]).tolist() == values.tolist()


def test_damaged_files_are_read_or_refused_with_a_reason(tmp_path: Path) -> None:
    path, refused = tmp_path / "a.tif", 0
    for compression in ("zlib", "lzw", None):
        store(path, picture("uint8", 1), rowsperstrip=5, compression=compression)
        content = path.read_bytes()
        chance = np.random.default_rng(0)
        for _ in range(100):
            damaged = bytearray(content)
            for place in chance.integers(4, len(damaged), 6):
                damaged[place] = chance.integers(0, 256)
            path.write_bytes(damaged[: chance.integers(len(damaged) // 2, len(damaged) + 1)])
            with tiff_rows.opened(path, 1) as source:
                if source is not None and np.prod(source.shape) < 10**6:
                    try:
                        list(source)
                    except InputError:  # any other exception is a defect
                        refused += 1
    assert refused > 50


def test_samples_of_fewer_bits_are_left_to_others(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.new("1", (40, 30)).save(path)
    with tiff_rows.opened(path, 1) as source:
        assert source is None


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "options",
    [
        {"rowsperstrip": 5},
        {"rowsperstrip": 5, "compression": "zlib"},
        {"rowsperstrip": 5, "compression": "zstd", "predictor": True},
        {"tile": (16, 32)},
        {"tile": (32, 16), "compression": "lzw", "predictor": True},
    ],
)
def test_a_copy_is_stored_as_its_source(
    tmp_path: Path, options: dict[str, Any], channels: int, dtype: str, order: str
) -> None:
    values = picture(dtype, channels)
    store(tmp_path / "a.tif", values, byteorder=order, **options)
    with tiff_rows.opened(tmp_path / "a.tif", 1) as source:
        assert source is not None
        with (tmp_path / "b.tif").open("w+b") as file:
            encoding = tiff_encoding(source.tags)
            shape, kind = source.shape, source.dtype
            tiff_rows.write(file, iter(source), shape, kind, source.metadata, encoding)
    with (
        tifffile.TiffFile(tmp_path / "a.tif") as before,
        tifffile.TiffFile(tmp_path / "b.tif") as after,
    ):
        np.testing.assert_array_equal(after.asarray(), values.squeeze())
        old, new = (file.pages[0].aspage() for file in (before, after))
        assert (new.compression, new.predictor) == (old.compression, old.predictor)
        assert (new.is_tiled, new.tile) == (old.is_tiled, old.tile)
        assert after.byteorder == order
