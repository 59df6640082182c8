"""Picture files to arrays and back: nothing is flattened, turned or half-written silently."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from linn_cli.errors import InputError, UsageError
from linn_cli.files import write_atomically

# Only decoders that we test are let near a file, whatever its name says.
_FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".pgm": "PPM",
}
_CONVERT_FIRST = {
    **dict.fromkeys(
        (".heic", ".heif", ".avif"), "convert it to PNG first (heif-convert, or a photo program)"
    ),
    **dict.fromkeys(
        (".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"),
        "develop it to a TIFF first (darktable, RawTherapee, dcraw -T)",
    ),
}
_KEPT = ("exif", "icc_profile", "dpi")
_JPEG_QUALITY = 95
MOST_PIXELS = 89_478_485  # Pillow's own limit: a quarter of a gigabyte as 24-bit colour


@dataclass(frozen=True)
class Picture:
    """A grey picture: levels, uint8 (H, W), and the metadata that is written back with it."""

    levels: NDArray[np.uint8]
    metadata: dict[str, Any] = field(default_factory=dict)


def list_pictures(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in name order.

    Raises:
        InputError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder of pictures")
    pictures = sorted(path for path in folder.iterdir() if path.suffix.lower() in _FORMATS)
    if not pictures:
        raise InputError(f"{folder}: no pictures in it ({', '.join(_FORMATS)})")
    return pictures


def read(path: Path, *, as_grey: bool = False, max_pixels: int = MOST_PIXELS) -> Picture:
    """Read an 8-bit grey picture.

    Args:
        path: the file.
        as_grey: also take a colour picture, as its luma.
        max_pixels: refuse larger pictures before they are decoded; a small file may claim any size.

    Raises:
        InputError: the file is missing, no picture, damaged, too large, or of a kind not handled yet.
    """
    if advice := _CONVERT_FIRST.get(path.suffix.lower()):
        raise InputError(f"{path}: linn does not read {path.suffix} files, {advice}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder, name one picture")
    try:
        with (
            _pixel_limit(max_pixels),
            Image.open(path, formats=sorted(set(_FORMATS.values()))) as image,
        ):
            return _grey(path, image, as_grey)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except UnidentifiedImageError as error:
        raise InputError(
            f"{path}: not a picture that linn reads ({', '.join(_FORMATS)})"
        ) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        advice = "if you trust the file, raise --max-pixels"
        raise InputError(f"{path}: more than {max_pixels} pixels; {advice}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read, damaged or cut short ({reason})") from error


@contextmanager
def _pixel_limit(most: int) -> Iterator[None]:
    """Pillow's guard against decompression bombs, as an error and at this many pixels."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = most
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _grey(path: Path, image: Image.Image, as_grey: bool) -> Picture:
    if getattr(image, "n_frames", 1) > 1:
        raise InputError(f"{path}: has several frames or pages, save one of them as a picture")
    if "transparency" in image.info and not as_grey:
        raise InputError(f"{path}: has transparency; linn takes 8-bit grey pictures so far")
    if image.mode != "L":
        if not as_grey:
            raise InputError(
                f"{path}: {_describe(image.mode)}; linn takes 8-bit grey pictures so far"
            )
        image = image.convert("L")
    metadata = {key: image.info[key] for key in _KEPT if image.info.get(key)}
    return Picture(np.array(image), metadata)


def _describe(mode: str) -> str:
    if mode.startswith("I") or mode == "F":
        return "has more than 8 bits a pixel"
    if mode.endswith(("A", "a")):
        return "has an alpha channel"
    return "is black and white only" if mode == "1" else f"is a colour picture ({mode})"


def check_output(path: Path, source: Path) -> None:
    """Refuse an output that could not be written, or that would replace its own source.

    Raises:
        UsageError: before any work is done.
    """
    if path.suffix.lower() not in _FORMATS:
        raise UsageError(f"{path}: choose an output name that ends in {', '.join(_FORMATS)}")
    if path.is_dir():
        raise UsageError(f"{path}: is a folder, name a file for the output")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}, make it first")
    if path.exists() and source.exists() and path.samefile(source):
        raise UsageError(f"{path}: output and input are the same file, choose another output")


def write(path: Path, picture: Picture) -> None:
    """Write a picture in the format of the path's ending; the file appears whole or not at all.

    Raises:
        InputError: the folder cannot be written to, or the disk is full.
    """
    try:
        with write_atomically(path) as temporary:
            Image.fromarray(picture.levels).save(
                temporary,
                format=_FORMATS[path.suffix.lower()],
                **picture.metadata,
                **({"quality": _JPEG_QUALITY} if path.suffix.lower() in (".jpg", ".jpeg") else {}),
            )
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
