"""Results as tables for people and as data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from linn_cli.benchmark import PUBLISHED, PUBLISHED_ON, Score, Summary
from linn_cli.estimation import Estimate
from linn_cli.invertibility import RoundTrip
from linn_cli.pipeline import Measured
from linn_cli.stabilisation import CameraNoise
from linn_cli.training import Progress

Table = tuple[str, list[str], list[list[str]]]

_CORRELATED = (
    "the noise is not white: it is weaker in fine detail, as after JPEG, demosaicing or scaling; "
    "the estimate may be too low"
)
_GROWS = "the noise grows with brightness, as a camera's does: linn denoise --noise poisson-gauss"


def scores(measured: Sequence[Score]) -> Table:
    """A row for each picture."""
    rows = [
        [
            score.image,
            f"{score.sigma:g}",
            f"{score.psnr:.2f}",
            _ssim(score.ssim),
            f"{score.seconds:.2f}",
        ]
        for score in measured
    ]
    return "Pictures", ["picture", "sigma", "PSNR", "SSIM", "seconds"], rows


def summaries(folder: Path, measured: Sequence[Summary]) -> Table:
    """A row for each sigma and weight set: the means over the folder."""
    first = measured[0]
    rows = [
        [
            summary.method,
            summary.weights,
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


def published(measured: Sequence[Summary]) -> Table:
    """The published table with the rows of this run below it, by sigma."""
    sigmas = sorted({summary.sigma for summary in measured})
    rows = [
        [method, *(_psnr(known.get(sigma)) for sigma in sigmas)]
        for method, known in PUBLISHED.items()
    ]
    for method in dict.fromkeys(summary.method for summary in measured):
        own = {summary.sigma: summary.psnr for summary in measured if summary.method == method}
        rows.append([f"linn {method} (this run)", *(_psnr(own.get(sigma)) for sigma in sigmas)])
    columns = ["method", *(f"sigma {sigma:g}" for sigma in sigmas)]
    return f"PSNR in dB, as published on {PUBLISHED_ON}", columns, rows


def benchmark_data(
    folder: Path, measured: Sequence[Summary], pictures: Sequence[Score]
) -> dict[str, Any]:
    """Everything a benchmark measured, and the published figures."""
    return {
        "folder": str(folder),
        "summaries": [asdict(summary) for summary in measured],
        "pictures": [asdict(score) for score in pictures],
        "published": {"on": PUBLISHED_ON, "psnr": PUBLISHED},
    }


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


def progress_line(reached: Progress) -> str:
    """Where a training run stands, in one line."""
    quality = ", ".join(f"{psnr:.3f} dB at sigma {sigma}" for sigma, psnr in reached.psnr.items())
    speed = reached.pixels / reached.seconds / 1e3
    return f"step {reached.step}: loss {reached.loss:.6f}, held out {quality}; {speed:.1f} kpx/s"


def noise(measured: Measured) -> str:
    """The noise of a file, in one line."""
    overall = f"{measured.input}: sigma {_interval(measured.overall)}"
    if len(measured.channels) == 1:
        return overall
    return f"{overall}; by channel {', '.join(map(_interval, measured.channels))}"


def warnings(measured: Measured) -> list[str]:
    """What speaks against the noise of a file being white, a line each."""
    found = {_CORRELATED: measured.correlated, _GROWS: measured.grows_with_brightness}
    return [f"{measured.input}: {line}" for line, holds in found.items() if holds]


def camera_noise(source: Path, found: CameraNoise) -> str:
    """A camera's noise, in one line."""
    read = 255 * found.read
    if found.gain == 0:
        return f"{source}: white noise, sigma {read:.2f}"
    return f"{source}: white is {1 / found.gain:.4g} counts, read noise of sigma {read:.2f}"


def _interval(found: Estimate) -> str:
    return f"{found.sigma:.2f} ({found.low:.2f} to {found.high:.2f})"


def _dtype(trip: RoundTrip) -> str:
    return str(trip.dtype).removeprefix("torch.")


def _psnr(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _ssim(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
