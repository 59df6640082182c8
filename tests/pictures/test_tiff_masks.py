from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from linn_cli.pictures import reading


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("beside", ["alone", "16 bits", "one bit"])
@pytest.mark.parametrize("kind", ["ycbcr", "palette", "one bit"])
def test_a_mask_hides_parts_of_pages_that_pillow_reads(
    kind: str, beside: str, orientation: int
) -> None:
    levels = np.random.default_rng(0).integers(90, 160, (64, 48, 3)).astype(np.uint8)
    mask = np.zeros((64, 48), bool)
    mask[:30] = True
    table = np.arange(3 * 256, dtype=np.uint16).reshape(3, 256)
    every: dict[str, dict[str, Any]] = {
        "ycbcr": {"photometric": "ycbcr", "compression": "jpeg"},
        "palette": {"photometric": "palette", "colormap": table},
        "one bit": {"photometric": "minisblack"},
    }
    options = every[kind]
    ways: dict[str, NDArray[Any]] = {
        "ycbcr": levels,
        "palette": levels[:, :, 0],
        "one bit": levels[:, :, 0] > 120,
    }
    values = ways[kind]
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        tag = (274, 3, 1, orientation, True)
        writer.write(values, metadata=None, extratags=[tag], **options)
        writer.write(mask, photometric="mask", subfiletype=4, metadata=None)
        if beside == "16 bits":
            writer.write(levels.astype(np.uint16), photometric="rgb", metadata=None)
        elif beside == "one bit":
            writer.write(levels[:, :, 0] > 120, metadata=None)
    file.seek(0)
    found = reading.decode(file, "a.tif").frames
    assert len(found) == (1 if beside == "alone" else 2)
    expected = np.rot90(mask, -1) if orientation == 6 else mask
    assert found[0].seen is not None
    np.testing.assert_array_equal(found[0].seen, expected)
    assert found[0].values.shape[:2] == expected.shape
    assert all(one.seen is None for one in found[1:])
