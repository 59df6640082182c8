"""Pages of TIFFs, read one by one: every depth, any number of channels, stacks behind one directory."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from linn_cli.errors import InputError, LinnError
from linn_cli.pictures import _tiff_masks, _tiff_tags, high_depth
from linn_cli.pictures import metadata as kept
from linn_cli.pictures._tiff_tags import Tags
from linn_cli.pictures.high_depth import over_16_bits, too_large
from linn_cli.pictures.picture import Picture
from linn_cli.pictures.tiff_writing import LOSSLESS, Pages, inverted
from linn_cli.samples import white

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_NODATA = 42113
_IMAGES = re.compile(r"ImageJ=[^\n]*\nimages=(\d+)")
# From so many pixels in all on, a stack is worth going page by page.
LARGE = 2**24


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins like this (4 bytes) is a TIFF."""
    return head[:4] in _TIFF


def read(
    file: BinaryIO, max_pixels: int, indices: Sequence[int] | None = None
) -> tuple[list[Picture], Frames] | None:
    """Pages of a TIFF, by default all, and what they were read from; None if its samples are of another kind.

    Several pages are turned the right way up, each its own; a single one is not.

    Raises:
        InputError: a page is too large, or its samples are of a kind that linn does not take.
    """
    with tifffile.TiffFile(file) as tiff:
        frames = frames_of(tiff, indices)
        if frames is None:
            return None
        if frames.pixels > max_pixels:
            raise too_large(max_pixels)
        return list(frames), frames


def read_direct(
    file: BinaryIO, max_pixels: int, indices: Sequence[int] | None = None
) -> tuple[dict[int, Picture], list[str]]:
    """Where some pages, by default of all, are of another kind: the others by their indices, as `read`, and remarks.

    Raises:
        InputError: as `read`.
    """
    remarks: list[str] = []
    with tifffile.TiffFile(file) as tiff:
        wanted = indices or range(len(tiff.pages))
        pages = {index: tiff.pages[index].aspage() for index in wanted}
        direct = {
            index: page
            for index, page in pages.items()
            if _is_direct(page) and page.imagedepth == 1 and page.size
        }
        if sum(page.imagewidth * page.imagelength for page in direct.values()) > max_pixels:
            raise too_large(max_pixels)
        found = {
            index: _page_picture(page, page.asarray(), remarks).turned(
                page.tags.valueof(_tiff_tags.ORIENTATION, 1)
            )
            for index, page in direct.items()
        }
    return found, remarks


