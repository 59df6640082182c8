"""Damaged files of every format: a reason or a whole picture, never a crash, never half a file.

The mutated files go through the command line in a process of their own, which may be killed.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import imagecodecs
import netpbmfile
import numpy as np
import pytest
import tifffile
from PIL import Image

from linn_cli.pictures import reading

WIDTH, HEIGHT = 24, 20
MUTATIONS = 180


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(samples: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **options)
    return file.getvalue()


def ppm(samples: Any) -> bytes:
    file = io.BytesIO()
    netpbmfile.imwrite(file, samples)
    return file.getvalue()


def sources() -> dict[str, bytes]:
    """A small picture in every format and kind, with metadata where there is room."""
    chance = np.random.default_rng(0)
    deep = chance.integers(0, 65536, (HEIGHT, WIDTH, 3)).astype(np.uint16)
    colour = Image.fromarray((deep >> 8).astype(np.uint8))
    grey, alpha = colour.convert("L"), colour.convert("RGBA")
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "a camera", 6
    kept: dict[str, Any] = {"exif": exif, "icc_profile": b"profile" * 30}
    moving = {"save_all": True, "append_images": [colour.rotate(180)], "duration": 50}
    return {
        "grey.png": encoded(grey, "PNG", **kept),
        "colour.png": encoded(colour, "PNG", dpi=(72, 72)),
        "alpha.png": encoded(alpha, "PNG"),
        "palette.png": encoded(colour.quantize(16), "PNG", transparency=3),
        "deep.png": encoded(Image.fromarray(deep[:, :, 0]), "PNG", **kept),
        "deeper.png": bytes(imagecodecs.png_encode(deep)),
        "moving.png": encoded(colour, "PNG", **moving),
        "grey.tif": encoded(grey, "TIFF", **kept),
        "lzw.tif": encoded(colour, "TIFF", compression="tiff_lzw"),
        "deep.tif": tiff(deep, photometric="rgb", rowsperstrip=4, compression="zlib"),
        "float.tif": tiff(deep[:, :, 0].astype(np.float32) / 65535),
        "tiled.tif": tiff(deep, photometric="rgb", tile=(16, 16)),
        "pages.tif": encoded(grey, "TIFF", save_all=True, append_images=[grey]),
        "cmyk.tif": encoded(colour.convert("CMYK"), "TIFF"),
        "grey.jpg": encoded(grey, "JPEG", **kept),
        "colour.jpg": encoded(colour, "JPEG", xmp=b"<x:xmpmeta/>"),
        "cmyk.jpg": encoded(colour.convert("CMYK"), "JPEG"),
        "progressive.jpg": encoded(colour, "JPEG", progressive=True, **kept),
        "lossless.webp": encoded(alpha, "WEBP", lossless=True),
        "lossy.webp": encoded(colour, "WEBP", **kept),
        "moving.webp": encoded(colour, "WEBP", **moving),
        "colour.avif": encoded(colour, "AVIF", **kept),
        "moving.gif": encoded(colour, "GIF", **moving),
        "colour.bmp": encoded(colour, "BMP"),
        "grey.pgm": encoded(grey, "PPM"),
        "deep.pgm": ppm(deep[:, :, 0]),
        "colour.ppm": encoded(colour, "PPM"),
        "deep.ppm": ppm(deep),
        "float.pfm": encoded(grey.convert("F"), "PPM"),
    }


def mutated(content: bytes, chance: np.random.Generator) -> bytes:
    """A copy with bytes changed (more of them near the beginning), cut out, put in or cut off."""
    damaged = bytearray(content)
    for _ in range(chance.integers(1, 4)):
        place = int(len(damaged) * chance.random() ** 2)
        count = int(chance.integers(1, 9))
        match chance.integers(0, 6):
            case 0 | 1:
                damaged[place : place + count] = chance.bytes(len(damaged[place : place + count]))
            case 2:
                damaged[place : place + 1] = bytes([int(chance.choice([0, 1, 127, 128, 254, 255]))])
            case 3:
                damaged[place:place] = chance.bytes(count)
            case 4:
                del damaged[place : place + count]
            case 5:
                del damaged[max(place, 1) :]
    return bytes(damaged)


# One damaged file in so many goes through the network, too, which takes most of the time and sees only what
# was read; the others are read, checked and written.
DENOISED = 6


@pytest.mark.parametrize("sigma", [0, 20])
def test_damaged_files_are_whole_pictures_or_reasons(tmp_path: Path, sigma: int) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    chance = np.random.default_rng(0)
    whole, contents = sources(), {}
    for name, content in whole.items():
        (folder / name).write_bytes(content)
        for index in range(MUTATIONS):
            damaged = mutated(content, chance)
            if (index % DENOISED == 0) == (sigma > 0):
                path = folder / f"{index:03}-{name}"
                path.write_bytes(damaged)
                contents[path] = damaged
    share = MUTATIONS // DENOISED if sigma else MUTATIONS - MUTATIONS // DENOISED
    assert len(contents) == len(whole) * share
    command = [sys.executable, "-m", "linn_cli", "denoise", folder, "-o", out, "--sigma", sigma]
    options = ["--json", "--threads", "1", "--max-pixels", str(4 * WIDTH * HEIGHT)]
    done = subprocess.run(
        [*map(str, command), *options],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 1, done.stderr[-2000:]  # some are damaged, and the process survived
    assert "Traceback" not in done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == len(contents) + len(whole)
    errors = {Path(record["input"]).name: record["error"] for record in records}
    assert [error for error in errors.values() if error and "unexpected" in error] == []
    assert [errors[name] for name in whole] == [None] * len(whole)
    assert all(path.read_bytes() == content for path, content in contents.items())
    written = {path.name for path in out.iterdir()}
    assert written == {name for name, error in errors.items() if error is None}
    for path in out.iterdir():
        reading.read(path)
