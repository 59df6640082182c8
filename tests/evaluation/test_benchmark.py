from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from linn_cli.denoising import networks
from linn_cli.errors import InputError
from linn_cli.evaluation import benchmark
from linn_cli.evaluation.clean_pictures import CleanPictures
from linn_cli.evaluation.other_methods import Classical
from linn_cli.metrics import psnr, ssim
from linn_cli.weights import sets
from tests.conftest import shared


@pytest.fixture
def folder(tmp_path: Path, grey: NDArray[np.uint8]) -> Path:
    Image.fromarray(grey).save(tmp_path / "0.png")
    Image.fromarray(grey.T.copy()).save(tmp_path / "1.png")
    return tmp_path


def test_the_protocol_is_followed(folder: Path, grey: NDArray[np.uint8]) -> None:
    denoiser = networks.load(25)
    scores = list(benchmark.measure(denoiser, CleanPictures(sorted(folder.iterdir())), 25))
    assert [score.image for score in scores] == ["0.png", "1.png"]
    for index, clean_levels in enumerate([grey, grey.T.copy()]):
        clean = torch.from_numpy(clean_levels).float()[None, None] / 255
        generator = torch.Generator().manual_seed(index)
        noisy = clean + 25 / 255 * torch.randn(clean.shape, generator=generator)
        estimate = denoiser(noisy, 25).clamp(0, 1)
        assert scores[index].psnr == pytest.approx(psnr(estimate, clean))
        assert scores[index].ssim == ssim(estimate[0, 0], clean[0, 0])
        assert scores[index].pixels == grey.size


def test_a_picture_that_fails_is_left_out_from_then_on(folder: Path) -> None:
    tried: list[tuple[int, ...]] = []

    def fail_if_upright(noisy: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
        tried.append(noisy.shape)
        if noisy.shape[0] > noisy.shape[1]:
            raise InputError("too tall")
        return noisy

    pictures = CleanPictures(sorted(folder.iterdir()))
    method = Classical("m", fail_if_upright)
    assert [score.image for score in benchmark.measure(method, pictures, 25)] == ["0.png"]
    [fault] = pictures.faults.values()
    assert fault.startswith(str(folder / "1.png"))
    assert "too tall" in fault
    assert len(list(benchmark.measure(method, pictures, 25))) == 1
    assert len(tried) == 3


def test_a_picture_left_out_does_not_change_the_noise_of_others(folder: Path) -> None:
    noisy = Classical("m", lambda noisy, sigma: noisy)
    paths = sorted(folder.iterdir())
    _, second = benchmark.measure(noisy, CleanPictures(paths), 25)
    alone = CleanPictures(paths, faults={0: "broken"})
    assert [score.psnr for score in benchmark.measure(noisy, alone, 25)] == [second.psnr]


def test_the_summary_holds_the_means() -> None:
    scores = [
        benchmark.Score("a.png", 25.0, 30.0, 0.9, 0.5, 1_000_000, "m"),
        benchmark.Score("b.png", 25.0, 27.0, 0.7, 1.5, 4_000_000, "m"),
        benchmark.Score("tiny.png", 25.0, 24.0, None, 0.0, 0, "m"),  # smaller than SSIM's window
    ]
    network = networks.load(25, variant="st", scales=1, precision="float32")
    summary = benchmark.summarise(network, scores)
    assert (summary.images, summary.sigma, summary.psnr) == (3, 25, 27)
    assert summary.ssim == pytest.approx(0.8)
    assert (summary.seconds, summary.megapixels_per_second) == (2, 2.5)
    assert (summary.method, summary.precision) == ("DnINN-ST 1-scale", "float32")
    assert summary.parameters == 134_659
    assert benchmark.summarise(networks.load(25), scores[2:3] * 2 + scores[:1]).ssim == 0.9


def test_eight_bits_are_scored_as_stored_and_made_up_for(tmp_path: Path) -> None:
    dark = np.linspace(0, 60, 96).astype(np.uint8)[None].repeat(64, axis=0)
    Image.fromarray(dark).save(tmp_path / "dark.png")
    denoiser = networks.load(50, variant="st")
    pictures = CleanPictures([tmp_path / "dark.png"])
    trials: list[benchmark.Trial] = []
    exact, stored, plain = (
        list(
            benchmark.measure(
                denoiser, pictures, 50, lambda _, trial: trials.append(trial), stored=way
            )
        )
        for way in (benchmark.EXACT, benchmark.EIGHT_BITS, benchmark.EIGHT_BITS_PLAIN)
    )
    assert [score.method for score in (exact[0], stored[0], plain[0])] == [
        "linn DnINN-ST 1-scale",
        "linn DnINN-ST 1-scale, 8 bits",
        "linn DnINN-ST 1-scale, 8 bits plain",
    ]
    assert exact[0].psnr > stored[0].psnr > plain[0].psnr
    unrounded, *in_files = (trial.noisy * 255 for trial in trials)
    assert unrounded.min() < 0
    for levels in in_files:
        torch.testing.assert_close(levels, unrounded.round().clamp(0, 255), atol=1e-3, rtol=0)
    summary = benchmark.summarise(denoiser, stored, benchmark.EIGHT_BITS)
    assert summary.label == stored[0].method


@pytest.mark.parametrize(
    ("precision", "tolerance"), [("float32", 1e-3), ("emulated-bfloat16", 0.01)]
)
def test_a_real_picture_scores_what_the_plain_network_scores(
    tmp_path: Path, precision: str, tolerance: float
) -> None:
    [whole, *_] = sorted(shared("data/BSD68").iterdir())
    path = tmp_path / "part.png"
    with Image.open(whole) as picture:
        part = picture.crop((120, 80, 320, 230))
        part.save(path)
        clean = torch.from_numpy(np.array(part)).float()[None, None] / 255
    denoiser = networks.load(25, precision=precision)
    [score] = benchmark.measure(denoiser, CleanPictures([path]), 25)
    noisy = clean + 25 / 255 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    model = sets.load(denoiser.weight_set)
    with torch.no_grad():
        estimate = model(noisy, 25 / 255).clamp(0, 1)
    # Streamed float32 is off by 1e-5 at most; bfloat16 may cost 0.01 dB where it is chosen.
    assert score.psnr == pytest.approx(psnr(estimate, clean), abs=tolerance)
