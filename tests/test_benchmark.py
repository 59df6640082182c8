from __future__ import annotations

from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from linn_cli import benchmark, pipeline
from linn_cli.metrics import psnr, ssim

from .conftest import shared


@pytest.fixture
def folder(tmp_path: Path, grey: NDArray[np.uint8]) -> Path:
    Image.fromarray(grey).save(tmp_path / "0.png")
    Image.fromarray(grey.T.copy()).save(tmp_path / "1.png")
    return tmp_path


def test_the_protocol_is_followed(folder: Path, grey: NDArray[np.uint8]) -> None:
    denoiser = pipeline.load(25)
    scores = list(benchmark.measure(denoiser, sorted(folder.iterdir()), 25))
    assert [score.image for score in scores] == ["0.png", "1.png"]
    for index, clean_levels in enumerate([grey, grey.T.copy()]):
        clean = torch.from_numpy(clean_levels).float()[None, None] / 255
        generator = torch.Generator().manual_seed(index)
        noisy = clean + 25 / 255 * torch.randn(clean.shape, generator=generator)
        estimate = denoiser(noisy, 25).clamp(0, 1)
        assert scores[index].psnr == pytest.approx(psnr(estimate, clean))
        assert scores[index].ssim == ssim(estimate[0, 0], clean[0, 0])
        assert scores[index].pixels == grey.size


def test_the_summary_holds_the_means(folder: Path) -> None:
    denoiser = pipeline.load(25)
    scores = list(benchmark.measure(denoiser, sorted(folder.iterdir()), 25))
    summary = benchmark.summarise(denoiser, scores)
    assert summary.psnr == pytest.approx(fmean(score.psnr for score in scores))
    assert summary.images == 2
    assert summary.megapixels_per_second == pytest.approx(
        sum(score.pixels for score in scores) / sum(score.seconds for score in scores) / 1e6
    )


def test_all_nine_published_methods_are_listed() -> None:
    assert len(benchmark.PUBLISHED) == 9
    assert all(set(known) == {15, 25, 50} for known in benchmark.PUBLISHED.values())


def test_the_warm_start_reaches_its_independent_evaluation() -> None:
    # The first two images of BSD68; an evaluation that shares no code gave these figures.
    pictures = sorted(shared("data/BSD68").iterdir())[:2]
    first = pipeline.load(25, weight_file=shared("weights/dninn-st-1-base.safetensors"))
    scores = list(benchmark.measure(first, pictures, 25))
    for score, expected in zip(scores, (25.76, 29.94), strict=True):
        assert score.psnr == pytest.approx(expected, abs=0.005)
