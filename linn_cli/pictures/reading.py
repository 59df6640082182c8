"""Picture files to pictures and back: nothing is flattened, turned or half-written silently."""

from __future__ import annotations

import io
import math
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import (
    Image,
    ImageCms,
    JpegImagePlugin,
    UnidentifiedImageError,
)

from linn_cli.errors import InputError, LinnError
from linn_cli.pictures import (
    _netpbm,
    _other_formats,
    _tiff_masks,
    _tiff_tags,
    high_depth,
    tiff_pages,
)
from linn_cli.pictures import metadata as kept
from linn_cli.pictures._tiff_tags import Tags
from linn_cli.pictures.formats import FORMATS, SUFFIXES, Format, format_named
from linn_cli.pictures.picture import Document, Picture

STDIN = "standard input"  # in messages
MOST_PIXELS = 89_478_485  # Pillow's own limit: a quarter of a gigabyte as 24-bit colour
_GUARD = threading.Lock()  # Pillow's limit and the filters of warnings are the whole process's
_HEAD = 512
# What Pillow's modes are read as, where they are not read as they are, and what is said of it.
_SIMPLE_MODES = ("L", "LA", "RGB", "RGBA")
_CONVERTED = {
    "1": ("L", None),  # the writer says what became of it
    "P": ("RGBA", "the palette became full colour"),
    "PA": ("RGBA", "the palette became full colour"),
    "La": ("LA", "premultiplied alpha became plain alpha"),
    "RGBa": ("RGBA", "premultiplied alpha became plain alpha"),
    "RGBX": ("RGB", "a fourth channel that is no alpha was left out"),
    "YCbCr": ("RGB", "YCbCr became RGB"),
    "CMYK": ("RGB", "CMYK became sRGB"),
    "LAB": ("RGB", "Lab became sRGB"),
}


_NONE: Mapping[int, Any] = {}
_SAMPLES_PER_PIXEL = 277


def read(path: Path, *, max_pixels: int = MOST_PIXELS) -> Document:
    """Read a picture file: every frame, every bit, and the metadata.

    Args:
        path: the file.
        max_pixels: refuse larger pictures before they are decoded; a small file may claim any size.

    Raises:
        InputError: the file is missing, no picture, damaged, too large, or of a kind not handled.
    """
    if advice := _other_formats.advice(path):
        raise InputError(f"{path}: {advice}")
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder, name one picture")
        # Pillow maps a file that it opens itself into memory, and then mistakes the shape of turned
        # TIFFs; it reads an open one.
        with path.open("rb") as file:
            whole = file if file.seekable() else io.BytesIO(file.read())  # /dev/stdin, <(...)
            return decode(whole, str(path), max_pixels=max_pixels)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def read_any(source: Path | BinaryIO, *, max_pixels: int = MOST_PIXELS) -> Document:
    """Read a picture file, or standard input to its end; as `read`."""
    if isinstance(source, Path):
        return read(source, max_pixels=max_pixels)
    return decode(io.BytesIO(source.read()), STDIN, max_pixels=max_pixels)


