"""Results as tables for people and as data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from linn_cli.evaluation import residual
from linn_cli.evaluation.benchmark import Score, Summary
from linn_cli.evaluation.clean_pictures import CleanPictures
from linn_cli.evaluation.comparison import Comparison, Difference
from linn_cli.evaluation.inspection import CHANNELS, Inspection, SigmaUnit, rms
from linn_cli.evaluation.invertibility import Check, RoundTrip
from linn_cli.evaluation.published import Published
from linn_cli.evaluation.tables import Table, percent, ssim
from linn_cli.training.run import Progress
from linn_cli.weights.known_answer import Verdict
from linn_cli.weights.sources import Source


def scores(measured: Sequence[Score]) -> Table:
    """A row for each picture."""
    rows = [
        [
            score.image,
            score.method,
            f"{score.sigma:g}",
            f"{score.psnr:.2f}",
            ssim(score.ssim),
            f"{score.seconds:.2f}",
        ]
        for score in measured
    ]
    return "Pictures", ["picture", "method", "sigma", "PSNR", "SSIM", "seconds"], rows


def benchmark_data(
    folder: Path,
    measured: Sequence[Summary],
    scores: Sequence[Score],
    pictures: CleanPictures,
    known: Published | None,
) -> dict[str, Any]:
    """Everything a benchmark measured, what failed, and the published figures of a test set."""
    failed = [
        {"picture": str(pictures.paths[index]), "error": fault}
        for index, fault in sorted(pictures.faults.items())
    ]
    return {
        "folder": str(folder),
        "summaries": [asdict(summary) for summary in measured],
        "pictures": [asdict(score) for score in scores],
        "failed": failed,
        "published": known and {"on": known.on, "psnr": known.psnr},
    }


def round_trips(worst: Sequence[tuple[str, RoundTrip]], sigma: float) -> Table:
    """A row for each weight set, dtype and part; sigma in grey levels."""
    rows = [
        [
            weights,
            _name(trip.dtype),
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
    return f"Largest round-trip errors, sigma {sigma:g}", columns, rows


def checked(checks: Sequence[Check], *, everything: bool) -> str:
    """What was checked, in words, and how to check the rest."""
    alike: dict[tuple[int, tuple[str, ...]], int] = {}
    for check in checks:
        kind = len(check.pictures), tuple(map(_name, check.dtypes))
        alike[kind] = alike.get(kind, 0) + 1
    words = "; ".join(
        f"{count} set{'s' * (count > 1)} on {pictures} picture{'s' * (pictures > 1)} "
        f"in {' and '.join(dtypes)}"
        for (pictures, dtypes), count in alike.items()
    )
    return f"Checked: {words}." + ("" if everything else " --all checks everything.")


def round_trip_data(
    worst: Sequence[tuple[str, RoundTrip]], sigma: float, checks: Sequence[Check]
) -> dict[str, Any]:
    """The same as data."""
    return {
        "sigma": sigma,
        "checked": [
            {
                "weights": check.weight_set.name,
                "dtypes": list(map(_name, check.dtypes)),
                "pictures": ["{1}x{0}".format(*picture.shape) for picture in check.pictures],
            }
            for check in checks
        ],
        "passed": all(trip.passed for _, trip in worst),
        "worst": [
            {
                "weights": weights,
                "dtype": _name(trip.dtype),
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


def inspection(seen: Inspection, sigma: float, told: SigmaUnit) -> Table:
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
                    percent(zeros) if index else "-",
                ]
            )
    columns = ["channel", "plain Haar", "lifted", "shrunk", "zeros"]
    return f"Root mean squares in units of {told.words(sigma)}", columns, rows


def inspection_data(
    seen: Inspection, sigma: float, weights: str, channels: Sequence[float], told: SigmaUnit
) -> dict[str, Any]:
    """The same as data, with every lifting step and the residual, and sigma by channel of the picture."""
    removed = residual.measure(seen.noisy, seen.denoised, sigma).scaled(told.level)
    return {
        "sigma": told.level * sigma,
        "sigma_unit": told.unit,
        "channel_sigmas": [told.level * level for level in channels],
        "weights": weights,
        "height": seen.noisy.shape[0],
        "width": seen.noisy.shape[1],
        "largest_round_trip_error": told.level * float(abs(seen.error).max()),
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


def comparison_data(names: tuple[str, str], seen: Comparison) -> list[dict[str, Any]]:
    """The same as data; PSNR is None for equal pictures."""
    return [
        {"picture": name, "psnr": psnr, "ssim": ssim, "closer": closer}
        for name, psnr, ssim, closer in zip(names, seen.psnr, seen.ssim, seen.closer, strict=True)
    ]


def difference_data(names: tuple[str, str], seen: Difference) -> dict[str, Any]:
    """How far two pictures are apart, as data; PSNR is None for equal ones."""
    return {
        "pictures": list(names),
        "psnr": seen.psnr,
        "ssim": seen.ssim,
        "brighter": seen.brighter,
        "deviation": seen.deviation,
        "largest": seen.largest,
        "share": seen.share,
    }


def progress_line(reached: Progress) -> str:
    """Where a training run stands, in one line."""
    quality = ", ".join(f"{psnr:.3f} dB at sigma {sigma}" for sigma, psnr in reached.psnr.items())
    speed = reached.pixels / reached.seconds / 1e3
    return f"step {reached.step}: loss {reached.loss:.6f}, held out {quality}; {speed:.1f} kpx/s"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
