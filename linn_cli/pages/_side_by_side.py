"""Pictures side by side in one PNG, for those who want no page."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from linn_cli.pages.embedding import Levels, to_bytes

ENDING = ".png"
_GAP, _CAPTION = 16, 28


def png(panels: list[tuple[str, Levels]]) -> bytes:
    """Pictures of one size, (H, W) or (H, W, 3) in 8-bit grey levels, side by side in a PNG file."""
    height, width = panels[0][1].shape[:2]
    count = len(panels)
    canvas = Image.new("RGB", (count * (width + _GAP) - _GAP, height + _CAPTION), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default()
    for index, (caption, levels) in enumerate(panels):
        left = index * (width + _GAP)
        canvas.paste(Image.fromarray(to_bytes(levels)), (left, _CAPTION))
        fitted = caption
        while fitted and draw.textlength(fitted, font) > width:
            fitted = fitted[:-1]
        draw.text((left, 8), fitted, "black", font)
    if all(levels.ndim == 2 for _, levels in panels):
        canvas = canvas.convert("L")
    content = io.BytesIO()
    canvas.save(content, "PNG")
    return content.getvalue()
