from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tifffile

from linn_cli.pictures import _other_formats
from linn_cli.pictures.formats import SUFFIXES


def test_a_name_says_what_to_do() -> None:
    assert "heif-convert" in str(_other_formats.advice(Path("a.HEIC")))
    assert "darktable" in str(_other_formats.advice(Path("a.cr3")))
    assert _other_formats.advice(Path("notes.txt")) is None
    assert not any(_other_formats.advice(Path(f"a{suffix}")) for suffix in SUFFIXES)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "holds HEIC"),
        (b"\0\0\0\x18ftypcrx ", "develop it to TIFF"),
        (b"\n<!DOCTYPE html><p>404", "a web page"),
        (b"%PDF-1.7", "export it as PNG"),
        (b"\xff\x0a", "djxl FILE FILE.png"),
        (b"\0\0\0\x0cjP  \r\n", "opj_decompress -i FILE"),
        (b"\x76\x2f\x31\x01", "oiiotool FILE"),
        (b"#?RADIANCE\n", "oiiotool FILE"),
        (b"SIMPLE  =  T", "gdal_translate FILE"),
        (bytes(128) + b"DICM", "dcm2img FILE"),
        (bytes(100), "nothing but zeros"),
        (b"IIRO\x08\0\0\0", "dcraw -T -w FILE"),
        (b"MMOR\0\0\0\x08", "dcraw -T -w FILE"),
        (b"IIU\0\x08\0\0\0", "holds RW2"),
        (b"FOVb\0\0\2\0", "holds X3F"),
        (b"\0MRM\0\0\2\0", "holds MRW"),
        (b"II\x1a\0\0\0HEAPCCDR", "holds CRW"),
        (b"IIIITwaR", "holds IIQ"),
        (b"#?RGBE\n", "oiiotool FILE"),
        (b"II\xbc\1\x08\0\0\0", "holds JPEG XR"),
        (b"P7\nWIDTH 4\n", "magick FILE FILE.png"),
        (b"ZISRAWFILE", "bfconvert FILE FILE.ome.tif"),
        (b"<?xml version='1.0'?>\n<svg>", "holds SVG"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
    ],
)
def test_content_says_what_a_file_is(head: bytes, words: str) -> None:
    assert words in str(_other_formats.recognised(head))


def test_no_advice_on_a_video_contradicts_itself() -> None:
    named = str(_other_formats.advice(Path("a.mp4")))
    piped = str(_other_formats.recognised(b"\0\0\0\x18ftypmp42"))
    assert named.startswith("is a video, linn denoise and linn estimate take it")
    for words in (named, piped):
        assert "does not read" not in words


def test_unknown_content_says_nothing() -> None:
    assert _other_formats.recognised(b"no picture") is None


def test_files_are_counted_by_kind() -> None:
    files = [Path(name) for name in ("a.CR3", "b.cr3", "c.heic", "notes.txt", "noend")]
    counts = Counter([*map(_other_formats.kind, files), _other_formats.BROKEN])
    assert _other_formats.in_words(counts) == (
        "2 CR3, 1 HEIC, 1 broken link, 2 of other kinds (no ending, TXT); "
        "develop CR3 to TIFF first (darktable-cli FILE FILE.tif, or dcraw -T -w FILE); "
        "convert HEIC to PNG first (heif-convert FILE FILE.png)"
    )


@pytest.mark.parametrize(
    "name",
    [
        "a.pef",
        "a.srw",
        "a.3fr",
        "a.dng",
        "a.jxl",
        "a.jp2",
        "a.exr",
        "a.fits",
        "a.hif",
        "a.pam",
        "a.czi",
    ],
)
def test_a_name_brings_a_command_with_it(name: str) -> None:
    assert f" {name} " in f"{_other_formats.advice(Path(name))} "


@pytest.mark.parametrize("below", [False, True])
def test_raw_data_is_not_taken_for_its_thumbnail(below: bool) -> None:
    small, bayer = np.zeros((4, 4, 3), np.uint8), np.zeros((16, 16), np.uint16)
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(small, photometric="rgb", subifds=int(below), metadata=None)
        writer.write(bayer, photometric=32803, metadata=None)
    file.seek(0)
    assert "dcraw -T -w FILE" in str(_other_formats.raw(file, b"II*\0"))
    tifffile.imwrite(plain := io.BytesIO(), small, photometric="rgb")
    assert _other_formats.raw(plain, b"II*\0") is None
    assert _other_formats.raw(io.BytesIO(), b"II*\0\x10\0\0\0CR\2\0") is not None
    assert _other_formats.raw(io.BytesIO(b"II*\0"), b"II*\0") is None


def test_a_name_that_linn_does_not_write_may_still_be_read() -> None:
    assert not any(_other_formats.advice(Path(name)) for name in ("a.pbm", "a.mpo", "a.lsm"))
