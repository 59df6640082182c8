from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

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
    exif[0x0112] = 6  # orientation
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    Image.fromarray(grey).save(source, exif=exif, icc_profile=b"profile", dpi=(300, 300))
    images.write(target, images.read(source))
    with Image.open(target) as copy:
        assert copy.getexif()[0x0112] == 6
        assert copy.info["icc_profile"] == b"profile"
        assert copy.info["dpi"] == (300, 300)


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
    with pytest.raises(InputError, match=r"more than 89478485 pixels; .* raise --max-pixels"):
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


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read and write anything")
def test_permissions_are_reported(tmp_path: Path, noisy_file: Path) -> None:
    noisy_file.chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        images.read(noisy_file)
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written"):
        images.write(tmp_path / "picture.png", Picture(np.zeros((2, 2), np.uint8)))


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
    for name in ("b.png", "a.jpg", "notes.txt", "c.PNG"):
        (tmp_path / name).touch()
    assert [path.name for path in images.list_pictures(tmp_path)] == ["a.jpg", "b.png", "c.PNG"]
    with pytest.raises(InputError, match="not a folder"):
        images.list_pictures(tmp_path / "a.jpg")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures in it"):
        images.list_pictures(tmp_path / "empty")
