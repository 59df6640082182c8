"""The page of `linn compare`: two pictures, where they differ, and which is closer to a clean one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linn_cli.evaluation import tables
from linn_cli.evaluation.comparison import Comparison, Difference
from linn_cli.evaluation.tables import Table
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
    return _render(
        kind,
        [(names[0], a), (names[1], b), ("clean", clean)],
        "each against the clean picture",
        tables.comparison(names, seen),
        (f"blue: {names[0]} is closer, orange: {names[1]}", seen.advantage),
        f"Blue where {names[0]} is closer to the clean picture, orange where {names[1]} is; the "
        "stronger the colour, the larger the difference of their errors nearby.",
    )


def render_difference(
    kind: str, names: tuple[str, str], a: Levels, b: Levels, seen: Difference
) -> bytes:
    """Two pictures, and the map of where they differ; `seen` is what `comparison.differ` says, see `render`."""
    return _render(
        kind,
        [(names[0], a), (names[1], b)],
        "one against the other",
        tables.difference(names, seen),
        ("blue: they differ", seen.nearby),
        "The stronger the blue, the larger the difference nearby.",
    )


def _render(
    kind: str,
    pictures: list[tuple[str, Levels]],
    how: str,
    table: Table,
    named_map: tuple[str, NDArray[np.float32]],
    words: str,
) -> bytes:
    (first, _), (second, _), *_ = pictures
    map_name, values = named_map
    height, width = values.shape
    difference, factor = embedding.fitting(_diverging(values))
    shown = [(name, embedding.fitting(levels)[0]) for name, levels in pictures]
    if kind == _side_by_side.ENDING:
        return _side_by_side.png([*shown[:2], (map_name, difference)])
    caption, columns, rows = table
    return html.render(
        "compared",
        f"{first} and {second}",
        {
            "title": f"{first} and {second}",
            "lead": f"{width} x {height} pixels, {how}. Higher PSNR (in dB) and SSIM (at most 1) mean closer.",
            "note": embedding.reduced(factor),
            "width": difference.shape[1],
            "height": difference.shape[0],
            "pictures": [embedding.embed(levels, name) for name, levels in shown],
            "table": {"caption": caption, "columns": columns, "rows": rows},
            "words": words,
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
