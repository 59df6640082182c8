"""Results as tables for people and as data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from linn_cli.evaluation import residual
from linn_cli.evaluation.benchmark import (
    PUBLISHED,
    PUBLISHED_COLOUR,
    PUBLISHED_COLOUR_ON,
    PUBLISHED_ON,
    Score,
    Summary,
)
from linn_cli.evaluation.comparison import Comparison
from linn_cli.evaluation.inspection import CHANNELS, Inspection, rms
from linn_cli.evaluation.invertibility import RoundTrip
from linn_cli.training.run import Progress
from linn_cli.weights.known_answer import Verdict
from linn_cli.weights.sources import Source

Table = tuple[str, list[str], list[list[str]]]


def scores(measured: Sequence[Score]) -> Table:
    """A row for each picture."""
    rows = [
        [
            score.image,
            score.method,
            f"{score.sigma:g}",
            f"{score.psnr:.2f}",
            _ssim(score.ssim),
            f"{score.seconds:.2f}",
        ]
        for score in measured
    ]
    return "Pictures", ["picture", "method", "sigma", "PSNR", "SSIM", "seconds"], rows


def summaries(folder: Path, measured: Sequence[Summary]) -> Table:
    """A row for each sigma and weight set: the means over the folder."""
    first = measured[0]
    rows = [
        [
            summary.method,
            summary.weights or "-",
            summary.precision,
            f"{summary.sigma:g}",
            f"{summary.psnr:.3f}",
            _ssim(summary.ssim),
            f"{summary.seconds:.1f}",
            f"{summary.megapixels_per_second:.3f}",
        ]
        for summary in measured
    ]
    columns = ["method", "weights", "precision", "sigma", "PSNR", "SSIM", "seconds", "Mpx/s"]
    return (
        f"{folder.resolve().name}: means over {first.images} pictures, {first.device}",
        columns,
        rows,
    )


def published(measured: Sequence[Summary], *, colour: bool = False) -> Table:
    """The published table, of grey or colour, with the rows of this run below it, by sigma."""
    on, psnrs = published_figures(colour=colour)
    sigmas = sorted({summary.sigma for summary in measured})
    rows = [
        [method, *(_psnr(known.get(sigma)) for sigma in sigmas)] for method, known in psnrs.items()
    ]
    for label in dict.fromkeys(summary.label for summary in measured):
        own = {summary.sigma: summary.psnr for summary in measured if summary.label == label}
        rows.append([f"{label} (this run)", *(_psnr(own.get(sigma)) for sigma in sigmas)])
    columns = ["method", *(f"sigma {sigma:g}" for sigma in sigmas)]
    return f"PSNR in dB, as published on {on}", columns, rows


def benchmark_data(
    folder: Path, measured: Sequence[Summary], pictures: Sequence[Score], *, colour: bool = False
) -> dict[str, Any]:
    """Everything a benchmark measured, and the published figures."""
    on, psnrs = published_figures(colour=colour)
    return {
        "folder": str(folder),
        "summaries": [asdict(summary) for summary in measured],
        "pictures": [asdict(score) for score in pictures],
        "published": {"on": on, "psnr": psnrs},
    }


def published_figures(*, colour: bool) -> tuple[str, dict[str, dict[float, float]]]:
    """What was published in grey or in colour: on which pictures, and PSNR in dB by method and sigma."""
    return (PUBLISHED_COLOUR_ON, PUBLISHED_COLOUR) if colour else (PUBLISHED_ON, PUBLISHED)


def round_trips(worst: Sequence[tuple[str, RoundTrip]], sigma: float, pictures: int) -> Table:
    """A row for each weight set, dtype and part; sigma in grey levels."""
    rows = [
        [
            weights,
            _dtype(trip),
            trip.part,
            f"{trip.error:.1e}",
            f"{trip.error * sigma:.1e}",
            f"{trip.bound:.1e}",
            f"{trip.width}x{trip.height}",
            "yes" if trip.passed else "NO",
        ]
        for weights, trip in worst
    ]
    columns = [
        "weights",
        "dtype",
        "part",
        "in sigma",
        "in grey levels",
        "bound in sigma",
        "at",
        "inverted",
    ]
    return f"Largest round-trip errors over {pictures} pictures, sigma {sigma:g}", columns, rows


def round_trip_data(
    worst: Sequence[tuple[str, RoundTrip]], sigma: float, pictures: int
) -> dict[str, Any]:
    """The same as data."""
    return {
        "sigma": sigma,
        "pictures": pictures,
        "passed": all(trip.passed for _, trip in worst),
        "worst": [
            {
                "weights": weights,
                "dtype": _dtype(trip),
                "part": trip.part,
                "error_in_sigma": trip.error,
                "error_in_grey_levels": trip.error * sigma,
                "bound_in_sigma": trip.bound,
                "width": trip.width,
                "height": trip.height,
                "passed": trip.passed,
            }
            for weights, trip in worst
        ],
    }


def weight_sets(sources: Sequence[Source]) -> Table:
    """A row for each weight set: what it is, where it comes from, and whether it is on this machine."""
    rows = [
        [
            entry["name"],
            entry["network"],
            "{:g} to {:g}".format(*entry["sigma"]),
            entry["source"],
            (entry["commit"] or "-")[:12],
            "yes" if entry["here"] else "no",
        ]
        for entry in weight_set_data(sources)
    ]
    return "Weights", ["name", "network", "sigma", "source", "commit", "here"], rows


def weight_set_data(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "name": weight_set.name,
            "network": str(weight_set.architecture),
            "sigma": list(weight_set.sigma),
            "source": source.name,
            "commit": source.locked[1].commit if source.locked else None,
            "sha256": weight_set.sha256,
            "here": source.is_here(weight_set),
        }
        for source in sources
        for weight_set in source.sets
    ]


def verdicts(found: Sequence[Verdict]) -> Table:
    """A row for each weight set that was verified."""
    rows = [
        [
            verdict.name,
            verdict.network,
            "compared" if verdict.hash_known else "unknown",
            "-" if verdict.gain is None else f"{verdict.gain:+.2f}",
            "-" if verdict.distance is None else f"{verdict.distance:.4f}",
            verdict.fault or "yes",
        ]
        for verdict in found
    ]
    columns = ["weights", "network", "sha256", "gain in dB", "off in grey levels", "sound"]
    return "Weights verified", columns, rows


def inspection(seen: Inspection, sigma: float) -> Table:
    """A row for each scale and channel; LISTA's zeros are those of its atoms."""
    rows = []
    for number, view in enumerate(seen.scales, start=1):
        stages = (view.plain, view.lifted, view.shrunk)
        per_channel = len(view.zeros) == len(CHANNELS) - 1
        for index, name in enumerate(CHANNELS):
            zeros = view.zeros[index - 1] if per_channel else fmean(view.zeros)
            rows.append(
                [
                    f"scale {number} {name}",
                    *(f"{rms(channels[index]):.3f}" for channels in stages),
                    f"{zeros:.1%}" if index else "-",
                ]
            )
    columns = ["channel", "plain Haar", "lifted", "shrunk", "zeros"]
    return f"Root mean squares in units of sigma {sigma:g}", columns, rows


