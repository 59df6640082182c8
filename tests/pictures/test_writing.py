from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from linn_cli.errors import InputError, UsageError
from linn_cli.pictures import reading, writing
from linn_cli.pictures.formats import format_named
from linn_cli.pictures.picture import Document, Picture


def document(values: NDArray[Any], alpha: NDArray[Any] | None = None, **more: Any) -> Document:
    values = values[:, :, None] if values.ndim == 2 else values
    return Document((Picture(values, alpha),), format_named("png"), **more)


def encoded(
    picture: Document, kind: str, *, quality: int | None = None
) -> tuple[io.BytesIO, list[str]]:
    """The bytes in a format, rewound, and what was said."""
    file = io.BytesIO(b"something longer that was there before" * 10_000)
    remarks = writing.encode(file, picture, format_named(kind), quality=quality)
    file.seek(0)
    return file, remarks


@pytest.mark.parametrize("kind", ["png", "tiff", "bmp", "webp", "ppm"])
def test_lossless_formats_hold_every_pixel(grey: NDArray[np.uint8], kind: str) -> None:
    file, remarks = encoded(document(grey), kind)
    assert remarks == []
    values = reading.decode(file, kind).frames[0].values  # WebP makes three channels of grey
    np.testing.assert_array_equal(values, np.broadcast_to(grey[:, :, None], values.shape))


@pytest.mark.parametrize(
    "metadata", [{"exif": b"Exif\0\0" + bytes(70_000)}, {"icc_profile": 5}, {"xmp": b"x" * 70_000}]
)
def test_metadata_that_cannot_be_written_is_left_out(
    grey: NDArray[np.uint8], metadata: dict[str, Any]
) -> None:
    file, [remark] = encoded(document(grey, metadata=metadata | {"dpi": (300.0, 300.0)}), "jpeg")
    assert remark == f"metadata ({next(iter(metadata))}) is damaged or too large and was left out"
    assert reading.decode(file, "").metadata == {"dpi": (300, 300)}


@pytest.mark.parametrize("quality", [61, 100])
def test_a_jpeg_is_finer_than_its_source_unless_told_otherwise(
    grey: NDArray[np.uint8], quality: int
) -> None:
    source = io.BytesIO()
    Image.fromarray(np.dstack((grey, grey[::-1], 255 - grey))).save(
        source, "JPEG", quality=quality, subsampling="4:2:2"
    )
    source.seek(0)
    picture = reading.decode(source, "")
    files = source, encoded(picture, "jpeg")[0], encoded(picture, "jpeg", quality=20)[0]
    before, after, smaller = (Image.open(file) for file in files)
    assert isinstance(before, JpegImagePlugin.JpegImageFile)
    assert isinstance(after, JpegImagePlugin.JpegImageFile)
    assert isinstance(smaller, JpegImagePlugin.JpegImageFile)
    tables = before.quantization.values()
    assert all(after.quantization[0][place] <= min(t[place] for t in tables) for place in range(64))
    assert max(after.quantization[0]) <= 5
    assert (max(after.quantization[0]) == 1) == (quality == 100)
    assert max(map(max, smaller.quantization.values())) > 100
    pixels = np.array(after.convert("RGB"), np.float64) - picture.frames[0].values
    assert np.mean(pixels**2) < 0.35  # rounding to YCbCr alone makes 0.5


def test_pages_of_different_kinds_are_written() -> None:
    pages = (
        Picture(np.full((4, 5, 1), 1000, np.uint16)),
        Picture(np.full((4, 5, 3), 2000, np.uint16)),
        Picture(np.full((4, 5, 1), 30, np.uint8)),
    )
    file, _ = encoded(Document(pages, format_named("tiff")), "tiff")
    for page, expected in zip(reading.decode(file, "").frames, pages, strict=True):
        np.testing.assert_array_equal(page.values, expected.values)


def test_a_grey_profile_is_not_put_on_colours(grey: NDArray[np.uint8]) -> None:
    profile = bytes(16) + b"GRAY" + bytes(200)
    file, [remark] = encoded(document(grey, metadata={"icc_profile": profile}), "webp")
    assert "the grey colour profile was left out" in remark
    assert reading.decode(file, "").metadata == {}


