from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from linn_cli import images
from linn_cli.errors import InputError, UsageError
from linn_cli.images import Picture

EXACT = [".png", ".tif", ".tiff", ".bmp", ".pgm"]


@pytest.mark.parametrize("suffix", [*EXACT, ".PNG"])
def test_lossless_formats_return_every_pixel(
    tmp_path: Path, grey: NDArray[np.uint8], suffix: str
) -> None:
    path = tmp_path / f"picture{suffix}"
    images.write(path, Picture(grey))
    np.testing.assert_array_equal(images.read(path).levels, grey)


def test_jpeg_comes_close(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    path = tmp_path / "picture.jpg"
    images.write(path, Picture(grey))
    difference = images.read(path).levels.astype(int) - grey
    assert np.abs(difference).mean() < 2  # quality 95


def test_metadata_is_carried_over(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    Image.fromarray(grey).save(source, exif=exif, icc_profile=b"profile", dpi=(300, 300))
    assert images.write(target, images.read(source))
    with Image.open(target) as copy:
        assert copy.getexif()[0x010F] == "a camera"
        assert copy.info["icc_profile"] == b"profile"
        assert copy.info["dpi"] == (300, 300)


# How a viewer turns the stored pixels, by the EXIF orientation.
TURNS: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda levels: levels,
    2: np.fliplr,
    3: lambda levels: np.rot90(levels, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda levels: np.rot90(levels, -1),
    7: lambda levels: np.rot90(levels, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("orientation", TURNS)
def test_a_picture_is_turned_the_right_way_up_once(
    tmp_path: Path,
    grey: NDArray[np.uint8],
    orientation: int,
    compression: str | None,
    suffix: str,
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    source, target = tmp_path / "a.tif", tmp_path / f"b{suffix}"
    Image.fromarray(grey).save(source, exif=exif, compression=compression)
    picture = images.read(source)
    np.testing.assert_array_equal(picture.levels, TURNS[orientation](grey))
    images.write(target, picture)
    with Image.open(target) as copy:
        assert copy.getexif().get(0x0112, 1) == 1
    np.testing.assert_array_equal(images.read(target).levels, picture.levels)


@pytest.mark.parametrize(
    "metadata", [{"exif": b"Exif\0\0" + bytes(70_000)}, {"exif": "not bytes"}, {"icc_profile": 5}]
)
def test_metadata_that_cannot_be_written_is_left_out(
    tmp_path: Path, grey: NDArray[np.uint8], metadata: dict[str, object]
) -> None:
    path = tmp_path / "picture.jpg"
    assert not images.write(path, Picture(grey, metadata))
    assert images.read(path).levels.shape == grey.shape
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("dpi", [(0, 0), (float("nan"), 72), ("a", "b"), 5, None])
def test_a_resolution_that_is_none_is_dropped(
    tmp_path: Path, grey: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, dpi: object
) -> None:
    path = tmp_path / "picture.png"
    images.write(path, Picture(grey))

    def opened(*arguments: Any, **options: Any) -> Image.Image:
        image = original(*arguments, **options)
        image.info["dpi"] = dpi
        return image

    original = Image.open
    monkeypatch.setattr(Image, "open", opened)
    assert images.read(path).metadata == {}


def test_damaged_files_are_refused_with_one_reason(
    tmp_path: Path, grey: NDArray[np.uint8], recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "picture.tif"
    images.write(path, Picture(grey))
    content = path.read_bytes()
    chance = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        # In the directory of tags at the beginning, where damage is interesting.
        for place in chance.integers(4, 150, 3):
            damaged[place] = chance.integers(0, 256)
        path.write_bytes(damaged)
        try:
            images.read(path)
        except InputError:
            refused += 1
    assert refused > 50
    assert len(recwarn) == 0


def save(path: Path, mode: str) -> Path:
    Image.new(mode, (6, 4)).save(path)
    return path


@pytest.mark.parametrize(
    ("mode", "suffix", "reason"),
    [
        ("RGB", ".png", r"colour picture \(RGB\)"),
        ("P", ".png", r"colour picture \(P\)"),
        ("CMYK", ".jpg", r"colour picture \(CMYK\)"),
        ("RGBA", ".png", "alpha channel"),
        ("LA", ".png", "alpha channel"),
        ("I;16", ".png", "more than 8 bits"),
        ("I;16", ".tif", "more than 8 bits"),
        ("F", ".tif", "more than 8 bits"),
        ("1", ".png", "black and white only"),
    ],
)
def test_what_is_not_8_bit_grey_is_refused_not_flattened(
    tmp_path: Path, mode: str, suffix: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        images.read(save(tmp_path / f"picture{suffix}", mode))


def test_colour_is_taken_as_luma_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.new("RGB", (6, 4), (255, 0, 0)).save(path)
    assert images.read(path, as_grey=True).levels.tolist() == [[76] * 6] * 4


def test_a_transparent_grey_level_is_refused(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(grey).save(path, transparency=0)
    with pytest.raises(InputError, match="transparency"):
        images.read(path)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "I;16", "1"])
def test_luma_is_taken_of_opaque_8_bit_colour_only(tmp_path: Path, mode: str) -> None:
    with pytest.raises(InputError, match="8-bit grey pictures so far"):
        images.read(save(tmp_path / "picture.png", mode), as_grey=True)


def test_several_pages_are_refused(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    path = tmp_path / "pages.tif"
    page = Image.fromarray(grey)
    page.save(path, save_all=True, append_images=[page])
    with pytest.raises(InputError, match="several frames or pages"):
        images.read(path)


@pytest.mark.parametrize("suffix", [".heic", ".CR2", ".dng", ".avif"])
def test_raw_and_heic_say_how_to_convert(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match="first"):
        images.read(tmp_path / f"picture{suffix}")


def test_unreadable_inputs_have_a_reason(tmp_path: Path, noisy_file: Path) -> None:
    text = tmp_path / "text.png"
    text.write_text("no picture")
    empty = tmp_path / "empty.png"
    empty.touch()
    cut = tmp_path / "cut.png"
    cut.write_bytes(noisy_file.read_bytes()[:900])
    for path, reason in [
        (tmp_path / "missing.png", "no such file"),
        (tmp_path, "is a folder"),
        (text, "not a picture"),
        (empty, "not a picture"),
        (cut, "damaged or cut short"),
    ]:
        with pytest.raises(InputError, match=reason):
            images.read(path)


def test_formats_outside_the_list_are_refused_whatever_their_name(tmp_path: Path) -> None:
    path = tmp_path / "really-a-gif.png"
    Image.new("L", (4, 4)).save(path, format="GIF")
    with pytest.raises(InputError, match="not a picture that linn reads"):
        images.read(path)


def test_a_decompression_bomb_is_refused(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 0, 0, 0, 0)
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(InputError, match=r"more than 89478485 pixels; .* higher --max-pixels"):
        images.read(bomb)
    with pytest.raises(InputError, match="damaged or cut short"):
        images.read(bomb, max_pixels=10**8)


@pytest.mark.parametrize("most", [37 * 52 - 1, 37 * 52 // 2 - 1])
def test_the_pixel_limit_is_exact_and_pillows_own_is_put_back(noisy_file: Path, most: int) -> None:
    before = Image.MAX_IMAGE_PIXELS
    images.read(noisy_file, max_pixels=37 * 52)
    with pytest.raises(InputError, match=f"more than {most} pixels"):
        images.read(noisy_file, max_pixels=most)
    assert before == Image.MAX_IMAGE_PIXELS


def test_missing_permissions_are_reported(
    tmp_path: Path, noisy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.mkstemp", refuse)
        with pytest.raises(InputError, match=r"cannot be written .Permission denied"):
            images.write(tmp_path / "picture.png", Picture(np.zeros((2, 2), np.uint8)))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(InputError, match=r"cannot be read.*Permission denied"):
            images.read(noisy_file)
    with monkeypatch.context() as patch:
        patch.setattr("os.access", lambda path, mode: False)
        with pytest.raises(UsageError, match="folder cannot be written to"):
            images.check_output(tmp_path / "picture.png", noisy_file)


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(InputError, match="No space left on device"):
        images.write(tmp_path / "picture.png", Picture(np.zeros((2, 2), np.uint8)))
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
        (tmp_path / "out.gif", "ends in .png"),
        (tmp_path / "out", "ends in .png"),
    ]:
        with pytest.raises(UsageError, match=reason):
            images.check_output(output, noisy_file)
    images.check_output(tmp_path / "out.png", noisy_file)


def test_a_folder_is_listed_in_name_order(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "notes.txt", "c.PNG", ".linn-half.png"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in images.list_pictures(tmp_path)] == ["a.jpg", "b.png", "c.PNG"]
    with pytest.raises(InputError, match="not a folder"):
        images.list_pictures(tmp_path / "a.jpg")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures in it"):
        images.list_pictures(tmp_path / "empty")
