"""Mask pages of a TIFF, which say where the pages before them have values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from linn_cli.pictures import _tiff_tags
from linn_cli.pictures.picture import Picture

_MASK = 4  # of the kinds of pages


def applied(
    file: BinaryIO, frames: Sequence[Picture], indices: Sequence[int] | None = None
) -> tuple[Picture, ...]:
    """Frames of the pages of a TIFF, by default of all, with what their masks say of where they have values."""
    with tifffile.TiffFile(file) as tiff:
        pages = [tiff.pages[index].aspage() for index in indices or range(len(tiff.pages))]
        if len(pages) != len(frames):
            return tuple(frames)
        masks = of_pages(tiff, pages)
        return tuple(
            frame if mask is None else replace(frame, seen=_upright(seen(mask), page))
            for frame, page, mask in zip(frames, pages, masks, strict=True)
        )


def _upright(seen: NDArray[np.bool_], page: tifffile.TiffPage) -> NDArray[np.bool_]:
    turned: NDArray[np.bool_] = (
        Picture(seen[:, :, None]).turned(page.tags.valueof(_tiff_tags.ORIENTATION, 1)).values
    )
    return turned[:, :, 0]


def seen(mask: tifffile.TiffPage) -> NDArray[np.bool_]:
    """Where a mask page says that its page has values, (H, W)."""
    shown = mask.asarray().reshape(mask.imagelength, mask.imagewidth, -1) != 0
    found: NDArray[np.bool_] = shown.any(axis=2)
    return found


def of_pages(
    tiff: tifffile.TiffFile, pages: Sequence[tifffile.TiffPage]
) -> Iterator[tifffile.TiffPage | None]:
    """For each page the one that says where it has values, which lies behind it in the file and has its size."""
    starts = [*(page.index for page in pages), len(tiff.pages)]
    for page, after in zip(pages, starts[1:], strict=True):
        between = (tiff.pages[index].aspage() for index in range(page.index + 1, after))
        size = page.imagelength, page.imagewidth
        alike = (one for one in between if (one.imagelength, one.imagewidth) == size)
        yield next((one for one in alike if one.subfiletype & _MASK), None)
