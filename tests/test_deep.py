from __future__ import annotations

import io
from typing import Any

import imageio.v3 as imageio
import netpbmfile
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from linn_cli import deep
from linn_cli.errors import InputError
from linn_cli.picture import Picture

MANY = 10**6


def tiff(samples: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **options)
    file.seek(0)
    return file


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64, np.float16])
def test_every_arrangement_of_a_tiff_is_the_same_picture(
    dtype: type, order: str, planar: str
) -> None:
    values: NDArray[Any] = np.random.default_rng(0).integers(0, 2000, (6, 5, 3)).astype(dtype)
    stored = np.moveaxis(values, -1, 0) if planar == "separate" else values
    file = tiff(stored, photometric="rgb", planarconfig=planar, byteorder=order)
    [found] = deep.read_tiff(file, MANY) or []
    assert found.values.dtype == (np.uint16 if dtype is np.uint16 else np.float32)
    np.testing.assert_array_equal(found.values, values)


def test_white_may_be_zero() -> None:
    values = np.array([[0, 1, 65535]], np.uint16)
    [found] = deep.read_tiff(tiff(values, photometric="miniswhite"), MANY) or []
    assert found.values.ravel().tolist() == [65535, 65534, 0]


def test_pages_come_in_order() -> None:
    pages = [Picture(np.full((3, 4, 1), level, np.uint16)) for level in (5, 6, 7)]
    file = io.BytesIO()
    deep.write_tiff(file, pages, {})
    file.seek(0)
    found = deep.read_tiff(file, MANY) or []
    assert [int(page.values[0, 0, 0]) for page in found] == [5, 6, 7]


def test_8_bit_files_are_left_to_pillow() -> None:
    assert deep.read_tiff(tiff(np.zeros((3, 4), np.uint8)), MANY) is None
    file = io.BytesIO()
    netpbmfile.imwrite(file, np.zeros((3, 4, 3), np.uint8))
    file.seek(0)
    assert deep.read_ppm(file, MANY) is None
    Image.new("RGB", (4, 4)).save(file := io.BytesIO(), "PNG")
    assert not deep.is_deep_png(file.getvalue()[:26])
    assert not deep.is_deep_png(b"\x89PNG\r\n\x1a\n")


def test_too_many_pixels_are_refused_before_they_are_read() -> None:
    file = tiff(np.zeros((30, 40), np.uint16))
    with pytest.raises(InputError, match="more than 1199 pixels"):
        deep.read_tiff(file, 1199)


def test_a_16_bit_png_is_what_another_library_reads() -> None:
    values = np.random.default_rng(0).integers(0, 65536, (6, 5, 3)).astype(np.uint16)
    picture = Picture(values, values[:, :, 0])
    content = deep.write_png(picture, {})
    assert deep.is_deep_png(content[:26])
    # imageio reads it by Pillow, which drops the low byte: the high one must be right.
    found = imageio.imread(content)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[:, :, :3], values >> 8)


def test_a_ppm_of_10_bits_uses_the_whole_range() -> None:
    body = np.array([[[0, 512, 1023]]], ">u2").tobytes()
    found = deep.read_ppm(io.BytesIO(b"P6 1 1 1023\n" + body), MANY)
    assert found is not None
    assert found.values.ravel().tolist() == [0, round(512 / 1023 * 65535), 65535]


def test_five_channels_are_too_many() -> None:
    with pytest.raises(InputError, match="5 channels"):
        deep.from_samples(np.zeros((2, 2, 5)))
