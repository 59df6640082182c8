"""What exiftool finds in a picture is found in linn's copy, too, for every format that keeps metadata."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from linn_cli.pictures import _jpeg_segments, reading, writing

EXIFTOOL = shutil.which("exiftool")
# Of the file and not of the picture, or how the samples are stored.
OF_THE_FILE = ("System:", "ExifTool:", "SourceFile", "Composite:", "File:FileSize")
OF_STORAGE = (
    "MediaData",
    "MediaDataSize",
    "MediaDataOffset",
    "StripOffsets",
    "StripByteCounts",
    "RowsPerStrip",
    "YCbCrSubSampling",
    "TileOffsets",
    "ExifByteOrder",
)
LEVELS = np.random.default_rng(0).integers(0, 200, (40, 30, 3)).astype(np.uint8)
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' dc:format='\xc3\xa4'/></rdf:RDF></x:xmpmeta>"


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x010F], found[0x013B] = "a camera", "José".encode()
    below = found.get_ifd(0x8769)
    below[0x8827], below[0x829A] = 400, 0.01
    below[0x927C] = b"a maker's own"
    position = found.get_ifd(0x8825)
    position[1], position[2] = "N", (52.0, 30.0, 1.5)
    return found


def pictures() -> dict[str, bytes]:
    """A file of each kind, full of metadata."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(LEVELS)
    more: dict[str, Any] = {"lossless": True, "exif": exif(), "icc_profile": profile, "xmp": XMP}
    files = {}
    for suffix in ("jpg", "webp", "avif"):
        image.save(file := io.BytesIO(), suffix.replace("jpg", "jpeg"), **more)
        files[f"a.{suffix}"] = file.getvalue()
    record = b"\x1c\x02\x74\x00\x06(c) me"
    iptc = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(record)) + record + b"\0"
    files["a.jpg"] = _jpeg_segments.insert(files["a.jpg"], iptc, ())
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "a scan")
    texts.add_itxt("Author", "José")
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    image.save(file := io.BytesIO(), "PNG", pnginfo=texts, dpi=(300, 300), exif=exif())
    files["a.png"] = file.getvalue()
    for name, dtype, options in (
        ("8.tif", np.uint8, {}),
        ("16.tif", np.uint16, {"byteorder": ">"}),
        ("float.tif", np.float32, {"bigtiff": True}),
    ):
        tifffile.imwrite(
            file := io.BytesIO(), LEVELS.astype(dtype), photometric="rgb", metadata=None, **options
        )
        files[f"plain-{name}"] = file.getvalue()
    image.save(file := io.BytesIO(), "TIFF", dpi=(300, 300), compression="tiff_lzw", **more)
    files["exif.tif"] = file.getvalue()
    return files


def found(path: Path) -> dict[str, Any]:
    assert EXIFTOOL
    done = subprocess.run(
        [EXIFTOOL, "-j", "-G1", "-a", "-u", "-b", "-n", str(path)], capture_output=True, check=True
    )
    [tags] = json.loads(done.stdout)
    return {
        name: value
        for name, value in tags.items()
        if not name.startswith(OF_THE_FILE) and name.split(":")[-1] not in OF_STORAGE
    }


@pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed")
@pytest.mark.parametrize("name", pictures())
def test_exiftool_finds_the_same_in_the_copy(tmp_path: Path, name: str) -> None:
    source, copy = tmp_path / name, tmp_path / f"copy-{name}"
    source.write_bytes(pictures()[name])
    assert writing.write(copy, reading.read(source)) == []
    before, after = found(source), found(copy)
    assert len(before) > 10
    if before.get("JFIF:ResolutionUnit") == 0:  # says nothing but that there is no EXIF before it
        before = {key: value for key, value in before.items() if not key.startswith("JFIF:")}
    lost = {key: value for key, value in before.items() if after.get(key) != value}
    assert lost == {}


@pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed")
@pytest.mark.parametrize("with_exif", [True, False])
def test_the_resolution_of_a_jpeg_without_jfif_stands_in_its_exif(
    tmp_path: Path, with_exif: bool
) -> None:
    source, copy = tmp_path / "a.jpg", tmp_path / "b.jpg"
    more: dict[str, Any] = {"exif": exif()} if with_exif else {}
    smooth = np.sort(LEVELS, axis=0)
    Image.fromarray(smooth).save(source, quality=98, dpi=(300, 200), **more)
    read = reading.read(source)
    assert writing.write(copy, read) == []
    before, after = found(source), found(copy)
    for name in ("XResolution", "YResolution"):
        assert after[f"IFD0:{name}"] == before[f"JFIF:{name}"]
    assert after["IFD0:ResolutionUnit"] == 2
    rest = {key: value for key, value in before.items() if not key.startswith("JFIF:")}
    assert rest.items() <= after.items()
    with Image.open(copy) as image:
        assert image.info["dpi"][0] == 300
        assert "jfif" not in image.info  # or the colours would be taken for YCbCr
        assert np.abs(np.asarray(image, int) - read.frames[0].values).max() <= 3  # quality 98
