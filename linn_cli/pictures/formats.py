"""The file formats that linn reads and writes, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linn_cli.errors import UsageError


@dataclass(frozen=True)
class Format:
    """A file format: `pillow` is Pillow's name for its decoder, `depths` are dtypes of the samples.

    `lossy` is one whose quality may be chosen.
    """

    name: str
    pillow: str
    suffixes: tuple[str, ...]
    depths: tuple[str, ...] = ("uint8",)
    colour: bool = True
    alpha: bool = False
    frames: bool = False
    metadata: tuple[str, ...] = ()
    lossy: bool = False

    def __str__(self) -> str:
        """The name that people use."""
        return self.name

    def remarks_on(self, quality: int | None) -> tuple[str, ...]:
        """What to say of a quality that was asked for, if this format has none."""
        return () if quality is None or self.lossy else (f"{self} has no quality to choose",)


_ALL = ("exif", "icc_profile", "xmp", "dpi")  # and what only one format has
_IN_BOXES = ("exif", "icc_profile", "xmp")

_TIFF_DEPTHS = (
    *("uint8", "uint16", "int8", "int16", "int32", "uint32"),
    *("float16", "float64", "float32"),
)

# Only decoders that are tested are let near a file, whatever its name says.
FORMATS = (
    Format(
        "PNG",
        "PNG",
        (".png", ".apng"),
        ("uint8", "uint16"),
        True,
        True,
        True,
        (*_ALL, "chunks", "cicp"),
    ),
    Format(
        *("JPEG", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif")),
        metadata=(*_ALL, "comment", "density", "iptc", "segments"),
        lossy=True,
    ),
    Format(
        *("TIFF", "TIFF", (".tif", ".tiff"), _TIFF_DEPTHS),
        *(True, True, True, (*_ALL, "density", "iptc", "tiff")),
    ),
    Format("WebP", "WEBP", (".webp",), alpha=True, frames=True, metadata=_IN_BOXES, lossy=True),
    Format(
        *("AVIF", "AVIF", (".avif",)),
        alpha=True,
        frames=True,
        metadata=(*_IN_BOXES, "cicp"),
        lossy=True,
    ),
    Format("BMP", "BMP", (".bmp",), metadata=("dpi",)),
    Format(
        "GIF", "GIF", (".gif",), alpha=True, frames=True, metadata=("comment", "icc_profile", "xmp")
    ),
    Format("PPM", "PPM", (".ppm", ".pnm"), ("uint8", "uint16"), metadata=("comment",)),
    Format("PGM", "PPM", (".pgm",), ("uint8", "uint16"), colour=False, metadata=("comment",)),
    Format("PFM", "PPM", (".pfm",), ("float32",)),
)
SUFFIXES = tuple(suffix for known in FORMATS for suffix in known.suffixes)
_BY_SUFFIX = {suffix: known for known in FORMATS for suffix in known.suffixes}


def format_of(path: Path) -> Format:
    """The format that a file name's ending stands for.

    Raises:
        UsageError: none that linn writes.
    """
    try:
        return _BY_SUFFIX[path.suffix.lower()]
    except KeyError:
        raise UsageError(
            f"{path}: choose an output name that ends in {', '.join(SUFFIXES)}"
        ) from None


def format_named(name: str) -> Format:
    """The format of a name such as "png", "tiff" or ".jpg".

    Raises:
        UsageError: none that linn writes.
    """
    wanted = name.lower().lstrip(".")
    for known in FORMATS:
        if wanted == known.name.lower() or f".{wanted}" in known.suffixes:
            return known
    names = ", ".join(known.name.lower() for known in FORMATS)
    raise UsageError(f"unknown format {name!r}: choose one of {names}")
