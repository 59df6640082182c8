"""The exact streaming engine: row bands in at the top, finished rows out at the bottom.

Every part takes the bands of its input from an iterator and yields its own, so the parts are chained like
generators, in the order of the method: split, lift, shrink, unlift, merge. Their convolutions lag behind
(_convolution.py), and where streams meet, those that are ahead wait (bands.py); with the last band a part also
gives what it still holds. Nothing is computed twice, and what comes out is the untiled answer.
docs/streaming.md has a diagram.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from linn_cli.engine._convolution import NetworkStream, Workspaces
from linn_cli.engine._shrinkage import shrinkage_stream
from linn_cli.engine.bands import Blocks, Filling, Meeting, Pair, Rows, cut, marked
from linn_cli.engine.budget import band_height
from linn_cli.engine.folding import FoldedScale, FoldedStep
from linn_cli.errors import is_out_of_memory
from linn_cli.network import haar, polyphase
from linn_cli.network.architecture import DETAILS
from linn_cli.network.haar import ROWS
from linn_cli.progress import Progress, share, silent

_LOG = logging.getLogger(__name__)


def stream(
    scales: Sequence[FoldedScale],
    bands: Iterable[Tensor],
    width: int,
    *,
    band: int | None = None,
    shrink: bool = True,
    progress: Progress = silent,
) -> Iterator[Tensor]:
    """Run a folded network over a noise-normalised picture of P planes.

    Args:
        scales: the folded network.
        bands: the picture from the top, as bands (1, P, n, W) of any height.
        width: W.
        band: about the most rows that are computed at once; by default a good number for the width.
        shrink: without the shrinkage, the answer is the picture itself up to rounding.
        progress: counts rows; each lifting step, there and back, is a part of the work on a row.

    Returns:
        The answer from the top, as bands (1, P, m, W); m differs from n. The rows that networks keep and their
        workspaces are allocated before; where there is no memory for them, with a lower band.
    """
    filling = Filling(scales[-1].phases)
    wide = width + polyphase.missing(width, filling.alignment)
    height = band or band_height(width, scales[0].device)
    engine = _engine(scales, wide, height, shrink=shrink)
    work = Work(share(progress, 2 * sum(len(scale.steps) for scale in scales)), filling)
    return filling.crop(_through(engine, filling.fill(bands), work), width)


@torch.inference_mode()
def _engine(scales: Sequence[FoldedScale], width: int, band: int, *, shrink: bool) -> ScaleStream:
    """An engine with the highest band that memory allows, up to `band`."""
    outer, *inner = scales
    while True:
        try:
            return ScaleStream(outer, inner, width, band, shrink=shrink, spaces=Workspaces())
        except (MemoryError, RuntimeError) as error:
            if band == 1 or not is_out_of_memory(error):
                raise
            band //= 2
            _LOG.warning("short of memory: going on with bands of %d rows", band)


@torch.inference_mode()
def _through(engine: ScaleStream, bands: Iterable[Tensor], work: Work) -> Iterator[Tensor]:
    for rows, _ in engine.through(marked(bands), work):
        yield rows


def run(
    scales: Sequence[FoldedScale], image: Tensor, *, band: int | None = None, shrink: bool = True
) -> Tensor:
    """Run a folded network over a noise-normalised image (B, P, H, W) in memory; the same shape out."""
    height = band or band_height(image.shape[-1], scales[0].device)
    pictures = image.split(1)
    answers = [
        torch.cat(
            list(
                stream(scales, p.split(height, dim=ROWS), p.shape[-1], band=height, shrink=shrink)
            ),
            dim=ROWS,
        )
        for p in pictures
    ]
    return torch.cat(answers)


class ScaleStream:
    """One scale, and within it the scales that work on its coarse channel."""

    def __init__(
        self,
        scale: FoldedScale,
        inner: Sequence[FoldedScale],
        width: int,
        band: int,
        *,
        shrink: bool,
        spaces: Workspaces,
    ) -> None:
        wide, high = width + scale.dilation, band + scale.dilation  # as the split makes them
        columns, rows = wide // scale.phases, -(-high // scale.phases)
        self.phases = scale.phases
        self.split = SplitStream(scale.dilation, scale.phases)
        self.lifts = [LiftStream(step, columns, rows, spaces) for step in scale.steps]
        self.shrinkage = shrinkage_stream(scale.shrinkage, rows) if shrink else None
        self.inner = (
            ScaleStream(inner[0], inner[1:], wide, high, shrink=shrink, spaces=spaces)
            if inner
            else None
        )
        self.blocks, self.meeting = Blocks(scale.phases), Meeting()
        self.unlifts = [UnliftStream(step, columns, rows, spaces) for step in reversed(scale.steps)]
        self.merge = MergeStream(scale.dilation, scale.phases)

    def through(self, image: Iterable[Rows], work: Work) -> Iterator[Rows]:
        """Bands of an image (1, P, n, W) in and out."""
        bands = self.split.through(image)
        for lift in self.lifts:
            bands = work.counted(lift.through(bands), self.phases)
        if self.shrinkage:
            bands = self.shrinkage.through(bands)
        if self.inner:
            bands = self._within(self.inner, bands, work)
        for unlift in self.unlifts:
            bands = work.counted(unlift.through(bands), self.phases)
        return self.merge.through(bands)

    def _within(self, inner: ScaleStream, bands: Iterable[Pair], work: Work) -> Iterator[Pair]:
        """The coarse rows go through the inner scales; the detail waits for them."""
        details: list[Tensor] = []

        def coarse_rows() -> Iterator[Rows]:
            for coarse, detail, last in bands:
                details.append(detail)
                yield polyphase.merge(coarse, self.phases), last

        for rows, last in inner.through(coarse_rows(), work):
            (coarse,) = self.blocks.gather(rows)
            empty = coarse.new_empty((1, DETAILS * coarse.shape[1], 0, coarse.shape[-1]))
            detail = torch.cat((empty, *details), dim=ROWS)
            details.clear()
            coarse, detail = self.meeting.wait(coarse, detail)
            yield coarse, detail, last


class Work:
    """Counts the rows that each lifting step has finished, as far as they are of the picture."""

    def __init__(self, progress: Progress, filling: Filling) -> None:
        self.progress = progress
        self.filling = filling

    def counted(self, bands: Iterable[Pair], phases: int) -> Iterator[Pair]:
        """Bands that a step has finished: splits and filling add rows, which do not count."""
        finished = 0
        for coarse, detail, last in bands:
            before = finished
            finished = min(finished + coarse.shape[ROWS] * phases, self.filling.height)
            self.progress(finished - before)
            yield coarse, detail, last


class StepStream:
    """The networks of a lifting step, and where the channels wait for their answers."""

    def __init__(self, step: FoldedStep, width: int, band: int, spaces: Workspaces) -> None:
        self.predict = NetworkStream(step.predict, width, band, spaces)
        self.update = NetworkStream(step.update, width, band, spaces)
        self.at_predict, self.at_update = Meeting(), Meeting()
        self.band = band


class LiftStream(StepStream):
    """`LiftingStep.forward` over bands."""

    def through(self, bands: Iterable[Pair]) -> Iterator[Pair]:
        """Coarse (1, C, n, W) and detail (1, 3C, n, W) bands in and out."""
        for coarse, detail, last in cut(bands, self.band):
            predicted = self.predict.push(coarse, last)
            detail, predicted = self.at_predict.wait(detail, predicted)
            detail = detail - predicted
            updated = self.update.push(detail, last)
            coarse, detail, updated = self.at_update.wait(coarse, detail, updated)
            yield coarse + updated, detail, last


class UnliftStream(StepStream):
    """`LiftingStep.inverse` over bands."""

    def through(self, bands: Iterable[Pair]) -> Iterator[Pair]:
        """Coarse (1, C, n, W) and detail (1, 3C, n, W) bands in and out."""
        for coarse, detail, last in cut(bands, self.band):
            updated = self.update.push(detail, last)
            coarse, updated = self.at_update.wait(coarse, updated)
            coarse = coarse - updated
            predicted = self.predict.push(coarse, last)
            coarse, detail, predicted = self.at_predict.wait(coarse, detail, predicted)
            yield coarse, detail + predicted, last


class SplitStream:
    """`haar.split` and `polyphase.split` over bands: mirrors the first and the last rows, keeps d + 1 between bands."""

    def __init__(self, dilation: int, phases: int) -> None:
        self.dilation = dilation
        self.blocks = Blocks(phases)
        self.kept: Tensor | None = None
        self.begun = False

    def through(self, image: Iterable[Rows]) -> Iterator[Pair]:
        """Image bands (1, P, n, W) to coarse (1, C, m, (W + d) / p) and detail (1, 3C, m, ...) bands."""
        for band, last in image:
            rows = band if self.kept is None else torch.cat((self.kept, band), dim=ROWS)
            self.kept = rows[:, :, -self.dilation - 1 :]
            if rows.shape[ROWS] > self.dilation + self.begun or last:
                coarse, detail = self.blocks.gather(*self._split(rows, last))
                yield coarse, detail.contiguous(memory_format=torch.channels_last), last

    def _split(self, rows: Tensor, last: bool) -> tuple[Tensor, Tensor]:
        """Split new rows, behind d + 1 older ones once the picture has begun."""
        d = self.dilation
        top = d + 1 if self.begun else 0
        padded = haar.reflect(rows, d, ROWS)[:, :, top : None if last else -d]
        self.begun = True
        return haar.split_padded(padded, d)


class MergeStream:
    """`polyphase.merge` and `haar.merge` over bands: keeps d rows between bands."""

    def __init__(self, dilation: int, phases: int) -> None:
        self.dilation = dilation
        self.phases = phases
        self.kept: tuple[Tensor, Tensor] | None = None

    def through(self, bands: Iterable[Pair]) -> Iterator[Rows]:
        """Coarse (1, C, n, (W + d) / p) and detail (1, 3C, n, ...) bands to image bands (1, P, m, W)."""
        d = self.dilation
        for coarse, detail, last in bands:
            coarse, detail = (polyphase.merge(rows, self.phases) for rows in (coarse, detail))
            if self.kept:
                coarse = torch.cat((self.kept[0], coarse), dim=ROWS)
                detail = torch.cat((self.kept[1], detail), dim=ROWS)
            self.kept = coarse[:, :, -d:], detail[:, :, -d:]
            if coarse.shape[ROWS] > d:
                yield haar.merge(coarse, detail, d), last