def decode(file: BinaryIO, name: str, *, max_pixels: int = MOST_PIXELS) -> Document:
    """Read a picture from an open file or a buffer that can be rewound; `name` is for errors."""
    try:
        with _guarded(max_pixels):
            return _decode(file, max_pixels)
    except InputError as error:
        raise InputError(f"{name}: {_named(error.text, name)}") from error
    except (LinnError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        file.seek(0)
        known = _other_formats.recognised(file.read(_HEAD))
        unknown = f"not a picture that linn reads ({', '.join(SUFFIXES)})"
        raise InputError(f"{name}: {_named(known or unknown, name)}") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(f"{name}: {high_depth.too_large(max_pixels)}") from error
    except Exception as error:  # decoders raise whatever a damaged file makes them stumble over
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{name}: cannot be read, damaged or cut short ({reason})") from error


def _named(advice: str, name: str) -> str:
    """Advice with the file's name in its command; standard input has none."""
    return advice if name == STDIN else advice.replace("FILE", Path(name).name)


def read_upright(path: Path) -> Picture:
    """The first frame, the right way up, whatever its depth; errors as `read`."""
    document = read(path)
    return document.frames[0].turned(kept.orientation(document.metadata))


def read_levels(path: Path, *, as_grey: bool = True) -> NDArray[np.uint8]:
    """The first frame in 8 bits, the right way up: (H, W), or (H, W, 3) of colour unless `as_grey`.

    Raises:
        InputError: as `read`, or the picture has transparency or more than 8 bits.
    """
    picture = read_upright(path)
    if picture.alpha is not None and not bool((picture.alpha == picture.alpha.max()).all()):
        raise InputError(f"{path}: has transparency, give an opaque picture")
    if picture.values.dtype != np.uint8:
        raise InputError(f"{path}: has more than 8 bits a sample, give an 8-bit picture")
    if picture.is_colour and as_grey:
        return np.array(Image.fromarray(picture.values).convert("L"))
    return picture.array


@contextmanager
def _guarded(max_pixels: int) -> Iterator[None]:
    """Pillow's guard against decompression bombs as an error, its other warnings silent."""
    with _GUARD:
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = max_pixels
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _decode(file: BinaryIO, max_pixels: int) -> Document:
    head = file.read(_HEAD)
    if not head:
        raise InputError("is empty, there is no picture in it")
    file.seek(0)
    if tiff_pages.is_tiff(head):
        if raw := _other_formats.raw(file, head):
            raise InputError(raw)
        file.seek(0)
        return _decode_tiff(file, max_pixels)
    if high_depth.is_pfm(head):
        picture, unit = high_depth.read_pfm(file, max_pixels)
        return Document((picture,), format_named("pfm"), encoding={"unit": unit})
    deep = _deep_picture(file, head, max_pixels)
    file.seek(0)
    image = Image.open(file, formats=sorted({known.pillow for known in FORMATS}))
    found = next(known for known in FORMATS if known.pillow in (image.format, _plain(image)))
    metadata, said = _metadata(image, file)
    if image.format == "PPM":
        said += _netpbm.rescaled(file)
        file.seek(0)
    if deep is not None:
        if deep.alpha is not None and "transparency" in image.info:
            said += ("the transparent colour became alpha",)
        return Document((deep,), found, metadata, remarks=said)
    if math.prod((*image.size, getattr(image, "n_frames", 1))) > max_pixels:
        raise high_depth.too_large(max_pixels)
    return _decode_frames(image, found, metadata, list(said))


def _decode_tiff(file: BinaryIO, max_pixels: int) -> Document:
    """By tifffile; by Pillow, if the samples are to be converted."""
    tags: Tags | None = None
    with suppress(Exception):  # whatever damage makes the parser stumble over
        tags = _tiff_tags.read(file)
    metadata = kept.from_tiff(tags) if tags else {}
    said = kept.left_out_of_tiff(tags)
    encoding = kept.tiff_encoding(tags)
    file.seek(0)
    direct = tiff_pages.read(file, max_pixels, tags.indices if tags else None)
    if direct is not None:
        pages, frames = direct
        if len(pages) > 1:
            metadata = kept.upright(metadata)
        return Document(
            tuple(pages),
            format_named("tiff"),
            metadata,
            encoding=encoding,
            remarks=(*said, *dict.fromkeys(frames.remarks)),
            missing=frames.missing,
        )
    only = tags.indices if tags else None
    file.seek(0)
    beside, remarks = tiff_pages.read_direct(file, max_pixels, only)
    file.seek(0)
    try:
        image = Image.open(file, formats=["TIFF"])
    except UnidentifiedImageError as error:
        raise InputError(
            "its pages are of kinds that linn does not read together: split it first (tiffsplit FILE)"
            if beside
            else "TIFF of a kind that linn does not read: convert it first (magick FILE FILE.png)"
        ) from error
    # Pillow counts pages by opening each, and stumbles over masks.
    count = len(only) if only else getattr(image, "n_frames", 1)
    if math.prod((*image.size, count)) > max_pixels:
        raise high_depth.too_large(max_pixels)
    document = _decode_frames(
        image, format_named("tiff"), metadata, [*said, *remarks], only, direct=beside
    )
    file.seek(0)
    masked = _tiff_masks.applied(file, document.frames, only)
    return replace(document, frames=masked, encoding=encoding)


def _deep_picture(file: BinaryIO, head: bytes, max_pixels: int) -> Picture | None:
    """The picture of a file of more than 8 bits that Pillow would flatten; None of any other."""
    if high_depth.is_deep_png(head):
        Image.open(file, formats=["PNG"])  # for its guard against bombs
        file.seek(0)
        return high_depth.read_png(file)
    if head.startswith((b"P3", b"P6")):
        return high_depth.read_ppm(file, max_pixels)
    return None


def _plain(image: Image.Image) -> str:
    """JPEGs of several pictures (MPO) are phones' JPEGs with previews."""
    return "JPEG" if image.format == "MPO" else str(image.format)


def _metadata(image: Image.Image, file: BinaryIO) -> tuple[dict[str, Any], tuple[str, ...]]:
    place = file.tell()
    try:
        metadata, lost = kept.collect(image, file)
        return metadata, (f"left out: {', '.join(lost)}",) if lost else ()
    except InputError:
        raise
    except Exception:  # whatever damage makes the parser stumble over
        return {}, ("the metadata is damaged and was left out",)
    finally:
        file.seek(place)


def _decode_frames(
    image: Image.Image,
    found: Format,
    metadata: dict[str, Any],
    said: list[str],
    only: Sequence[int] | None = None,
    direct: Mapping[int, Picture] = _NONE,
) -> Document:
    """The frames of a picture, or `only` some of them; some may have been read already, the `direct` ones."""
    tables: dict[str, Any] = {}
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.mode != "CMYK":
        tables = {"qtables": image.quantization}
        if (sampling := JpegImagePlugin.get_sampling(image)) >= 0:
            tables["subsampling"] = sampling
        if image.info.get("progressive"):
            tables["progressive"] = True
    several = len(only) if only else getattr(image, "n_frames", 1)
    if several > 1 and image.format == "MPO":
        said.append(f"of {several} pictures only the first was taken")
        several = 1
    animated = several > 1 and found.name != "TIFF"
    frames, durations, modes = [], [], []
    for index in only or range(several):
        if index in direct:
            frames.append(direct[index])
            modes.append("")
            continue
        image.seek(index)
        if image.info.get("default_image") and index == 0:
            said.append("the still picture that stands for the animation was left out")
            continue
        image.load()
        if found.name == "TIFF" and (extra := _further_channels(image)) not in ("", *said):
            said.append(extra)
        modes.append(image.mode)
        picture, remark = _decode_frame(image, metadata, animated)
        frames.append(picture)
        durations.append(image.info.get("duration", 0))
        if remark and remark not in said:
            said.append(remark)
    if not frames:
        raise InputError("holds no picture")
    bilevel = set(modes) == {"1"}
    timing: dict[str, Any] = {}
    if animated:
        timing = {"duration": durations}
        if "loop" in image.info or found.name != "GIF":
            timing["loop"] = image.info.get("loop", 0)
    if not {"CMYK", "LAB"}.isdisjoint(modes):
        metadata = {**metadata, "icc_profile": _srgb().tobytes()}
    if found.name == "TIFF":
        metadata = kept.upright(metadata)  # Pillow turns the pixels of a TIFF itself
    return Document(tuple(frames), found, metadata, timing, tables, tuple(said), is_bilevel=bilevel)


def _further_channels(image: Image.Image) -> str:
    """What to say of channels of a TIFF page, such as inks, that Pillow passes over; empty if there are none."""
    tags: Mapping[int, Any] = getattr(image, "tag_v2", _NONE)
    count = int(tags.get(_SAMPLES_PER_PIXEL, 1)) - len(image.getbands())
    return f"channels beyond the colours were left out ({count})" if count > 0 else ""


def _decode_frame(
    image: Image.Image, metadata: dict[str, Any], animated: bool
) -> tuple[Picture, str | None]:
    if image.mode == "F":
        return high_depth.from_samples(np.array(image, np.float32)), None
    lost = "the transparent level was left out" if "transparency" in image.info else None
    if image.mode.startswith("I"):
        samples = np.array(image)
        if samples.min() < 0 or samples.max() > np.iinfo(np.uint16).max:
            raise InputError("has 32-bit integers, convert them to 16 bits or float first")
        return high_depth.from_samples(samples.astype(np.uint16)), lost
    if image.mode in ("CMYK", "LAB"):
        return high_depth.from_samples(np.array(_to_srgb(image, metadata))), _CONVERTED[image.mode][
            1
        ]
    mode, remark = image.mode, None
    if mode not in _SIMPLE_MODES or "transparency" in image.info:
        mode, remark = _CONVERTED.get(mode, ("RGBA", "the transparent colour became alpha"))
        if image.mode == "1":
            remark = lost
    if animated:
        mode, remark = "RGBA", None  # frames are composed by Pillow and may have gaps
    picture = high_depth.from_samples(np.array(image.convert(mode)))
    if mode != image.mode and picture.alpha is not None and bool(np.all(picture.alpha == 255)):
        picture = Picture(picture.values)
    return picture, remark


def _to_srgb(image: Image.Image, metadata: dict[str, Any]) -> Image.Image:
    """Convert through the picture's own profile; without a good one as Pillow does."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(metadata["icc_profile"]))
        converted = ImageCms.profileToProfile(image, own, _srgb(), outputMode="RGB")
        if converted is not None:
            return converted
    except (KeyError, OSError, ImageCms.PyCMSError):
        pass
    return image.convert("RGB")


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
