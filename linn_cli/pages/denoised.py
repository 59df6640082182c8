"""The page of `linn denoise --compare`: before, after, and what was removed."""

from __future__ import annotations

from linn_cli.evaluation import residual
from linn_cli.pages import _side_by_side, embedding, html
from linn_cli.pages._facts import facts
from linn_cli.pages.embedding import Levels

ENDINGS = (html.ENDING, _side_by_side.ENDING)
_MID_GREY = 127.5


def render(kind: str, name: str, noisy: Levels, clean: Levels, sigma: float) -> bytes:
    """A picture before and after, and what was removed.

    Args:
        kind: ".html" for a page with a slider, ".png" for the pictures side by side.
        name: the picture's, for the title.
        noisy: (H, W) or (H, W, 3) of any dtype; integers have its range, floats are white at 1.0.
        clean: what linn made of it, alike.
        sigma: what was asked for, in 8-bit grey levels.
    """
    noisy, clean = embedding.grey_levels(noisy), embedding.grey_levels(clean)
    found = residual.measure(noisy, clean, sigma)
    (small_noisy, factor), (small_clean, _) = (
        embedding.fitting(levels) for levels in (noisy, clean)
    )
    if kind == _side_by_side.ENDING:
        removed = _MID_GREY + 2 * (small_noisy - small_clean)
        deviation = f"removed, twofold (deviation {found.deviation:.1f}, sigma {sigma:g})"
        return _side_by_side.png(
            [("noisy", small_noisy), ("denoised", small_clean), (deviation, removed)]
        )
    height, width = clean.shape[:2]
    return html.render(
        "denoised",
        f"{name}, denoised",
        {
            "title": name,
            "lead": f"{width} x {height} pixels, denoised by linn for noise of sigma {sigma:g} grey levels.",
            "note": embedding.reduced(factor),
            "width": small_clean.shape[1],
            "height": small_clean.shape[0],
            "pictures": [
                embedding.embed(small_noisy, "noisy"),
                embedding.embed(small_clean, "denoised"),
            ],
            "words": found.in_words(),
            "facts": facts(found),
        },
    )
