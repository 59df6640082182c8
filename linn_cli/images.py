"""Picture files to arrays and back: nothing is flattened, turned or half-written silently."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from linn_cli import files
from linn_cli.errors import InputError, LinnError
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
_COLOUR = ("RGB", "P", "CMYK", "YCbCr")
_JPEG_QUALITY = 95
MOST_PIXELS = 89_478_485  # Pillow's own limit: a quarter of a gigabyte as 24-bit colour


@dataclass(frozen=True)
class Picture:
    """A grey picture: levels, uint8 (H, W), the right way up, and the metadata to write back with it."""

    levels: NDArray[np.uint8]
    metadata: dict[str, Any] = field(default_factory=dict)


def list_pictures(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in name order.

    Raises:
        InputError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder of pictures")
    files = (path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    # By name and not by path, which some systems compare without regard to case.
    pictures = sorted(
        (path for path in files if path.suffix.lower() in _FORMATS), key=lambda path: path.name
    )
    if not pictures:
        raise InputError(f"{folder}: no pictures in it ({', '.join(_FORMATS)})")
    return pictures


def read(path: Path, *, as_grey: bool = False, max_pixels: int = MOST_PIXELS) -> Picture:
    """Read an 8-bit grey picture and turn it the right way up.

    Args:
        path: the file.
        as_grey: also take an opaque 8-bit colour picture, as its luma.
        max_pixels: refuse larger pictures before they are decoded; a small file may claim any size.

    Raises:
        InputError: the file is missing, no picture, damaged, too large, or of a kind not handled yet.
    """
    if advice := _CONVERT_FIRST.get(path.suffix.lower()):
        raise InputError(f"{path}: linn does not read {path.suffix} files, {advice}")
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder, name one picture")
        # Pillow maps a file that it opens itself into memory, and then mistakes the shape of turned
        # TIFFs; it reads an open one.
        with path.open("rb") as file, _guarded(max_pixels):
            return _grey(path, Image.open(file, formats=sorted(set(_FORMATS.values()))), as_grey)
    except (LinnError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except UnidentifiedImageError as error:
        raise InputError(
            f"{path}: not a picture that linn reads ({', '.join(_FORMATS)})"
        ) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(
            f"{path}: more than {max_pixels} pixels; if you trust the file, "
            "linn denoise takes it with a higher --max-pixels"
        ) from error
    except Exception as error:  # decoders raise whatever a damaged file makes them stumble over
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read, damaged or cut short ({reason})") from error


@contextmanager
def _guarded(max_pixels: int) -> Iterator[None]:
    """Pillow's guard against decompression bombs as an error, its other warnings silent."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _grey(path: Path, image: Image.Image, as_grey: bool) -> Picture:
    if getattr(image, "n_frames", 1) > 1:
        raise InputError(f"{path}: has several frames or pages, save one of them as a picture")
    if "transparency" in image.info:
        raise InputError(f"{path}: has transparency; linn takes 8-bit grey pictures so far")
    if image.mode != "L" and not (as_grey and image.mode in _COLOUR):
        raise InputError(f"{path}: {_describe(image.mode)}; linn takes 8-bit grey pictures so far")
    upright = ImageOps.exif_transpose(image)
    metadata = {key: upright.info[key] for key in _KEPT if upright.info.get(key)}
    if not _is_resolution(metadata.get("dpi")):
        metadata.pop("dpi", None)
    return Picture(np.array(upright.convert("L")), metadata)


def _is_resolution(dpi: object) -> bool:
    try:
        horizontal, vertical = map(float, dpi)  # type: ignore[call-overload]
    except (TypeError, ValueError, ZeroDivisionError):
        return False
    return all(0 < value < math.inf for value in (horizontal, vertical))


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
    files.check_output(path, [source], _FORMATS)


def write(path: Path, picture: Picture) -> bool:
    """Write a picture in the format of the path's ending; the file appears whole or not at all.

    Returns:
        Whether the metadata could be written too: some is damaged, or too large for the format.

    Raises:
        InputError: the folder cannot be written to, or the disk is full.
    """
    try:
        try:
            _save(path, picture.levels, picture.metadata)
        except OSError:
            raise
        except Exception:  # encoders raise whatever damaged metadata makes them stumble over
            _save(path, picture.levels, {})
            return False
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    return True


def _save(path: Path, levels: NDArray[np.uint8], metadata: dict[str, Any]) -> None:
    kind = _FORMATS[path.suffix.lower()]
    quality = {"quality": _JPEG_QUALITY} if kind == "JPEG" else {}
    with write_atomically(path) as temporary:
        Image.fromarray(levels).save(temporary, format=kind, **metadata, **quality)
