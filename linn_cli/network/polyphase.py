"""The polyphase components of a picture: the pixels of each small block as channels, and back.

Lifting was invented on them (Sweldens 1996). On channels at half the resolution a wide network costs what a
narrow one costs on pixels, and each filter reaches twice as far.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from linn_cli.network.haar import COLUMNS, ROWS


def split(picture: Tensor, phases: int) -> Tensor:
    """Picture (B, C, H, W) to (B, C p^2, H / p, W / p), channels-last; p divides both sides."""
    if phases == 1:
        return picture
    blocks = picture.unflatten(3, (-1, phases)).unflatten(2, (-1, phases))  # B, C, h, p, w, p
    components: Tensor = blocks.permute(0, 2, 4, 1, 3, 5).flatten(3).permute(0, 3, 1, 2)
    return components


def merge(components: Tensor, phases: int) -> Tensor:
    """Undo `split`: components (B, C p^2, H, W) to a picture (B, C, p H, p W)."""
    if phases == 1:
        return components
    blocks = components.unflatten(1, (-1, phases, phases))  # B, C, p, p, h, w
    picture: Tensor = blocks.permute(0, 1, 4, 2, 5, 3).flatten(4).flatten(2, 3)
    return picture


def missing(side: int, alignment: int) -> int:
    """How many rows or columns a picture lacks to have 1 more than a multiple of `alignment`.

    The split of scale k adds 2^k to a side, and its phases then divide it.
    """
    return (1 - side) % alignment


def fill(picture: Tensor, alignment: int) -> Tensor:
    """Fill up a picture (B, C, H, W) at the bottom and the right, so that it suits all scales."""
    rows = missing(picture.shape[ROWS], alignment)
    columns = missing(picture.shape[COLUMNS], alignment)
    return fill_columns(fill_rows(picture, rows), columns)


def fill_rows(picture: Tensor, count: int) -> Tensor:
    """`count` more rows, mirrored without the edge; a picture too low for that repeats its edge."""
    return _fill(picture, (0, 0, 0, count), picture.shape[ROWS] > count)


def fill_columns(picture: Tensor, count: int) -> Tensor:
    """`fill_rows` for columns."""
    return _fill(picture, (0, count, 0, 0), picture.shape[COLUMNS] > count)


def _fill(picture: Tensor, sides: tuple[int, int, int, int], mirrors: bool) -> Tensor:
    if not any(sides):
        return picture
    return F.pad(picture, sides, mode="reflect" if mirrors else "replicate")
