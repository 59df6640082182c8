from __future__ import annotations

import io

import imageio.v3 as imageio
import netpbmfile
import numpy as np
import pytest
from PIL import Image

from linn_cli.errors import InputError
from linn_cli.pictures import high_depth
from linn_cli.pictures.picture import Picture

MANY = 10**6


def test_a_16_bit_png_is_what_another_library_reads() -> None:
    values = np.random.default_rng(0).integers(0, 65536, (6, 5, 3)).astype(np.uint16)
    picture = Picture(values, values[:, :, 0])
    content = high_depth.write_png(picture)
    assert high_depth.is_deep_png(content[:26])
    # imageio reads it by Pillow, which drops the low byte: the high one must be right.
    found = imageio.imread(content)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[:, :, :3], values >> 8)


def test_a_ppm_of_10_bits_uses_the_whole_range() -> None:
    body = np.array([[[0, 512, 1023]]], ">u2").tobytes()
    found = high_depth.read_ppm(io.BytesIO(b"P6 1 1 1023\n" + body), MANY)
    assert found is not None
    assert found.values.ravel().tolist() == [0, round(512 / 1023 * 65535), 65535]


def test_five_channels_are_too_many() -> None:
    with pytest.raises(InputError, match="5 channels"):
        high_depth.from_samples(np.zeros((2, 2, 5)))


def test_a_text_ppm_keeps_its_depth() -> None:
    found = high_depth.read_ppm(io.BytesIO(b"P3 1 1 65535\n7 300 65535\n"), MANY)
    assert found is not None
    assert found.values.ravel().tolist() == [7, 300, 65535]


def test_what_pillow_reads_as_well_is_left_to_it() -> None:
    file = io.BytesIO()
    netpbmfile.imwrite(file, np.zeros((3, 4, 3), np.uint8))
    file.seek(0)
    assert high_depth.read_ppm(file, MANY) is None
    Image.new("RGB", (4, 4)).save(file := io.BytesIO(), "PNG")
    assert not high_depth.is_deep_png(file.getvalue()[:26])
    assert not high_depth.is_deep_png(b"\x89PNG\r\n\x1a\n")
