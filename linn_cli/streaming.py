"""The exact streaming engine: row bands in at the top, finished rows out at the bottom.

A 3x3 convolution needs one row above and one below the row that it computes (d rows if dilated by d). So
it can run over bands of rows if it keeps the last 2d rows of its input: its answer lags d rows behind,
nothing is computed twice, and what comes out is the untiled answer. At every layer, rows outside the
picture are zeros, as in the whole-image network: d of them lie above the first band and d below the last.

Every part takes the bands of its input from an iterator and yields its own, so the parts are chained like
generators. Each band comes with whether it is the last: with that one a part also gives what it still holds.
docs/streaming.md has a diagram.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from linn_cli import haar
from linn_cli.errors import is_out_of_memory
from linn_cli.folding import FoldedNetwork, FoldedScale, FoldedStep
from linn_cli.haar import ROWS
from linn_cli.shrinkage import Lista, SoftThreshold, soft_threshold

Rows = tuple[Tensor, bool]  # rows of an image (1, 1, n, W), and whether they are the last
Band = tuple[Tensor, Tensor, bool]  # coarse (1, 1, n, W), detail (1, 3, n, W), and the same

# How many pixels a band has: its activations should stay in the cache, yet many rows should share the
# cost of those that every layer keeps. benchmarks/speed.py --band compares.
_BAND_PIXELS = 65_536
_LOG = logging.getLogger(__name__)


def band_height(width: int) -> int:
    """The number of rows that a band of a picture of this width should have."""
    return max(1, _BAND_PIXELS // width)


def footprint(scales: Sequence[FoldedScale], width: int, band: int) -> int:
    """About how many bytes an engine holds: the kept rows, which nothing shrinks, and the workspaces."""
    layers = [
        (bank.shape[1] * width * bank.element_size(), network.dilation)
        for scale in scales
        for step in scale.steps
        for network in (step.predict, step.update) * 2  # on the way there and on the way back
        for bank in network.filters
    ]
    kept = sum(2 * dilation * row for row, dilation in layers)
    workspaces = 3 * band * max(row for row, _ in layers)  # and what a convolution makes of one
    # Where networks meet some six channels wait, and some ninety within LISTA, as views of whole bands.
    depth = len(scales[0].steps[0].predict.filters)
    listas = sum(isinstance(scale.shrinkage, Lista) for scale in scales)
    channels = 6 * len(layers) // depth + 90 * listas
    waiting = channels * (band + depth * scales[-1].dilation) * width * torch.float32.itemsize
    return kept + workspaces + waiting


def highest_band(scales: Sequence[FoldedScale], widths: Sequence[int], budget: int | None) -> int:
    """The best height of a band if the engines of all `widths` may hold `budget` bytes, but at least 1.

    The first is the widest; those of narrower ones have as many pixels.
    """
    height = band_height(widths[0])

    def held() -> int:
        return sum(footprint(scales, width, height * widths[0] // width) for width in widths)

    while budget and height > 1 and held() > budget:
        height //= 2
    return height


def stream(
    scales: Sequence[FoldedScale],
    bands: Iterable[Tensor],
    width: int,
    *,
    band: int | None = None,
    shrink: bool = True,
) -> Iterator[Tensor]:
    """Run a folded DnINN over a noise-normalised picture.

    Args:
        scales: the folded network.
        bands: the picture from the top, as bands (1, 1, n, W) of any height.
        width: W.
        band: the most rows that are computed at once; by default a good number for the width.
        shrink: without the shrinkage, the answer is the picture itself up to rounding.

    Returns:
        The answer from the top, as bands (1, 1, m, W); m differs from n. All that is held between bands
        is allocated before; where there is no memory for it, with a lower band.
    """
    return _through(_engine(scales, width, band or band_height(width), shrink=shrink), bands)


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
def _through(engine: ScaleStream, bands: Iterable[Tensor]) -> Iterator[Tensor]:
    for rows, _ in engine.through(marked(bands)):
        yield rows


def run(
    scales: Sequence[FoldedScale], image: Tensor, *, band: int | None = None, shrink: bool = True
) -> Tensor:
    """Run a folded DnINN over a noise-normalised image (B, 1, H, W) in memory; the same shape out."""
    height = band or band_height(image.shape[-1])
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
        self.split = SplitStream(scale.dilation)
        self.lifts = [LiftStream(step, wide, high, spaces) for step in scale.steps]
        self.shrinkage = shrinkage_stream(scale, high) if shrink else None
        self.inner = (
            ScaleStream(inner[0], inner[1:], wide, high, shrink=shrink, spaces=spaces)
            if inner
            else None
        )
        self.meeting = Meeting()
        self.unlifts = [UnliftStream(step, wide, high, spaces) for step in reversed(scale.steps)]
        self.merge = MergeStream(scale.dilation)

    def through(self, image: Iterable[Rows]) -> Iterator[Rows]:
        """Bands of an image (1, 1, n, W) in and out."""
        bands = self.split.through(image)
        for lift in self.lifts:
            bands = lift.through(bands)
        if self.shrinkage:
            bands = self.shrinkage.through(bands)
        if self.inner:
            bands = self._within(self.inner, bands)
        for unlift in self.unlifts:
            bands = unlift.through(bands)
        return self.merge.through(bands)

    def _within(self, inner: ScaleStream, bands: Iterable[Band]) -> Iterator[Band]:
        """The coarse rows go through the inner scales; the detail waits for them."""
        details: list[Tensor] = []

        def coarse_rows() -> Iterator[Rows]:
            for coarse, detail, last in bands:
                details.append(detail)
                yield coarse, last

        for coarse, last in inner.through(coarse_rows()):
            empty = coarse.new_empty((1, 3, 0, coarse.shape[-1]))
            detail = torch.cat((empty, *details), dim=ROWS)
            details.clear()
            coarse, detail = self.meeting.wait(coarse, detail)
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

    def through(self, bands: Iterable[Band]) -> Iterator[Band]:
        """Coarse (1, 1, n, W) and detail (1, 3, n, W) bands in and out."""
        for coarse, detail, last in cut(bands, self.band):
            predicted = self.predict.push(coarse, last)
            detail, predicted = self.at_predict.wait(detail, predicted)
            detail = detail - predicted
            updated = self.update.push(detail, last)
            coarse, detail, updated = self.at_update.wait(coarse, detail, updated)
            yield coarse + updated, detail, last


class UnliftStream(StepStream):
    """`LiftingStep.inverse` over bands."""

    def through(self, bands: Iterable[Band]) -> Iterator[Band]:
        """Coarse (1, 1, n, W) and detail (1, 3, n, W) bands in and out."""
        for coarse, detail, last in cut(bands, self.band):
            updated = self.update.push(detail, last)
            coarse, updated = self.at_update.wait(coarse, updated)
            coarse = coarse - updated
            predicted = self.predict.push(coarse, last)
            coarse, detail, predicted = self.at_predict.wait(coarse, detail, predicted)
            yield coarse, detail + predicted, last


def marked(bands: Iterable[Tensor]) -> Iterator[Rows]:
    """The bands, each with whether it is the last."""
    coming = iter(bands)
    band = next(coming, None)
    while band is not None:
        following = next(coming, None)
        yield band, following is None
        band = following


def cut(bands: Iterable[Band], height: int) -> Iterator[Band]:
    """The same rows in bands of at most `height`: the last one has grown by what each part held."""
    for coarse, detail, last in bands:
        *pieces, end = zip(
            coarse.split(height, dim=ROWS), detail.split(height, dim=ROWS), strict=True
        )
        for piece in pieces:
            yield *piece, False
        yield *end, last


class NetworkStream:
    """A folded predict or update network over bands.

    Its layers share a workspace, which holds the rows that a layer keeps and, behind them, the new ones
    that the layer before shrinks straight into it. So a band travels through the network in the cache.
    """

    def __init__(
        self, network: FoldedNetwork, width: int, band: int, workspaces: Workspaces
    ) -> None:
        self.filters = network.filters
        self.dilation = network.dilation
        self.band = band
        # A band, the 2d rows kept from the last one, and at the end d more for every layer passed.
        height = band + (len(self.filters) + 2) * self.dilation
        self.windows = [
            Window(
                kept=rows_like(bank, 2 * self.dilation, width),
                workspace=workspaces.like(bank, height, width),
                dilation=self.dilation,
            )
            for bank in self.filters
        ]

    def push(self, rows: Tensor, last: bool) -> Tensor:
        """Rows (1, C, n, W) in, (1, C', m, W) out, of the same dtype."""
        if rows.shape[ROWS] <= self.band:
            return self._push(rows, last)
        *bands, end = rows.split(self.band, dim=ROWS)
        answers = [self._push(band, last=False) for band in bands]
        return torch.cat((*answers, self._push(end, last)), dim=ROWS)

    def _push(self, band: Tensor, last: bool) -> Tensor:
        self.windows[0].open(band.shape[ROWS]).copy_(band)
        for window, following, bank in zip(
            self.windows, self.windows[1:], self.filters, strict=False
        ):
            response = convolve(window.close(last), bank, self.dilation)
            torch.ops.aten.softshrink.out(response, 1.0, out=following.open(response.shape[ROWS]))
        rows = self.windows[-1].close(last)
        return convolve(rows, self.filters[-1], self.dilation).to(band.dtype)


class Workspaces:
    """The workspaces of an engine: one for each shape, since no two networks run at the same time."""

    def __init__(self) -> None:
        self.made: dict[tuple[int, int, int], Tensor] = {}

    def like(self, bank: Tensor, height: int, width: int) -> Tensor:
        """Rows (1, C, height, width) that `bank` can be laid on, the same for each who asks."""
        shape = bank.shape[1], height, width
        if shape not in self.made:
            self.made[shape] = rows_like(bank, height, width)
        return self.made[shape]


class Window:
    """The input rows of one layer: those it keeps between bands, and room for new ones behind them."""

    def __init__(self, kept: Tensor, workspace: Tensor, dilation: int) -> None:
        self.kept = kept
        self.workspace = workspace
        self.dilation = dilation
        self.count = dilation  # the zero rows above the picture
        self.filled = 0

    def open(self, count: int) -> Tensor:
        """Lay out the kept rows and give the room for `count` new ones, to be written at once."""
        self.filled = self.count + count
        self.workspace[:, :, : self.count] = self.kept[:, :, : self.count]
        return self.workspace[:, :, self.count : self.filled]

    def close(self, last: bool) -> Tensor:
        """All rows that the filters can be laid on; remembers what the next band will need of them."""
        if last:
            self.workspace[:, :, self.filled : self.filled + self.dilation] = 0
            self.filled += self.dilation
        rows = self.workspace[:, :, : self.filled]
        self.count = min(self.filled, 2 * self.dilation)
        self.kept[:, :, : self.count] = rows[:, :, self.filled - self.count :]
        return rows


class Meeting:
    """Where streams that lag differently wait for each other."""

    def __init__(self) -> None:
        self.waiting: tuple[Tensor, ...] = ()

    def wait(self, *streams: Tensor) -> tuple[Tensor, ...]:
        """New rows of each stream in; as many rows as all of them have by now out."""
        if self.waiting:
            streams = tuple(
                torch.cat(parts, dim=ROWS) for parts in zip(self.waiting, streams, strict=True)
            )
        ready = min(stream.shape[ROWS] for stream in streams)
        self.waiting = tuple(stream[:, :, ready:] for stream in streams)
        return tuple(stream[:, :, :ready] for stream in streams)


class SplitStream:
    """`haar.split` over bands: mirrors the first and the last rows, and keeps d + 1 between bands."""

    def __init__(self, dilation: int) -> None:
        self.dilation = dilation
        self.kept: Tensor | None = None
        self.begun = False

    def through(self, image: Iterable[Rows]) -> Iterator[Band]:
        """Image bands (1, 1, n, W) to coarse (1, 1, m, W + d) and detail (1, 3, m, W + d) bands."""
        for band, last in image:
            rows = band if self.kept is None else torch.cat((self.kept, band), dim=ROWS)
            self.kept = rows[:, :, -self.dilation - 1 :]
            if rows.shape[ROWS] > self.dilation + self.begun or last:
                yield *self._split(rows, last), last

    def _split(self, rows: Tensor, last: bool) -> tuple[Tensor, Tensor]:
        """Split new rows, behind d + 1 older ones once the picture has begun."""
        d = self.dilation
        top = d + 1 if self.begun else 0
        padded = haar.reflect(rows, d, ROWS)[:, :, top : None if last else -d]
        self.begun = True
        coarse, detail = haar.split_padded(padded, d)
        return coarse, detail.contiguous(memory_format=torch.channels_last)


class MergeStream:
    """`haar.merge` over bands: keeps d rows between bands."""

    def __init__(self, dilation: int) -> None:
        self.dilation = dilation
        self.kept: tuple[Tensor, Tensor] | None = None

    def through(self, bands: Iterable[Band]) -> Iterator[Rows]:
        """Coarse (1, 1, n, W + d) and detail (1, 3, n, W + d) bands to image bands (1, 1, m, W)."""
        d = self.dilation
        for coarse, detail, last in bands:
            if self.kept:
                coarse = torch.cat((self.kept[0], coarse), dim=ROWS)
                detail = torch.cat((self.kept[1], detail), dim=ROWS)
            self.kept = coarse[:, :, -d:], detail[:, :, -d:]
            if coarse.shape[ROWS] > d:
                yield haar.merge(coarse, detail, d), last


class SoftThresholdStream:
    """`SoftThreshold` over bands: every row by itself."""

    def __init__(self, shrinkage: SoftThreshold) -> None:
        self.threshold = shrinkage.threshold

    def through(self, bands: Iterable[Band]) -> Iterator[Band]:
        """Coarse (1, 1, n, W) and detail (1, 3, n, W) bands in and out."""
        for coarse, detail, last in bands:
            yield coarse, soft_threshold(detail, self.threshold.to(detail.dtype)), last


class ListaStream:
    """`Lista` over bands: six convolutions, and the detail and the code waiting for each."""

    def __init__(self, lista: Lista, dilation: int, band: int) -> None:
        analysis, synthesis = lista.analysis.weight, lista.synthesis.weight
        self.thresholds = lista.thresholds
        self.begin = ConvStream(analysis, dilation)
        self.iterations = [
            (ConvStream(synthesis, dilation), Meeting(), ConvStream(analysis, dilation), Meeting())
            for _ in self.thresholds[1:]
        ]
        self.finish = ConvStream(synthesis, dilation)
        self.at_begin, self.at_end = Meeting(), Meeting()
        self.band = band

    def through(self, bands: Iterable[Band]) -> Iterator[Band]:
        """Coarse (1, 1, n, W) and detail (1, 3, n, W) bands in and out."""
        first, *others = self.thresholds
        for coarse, detail, last in cut(bands, self.band):
            code = soft_threshold(self.begin.push(detail, last), first.to(detail.dtype))
            detail, code = self.at_begin.wait(detail, code)
            for threshold, (synthesise, at_fit, analyse, at_step) in zip(
                others, self.iterations, strict=True
            ):
                fit = synthesise.push(code, last)
                detail, code, fit = at_fit.wait(detail, code, fit)
                step = analyse.push(detail - fit, last)
                detail, code, step = at_step.wait(detail, code, step)
                code = soft_threshold(code + step, threshold.to(detail.dtype))
            coarse, detail = self.at_end.wait(coarse, self.finish.push(code, last))
            yield coarse, detail, last


class ConvStream:
    """A single 3x3 convolution over bands."""

    def __init__(self, bank: Tensor, dilation: int) -> None:
        self.bank = bank
        self.dilation = dilation
        self.kept: Tensor | None = None

    def push(self, rows: Tensor, last: bool) -> Tensor:
        """Rows (1, C, n, W) in, (1, C', m, W) out."""
        border = rows.new_zeros((1, rows.shape[1], self.dilation, rows.shape[-1]))
        above = border if self.kept is None else self.kept
        rows = torch.cat((above, rows, border) if last else (above, rows), dim=ROWS)
        self.kept = rows[:, :, -2 * self.dilation :]
        return convolve(rows, self.bank.to(rows.dtype), self.dilation)


def shrinkage_stream(scale: FoldedScale, band: int) -> SoftThresholdStream | ListaStream:
    """The stream of a scale's shrinkage."""
    if isinstance(scale.shrinkage, Lista):
        return ListaStream(scale.shrinkage, scale.dilation, band)
    return SoftThresholdStream(scale.shrinkage)


def convolve(rows: Tensor, bank: Tensor, dilation: int) -> Tensor:
    """Convolve rows (1, C, n + 2d, W) without padding above and below; n may be 0 or less."""
    if rows.shape[ROWS] <= 2 * dilation:
        return rows.new_empty((1, len(bank), 0, rows.shape[-1]))
    return F.conv2d(rows, bank, padding=(0, dilation), dilation=dilation)


def rows_like(bank: Tensor, height: int, width: int) -> Tensor:
    """Zero rows (1, C, height, width), channels-last, as `bank` takes them."""
    shape = (1, bank.shape[1], height, width)
    rows = torch.empty(
        shape, dtype=bank.dtype, device=bank.device, memory_format=torch.channels_last
    )
    return rows.zero_()
