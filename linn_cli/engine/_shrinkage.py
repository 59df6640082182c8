"""The shrinkage of the detail over bands of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from linn_cli.engine._convolution import ConvStream
from linn_cli.engine.bands import Meeting, Pair, cut
from linn_cli.network.shrinkage import Lista, SoftThreshold, soft_threshold


class SoftThresholdStream:
    """`SoftThreshold` over bands: every row by itself."""

    def __init__(self, shrinkage: SoftThreshold) -> None:
        self.threshold = shrinkage.threshold

    def through(self, bands: Iterable[Pair]) -> Iterator[Pair]:
        """Coarse (1, C, n, W) and detail (1, 3C, n, W) bands in and out."""
        for coarse, detail, last in bands:
            yield coarse, soft_threshold(detail, self.threshold.to(detail.dtype)), last


class ListaStream:
    """`Lista` over bands: six convolutions, and the detail and the code waiting for each."""

    def __init__(self, lista: Lista, band: int) -> None:
        dilation = lista.dilation
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

    def through(self, bands: Iterable[Pair]) -> Iterator[Pair]:
        """Coarse (1, C, n, W) and detail (1, 3C, n, W) bands in and out."""
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


def shrinkage_stream(
    shrinkage: SoftThreshold | Lista, band: int
) -> SoftThresholdStream | ListaStream:
    """The stream of a shrinkage over bands of at most `band` rows."""
    if isinstance(shrinkage, Lista):
        return ListaStream(shrinkage, band)
    return SoftThresholdStream(shrinkage)
