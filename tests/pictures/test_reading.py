from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from linn_cli.errors import InputError, UsageError
from linn_cli.pictures import reading, writing
from linn_cli.pictures.formats import format_named, format_of
from linn_cli.pictures.metadata import exif_tags
from linn_cli.pictures.picture import Document, Picture

EXACT = [".png", ".tif", ".tiff", ".bmp", ".pgm", ".ppm", ".webp"]
ORIENTATION = 0x0112


def document(values: NDArray[Any], alpha: NDArray[Any] | None = None, **more: Any) -> Document:
    values = values[:, :, None] if values.ndim == 2 else values
    return Document((Picture(values, alpha),), format_named("png"), **more)


@pytest.fixture
def colour(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.dstack((grey, grey[::-1], 255 - grey))


@pytest.mark.parametrize("suffix", [*EXACT, ".PNG"])
def test_lossless_formats_return_every_pixel(
    tmp_path: Path, grey: NDArray[np.uint8], suffix: str
) -> None:
    path = tmp_path / f"picture{suffix}"
    writing.write(path, document(grey))
    np.testing.assert_array_equal(reading.read_levels(path), grey)


@pytest.mark.parametrize("suffix", sorted(set(EXACT) - {".pgm"}))
def test_lossless_formats_return_every_colour(
    tmp_path: Path, colour: NDArray[np.uint8], suffix: str
) -> None:
    path = tmp_path / f"picture{suffix}"
    writing.write(path, document(colour))
    np.testing.assert_array_equal(reading.read(path).frames[0].values, colour)


@pytest.mark.parametrize("suffix", [".jpg", ".avif"])
def test_lossy_formats_come_close(tmp_path: Path, grey: NDArray[np.uint8], suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    writing.write(path, document(grey))
    difference = reading.read_levels(path).astype(int) - grey
    assert np.abs(difference).mean() < 2  # quality 95


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("opaque", [True, False])
@pytest.mark.parametrize(
    ("suffix", "dtype"),
    [
        *((suffix, "uint8") for suffix in (".png", ".tif", ".webp")),
        *((suffix, "uint16") for suffix in (".png", ".tif", ".ppm")),
        (".tif", "float32"),
    ],
)
def test_every_depth_comes_back_with_its_transparency(
    tmp_path: Path, suffix: str, dtype: str, opaque: bool, channels: int
) -> None:
    if suffix == ".ppm" and not opaque:
        pytest.skip("PPM has no transparency")
    chance = np.random.default_rng(0)
    samples = chance.integers(0, 200, (9, 7, channels + 1)) * (1 if dtype == "uint8" else 300)
    values, alpha = samples[:, :, :-1].astype(dtype), samples[:, :, -1].astype(dtype)
    path = tmp_path / f"picture{suffix}"
    assert writing.write(path, document(values, None if opaque else alpha)) == []
    [found] = reading.read(path).frames
    # WebP, PPM and 16-bit PNG with alpha store grey as colour.
    np.testing.assert_array_equal(found.values, np.broadcast_to(values, found.values.shape))
    if opaque:
        assert found.alpha is None
    else:
        np.testing.assert_array_equal(found.alpha, alpha)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp", ".avif"])
def test_metadata_is_carried_over(tmp_path: Path, colour: NDArray[np.uint8], suffix: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8769)[0x8827] = 400  # ISO, in the directory below
    source, target = tmp_path / "a.jpg", tmp_path / f"b{suffix}"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(colour).save(
        source, exif=exif, icc_profile=profile, xmp=b"<x:xmpmeta/>", dpi=(300, 300)
    )
    remarks = writing.write(target, reading.read(source))
    with Image.open(target) as copy:
        assert copy.getexif()[0x010F] == "a camera"
        assert copy.getexif().get_ifd(0x8769)[0x8827] == 400
        assert copy.info["icc_profile"] == profile
        assert copy.info["xmp"] == b"<x:xmpmeta/>"
        if suffix in (".webp", ".avif"):
            assert remarks == [f"{format_of(target)} does not hold the metadata (dpi)"]
        else:
            assert copy.info["dpi"] == pytest.approx((300, 300), abs=0.01)  # PNG counts in metres
            assert remarks == []


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_metadata_of_16_bit_colour_is_carried_over(tmp_path: Path, suffix: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[ORIENTATION] = 6
    metadata = {
        "exif": exif.tobytes(),
        "icc_profile": profile,
        "xmp": b"<x:xmpmeta/>",
        "dpi": (300.0, 300.0),
    }
    path = tmp_path / f"picture{suffix}"
    values = np.full((9, 7, 3), 1000, np.uint16)
    assert writing.write(path, document(values, metadata=metadata)) == []
    found = reading.read(path)
    assert found.frames[0].values.dtype == np.uint16
    assert found.metadata["icc_profile"] == profile
    assert found.metadata["xmp"] == b"<x:xmpmeta/>"
    assert found.metadata["dpi"] == pytest.approx((300, 300), abs=0.01)
    tags = exif_tags(found.metadata)
    assert (tags[0x010F], tags[ORIENTATION]) == ("a camera", 6)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".bmp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_never_comes_out_turned(
    tmp_path: Path,
    grey: NDArray[np.uint8],
    orientation: int,
    suffix: str,
    compression: str | None,
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    source, target = tmp_path / "a.tif", tmp_path / f"b{suffix}"
    Image.fromarray(grey).save(source, exif=exif, compression=compression)
    writing.write(target, reading.read(source))
    # Pillow mistakes the shape of a turned TIFF that it maps into memory: let it read a buffer.
    files = [io.BytesIO(path.read_bytes()) for path in (source, target)]
    with Image.open(files[0]) as before, Image.open(files[1]) as after:
        shown = [np.array(ImageOps.exif_transpose(image)).astype(int) for image in (before, after)]
    assert shown[0].shape == shown[1].shape
    assert np.abs(shown[0] - shown[1]).mean() < 2  # JPEG


def test_the_orientation_of_a_photograph_stays_a_tag(
    tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    source, target = tmp_path / "a.jpg", tmp_path / "b.png"
    Image.fromarray(grey).save(source, exif=exif)
    writing.write(target, reading.read(source))
    with Image.open(target) as copy:
        assert copy.getexif()[ORIENTATION] == 6
        assert copy.size == grey.shape[::-1]
    assert reading.read_levels(source).shape == grey.shape[::-1]


@pytest.mark.parametrize("dpi", [(0, 0), (float("nan"), 72), ("a", "b"), 5, None])
def test_a_resolution_that_is_none_is_dropped(
    tmp_path: Path, grey: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, dpi: object
) -> None:
    path = tmp_path / "picture.png"
    writing.write(path, document(grey))

    def opened(*arguments: Any, **options: Any) -> Image.Image:
        image = original(*arguments, **options)
        image.info["dpi"] = dpi
        return image

    original = Image.open
    monkeypatch.setattr(Image, "open", opened)
    assert reading.read(path).metadata == {}


@pytest.mark.parametrize("suffix", [".png", ".gif", ".webp", ".tif"])
def test_every_frame_comes_back(tmp_path: Path, suffix: str) -> None:
    frames = [np.full((9, 7, 3), level, np.uint8) for level in (0, 128, 255)]
    for index, frame in enumerate(frames):
        frame[index] = 64
    timing = {} if suffix == ".tif" else {"duration": [100, 200, 300], "loop": 2}
    moving = Document(tuple(map(Picture, frames)), format_named("gif"), timing=timing)
    path = tmp_path / f"moving{suffix}"
    writing.write(path, moving)
    found = reading.read(path)
    assert len(found.frames) == 3
    for picture, expected in zip(found.frames, frames, strict=True):
        np.testing.assert_array_equal(picture.values, expected)
    assert found.timing == timing


@pytest.mark.parametrize(
    ("mode", "suffix", "channels", "remark"),
    [
        ("P", ".png", 3, "the palette became full colour"),
        ("CMYK", ".jpg", 3, "CMYK became sRGB"),
        ("CMYK", ".tif", 3, "CMYK became sRGB"),
        ("LAB", ".tif", 3, "Lab became sRGB"),
        ("YCbCr", ".tif", 3, "YCbCr became RGB"),
    ],
)
def test_other_kinds_are_converted_and_that_is_said(
    tmp_path: Path, mode: str, suffix: str, channels: int, remark: str
) -> None:
    path = tmp_path / f"picture{suffix}"
    Image.new(mode, (6, 4)).save(path)
    found = reading.read(path)
    assert found.remarks == (remark,)
    assert found.frames[0].values.shape == (4, 6, channels)


def test_a_profile_is_used_to_leave_cmyk_and_srgb_is_tagged(tmp_path: Path) -> None:
    path = tmp_path / "picture.tif"
    Image.new("CMYK", (6, 4), (0, 255, 255, 0)).save(path)
    found = reading.read(path)
    assert found.frames[0].values[0, 0].tolist() == [255, 0, 0]
    profile = ImageCms.ImageCmsProfile(io.BytesIO(found.metadata["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_the_luma_of_colour_is_taken_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.new("RGB", (6, 4), (255, 0, 0)).save(path)
    assert reading.read_levels(path).tolist() == [[76] * 6] * 4
    assert reading.read_levels(path, as_grey=False).shape == (4, 6, 3)


@pytest.mark.parametrize(
    ("mode", "reason"), [("RGBA", "transparency"), ("I;16", "more than 8 bits")]
)
def test_levels_are_taken_of_opaque_8_bit_pictures_only(
    tmp_path: Path, mode: str, reason: str
) -> None:
    path = tmp_path / "picture.png"
    image = Image.new(mode, (6, 4))
    image.putpixel((0, 0), (0, 0, 0, 255) if mode == "RGBA" else 1)
    image.save(path)
    with pytest.raises(InputError, match=reason):
        reading.read_levels(path)


def test_a_transparent_grey_level_becomes_alpha(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(np.array([[0, 9]], np.uint8)).save(path, transparency=0)
    [found] = reading.read(path).frames
    assert found.alpha is not None
    assert found.alpha.tolist() == [[0, 255]]


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint32", "float16", "float64"])
def test_every_depth_of_a_tiff_is_read_as_it_is(tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "picture.tif"
    values = (np.arange(16).reshape(4, 4) - 3 * (dtype != "uint32")).astype(dtype)
    tifffile.imwrite(path, values)
    [frame] = reading.read(path).frames
    assert frame.values.dtype == dtype
    np.testing.assert_array_equal(frame.values[:, :, 0], values)


def test_integers_of_64_bits_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.tif"
    tifffile.imwrite(path, np.full((4, 4), 2**20, np.uint64))
    with pytest.raises(InputError, match="uint64"):
        reading.read(path)


def test_damaged_files_are_refused_with_one_reason(
    tmp_path: Path, grey: NDArray[np.uint8], recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "picture.tif"
    writing.write(path, document(grey))
    content = path.read_bytes()
    chance = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        # In the directory of tags at the end, where damage is interesting.
        for place in chance.integers(len(content) - 150, len(content), 3):
            damaged[place] = chance.integers(0, 256)
        path.write_bytes(damaged)
        try:
            reading.read(path)
        except InputError:
            refused += 1
    assert refused > 50
    assert len(recwarn) == 0


@pytest.mark.parametrize("suffix", [".heic", ".CR2", ".dng"])
def test_raw_and_heic_say_how_to_convert(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match="first"):
        reading.read(tmp_path / f"picture{suffix}")


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
        (empty, "is empty"),
        (cut, "damaged or cut short"),
    ]:
        with pytest.raises(InputError, match=reason):
            reading.read(path)


def test_formats_outside_the_list_are_refused_whatever_their_name(tmp_path: Path) -> None:
    path = tmp_path / "really-a-targa.png"
    Image.new("L", (4, 4)).save(path, format="TGA")
    with pytest.raises(InputError, match="not a picture that linn reads"):
        reading.read(path)


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
    with pytest.raises(InputError, match=r"more than 89478485 pixels; .* higher max_pixels"):
        reading.read(bomb)
    with pytest.raises(InputError, match="damaged or cut short"):
        reading.read(bomb, max_pixels=10**8)


@pytest.mark.parametrize("most", [37 * 52 - 1, 37 * 52 // 2 - 1])
def test_the_pixel_limit_is_exact_and_pillows_own_is_put_back(noisy_file: Path, most: int) -> None:
    before = Image.MAX_IMAGE_PIXELS
    reading.read(noisy_file, max_pixels=37 * 52)
    with pytest.raises(InputError, match=f"more than {most} pixels"):
        reading.read(noisy_file, max_pixels=most)
    assert before == Image.MAX_IMAGE_PIXELS


def test_missing_permissions_are_reported(
    tmp_path: Path, noisy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("os.open", refuse)
        with pytest.raises(InputError, match=r"cannot be written .Permission denied"):
            writing.write(tmp_path / "picture.png", document(np.zeros((2, 2), np.uint8)))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(InputError, match=r"cannot be read.*Permission denied"):
            reading.read(noisy_file)
    with monkeypatch.context() as patch:
        patch.setattr("os.access", lambda path, mode: False)
        with pytest.raises(UsageError, match="folder cannot be written to"):
            writing.check_output(tmp_path / "picture.png", noisy_file)


def test_exif_is_kept_byte_for_byte(tmp_path: Path, colour: NDArray[np.uint8]) -> None:
    exif = Image.Exif()
    exif[0x013B] = "José".encode()
    exif[0x0213] = 2
    source = tmp_path / "a.jpg"
    Image.fromarray(colour).save(source, exif=exif)
    for suffix in (".jpg", ".webp", ".png"):
        target = tmp_path / f"b{suffix}"
        writing.write(target, reading.read(source))
        with Image.open(source) as before, Image.open(target) as after:
            kept = after.info["exif"]
            assert before.info["exif"].removeprefix(b"Exif\0\0") == kept.removeprefix(b"Exif\0\0")


def test_an_orientation_in_xmp_does_not_turn_twice(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[700] = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    source = tmp_path / "a.tif"
    Image.fromarray(grey).save(source, exif=exif)
    for suffix in (".png", ".tif"):
        target = tmp_path / f"b{suffix}"
        writing.write(target, reading.read(source))
        shown = ImageOps.exif_transpose(Image.open(io.BytesIO(target.read_bytes())))
        np.testing.assert_array_equal(np.array(shown), np.rot90(grey, -1))


def test_an_orientation_in_xmp_alone_stays_there(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(grey).save(path, xmp=b'<rdf:Description tiff:Orientation="6"/>')
    assert "exif" not in reading.read(path).metadata


def test_grey_pages_stay_grey(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    path = tmp_path / "pages.tif"
    page = Image.fromarray(grey)
    page.save(path, save_all=True, append_images=[page])
    found = reading.read(path)
    assert [frame.values.shape[2] for frame in found.frames] == [1, 1]
    assert found.remarks == ()


def test_what_a_png_says_of_its_colours_and_its_texts_are_kept(
    tmp_path: Path, colour: NDArray[np.uint8]
) -> None:
    information = PngImagePlugin.PngInfo()
    information.add(b"gAMA", struct.pack(">I", 100_000))
    information.add_text("Title", "a scan")
    source = tmp_path / "a.png"
    Image.fromarray(colour).save(source, pnginfo=information)
    assert writing.write(tmp_path / "b.png", reading.read(source)) == []
    with Image.open(tmp_path / "b.png") as copy:
        assert copy.info["gamma"] == 1
        assert copy.info["Title"] == "a scan"
    assert writing.write(tmp_path / "b.tif", reading.read(source)) == [
        "TIFF does not hold the metadata (chunks of a PNG)",
        "what the file says of its colours is left out of TIFF: they may shift",
    ]


@pytest.mark.parametrize("mode", ["1", "I;16"])
def test_a_transparent_level_that_is_lost_is_said(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.png"
    Image.new(mode, (6, 4)).save(path, transparency=0)
    assert "the transparent level was left out" in reading.read(path).remarks[0]


def test_the_still_picture_of_an_animation_is_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    first, *others = (Image.new("RGB", (6, 4), (level, 0, 0)) for level in (10, 20, 30))
    first.save(path, save_all=True, append_images=others, default_image=True, duration=50)
    found = reading.read(path)
    assert [frame.values[0, 0, 0] for frame in found.frames] == [20, 30]
    assert "still picture" in found.remarks[0]


def test_a_gif_that_does_not_loop_still_does_not(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.gif", tmp_path / "b.gif"
    first, second = Image.new("RGB", (6, 4)), Image.new("RGB", (6, 4), "red")
    first.save(path, save_all=True, append_images=[second], duration=50)
    writing.write(copy, reading.read(path))
    with Image.open(copy) as again:
        assert "loop" not in again.info


def test_advice_for_a_stream_makes_up_no_file_name() -> None:
    video = b"\0\0\0\x18ftypmp42" + bytes(50)
    with pytest.raises(InputError, match=r"a video, which linn takes from a file .* in .*\.mp4"):
        reading.read_any(io.BytesIO(video))


def _pages(*pages: tuple[NDArray[Any], dict[str, Any]]) -> io.BytesIO:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for values, options in pages:
            writer.write(values, metadata=None, **options)
    file.seek(0)
    return file


COLOURS = np.random.default_rng(0).integers(0, 65_535, (3, 256), dtype=np.uint16)


@pytest.mark.parametrize(
    ("other", "options"),
    [
        (np.full((9, 7, 3), 40_001, np.uint16), {"photometric": "rgb"}),
        (np.full((9, 7), -3, np.int16), {}),
        (np.full((9, 7), 0.3, np.float32), {}),
        (np.full((9, 7, 2), 5, np.uint8), {"photometric": "minisblack", "planarconfig": "contig"}),
    ],
)
def test_a_page_that_is_converted_takes_nothing_from_those_beside_it(
    other: NDArray[Any], options: dict[str, Any]
) -> None:
    palette = np.arange(63, dtype=np.uint8).reshape(9, 7)
    first = (palette, {"photometric": "palette", "colormap": COLOURS})
    document = reading.decode(_pages(first, (other, options), first), "a.tif")
    assert [frame.is_colour for frame in document.frames][::2] == [True, True]
    found = document.frames[1].values.squeeze()
    assert found.dtype == other.dtype
    np.testing.assert_array_equal(found, other)


def test_pages_that_go_together_in_no_way_are_split_first() -> None:
    palette = (np.zeros((9, 7), np.uint8), {"photometric": "palette", "colormap": COLOURS})
    with pytest.raises(InputError, match=r"tiffsplit a\.tif"):
        reading.decode(_pages((np.zeros((9, 7)), {}), palette), "a.tif")


def test_the_profile_of_cmyk_goes_even_if_another_page_comes_last() -> None:
    profile = bytes(16) + b"CMYK" + bytes(100)
    cmyk = (np.zeros((9, 7, 4), np.uint8), {"photometric": "separated", "iccprofile": profile})
    document = reading.decode(_pages(cmyk, (np.zeros((9, 7), np.uint8), {})), "a.tif")
    assert document.metadata["icc_profile"][16:20] == b"RGB "


@pytest.mark.parametrize("inks", [0, 1, 2])
def test_inks_beside_cmyk_are_named(inks: int) -> None:
    values = np.zeros((9, 7, 4 + inks), np.uint8)
    page = (values, {"photometric": "separated", "extrasamples": ["unspecified"] * inks or None})
    said = [f"channels beyond the colours were left out ({inks})"] if inks else []
    assert list(reading.decode(_pages(page), "a.tif").remarks) == [*said, "CMYK became sRGB"]
