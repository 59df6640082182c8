from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from linn_cli.pictures import _gif_blocks, reading, writing
from linn_cli.pictures.formats import format_named

LEVELS = np.random.default_rng(0).integers(0, 200, (12, 10)).astype(np.uint8)
XMP = b"<x:xmpmeta>\xc3\xa4 and more</x:xmpmeta>"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def gif(frames: int = 1) -> bytes:
    images = [Image.fromarray(np.roll(LEVELS, number)) for number in range(frames)]
    images[0].save(file := io.BytesIO(), "GIF", save_all=True, append_images=images[1:], loop=3)
    return file.getvalue()


@pytest.mark.parametrize("frames", [1, 3])
def test_xmp_and_profile_come_back_to_the_byte(frames: int) -> None:
    content = _gif_blocks.insert(gif(frames), XMP, PROFILE)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.n_frames, image.info.get("loop")) == (frames, 3)
    document = reading.decode(io.BytesIO(content), "a.gif")
    assert document.metadata["xmp"] == XMP
    writing.encode(copy := io.BytesIO(), document, format_named("gif"))
    assert _gif_blocks.read(copy) == _gif_blocks.Blocks(XMP, PROFILE)
    with Image.open(copy) as image:
        assert image.n_frames == frames


def test_further_extensions_are_named() -> None:
    content = gif()
    place = content.index(b"!\xff\x0bNETSCAPE2.0") if b"NETSCAPE2.0" in content else 13 + 768
    added = b"!\xff\x0bMGK8BIM0000\x03abc\0" + b"!\x01\x0c" + bytes(12) + b"\x02hi\0"
    document = reading.decode(io.BytesIO(content[:place] + added + content[place:]), "a.gif")
    assert "left out: GIF extensions (MGK8BIM0000, plain text)" in document.remarks


@pytest.mark.parametrize("size", [0, 5, 13, 40, 800, 900])
def test_a_damaged_file_ends_where_it_ends(size: int) -> None:
    content = _gif_blocks.insert(gif(), XMP, PROFILE)
    assert _gif_blocks.read(io.BytesIO(content[:size])).lost == ()
