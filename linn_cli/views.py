"""Results as pages and pictures: what was denoised, what two pictures differ in, the transform inside."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from linn_cli import page
from linn_cli.evaluation import inspection, residual, tables
from linn_cli.evaluation.comparison import Comparison
from linn_cli.evaluation.inspection import Inspection, ScaleView
from linn_cli.evaluation.residual import Residual
from linn_cli.network.architecture import Architecture
from linn_cli.samples import white
from linn_cli.units import GREY_LEVELS

PICTURE = ".png"
ENDINGS = (page.ENDING, PICTURE)

_MOST_PIXELS = 32 * 10**6
_GAP, _CAPTION = 16, 28
_MID_GREY = 127.5
_NEUTRAL, _BLUE, _ORANGE = (
    np.array(colour, np.float32) for colour in ((238, 238, 236), (11, 99, 165), (196, 84, 10))
)

Levels = NDArray[Any]


def denoised(kind: str, name: str, noisy: Levels, clean: Levels, sigma: float) -> bytes:
    """A picture before and after, and what was removed.

    Args:
        kind: ".html" for a page with a slider, ".png" for the pictures side by side.
        name: the picture's, for the title.
        noisy: (H, W) or (H, W, 3) of any dtype; integers have its range, floats are white at 1.0.
        clean: what linn made of it, alike.
        sigma: what was asked for, in 8-bit grey levels.
    """
    noisy, clean = grey_levels(noisy), grey_levels(clean)
    found = residual.measure(noisy, clean, sigma)
    (small_noisy, factor), (small_clean, _) = (
        page.fitting(levels, _MOST_PIXELS) for levels in (noisy, clean)
    )
    if kind == PICTURE:
        removed = _MID_GREY + 2 * (small_noisy - small_clean)
        deviation = f"removed, twofold (deviation {found.deviation:.1f}, sigma {sigma:g})"
        return strip([("noisy", small_noisy), ("denoised", small_clean), (deviation, removed)])
    height, width = clean.shape[:2]
    return page.render(
        "denoised",
        f"{name}, denoised",
        {
            "title": name,
            "lead": f"{width} x {height} pixels, denoised by linn for noise of sigma {sigma:g} grey levels.",
            "note": _reduced(factor),
            "width": small_clean.shape[1],
            "height": small_clean.shape[0],
            "pictures": [page.embed(small_noisy, "noisy"), page.embed(small_clean, "denoised")],
            "words": found.in_words(),
            "facts": _facts(found),
        },
    )


def inspected(
    name: str, seen: Inspection, sigma: float, architecture: Architecture, weights: str
) -> bytes:
    """The page of `linn inspect`: the transform, the shrinkage and the round trip; sigma as above."""
    height, width = seen.noisy.shape
    found = residual.measure(seen.noisy, seen.denoised, sigma)
    largest = float(np.abs(seen.error).max())
    return page.render(
        "inspected",
        f"{name}, inspected",
        {
            "title": name,
            "lead": (
                f"{width} x {height} pixels on their way through {architecture} ({weights}) for noise "
                f"of sigma {sigma:g} grey levels."
            ),
            "width": width,
            "height": height,
            "noisy": page.embed(seen.noisy, "noisy"),
            "denoised": page.embed(seen.denoised, "linn"),
            "plain": page.embed(seen.plain, "plain Haar, as sparse"),
            "words": found.in_words(),
            "facts": _facts(found),
            "scales": [_scale(view, sigma) for view in seen.scales],
            "error": page.embed(np.abs(seen.error) * (255 / (largest or 1)), "round-trip error"),
            "largest": largest,
            "bins": [float(middle) for middle in inspection.MIDDLES],
        },
    )


def _scale(view: ScaleView, sigma: float) -> dict[str, Any]:
    stages = {
        "plain Haar": view.plain,
        **({"before lifting": view.split} if not np.array_equal(view.plain, view.split) else {}),
        "after lifting": view.lifted,
        "after shrinkage": view.shrunk,
    }
    # The Haar filters double the coarse channel; detail is shown up to 4 sigma.
    pictures = {
        stage: [
            page.embed(_MID_GREY + channel * (sigma / 2 if index == 0 else _MID_GREY / 4), label)
            for index, (label, channel) in enumerate(
                zip(inspection.CHANNELS, channels, strict=True)
            )
        ]
        for stage, channels in stages.items()
    }
    return {
        "pictures": pictures,
        "channels": [
            {
                "name": label,
                "rms": {
                    stage: inspection.rms(channels[index]) for stage, channels in stages.items()
                },
            }
            for index, label in enumerate(inspection.CHANNELS)
        ],
        "histograms": {
            stage: inspection.histogram(channels[1:]) for stage, channels in stages.items()
        },
        "zeros": view.zeros,
        "steps": [asdict(step) for step in view.steps],
    }


def compared(
    kind: str, names: tuple[str, str], a: Levels, b: Levels, clean: Levels, seen: Comparison
) -> bytes:
    """Two pictures beside a clean one, and the map of where one is closer.

    Args:
        kind: as above.
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
        page.fitting(levels, _MOST_PIXELS) for levels in (a, b, clean, difference)
    )
    if kind == PICTURE:
        return strip([(names[0], a), (names[1], b), (map_name, difference)])
    caption, columns, rows = tables.comparison(names, seen)
    return page.render(
        "compared",
        f"{names[0]} and {names[1]}",
        {
            "title": f"{names[0]} and {names[1]}",
            "lead": f"{width} x {height} pixels, each against the clean picture.",
            "note": _reduced(factor),
            "width": clean.shape[1],
            "height": clean.shape[0],
            "pictures": [
                page.embed(levels, name)
                for levels, name in ((a, names[0]), (b, names[1]), (clean, "clean"))
            ],
            "table": {"caption": caption, "columns": columns, "rows": rows},
            "words": (
                f"Blue where {names[0]} is closer to the clean picture, orange where {names[1]} is; the "
                "stronger the colour, the larger the difference of their errors nearby."
            ),
            "map": page.embed(difference, map_name),
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


def strip(panels: list[tuple[str, Levels]]) -> bytes:
    """Pictures of one size, (H, W) or (H, W, 3) in 8-bit grey levels, side by side in a PNG file."""
    height, width = panels[0][1].shape[:2]
    count = len(panels)
    canvas = Image.new("RGB", (count * (width + _GAP) - _GAP, height + _CAPTION), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default()
    for index, (caption, levels) in enumerate(panels):
        left = index * (width + _GAP)
        canvas.paste(Image.fromarray(_bytes(levels)), (left, _CAPTION))
        fitted = caption
        while fitted and draw.textlength(fitted, font) > width:
            fitted = fitted[:-1]
        draw.text((left, 8), fitted, "black", font)
    if all(levels.ndim == 2 for _, levels in panels):
        canvas = canvas.convert("L")
    content = io.BytesIO()
    canvas.save(content, "PNG")
    return content.getvalue()


def grey_levels(picture: Levels) -> NDArray[np.float32]:
    """A picture of any dtype as floats from 0 to 255; floats are white at 1.0."""
    scale = np.float32(GREY_LEVELS / white(picture.dtype))
    levels: NDArray[np.float32] = np.asarray(picture, np.float32) * scale
    return levels


def _bytes(levels: Levels) -> NDArray[np.uint8]:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _reduced(factor: int) -> str:
    return (
        f"Too large for a page: each pixel here is the mean of {factor} x {factor}."
        if factor > 1
        else ""
    )


def _facts(found: Residual) -> list[tuple[str, str]]:
    def figure(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    return [
        ("sigma asked for", f"{found.sigma:g}"),
        ("deviation removed", f"{found.deviation:.1f}"),
        ("correlation of neighbours", figure(found.correlation, "+.3f")),
        ("flatness of the spectrum", figure(found.flatness, ".0%")),
    ]
