"""The page of `linn denoise --compare`: before, after, and what was removed."""

from __future__ import annotations

from linn_cli.evaluation import advice, residual
from linn_cli.evaluation.residual import Residual
from linn_cli.evaluation.tables import level
from linn_cli.pages import _side_by_side, embedding, html
from linn_cli.pictures.picture import Picture

ENDINGS = (html.ENDING, _side_by_side.ENDING)
_MID_GREY = 127.5
_SCALE = "Strength counts in grey levels, from 0 (black) to 255 (white)."
_BY_EYE = (
    "Judge it by eye: press “what was removed”. Even grain is noise. Edges and texture in it are "
    "detail that the picture lost: a lower sigma or strength keeps more of it."
)


def render(
    kind: str, name: str, noisy: Picture, clean: Picture, sigma: float, *, given: bool = True
) -> bytes:
    """A picture before and after, and what was removed.

    Args:
        kind: ".html" for a page with a slider, ".png" for the pictures side by side.
        name: the picture's, for the title.
        noisy: before, in the range in which it is to be shown.
        clean: what linn made of it, in that range.
        sigma: what was asked for, in 255ths of that range.
        given: whether the user chose sigma; only then the page may advise another.
    """
    found = residual.measure(
        embedding.shown(noisy),
        embedding.shown(clean),
        sigma,
        noisy.known,
    )
    (before, factor), (after, _) = (
        embedding.fitting(embedding.with_alpha(picture)) for picture in (noisy, clean)
    )
    if kind == _side_by_side.ENDING:
        removed = _MID_GREY + 2 * (before - after)
        if removed.shape[2:] == (4,):
            removed[..., 3] = before[..., 3]
        caption = f"removed, doubled (strength {level(found.deviation)}, sigma {level(sigma)})"
        return _side_by_side.png([("noisy", before), ("denoised", after), (caption, removed)])
    width, height = clean.size
    return html.render(
        "denoised",
        f"{name}, denoised",
        {
            "title": name,
            "lead": f"{width} x {height} pixels{_span(noisy)}. linn removed noise of strength (sigma) {level(sigma)}.",
            "note": embedding.reduced(factor),
            "width": after.shape[1],
            "height": after.shape[0],
            "pictures": [embedding.embed(before, "noisy"), embedding.embed(after, "denoised")],
            "words": [
                f"What linn removed has a strength of {level(found.deviation)}. {_SCALE}",
                *(_advice(found, noisy) if given else ()),
                _BY_EYE,
            ],
        },
    )


def _span(picture: Picture) -> str:
    """What values are black and white, where these are not those of the depth."""
    if picture.range is None:
        return ""
    return f", values {picture.range.low:g} (black) to {picture.range.high:g} (white)"


def _advice(found: Residual, noisy: Picture) -> list[str]:
    better = advice.better_sigma(noisy, found)
    if better is None:
        return []
    reason = "Noise is left" if better > found.sigma else "Detail went with the noise"
    return [f"{reason}: linn estimates sigma {level(better)} here. Try that, or leave --sigma out."]
