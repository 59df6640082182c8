"""The page of `linn compare`: two pictures beside a clean one, and where one is closer to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linn_cli.evaluation import tables
from linn_cli.evaluation.comparison import Comparison
from linn_cli.pages import _side_by_side, embedding, html
from linn_cli.pages.embedding import Levels

ENDINGS = (html.ENDING, _side_by_side.ENDING)
_NEUTRAL, _BLUE, _ORANGE = (
    np.array(colour, np.float32) for colour in ((238, 238, 236), (11, 99, 165), (196, 84, 10))
)


def render(
    kind: str, names: tuple[str, str], a: Levels, b: Levels, clean: Levels, seen: Comparison
) -> bytes:
    """Two pictures beside a clean one, and the map of where one is closer.

    Args:
        kind: ".html" for a page with a slider, ".png" for the pictures side by side.
        names: what to call a and b.
        a: (H, W) or (H, W, 3) in 8-bit grey levels.
        b: alike.
        clean: alike.
        seen: what `comparison.compare` says about them.
    """
    map_name = f"blue: {names[0]} is closer, orange: {names[1]}"
    height, width = seen.advantage.shape
    difference = _diverging(seen.advantage)
    (a, factor), (b, _), (clean, _), (difference, _) = (
        embedding.fitting(levels) for levels in (a, b, clean, difference)
    )
    if kind == _side_by_side.ENDING:
        return _side_by_side.png([(names[0], a), (names[1], b), (map_name, difference)])
    caption, columns, rows = tables.comparison(names, seen)
    return html.render(
        "compared",
        f"{names[0]} and {names[1]}",
        {
            "title": f"{names[0]} and {names[1]}",
            "lead": (
                f"{width} x {height} pixels, each against the clean picture. Higher PSNR (in dB) and SSIM "
                "(at most 1) mean closer."
            ),
            "note": embedding.reduced(factor),
            "width": clean.shape[1],
            "height": clean.shape[0],
            "pictures": [
                embedding.embed(levels, name)
                for levels, name in ((a, names[0]), (b, names[1]), (clean, "clean"))
            ],
            "table": {"caption": caption, "columns": columns, "rows": rows},
            "words": (
                f"Blue where {names[0]} is closer to the clean picture, orange where {names[1]} is; the "
                "stronger the colour, the larger the difference of their errors nearby."
            ),
            "map": embedding.embed(difference, map_name),
        },
    )


def _diverging(advantage: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours (H, W, 3) from orange over light grey to blue; the strongest hundredth is saturated."""
    largest = float(np.quantile(np.abs(advantage), 0.99)) or 1.0
    share = np.clip(advantage / largest, -1, 1)[..., None]
    colours: NDArray[np.float32] = np.where(
        share > 0, _NEUTRAL + share * (_BLUE - _NEUTRAL), _NEUTRAL - share * (_ORANGE - _NEUTRAL)
    ).astype(np.float32)
    return colours