def inspection_data(seen: Inspection, sigma: float, weights: str) -> dict[str, Any]:
    """The same as data, with every lifting step and the residual."""
    removed = residual.measure(seen.noisy, seen.denoised, sigma)
    return {
        "sigma": sigma,
        "weights": weights,
        "height": seen.noisy.shape[0],
        "width": seen.noisy.shape[1],
        "largest_round_trip_error": float(abs(seen.error).max()),
        "residual": asdict(removed),
        "scales": [
            {
                "rms": {
                    name: {
                        "plain": rms(view.plain[index]),
                        "lifted": rms(view.lifted[index]),
                        "shrunk": rms(view.shrunk[index]),
                    }
                    for index, name in enumerate(CHANNELS)
                },
                "zeros": view.zeros,
                "steps": [asdict(step) for step in view.steps],
            }
            for view in seen.scales
        ],
    }


def comparison(names: tuple[str, str], seen: Comparison) -> Table:
    """A row for each of the two pictures."""
    rows = [
        [name, f"{psnr:.3f}", _ssim(ssim), f"{closer:.1%}"]
        for name, psnr, ssim, closer in zip(names, seen.psnr, seen.ssim, seen.closer, strict=True)
    ]
    return "Against the clean picture", ["picture", "PSNR", "SSIM", "closer on"], rows


def comparison_data(names: tuple[str, str], seen: Comparison) -> list[dict[str, Any]]:
    """The same as data; PSNR is None for equal pictures."""
    return [
        {"picture": name, "psnr": psnr, "ssim": ssim, "closer": closer}
        for name, psnr, ssim, closer in zip(names, seen.psnr, seen.ssim, seen.closer, strict=True)
    ]


def progress_line(reached: Progress) -> str:
    """Where a training run stands, in one line."""
    quality = ", ".join(f"{psnr:.3f} dB at sigma {sigma}" for sigma, psnr in reached.psnr.items())
    speed = reached.pixels / reached.seconds / 1e3
    return f"step {reached.step}: loss {reached.loss:.6f}, held out {quality}; {speed:.1f} kpx/s"


def _dtype(trip: RoundTrip) -> str:
    return str(trip.dtype).removeprefix("torch.")


def _psnr(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _ssim(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