def test_what_the_encoder_cannot_do_is_a_reason() -> None:
    with pytest.raises(InputError, match="WebP cannot hold this picture"):
        encoded(document(np.zeros((1, 16_400), np.uint8)), "webp")


def test_what_a_format_cannot_hold_is_refused(grey: NDArray[np.uint8]) -> None:
    colour = np.dstack((grey, grey[::-1], 255 - grey))
    see_through = document(colour, grey)
    moving = Document((Picture(colour), Picture(colour)), format_named("gif"))
    for refused, kind, reason in [
        (see_through, "jpeg", "JPEG has no transparency"),
        (see_through, "ppm", "PPM has no transparency"),
        (moving, "jpeg", "JPEG holds one picture, not 2 frames"),
        (document(colour), "pgm", "PGM has no colour"),
    ]:
        with pytest.raises(InputError, match=reason):
            encoded(refused, kind)


def test_depth_that_a_format_cannot_hold_is_lost_and_that_is_said() -> None:
    deep = document(np.full((4, 4, 3), 65535 // 2, np.uint16))
    assert encoded(deep, "jpeg")[1] == ["uint16 samples became uint8, which JPEG holds"]
    bright = document(np.array([[[0.25], [-1.0], [9.0], [1]]], np.float32))
    file, remarks = encoded(bright, "png")
    assert remarks == [
        "50 % of the values lie beyond black and white and were cut off",
        "float32 samples became uint16, which PNG holds",
    ]
    assert reading.decode(file, "").frames[0].values.ravel().tolist() == [16384, 0, 65535, 65535]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(InputError, match="No space left on device"):
        writing.write(tmp_path / "picture.png", document(np.zeros((2, 2), np.uint8)))
    assert list(tmp_path.iterdir()) == []


def test_outputs_are_checked_before_any_work(tmp_path: Path, noisy_file: Path) -> None:
    link = tmp_path / "link.png"
    link.symlink_to(noisy_file)
    folder = tmp_path / "folder.png"
    folder.mkdir()
    for output, reason in [
        (noisy_file, "same file"),
        (link, "same file"),
        (folder, "is a folder"),
        (tmp_path / "missing" / "out.png", "there is no folder"),
        (tmp_path / "out.tga", "ends in .png"),
        (tmp_path / "out", "ends in .png"),
    ]:
        with pytest.raises(UsageError, match=reason):
            writing.check_output(output, noisy_file)
    writing.check_output(tmp_path / "out.png", noisy_file)


def test_a_refused_picture_leaves_nothing_and_the_file_is_named(tmp_path: Path) -> None:
    wide = document(np.zeros((1, 16_400), np.uint8))
    with pytest.raises(InputError, match=r"a.webp: WebP cannot hold this picture"):
        writing.write(tmp_path / "a.webp", wide)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["png", "tiff", "bmp"])
@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "raw"])
@pytest.mark.parametrize("changed", [False, True])
def test_black_and_white_keeps_one_bit_as_long_as_there_is_nothing_else(
    tmp_path: Path, kind: str, compression: str, changed: bool
) -> None:
    path = tmp_path / "fax.tif"
    levels = np.random.default_rng(0).random((60, 90)) > 0.5
    pages = [Image.fromarray(levels), Image.fromarray(~levels)][: 1 if kind == "bmp" else 2]
    pages[0].save(path, compression=compression, save_all=True, append_images=pages[1:])
    picture = reading.read(path)
    if kind == "png":  # several would be an animation
        picture = replace(picture, frames=picture.frames[:1])
    if changed:
        picture.frames[0].values[5, 5] = 100
    file, remarks = encoded(picture, kind)
    stays = kind != "bmp" and not changed
    assert remarks == ([] if stays else ["black and white became grey"])
    image = Image.open(file)
    assert image.mode == ("1" if stays else "L")
    np.testing.assert_array_equal(np.array(image.convert("L")), picture.frames[0].values[:, :, 0])
