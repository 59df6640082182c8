from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from linn_cli.errors import InputError
from linn_cli.pictures import _avif_boxes, reading, writing
from linn_cli.pictures.formats import format_named

HDR, WIDE = bytes((9, 16, 0, 1)), bytes((12, 13, 0, 1))
COLOURS = np.random.default_rng(0).integers(0, 1023, (16, 24, 3))


def avif() -> bytes:
    file = io.BytesIO()
    Image.fromarray((COLOURS >> 2).astype(np.uint8)).save(file, "AVIF")
    return file.getvalue()


@pytest.mark.parametrize("label", [HDR, WIDE])
def test_the_label_of_colours_stays(label: bytes) -> None:
    given, copy = _avif_boxes.relabel(avif(), label), io.BytesIO()
    assert _avif_boxes.read(given).cicp == label
    document = reading.decode(io.BytesIO(given), "")
    assert writing.encode(copy, document, format_named("avif")) == []
    assert _avif_boxes.read(copy.getvalue()).cicp == label
    Image.open(copy).load()


def test_more_bits_are_refused_with_hdr_and_told_without() -> None:
    content = bytes(imagecodecs.avif_encode(COLOURS.astype(np.uint16), bitspersample=10))
    assert _avif_boxes.read(content).bits == 10
    [remark] = reading.decode(io.BytesIO(content), "").remarks
    assert remark == "left out: the lowest 2 of 10 bits"
    with pytest.raises(InputError, match=r"avifdec --depth 16 a.avif a.avif.png"):
        reading.decode(io.BytesIO(_avif_boxes.relabel(content, HDR)), "a.avif")


def test_what_is_no_avif_says_nothing() -> None:
    for content in (b"", b"\0\0\0\1meta", b"\0\0\0\x0cmetacolr", bytes(50)):
        assert _avif_boxes.read(content) == _avif_boxes.Coding(b"", 8, False)
        assert _avif_boxes.relabel(content, HDR) == content