@dataclass(frozen=True)
class Frames:
    """The frames of an open TIFF, read one by one, any number of times.

    Each page is one, or as many as it is deep; of a stack behind one directory `stacked` are. Where frames are channels,
    there are so many `channels`, each for `run` frames on end. `remarks` says in words what was converted, and `missing`
    what the file should hold and does not. `masks` are the pages that say where others have values, one for each page.
    """

    pages: tuple[tifffile.TiffPage, ...]
    stacked: int = 1
    channels: int = 1
    run: int = 1
    missing: tuple[str, ...] = ()
    masks: tuple[tifffile.TiffPage | None, ...] = ()
    remarks: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return self.stacked * sum(page.imagedepth for page in self.pages)

    def __iter__(self) -> Iterator[Picture]:
        if self.stacked > 1 or not self.has_depth:
            yield from map(self.at, range(len(self)))
            return
        layers = (layer for page in self.pages for layer in _layers(page, self.remarks))
        yield from map(self._in_channel, layers, range(len(self)))

    @property
    def pixels(self) -> int:
        """How many pixels all frames have."""
        sizes = (page.imagedepth * page.imagewidth * page.imagelength for page in self.pages)
        return self.stacked * sum(sizes)

    @property
    def has_depth(self) -> bool:
        """Whether a page holds layers, which cannot be read by themselves."""
        return any(page.imagedepth > 1 for page in self.pages)

    @property
    def largest(self) -> int:
        """The pixels of the largest frame."""
        return max(page.imagewidth * page.imagelength for page in self.pages)

    @property
    def as_pages(self) -> Pages:
        """What the frames will be when they are written."""
        size = self.stacked * sum(page.nbytes for page in self.pages)
        turned = {page.tags.valueof(_tiff_tags.ORIENTATION, 1) for page in self.pages}
        kinds = {(page.shape, page.dtype) for page in self.pages}
        return Pages(len(self), size, len(kinds) == 1 and len(turned) == 1)

    def at(self, index: int) -> Picture:
        """The frame of an index, where pages hold no layers.

        Raises:
            InputError: the file is damaged or cut short.
        """
        try:
            return self._in_channel(self._at(index), index)
        except (LinnError, MemoryError):
            raise
        except Exception as error:  # decoders raise whatever a damaged file makes them stumble over
            raise InputError(f"cannot be read, damaged or cut short ({error})") from error

    def _in_channel(self, picture: Picture, index: int) -> Picture:
        return replace(picture, channel=(index // self.run % self.channels, self.channels))

    def _at(self, index: int) -> Picture:
        if self.stacked > 1:
            page = self.pages[0]
            handle = page.parent.filehandle
            dtype = np.dtype(page.dtype).newbyteorder(page.parent.byteorder)
            handle.seek(page.dataoffsets[0] + index * page.size * dtype.itemsize)
            return _page_picture(page, handle.read_array(dtype, page.size), self.remarks)
        page = self.pages[index]
        picture = _page_picture(page, page.asarray(), self.remarks)
        mask = self.masks[index] if self.masks else None
        if mask is not None:
            picture = replace(picture, seen=_tiff_masks.seen(mask))
        if len(self.pages) == 1:
            return picture
        return picture.turned(page.tags.valueof(_tiff_tags.ORIENTATION, 1))


@dataclass(frozen=True)
class Stack:
    """The frames of an open TIFF and what is kept with them; tags are None where they are damaged."""

    frames: Frames
    tags: Tags | None

    @property
    def metadata(self) -> dict[str, Any]:
        """What is kept with the frames, which are upright."""
        found = kept.from_tiff(self.tags) if self.tags else {}
        return found if self.frames.stacked > 1 else kept.upright(found)

    @property
    def encoding(self) -> dict[str, Any]:
        """How the first page is stored."""
        return kept.tiff_encoding(self.tags)


@contextmanager
def opened(path: Path, least_pixels: int) -> Iterator[Stack | None]:
    """The stack of a TIFF with several frames; None of a small one and of any other file.

    Whether it is damaged is found out as frames are read.
    """
    with ExitStack() as closing:
        stack = None
        with suppress(Exception):  # the reader of whole pictures will say what is wrong
            file = closing.enter_context(path.open("rb"))
            if is_tiff(file.read(4)):
                stack = _stack(file, closing, least_pixels)
        yield stack


def _stack(file: BinaryIO, closing: ExitStack, least_pixels: int) -> Stack | None:
    tags: Tags | None = None
    with suppress(Exception):  # whatever damage makes the parser stumble over
        tags = _tiff_tags.read(file)
    file.seek(0)
    tiff = closing.enter_context(tifffile.TiffFile(file))
    frames = frames_of(tiff, tags.indices if tags else None)
    if frames is None or len(frames) == 1 or frames.has_depth or frames.pixels < least_pixels:
        return None
    return Stack(frames, tags)


def frames_of(tiff: tifffile.TiffFile, indices: Sequence[int] | None = None) -> Frames | None:
    """Frames of an open TIFF, by default of all pages; None if samples are of a kind that Pillow converts.

    Raises:
        InputError: a page has no width or no height.
    """
    pages = tuple(tiff.pages[index].aspage() for index in indices or range(len(tiff.pages)))
    if not pages or not all(map(_is_direct, pages)):
        return None
    if not all(page.imagewidth and page.imagelength for page in pages):
        raise InputError("a page is damaged: it has no width or no height")
    frames = Frames(pages, _stacked(tiff), masks=tuple(_tiff_masks.of_pages(tiff, pages)))
    channels, run = _channels(tiff, len(frames))
    frames = replace(frames, channels=channels, run=run)
    if any(page.imagedepth > 1 and page.is_tiled for page in pages):
        frames.remarks.append("the tiles of a volume became strips")
    said = _IMAGES.match(pages[0].description)
    if said and int(said[1]) > len(frames) and len(tiff.pages) == len(pages):
        words = f"the file speaks of {said[1]} frames and holds {len(frames)}"
        return replace(frames, missing=(words,))
    return frames


def _is_direct(page: tifffile.TiffPage) -> bool:
    """Whether samples are channels by themselves; Pillow converts those of other kinds, such as palettes."""
    if page.dtype is None or page.dtype.itemsize > 1 or page.dtype.kind == "i":
        return page.dtype is not None
    is_whole = page.dtype == np.uint8 and page.bitspersample == 8
    return is_whole and (page.photometric in (0, 1, 2) or _is_whole_ycbcr(page))


def _is_whole_ycbcr(page: tifffile.TiffPage) -> bool:
    """Whether samples are YCbCr with every pixel's own colour. Pillow before 13 mistakes these for RGB."""
    is_plain = page.compression in LOSSLESS and page.subsampling in (None, (1, 1))
    is_ycbcr = page.photometric == 6 and page.samplesperpixel == 3 and page.bitspersample == 8
    return is_plain and is_ycbcr


def _stacked(tiff: tifffile.TiffFile) -> int:
    """How many frames lie behind one directory, as ImageJ writes files of over 4 GB and tifffile shaped ones."""
    if len(tiff.pages) != 1 or not tiff.series:
        return 1
    page, series = tiff.pages[0].aspage(), tiff.series[0]
    if series.dataoffset is None:  # OME-XML speaks of planes in other files, too
        return 1
    return series.size // page.size if page.size and series.size > page.size else 1


def _channels(tiff: tifffile.TiffFile, count: int) -> tuple[int, int]:
    """`Frames.channels` and `Frames.run` of so many frames, as ImageJ, OME or tifffile's own description say."""
    if not (tiff.is_imagej or tiff.is_ome or tiff.is_shaped):
        return 1, 1
    with suppress(Exception):  # whatever a wrong description makes the parser stumble over
        first, *others = tiff.series
        axes = first.axes.partition("YX")[0]
        sides = first.shape[: len(axes)]
        if not others and "C" in axes and math.prod(sides) == count:
            place = axes.index("C")
            return sides[place], math.prod(sides[place + 1 :])
    return 1, 1


def _layers(page: tifffile.TiffPage, remarks: list[str]) -> list[Picture]:
    """The pictures of a page with depth, one behind the other."""
    if page.imagedepth > 1 and page.planarconfig == 2 and page.samplesperpixel > 1:
        raise InputError("TIFF with depth in separate planes: write its layers as pages first")
    layers = page.asarray().reshape(page.imagedepth, -1)
    turn = page.tags.valueof(_tiff_tags.ORIENTATION, 1)
    return [_page_picture(page, layer, remarks).turned(turn) for layer in layers]


def _page_picture(page: tifffile.TiffPage, samples: NDArray[Any], remarks: list[str]) -> Picture:
    if page.photometric not in (0, 1, 2) and not _is_whole_ycbcr(page):
        raise InputError(f"TIFF samples of kind {page.photometric!r}: convert it to RGB first")
    samples = samples.reshape(
        (page.samplesperpixel, page.imagelength, page.imagewidth)
        if page.planarconfig == 2
        else (page.imagelength, page.imagewidth, page.samplesperpixel)
    )
    if page.planarconfig == 2:
        samples = np.moveaxis(samples, 0, -1)
    samples = _as_supported(np.ascontiguousarray(samples), page.bitspersample, remarks)
    if page.photometric == 6:
        remarks.append("YCbCr became RGB")
        return Picture(_from_ycbcr(samples))
    picture = _with_alpha(samples, page, remarks)
    picture = replace(picture, nodata=nodata(page))
    return inverted(picture) if page.photometric == 0 else picture


def _from_ycbcr(samples: NDArray[Any]) -> NDArray[Any]:
    height, width, _ = samples.shape
    return np.array(Image.frombytes("YCbCr", (width, height), samples.tobytes()).convert("RGB"))


def _with_alpha(samples: NDArray[Any], page: tifffile.TiffPage, remarks: list[str]) -> Picture:
    """A picture of samples (H, W, C): colour where the page says so, with alpha if that comes behind; else channels."""
    colours = 3 if page.photometric == 2 else 1
    extra = page.extrasamples[:1] if samples.shape[2] > colours else ()
    if samples.shape[2] == colours:
        return Picture(samples)
    if extra not in ((1,), (2,)) or samples.shape[2] > colours + 1:
        if colours == 3:
            remarks.append(f"{samples.shape[2]} channels were denoised each by itself")
        return Picture(samples, separate=True)
    values, alpha = samples[:, :, :colours], samples[:, :, colours]
    if extra == (1,):
        remarks.append("premultiplied alpha became plain alpha")
        opaque = white(alpha.dtype)
        plain = values * (opaque / np.maximum(alpha, opaque * 1e-6))[:, :, None]
        values = (plain if alpha.dtype.kind == "f" else plain.round().clip(0, opaque)).astype(
            alpha.dtype
        )
    return Picture(values, alpha)


def _as_supported(samples: NDArray[Any], bits: int, remarks: list[str]) -> NDArray[Any]:
    """Native samples; integers of odd depths over the whole range of 16 bits."""
    if samples.dtype.kind not in "iuf" or (
        samples.dtype.kind != "f" and samples.dtype.itemsize > 4
    ):
        raise InputError(
            f"TIFF samples of type {samples.dtype}: convert them to 32 bits or float first"
        )
    native = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    odd = samples.dtype.kind == "u" and bits < 8 * samples.dtype.itemsize
    if not odd or bits > 16:
        return native
    remarks += high_depth.spread(2**bits - 1)
    return over_16_bits(native, 2**bits - 1)


def nodata(page: tifffile.TiffPage) -> float | None:
    """GDAL's value for pixels without one, None if the page names none."""
    try:
        return float(page.tags.valueof(_NODATA))
    except (TypeError, ValueError):
        return None
