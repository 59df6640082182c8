"""TIFFs by rows: pictures that never lie in memory as a whole, neither before nor after.

Strips or rows of tiles are decoded as the network asks for them, and strips are written as it finishes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import tifffile
from numpy.typing import NDArray

from linn_cli.errors import InputError, LinnError
from linn_cli.pictures import _tiff_tags, tiff_pages, tiff_writing
from linn_cli.pictures import metadata as kept
from linn_cli.pictures._tiff_tags import Tags

_DTYPES = ("uint8", "uint16", "float32")
_ROWS_PER_STRIP = 16
# A compressed strip is decoded as a whole, so one that is the whole picture saves nothing.
_MOST_ROWS = 1024
# From this many pixels on, a picture is worth going by rows.
LARGE = 2**24
# What the noise is estimated from.
_SAMPLE, _STRIP = 4_000_000, 64


@dataclass(frozen=True)
class RowSource:
    """A page of an open TIFF whose rows can be decoded from the top, any number of times."""

    page: tifffile.TiffPage

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels, 1 or 3."""
        return self.page.imagelength, self.page.imagewidth, self.page.samplesperpixel

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8, uint16 or float32, native."""
        native: np.dtype[Any] = np.dtype(self.page.dtype).newbyteorder("=")
        return native

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Rows (n, W, C) from the top.

        Raises:
            InputError: the file is damaged or cut short.
        """
        try:
            yield from self._plain() if self.is_plain else self._decoded()
        except (GeneratorExit, LinnError, MemoryError):
            raise
        except Exception as error:  # decoders raise whatever damage makes them stumble over
            raise InputError(f"cannot be read, damaged or cut short ({error})") from error

    @property
    def is_plain(self) -> bool:
        """Whether the rows lie in the file one after the other, as they are."""
        page = self.page
        return (
            page.is_contiguous
            and not page.is_tiled
            and (page.predictor, page.fillorder) == (1, 1)
            and page.dataoffsets[0] > 0  # else it is a hole
            and sum(page.databytecounts) == page.nbytes
        )

    def _plain(self) -> Iterator[NDArray[Any]]:
        height, width, channels = self.shape
        file = self.page.parent.filehandle
        dtype = self.dtype.newbyteorder(self.page.parent.byteorder)
        row = width * channels
        for top in range(0, height, _ROWS_PER_STRIP):
            count = min(_ROWS_PER_STRIP, height - top)
            file.seek(self.page.dataoffsets[0] + top * row * dtype.itemsize)  # others may have read
            yield file.read_array(dtype, count * row).reshape(count, width, channels)

    def _decoded(self) -> Iterator[NDArray[Any]]:
        height, width, channels = self.shape
        tall = self.page.tilelength if self.page.is_tiled else self.page.rowsperstrip
        rows = np.zeros((tall, width, channels), self.dtype)
        begun = 0
        for segment, (_, _, top, left, _), shape in self.page.segments(maxworkers=1):
            if top != begun:
                yield rows[: top - begun].copy()
                rows[:] = 0
                begun = top
            if segment is None:  # a hole in the file stands for zeros
                continue
            _, count, across, _ = shape
            count, across = min(count, height - top), min(across, width - left)
            rows[:count, left : left + across] = segment[0, :count, :across]
        yield rows[: height - begun].copy()

    @property
    def tags(self) -> Tags | None:
        """What the file says of the page; None if that is damaged."""
        try:
            return _tiff_tags.read(cast(BinaryIO, self.page.parent.filehandle))
        except Exception:  # whatever damage makes the parser stumble over
            return None

    @property
    def nodata(self) -> float | None:
        """GDAL's value for pixels without one."""
        return tiff_pages.nodata(self.page)

    @property
    def metadata(self) -> dict[str, Any]:
        """What is kept with the page."""
        tags = self.tags
        return kept.from_tiff(tags) if tags else {}

    def sample(self, most: int | None = None) -> NDArray[Any]:
        """About `most` pixels of it in strips of 64 rows, one below the other, (n, W, C)."""
        height, width, channels = self.shape
        every = max(1, math.ceil(height * width / (most or _SAMPLE)))
        top, kept = 0, [np.empty((0, width, channels), self.dtype)]
        for rows in self:
            chosen = (np.arange(top, top + len(rows)) // _STRIP) % every == 0
            kept.append(rows[chosen])
            top += len(rows)
        return np.concatenate(kept)

    @property
    def is_grey(self) -> bool:
        """Whether all channels are the same everywhere; decodes the whole picture."""
        return all(bool((rows == rows[:, :, :1]).all()) for rows in self)


@contextmanager
def opened(path: Path, least_pixels: int) -> Iterator[RowSource | None]:
    """The rows of a TIFF of one opaque grey or RGB page; None of a small picture and of any other file.

    Whether it is damaged is found out as rows are read.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            source = _source(stack.enter_context(tifffile.TiffFile(file)), least_pixels)
        except Exception:  # the reader of whole pictures will say what is wrong
            source = None
        yield source


def _source(tiff: tifffile.TiffFile, least_pixels: int) -> RowSource | None:
    page = tiff.pages[0].aspage()
    fitting = (
        len(tiff.pages) == 1
        and tiff.series[0].size == page.size  # ImageJ's stacks have one page, too
        and page.imagewidth * page.imagelength >= least_pixels
        and page.imagedepth == 1
        and np.dtype(page.dtype).name in _DTYPES
        and page.bitspersample == 8 * np.dtype(page.dtype).itemsize
        and (page.photometric, page.samplesperpixel) in ((1, 1), (2, 3))
        and (page.planarconfig == 1 or page.samplesperpixel == 1)
    )
    source = RowSource(page)
    low = page.is_tiled or page.rowsperstrip <= _MOST_ROWS
    return source if fitting and (low or source.is_plain) else None


def write(
    file: BinaryIO,
    rows: Iterator[NDArray[Any]],
    shape: tuple[int, int, int],
    dtype: np.dtype[Any],
    metadata: dict[str, Any],
    encoding: dict[str, Any] | None = None,
) -> None:
    """Write rows (n, W, C) from the top as a TIFF, laid out and compressed as its source, but without loss."""
    height, width, channels = shape
    tags = kept.to_tiff(metadata, 1)
    stored = dtype.newbyteorder(tags.byteorder)
    compression = tiff_writing.compression_of(encoding or {})
    tile = tiff_writing.tile_of(encoding or {})
    is_plain = not tile and compression["compression"] == 1
    segments: Iterator[Any] | None = None
    if tile:
        segments = _tiles(rows, tile)
    elif not is_plain:
        encoded = _encoder(dtype, **compression)
        segments = (encoded(strip.astype(stored)) for strip in strips(rows, _ROWS_PER_STRIP))
    is_big = tags.is_big or height * width * channels * dtype.itemsize > tiff_writing.CLASSIC_BYTES
    with tifffile.TiffWriter(file, bigtiff=is_big, byteorder=tags.byteorder) as writer:
        place = writer.write(
            segments,
            shape=shape if channels > 1 else shape[:2],
            dtype=dtype,
            photometric="rgb" if channels > 1 else "minisblack",
            planarconfig="contig" if channels > 1 else None,
            rowsperstrip=None if tile else _ROWS_PER_STRIP,
            tile=tile,
            metadata=None,
            software=False,
            returnoffset=is_plain,
            **compression,
        )
    if place:  # the file has room for its rows
        file.seek(place[0])
        for strip in rows:
            file.write(strip.astype(stored).tobytes())
    _tiff_tags.graft(file, tags.pages, tags.masks)


def _encoder(
    dtype: np.dtype[Any], compression: int, predictor: bool
) -> Callable[[NDArray[Any]], bytes]:
    """What makes a strip's rows (n, W, C) the bytes of the file."""
    compress = tifffile.TIFF.COMPRESSORS[compression]
    if not predictor:
        return lambda strip: compress(strip.tobytes())
    differences = tifffile.TIFF.PREDICTORS[3 if dtype.kind == "f" else 2]
    return lambda strip: compress(differences(strip, axis=-2))


def _tiles(rows: Iterator[NDArray[Any]], tile: tuple[int, int]) -> Iterator[NDArray[Any]]:
    """Rows (n, W, C) as tiles (h, w, C), from left to right; those at the border are filled up."""
    for strip in strips(rows, tile[0]):
        for left in range(0, strip.shape[1], tile[1]):
            part = strip[:, left : left + tile[1]]
            missing = [(0, side - given) for side, given in zip(tile, part.shape[:2], strict=True)]
            yield np.pad(part, (*missing, (0, 0)))


def strips(rows: Iterator[NDArray[Any]], count: int) -> Iterator[NDArray[Any]]:
    """Rows (n, W, C) of any n to rows of `count`; the last may be fewer."""
    waiting: NDArray[Any] | None = None
    for more in rows:
        waiting = more if waiting is None else np.concatenate((waiting, more))
        whole = len(waiting) // count * count
        for top in range(0, whole, count):
            yield waiting[top : top + count]
        waiting = waiting[whole:]
    if waiting is not None and len(waiting):
        yield waiting
