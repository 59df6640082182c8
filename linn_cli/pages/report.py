"""The page of `linn benchmark --report`: every figure, and every picture within a budget of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from linn_cli.evaluation import tables
from linn_cli.evaluation.benchmark import Score, Summary, Trial
from linn_cli.evaluation.published import Published
from linn_cli.pages import embedding, html

# All pictures together, before base64 makes four bytes of three: the page stays below 25 MB.
_BUDGET = 17 * 10**6
_CROP = 96


@dataclass
class _Shot:
    """One picture with the noise of one sigma; crops are uint8, `corner` is that of the crop."""

    name: str
    height: int
    width: int
    noisy: str
    corner: tuple[int, int]
    crops: dict[str, NDArray[np.uint8]]
    estimates: dict[str, str] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)


class Gallery:
    """Collects the pictures of a benchmark as it runs, already encoded.

    Args:
        pictures: how many pictures there are.
        sigmas: at how many noise levels.
        methods: how many methods run on each.
    """

    def __init__(self, pictures: int, sigmas: int, methods: int) -> None:
        self._most = _BUDGET // (pictures * (1 + sigmas + sigmas * methods))
        self._clean: dict[int, str] = {}
        self._shots: dict[float, dict[int, _Shot]] = {}

    def add(self, score: Score, trial: Trial) -> None:
        """Keep what one score was measured on; the first method at a sigma chooses the crops."""
        if trial.index not in self._clean:
            self._clean[trial.index] = embedding.preview(_levels(trial.clean), self._most)
        shots = self._shots.setdefault(score.sigma, {})
        if trial.index not in shots:
            error = trial.estimate - trial.clean
            corner = worst_corner(error if error.dim() == 2 else error.norm(dim=2), _CROP)
            shots[trial.index] = _Shot(
                name=score.image,
                height=trial.clean.shape[0],
                width=trial.clean.shape[1],
                noisy=embedding.preview(_levels(trial.noisy), self._most),
                corner=corner,
                crops={
                    "clean": _crop(trial.clean, corner),
                    "noisy": _crop(trial.noisy, corner),
                },
            )
        shot = shots[trial.index]
        shot.scores[score.method] = score
        shot.estimates[score.method] = embedding.preview(_levels(trial.estimate), self._most)
        shot.crops[score.method] = _crop(trial.estimate, shot.corner)

    def leave_out(self, indices: Iterable[int]) -> None:
        """Drop the pictures that not every method could do."""
        for index in indices:
            self._clean.pop(index, None)
            for shots in self._shots.values():
                shots.pop(index, None)

    def data(self) -> dict[str, Any]:
        """Pictures, scores and the crops of the worst, median and best picture, for the page."""
        return {
            "clean": [self._clean[index] for index in sorted(self._clean)],
            "sigmas": [
                {
                    "sigma": sigma,
                    "pictures": [_picture(shots[index]) for index in sorted(shots)],
                    "crops": _extremes(list(shots.values())),
                }
                for sigma, shots in sorted(self._shots.items())
            ],
        }


def render(
    folder: Path,
    summaries: Sequence[Summary],
    gallery: Gallery,
    known: Published | None = None,
    failed: int = 0,
) -> bytes:
    """The page: tables, plots, and the gallery.

    Args:
        folder: where the pictures are.
        summaries: what was measured.
        gallery: the pictures.
        known: what was published on these pictures.
        failed: how many pictures were left out.
    """
    first = summaries[0]
    name = folder.resolve().name
    shown = [tables.summaries(folder, summaries)]
    if known:
        shown.append(tables.beside_published(summaries, known))
    left_out = f" {failed} more could not be measured." if failed else ""
    return html.render(
        "report",
        f"{name}, denoised by linn",
        {
            "title": name,
            "lead": (
                f"{first.images} pictures with white Gaussian noise, denoised by linn on "
                f"{first.device}. PSNR in dB, means over the pictures.{left_out}"
            ),
            "tables": [
                {"caption": caption, "columns": columns, "rows": rows}
                for caption, columns, rows in shown
            ],
            "summaries": [
                {
                    "label": summary.label,
                    "own": summary.weights is not None,
                    "sigma": summary.sigma,
                    "psnr": summary.psnr,
                    "parameters": summary.parameters,
                    "speed": summary.megapixels_per_second,
                }
                for summary in summaries
            ],
            "published": known
            and {
                "on": known.on,
                "psnr": {
                    method: [[sigma, psnr] for sigma, psnr in levels.items()]
                    for method, levels in known.psnr.items()
                },
                "parameters": known.parameters,
            },
            **gallery.data(),
        },
    )


def worst_corner(error: Tensor, side: int) -> tuple[int, int]:
    """Top and left of the square of at most `side` pixels where an error (H, W) is the largest."""
    height, width = (min(side, length) for length in error.shape)
    # Sums over squares from the sums over all that is above and to the left: pooling takes a second.
    above = F.pad(error.double().square().cumsum(0).cumsum(1), (1, 0, 1, 0))
    sums = above[height:, width:] - above[:-height, width:]
    sums -= above[height:, :-width] - above[:-height, :-width]
    top, left = divmod(int(torch.argmax(sums)), sums.shape[1])
    return top, left


def _extremes(shots: Sequence[_Shot]) -> list[dict[str, Any]]:
    label = next(iter(shots[0].scores))
    ranked = sorted(shots, key=lambda shot: shot.scores[label].psnr)
    chosen = {"worst": ranked[0], "median": ranked[len(ranked) // 2], "best": ranked[-1]}
    return [
        {
            "rank": rank,
            "name": shot.name,
            "panels": [
                {"name": name, "source": embedding.data_uri(embedding.webp(crop, None))}
                for name, crop in shot.crops.items()
            ],
        }
        for rank, shot in chosen.items()
    ]


def _picture(shot: _Shot) -> dict[str, Any]:
    return {
        "name": shot.name,
        "height": shot.height,
        "width": shot.width,
        "noisy": shot.noisy,
        "estimates": shot.estimates,
        "scores": {
            label: {"psnr": score.psnr, "ssim": score.ssim} for label, score in shot.scores.items()
        },
    }


def _levels(picture: Tensor) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = (picture * 255).round().clamp(0, 255).byte().cpu().numpy()
    return levels


def _crop(picture: Tensor, corner: tuple[int, int]) -> NDArray[np.uint8]:
    top, left = corner
    crop: NDArray[np.uint8] = _levels(picture[top : top + _CROP, left : left + _CROP])
    return crop
