"""Results as tables that the commands print and the pages show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linn_cli.evaluation.benchmark import Summary
from linn_cli.evaluation.comparison import Comparison, Difference
from linn_cli.evaluation.published import Published

Table = tuple[str, list[str], list[list[str]]]


def summaries(folder: Path, measured: Sequence[Summary]) -> Table:
    """A row for each sigma and weight set: the means over the folder."""
    first = measured[0]
    rows = [
        [
            summary.method,
            f"{summary.sigma:g}",
            f"{summary.psnr:.3f}",
            ssim(summary.ssim),
            summary.weights or "-",
            summary.precision,
            f"{summary.seconds:.1f}",
            f"{summary.megapixels_per_second:.3f}",
        ]
        for summary in measured
    ]
    columns = ["method", "sigma", "PSNR", "SSIM", "weights", "precision", "seconds", "Mpx/s"]
    return (
        f"{folder.resolve().name}: means over {first.images} pictures, {first.device}",
        columns,
        rows,
    )


def beside_published(measured: Sequence[Summary], known: Published) -> Table:
    """The published table with the rows of this run below it, by sigma."""
    sigmas = sorted({summary.sigma for summary in measured})
    rows = [
        [method, *(psnr(levels.get(sigma)) for sigma in sigmas)]
        for method, levels in known.psnr.items()
    ]
    for label in dict.fromkeys(summary.label for summary in measured):
        own = {summary.sigma: summary.psnr for summary in measured if summary.label == label}
        rows.append([f"{label} (this run)", *(psnr(own.get(sigma)) for sigma in sigmas)])
    columns = ["method", *(f"sigma {sigma:g}" for sigma in sigmas)]
    return f"PSNR in dB, as published on {known.on}", columns, rows


def comparison(names: tuple[str, str], seen: Comparison) -> Table:
    """A row for each of the two pictures."""
    rows = [
        [name, f"{level:.3f}", ssim(similarity), percent(closer)]
        for name, level, similarity, closer in zip(
            names, seen.psnr, seen.ssim, seen.closer, strict=True
        )
    ]
    return "Against the clean picture", ["picture", "PSNR", "SSIM", "closer on"], rows


def difference(names: tuple[str, str], seen: Difference) -> Table:
    """A row for each thing measured of two pictures without a clean one."""
    rows = [
        ["PSNR of one against the other", f"{seen.psnr:.3f} dB"],
        ["SSIM", ssim(seen.ssim)],
        [f"{names[1]} is brighter by, on average", f"{seen.brighter:+.3f}"],
        ["root mean square of the difference", f"{seen.deviation:.3f}"],
        ["largest difference", f"{seen.largest:.3g}"],
        ["pixels that differ", percent(seen.share)],
    ]
    return f"{names[0]} and {names[1]}, in 8-bit grey levels", ["measure", "value"], rows


def percent(share: float) -> str:
    """With one digit; neither all nor none unless it is."""
    if share in (0, 1):
        return f"{share:.0%}"
    return "< 0.1%" if share < 0.001 else "> 99.9%" if share > 0.999 else f"{share:.1%}"


def level(sigma: float) -> str:
    """A noise level with three digits."""
    return f"{float(f'{sigma:.3g}'):g}"


def psnr(value: float | None) -> str:
    """In dB; a dash where there is none."""
    return "-" if value is None else f"{value:.2f}"


def ssim(value: float | None) -> str:
    """With four digits; a dash where there is none."""
    return "-" if value is None else f"{value:.4f}"
