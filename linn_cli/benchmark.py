"""The published protocol: known noise on clean pictures, and how close the estimate comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor

from linn_cli import images
from linn_cli.classical import Classical
from linn_cli.metrics import add_noise, psnr, ssim
from linn_cli.model import DnINN
from linn_cli.pipeline import GREY_LEVELS, Denoiser

# Mean PSNR in dB on BSD68, grey, by sigma (Huang and Dragotti 2021, table 1).
PUBLISHED: dict[str, dict[float, float]] = {
    "BM3D": {15: 31.07, 25: 28.57, 50: 25.63},
    "WNNM": {15: 31.37, 25: 28.83, 50: 25.87},
    "EPLL": {15: 31.21, 25: 28.68, 50: 25.67},
    "TNRD": {15: 31.42, 25: 28.92, 50: 25.97},
    "DnCNN": {15: 31.70, 25: 29.19, 50: 26.20},
    "DnINN-ST 1-scale": {15: 31.58, 25: 29.08, 50: 26.14},
    "DnINN-LISTA 1-scale": {15: 31.59, 25: 29.09, 50: 26.14},
    "DnINN-ST 2-scale": {15: 31.62, 25: 29.14, 50: 26.19},
    "DnINN-LISTA 2-scale": {15: 31.63, 25: 29.14, 50: 26.20},
}
PUBLISHED_ON = "BSD68"
# Numbers of parameters, from the same table.
PUBLISHED_PARAMETERS = {
    "TNRD": 26_600,
    "DnCNN": 556_000,
    "DnINN-ST 1-scale": 134_700,
    "DnINN-LISTA 1-scale": 135_200,
    "DnINN-ST 2-scale": 269_300,
    "DnINN-LISTA 2-scale": 270_300,
}


@dataclass(frozen=True)
class Score:
    """One picture at one sigma; `ssim` is None for a picture smaller than its window."""

    image: str
    sigma: float
    psnr: float
    ssim: float | None
    seconds: float
    pixels: int
    method: str


@dataclass(frozen=True)
class Summary:
    """The means over a set of pictures at one sigma, and the speed over all of them.

    `weights` and `parameters` are None for a method that has none.
    """

    method: str
    weights: str | None
    device: str
    precision: str
    sigma: float
    images: int
    psnr: float
    ssim: float | None
    seconds: float
    megapixels_per_second: float
    parameters: int | None = None

    @property
    def label(self) -> str:
        """The method's name among others, as the scores have it."""
        return f"linn {self.method}" if self.weights else self.method


@dataclass(frozen=True)
class Trial:
    """What one score was measured on: the picture's index and clean, noisy, estimate, each (H, W)."""

    index: int
    clean: Tensor
    noisy: Tensor
    estimate: Tensor


def unseen(score: Score, trial: Trial) -> None:
    """Look at nothing."""


def measure(
    denoiser: Denoiser | Classical,
    pictures: Iterable[Path],
    sigma: float,
    seen: Callable[[Score, Trial], None] = unseen,
) -> Iterator[Score]:
    """Score a denoiser on each picture; sigma in 8-bit grey levels.

    The picture with index i gets the noise of seed i, neither clipped nor rounded; the estimate is
    clamped to [0, 1] and not rounded. Only the denoising is timed. `seen` is called with each score
    before it is yielded.
    """
    if isinstance(denoiser, Classical):
        method = denoiser.name
    else:
        method = f"linn {denoiser.weight_set.architecture}"
    for index, path in enumerate(pictures):
        levels = images.read(path, as_grey=True).levels
        clean = torch.from_numpy(levels).float()[None, None] / GREY_LEVELS
        noisy = add_noise(clean, sigma / GREY_LEVELS, seed=index)
        began = time.perf_counter()
        estimate = denoiser(noisy, sigma).clamp(0, 1)
        seconds = time.perf_counter() - began
        score = Score(
            image=path.name,
            sigma=sigma,
            psnr=psnr(estimate, clean),
            ssim=ssim(estimate[0, 0], clean[0, 0]),
            seconds=seconds,
            pixels=clean.numel(),
            method=method,
        )
        seen(score, Trial(index, clean[0, 0], noisy[0, 0], estimate[0, 0]))
        yield score


def summarise(denoiser: Denoiser | Classical, scores: Sequence[Score]) -> Summary:
    """The means of one denoiser's scores at one sigma."""
    if isinstance(denoiser, Classical):
        return _means(scores, denoiser.name, None, "cpu", "float64", None)
    return _means(
        scores,
        str(denoiser.weight_set.architecture),
        denoiser.weight_set.name,
        str(denoiser.device),
        denoiser.precision,
        DnINN(denoiser.weight_set.architecture).parameter_count,
    )


def _means(
    scores: Sequence[Score],
    method: str,
    weights: str | None,
    device: str,
    precision: str,
    parameters: int | None,
) -> Summary:
    seconds = sum(score.seconds for score in scores)
    similarities = [score.ssim for score in scores if score.ssim is not None]
    return Summary(
        method=method,
        weights=weights,
        device=device,
        precision=precision,
        sigma=scores[0].sigma,
        images=len(scores),
        psnr=fmean(score.psnr for score in scores),
        ssim=fmean(similarities) if similarities else None,
        seconds=seconds,
        megapixels_per_second=sum(score.pixels for score in scores) / seconds / 1e6,
        parameters=parameters,
    )
