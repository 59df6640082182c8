"""The page of `linn inspect`: the transform, the shrinkage and the round trip."""

from __future__ import annotations

from dataclasses import asdict
from statistics import fmean
from typing import Any

import numpy as np

from linn_cli.evaluation import inspection, residual, tables
from linn_cli.evaluation.inspection import Inspection, ScaleView, SigmaUnit
from linn_cli.evaluation.residual import Residual
from linn_cli.network.architecture import Architecture
from linn_cli.pages import embedding, html
from linn_cli.units import shown

_MID_GREY = 127.5


def render(
    name: str,
    seen: Inspection,
    sigma: float,
    architecture: Architecture,
    weights: str,
    told: SigmaUnit,
    *,
    luma: bool = False,
) -> bytes:
    """The page, as HTML; sigma is in 8-bit grey levels, and is told in `told`. `luma`: what is seen is that of a colour picture."""
    height, width = seen.noisy.shape
    found = residual.measure(seen.noisy, seen.denoised, sigma).scaled(told.level)
    largest = float(np.abs(seen.error).max())
    return html.render(
        "inspected",
        f"{name}, inspected",
        {
            "title": name,
            "lead": (
                f"{width} x {height} pixels {'of the luma ' * luma}on their way through {architecture} "
                f"({weights}) for noise of sigma {shown(found.sigma)} {told.name}."
            ),
            "width": width,
            "height": height,
            "noisy": embedding.embed(seen.noisy, "noisy"),
            "denoised": embedding.embed(seen.denoised, "linn"),
            "plain": embedding.embed(seen.plain, "plain Haar, as sparse"),
            "facts": _facts(found),
            "scales": [_scale(view, sigma) for view in seen.scales],
            "error": embedding.embed(
                np.abs(seen.error) * (255 / (largest or 1)), "round-trip error"
            ),
            "largest": told.level * largest,
            "unit": told.name,
            "bins": [float(middle) for middle in inspection.MIDDLES],
        },
    )


def _facts(found: Residual) -> list[tuple[str, str]]:
    """The noise asked for beside what was removed."""
    correlation = found.correlation
    return [
        ("sigma asked for", shown(found.sigma)),
        ("deviation removed", shown(found.deviation)),
        ("correlation of neighbours", "-" if correlation is None else f"{correlation:+.2f}"),
    ]


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
            embedding.embed(
                _MID_GREY + channel * (sigma / 2 if index == 0 else _MID_GREY / 4), label
            )
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
        "zeros": [tables.percent(share) for share in view.zeros],
        "sparsity": tables.percent(fmean(view.zeros)),
        "steps": [asdict(step) for step in view.steps],
    }
