"""Pictures to the pages of a TIFF, laid out and compressed as those of its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, repeat
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from linn_cli.pictures import _fax, _tiff_tags
from linn_cli.pictures import metadata as kept
from linn_cli.pictures.high_depth import to_samples
from linn_cli.pictures.picture import Picture
from linn_cli.samples import white

# The compressions of TIFF that lose nothing and that tifffile writes: none, LZW, ZIP, PackBits, LZMA, ZSTD.
LOSSLESS = (1, 5, 8, 32773, 32946, 34925, 50000)
# Those of photographs: JPEG in two forms, JPEG 2000, WebP, JPEG XL. Their pixels differ little from their neighbours.
_PHOTOGRAPHIC = (6, 7, 33003, 33004, 33005, 34712, 50001, 50002)
ZIP = 8
_TILE_STEP = 16  # the sides of tiles are multiples of it
# Beyond this, offsets of classic TIFF, which count up to 4 GB, may not do.
CLASSIC_BYTES = 2**32 - 2**25


@dataclass(frozen=True)
class Pages:
    """How many pictures a TIFF gets, how many bytes their samples have, and whether all have one shape and dtype.

    Those that are `is_bilevel` have black and white only, and get one bit for each pixel.
    """

    count: int
    size: int
    are_alike: bool
    is_bilevel: bool = False

    @classmethod
    def of(cls, pictures: Sequence[Picture], *, is_bilevel: bool = False) -> Pages:
        """Those for pictures in memory."""
        size = sum(to_samples(picture).nbytes for picture in pictures)
        kinds = {(one.values.shape, one.values.dtype, one.alpha is None) for one in pictures}
        return cls(len(pictures), size, len(kinds) == 1, is_bilevel)


def write(
    file: BinaryIO,
    pictures: Iterable[Picture],
    pages: Pages,
    metadata: dict[str, Any],
    encoding: dict[str, Any] | None = None,
) -> None:
    """A TIFF with a page for each picture, all of its metadata, and compressed without loss.

    Args:
        file: open for reading and writing.
        pictures: taken one by one.
        pages: what they will be.
        metadata: of the file.
        encoding: how its source was compressed and laid out, if that was a TIFF. Where pages had depth, they have it again.

    Raises:
        ValueError: metadata is damaged.
    """
    stored = encoding or {}
    depth = _depth(pages, metadata, stored)
    tags = kept.to_tiff(metadata, pages.count // depth)
    is_big = tags.is_big or pages.size > CLASSIC_BYTES
    each: Iterable[dict[str, Any]] = stored.get("pages", ())
    if len(tuple(each)) != len(tags.pages):
        each = repeat(stored)
    # ImageJ, and what reads its files, takes plain pages for one behind the other.
    in_one = pages.are_alike and not pages.is_bilevel and "pages" not in stored
    in_one = in_one and stored.get("compression") == 1 and not tile_of(stored)
    faxes = []
    with tifffile.TiffWriter(file, bigtiff=is_big, byteorder=tags.byteorder) as writer:
        for layers, own in zip(_together(iter(pictures), depth), each, strict=False):
            samples, layout = _laid_out(layers, own)
            compression = compression_of(own)
            fax = 0
            if pages.is_bilevel or (own.get("is_bilevel") and layers[0].is_black_and_white):
                samples = samples > 0
                compression["predictor"] = False
                fax = own.get("compression", 0) if _fax.writes(own.get("compression", 0)) else 0
            if fax:
                layout |= {"shape": samples.shape, "dtype": samples.dtype}
                layout["rowsperstrip"] = len(samples)
            faxes.append(fax)
            writer.write(
                # tifffile takes strips that are compressed as they are.
                iter([_fax.encode(samples, fax)]) if fax else samples,
                metadata=None,
                software=False,
                contiguous=in_one,
                tile=None if fax or depth > 1 else tile_of(own),
                **layout,
                **compression,
            )
    _tiff_tags.graft(file, tags.pages, tags.masks, faxes)


def compression_of(encoding: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `TiffWriter.write` that compress as a file was; without loss, if it was with some."""
    compression = encoding.get("compression", 0)
    if compression not in LOSSLESS:
        return {"compression": ZIP, "predictor": compression in _PHOTOGRAPHIC}
    return {"compression": compression, "predictor": bool(encoding.get("predictor"))}


def tile_of(encoding: dict[str, Any]) -> tuple[int, int] | None:
    """Height and width of a file's tiles, None for strips and for tiles that TIFF does not allow."""
    tile: tuple[int, int] | None = encoding.get("tile")
    return tile if tile and not any(side % _TILE_STEP for side in tile) else None


def inverted(picture: Picture) -> Picture:
    """From white at zero to black at zero, or back. Values that are measured stay as they are."""
    if picture.values.dtype.kind != "u" or picture.nodata is not None:
        return picture
    most = np.asarray(white(picture.values.dtype), picture.values.dtype)
    return replace(picture, values=most - picture.values)


def _depth(pages: Pages, metadata: dict[str, Any], encoding: dict[str, Any]) -> int:
    """How many pictures are the layers of one page: as many as in the source, if they still fill its pages."""
    depth: int = encoding.get("depth", 1)
    source = metadata.get("tiff")
    count = len(source.pages) if source else 1
    return depth if pages.are_alike and pages.count == depth * count else 1


def _together(pictures: Iterator[Picture], depth: int) -> Iterator[list[Picture]]:
    """So many pictures at a time."""
    while layers := list(islice(pictures, depth)):
        yield layers


def _laid_out(
    layers: Sequence[Picture], encoding: dict[str, Any]
) -> tuple[NDArray[Any], dict[str, Any]]:
    """The samples of a page, and the arguments of `TiffWriter.write` that say what they are."""
    first, *others = layers
    is_inverted = bool(encoding.get("white_is_zero")) and not first.is_colour
    planes = [to_samples(inverted(layer) if is_inverted else layer) for layer in layers]
    samples = np.stack(planes) if others else planes[0]
    count = samples.shape[-1]
    planar = None
    if count == 1:
        samples = samples[..., 0]
    elif encoding.get("planar") and not others:
        planar, samples = "separate", np.moveaxis(samples, -1, 0)
    else:
        planar = "contig"
    extra = ["unspecified"] * (first.values.shape[2] - (3 if first.is_colour else 1))
    alpha = ["unassalpha"] if first.alpha is not None else []
    grey = "miniswhite" if is_inverted else "minisblack"
    return samples, {
        "photometric": "rgb" if first.is_colour else grey,
        "planarconfig": planar,
        "extrasamples": [*extra, *alpha] or None,
        "volumetric": bool(others),
    }
