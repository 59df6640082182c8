"""Pictures side by side in one PNG, for those who want no page."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from linn_cli.pages.embedding import Levels, to_bytes
from linn_cli.units import GREY_LEVELS

ENDING = ".png"
_GAP, _CAPTION = 16, 28
_SQUARE, _SQUARES = 8, (184, 242)  # side and two greys


def png(panels: list[tuple[str, Levels]]) -> bytes:
    """Pictures of one size side by side in a PNG file, over squares where they are transparent.

    They are (H, W), (H, W, 3) or (H, W, 4) in 8-bit grey levels.
    """
    height, width = panels[0][1].shape[:2]
    count = len(panels)
    canvas = Image.new("RGB", (count * (width + _GAP) - _GAP, height + _CAPTION), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default()
    for index, (caption, levels) in enumerate(panels):
        left = index * (width + _GAP)
        canvas.paste(Image.fromarray(to_bytes(_over_squares(levels))), (left, _CAPTION))
        fitted = caption
        while fitted and draw.textlength(fitted, font) > width:
            fitted = fitted[:-1]
        draw.text((left, 8), fitted, "black", font)
    if all(levels.ndim == 2 for _, levels in panels):
        canvas = canvas.convert("L")
    content = io.BytesIO()
    canvas.save(content, "PNG")
    return content.getvalue()


def _over_squares(levels: Levels) -> Levels:
    """A picture with alpha over light and dark squares; any other as it is."""
    if levels.ndim == 2 or levels.shape[2] < 4:
        return levels
    rows, columns = np.indices(levels.shape[:2]) // _SQUARE
    squares = np.choose((rows + columns) % 2, _SQUARES)[..., None]
    share = levels[..., 3:] / GREY_LEVELS
    blended: Levels = share * levels[..., :3] + (1 - share) * squares
    return blended
