from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from linn_cli import denoise
from linn_cli.denoising import networks
from linn_cli.denoising.networks import load
from linn_cli.engine import _convolution, budget, pyramid
from linn_cli.engine.normalisation import CHROMA_STRENGTH

ANY = "dninn-st-1-any"


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (1, 40), (3, 5)])
def test_every_size_is_denoised(shape: tuple[int, int]) -> None:
    answer = denoise(np.full(shape, 100, np.uint8), 25)
    assert answer.shape == shape
    assert np.abs(answer.astype(int) - 100).max() <= 25


def test_colour_planes_are_those_of_the_rotation(noisy_colour: NDArray[np.float32]) -> None:
    # The plain way: rotate, denoise the luma as a grey picture of its own scale and the chroma with its
    # halves, rotate back.
    luma = noisy_colour.sum(2) / np.sqrt(3)
    chroma = [
        (noisy_colour[:, :, 0] - noisy_colour[:, :, 2]) / np.sqrt(2),
        (noisy_colour[:, :, 0] - 2 * noisy_colour[:, :, 1] + noisy_colour[:, :, 2]) / np.sqrt(6),
    ]
    level = 25 / np.sqrt(3)
    options: dict[str, Any] = {"precision": "float32", "weight_file": ANY}
    clean_luma = denoise(luma / np.sqrt(3), level, **options) * np.sqrt(3)
    scales, unit = load(level, **options).scales, 25 / 255 * CHROMA_STRENGTH
    normalised = [torch.from_numpy(plane / unit)[None, None] for plane in chroma]
    clean_chroma = [
        torch.cat(list(pyramid.stream(scales, [plane], 50, halvings=2)), dim=2)[0, 0].numpy() * unit
        for plane in normalised
    ]
    y, u, v = clean_luma / np.sqrt(3), clean_chroma[0] / np.sqrt(2), clean_chroma[1] / np.sqrt(6)
    expected = np.dstack((y + u + v, y - 2 * v, y - u + v))
    answer = denoise(noisy_colour, 25, precision="float32")
    np.testing.assert_allclose(answer, expected, atol=1e-5, rtol=0)  # float32 rounding


def test_noise_cut_off_at_black_is_made_up_for() -> None:
    clean = np.full((64, 64), 4.0)
    chance = np.random.default_rng(5).normal(size=clean.shape)
    stored = (clean + 25 * chance).round().clip(0, 255).astype(np.uint8)
    assert stored.mean() > 10  # noise below black is gone
    assert abs(denoise(stored, 25).mean() - 4) < 2
    plain = networks.load(25)(torch.from_numpy(stored)[None, None], 25)
    assert plain.float().mean() > 10


def test_progress_comes_with_the_rows_that_go_in_and_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "_BAND_PIXELS", 5 * 9)
    monkeypatch.setattr(budget, "_ENOUGH_ROWS", 1)
    original, events = _convolution.convolve, list[object]()

    def convolve(*arguments: Any) -> torch.Tensor:
        if events[-1] != "work":
            events.append("work")
        return original(*arguments)

    monkeypatch.setattr(_convolution, "convolve", convolve)
    networks.load(25)(
        torch.rand((1, 1, 42, 9)),
        25,
        progress=lambda done, note="", total=None: events.append(done),
    )
    assert sum(event for event in events if isinstance(event, float)) == 42
    # Two bands are taken before any is worked on, one to look ahead; no two without work in between after.
    assert events[:5] == [2.5, 2.5, "work", 2.5, "work"]
