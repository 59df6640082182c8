"""A picture and its halves: where noise is heavy, the smaller picture knows the low frequencies better.

A network sees so many pixels around each one, and with more noise it takes more of them to find a mean.
Halving a picture doubles what a network sees of it and halves its noise. So the answer for the half, which
may itself be corrected by that for the quarter, replaces most of the answer's low frequencies:

    answer + WEIGHT * double(answer for the half - halve(answer))

as in a Laplacian pyramid (Burt and Adelson, IEEE Trans. Communications 31, 1983). All of it runs over bands
of rows, exactly, as the network does (streaming.py). benchmarks/quality/pyramid.py measures what it gains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee

import torch
from torch import Tensor
from torch.nn import functional as F

from linn_cli.engine import streaming
from linn_cli.engine.bands import in_step, marked
from linn_cli.engine.folding import FoldedScale
from linn_cli.network.haar import ROWS
from linn_cli.progress import Progress, share, silent

# Chosen by benchmarks/quality/pyramid.py on held-out pictures: the sigma from which on a grey picture gains, how much
# of its low frequencies is replaced, and how often chroma, which has few high ones, is halved at least.
HEAVY = 70.0
WEIGHT = 0.75
CHROMA_HALVINGS = 2

# Bicubic interpolation takes two rows above and two below each new one.
_REACH = 2


def halvings(sigma: float) -> int:
    """How often a grey picture with noise of sigma, in 8-bit grey levels, is halved: until it is not heavy."""
    return 0 if sigma <= HEAVY else 1 + halvings(sigma / 2)


def widths(width: int, halvings: int) -> list[int]:
    """The widths of a picture and of its halves."""
    return [width] + (widths(-(-width // 2), halvings - 1) if halvings else [])


def stream(
    scales: Sequence[FoldedScale],
    bands: Iterable[Tensor],
    width: int,
    *,
    halvings: int,
    weight: float = WEIGHT,
    band: int | None = None,
    progress: Progress = silent,
) -> Iterator[Tensor]:
    """Run a folded DnINN over a noise-normalised picture, its half, and so on.

    Args:
        scales: the folded network.
        bands: the picture from the top, as bands (1, 1, n, W) of any height.
        width: W.
        halvings: how often it is halved; 0 is `streaming.stream`.
        weight: how much of the low frequencies the half replaces.
        band: about the most rows that are computed at once; by default a good number for the width.
        progress: counts pixels of the picture and of its halves.

    Returns:
        The answer from the top, as bands (1, 1, m, W); m differs from n.
    """
    rows = share(progress, 1 / width)
    if not halvings:
        return streaming.stream(scales, bands, width, band=band, progress=rows)
    bands, copy = tee(bands)
    answers = streaming.stream(scales, bands, width, band=band, progress=rows)
    # The mean of four pixels has half their noise, and the network expects noise of 1.
    smaller = (2 * half for half in halved(copy))
    halves = stream(
        scales,
        smaller,
        -(-width // 2),
        halvings=halvings - 1,
        weight=weight,
        band=band and 2 * band,
        progress=progress,
    )
    return corrected_by_rows(answers, (half / 2 for half in halves), weight)


def corrected(answer: Tensor, half: Tensor, weight: float = WEIGHT) -> Tensor:
    """An answer (B, C, H, W) with low frequencies from `half`, the answer for the picture of half the size."""
    correction = double(half - halve(answer))
    return answer + weight * correction[..., : answer.shape[-2], : answer.shape[-1]]


@torch.inference_mode()
def corrected_by_rows(
    answers: Iterable[Tensor], halves: Iterable[Tensor], weight: float = WEIGHT
) -> Iterator[Tensor]:
    """`corrected` for answers given from the top as bands of any height."""
    answers, inner = tee(answers)
    differences = (half - answer for half, answer in in_step(halves, halved(inner)))
    for answer, correction in in_step(answers, doubled(differences)):
        yield answer + weight * correction[..., : answer.shape[-1]]


def halve(picture: Tensor) -> Tensor:
    """The means of two by two pixels, (B, C, H, W) to (B, C, ceil(H / 2), ceil(W / 2))."""
    height, width = picture.shape[-2:]
    even = F.pad(picture, (0, width % 2, 0, height % 2), mode="replicate")
    return F.avg_pool2d(even, 2)


def halved(bands: Iterable[Tensor]) -> Iterator[Tensor]:
    """`halve` over bands: an odd row waits for the next."""
    kept: Tensor | None = None
    for band in bands:
        rows = band if kept is None else torch.cat((kept, band), dim=ROWS)
        paired = rows.shape[ROWS] // 2 * 2
        kept = rows[:, :, paired:]
        if paired:
            yield halve(rows[:, :, :paired])
    if kept is not None and kept.shape[ROWS]:
        yield halve(kept)


def double(picture: Tensor) -> Tensor:
    """Twice the size, by bicubic interpolation, (B, C, H, W) to (B, C, 2 H, 2 W)."""
    return F.interpolate(picture, scale_factor=2, mode="bicubic", align_corners=False)


def doubled(bands: Iterable[Tensor]) -> Iterator[Tensor]:
    """`double` over bands: keeps the rows that the next ones reach."""
    kept: Tensor | None = None
    begun = 0  # how many of the kept rows are doubled already
    for band, last in marked(bands):
        rows = band if kept is None else torch.cat((kept, band), dim=ROWS)
        clear = rows.shape[ROWS] if last else rows.shape[ROWS] - _REACH
        if clear > begun:
            yield double(rows)[:, :, 2 * begun : 2 * clear]
            begun = clear
        kept = rows[:, :, max(begun - _REACH, 0) :]
        begun = min(begun, _REACH)
