from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from linn_cli import denoise
from linn_cli.denoising import networks
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import load
from linn_cli.engine import _convolution, budget, pyramid
from linn_cli.engine.folding import fold
from linn_cli.engine.normalisation import CHROMA_STRENGTH
from linn_cli.errors import UsageError
from linn_cli.network import planes
from linn_cli.network.model import DnINN
from linn_cli.weights.sets import WeightSet
from tests.conftest import POLYPHASE, random_model

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
    answer = denoise(noisy_colour, 25, precision="float32", variant="st")
    np.testing.assert_allclose(answer, expected, atol=1e-5, rtol=0)  # float32 rounding


def test_noise_cut_off_at_black_is_made_up_for() -> None:
    clean = np.full((64, 64), 4.0)
    chance = np.random.default_rng(5).normal(size=clean.shape)
    stored = (clean + 25 * chance).round().clip(0, 255).astype(np.uint8)
    assert stored.mean() > 10  # noise below black is gone
    assert abs(denoise(stored, 25).mean() - 4) < 2
    plain = networks.load(25)(torch.from_numpy(stored)[None, None], 25)
    assert plain.float().mean() > 10


@pytest.mark.parametrize(
    ("channels", "sigma", "scales"), [(1, 25, 1), (1, 25, 2), (1, 90, 1), (3, 25, 1)]
)
def test_progress_comes_with_the_work(
    channels: int, sigma: float, scales: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However far the networks lag behind each other, a part of the rows is a part of the work."""
    monkeypatch.setattr(budget, "_BAND_PIXELS", 16 * 12)
    monkeypatch.setattr(budget, "_ENOUGH_ROWS", 1)
    original, work, told = _convolution.convolve, [0.0], [(0.0, 0.0)]

    def convolve(rows: torch.Tensor, *arguments: Any) -> torch.Tensor:
        work[0] += rows.numel()
        return original(rows, *arguments)

    def progress(done: float, note: str = "", total: float | None = None) -> None:
        told.append((told[-1][0] + done, work[0]))

    monkeypatch.setattr(_convolution, "convolve", convolve)
    network = networks.load(sigma, channels, scales=scales)
    network(torch.rand((1, channels, 640, 12)), sigma, progress=progress)
    assert told[-1][0] == pytest.approx(640)
    late = [(rows / 640, done / work[0]) for rows, done in told if rows > 64]
    assert max(abs(rows - done) for rows, done in late) < 0.06
    for rows, done in late:  # the time left, were the machine steady
        if done < 0.95:
            assert (1 - rows) / rows == pytest.approx((1 - done) / done, rel=0.5)


JOINT = POLYPHASE[1]


def joint() -> tuple[LoadedNetwork, DnINN]:
    model = random_model(JOINT).float()
    nameless = WeightSet(Path("joint.safetensors"), JOINT, (1.0, 80.0), "")
    return LoadedNetwork(fold(model), nameless, torch.device("cpu")), model


@pytest.mark.parametrize("chroma", [(), (0.5, 1.5)])
@pytest.mark.parametrize("sigma", [(25.0, 25.0, 25.0), (12.0, 10.0, 18.0)])
def test_colour_lifted_together_is_the_whole_networks_answer(
    noisy_colour: NDArray[np.float32], sigma: tuple[float, ...], chroma: tuple[float, ...]
) -> None:
    network, model = joint()
    image = torch.from_numpy(noisy_colour).permute(2, 0, 1)[None]
    answer = network(image, sigma, chroma=chroma)
    turned = planes.from_channels(image - 0.5)
    told = torch.tensor(planes.sigma_of(sigma)) * torch.tensor((1, *(chroma or (1, 1)))) / 255
    expected = planes.to_channels(model(turned + 0.5, told.view(1, 3, 1, 1)) - 0.5) + 0.5
    # float32, and random networks amplify its rounding.
    torch.testing.assert_close(answer, expected, rtol=0, atol=1e-4)


def test_colour_weights_are_for_colour_pictures() -> None:
    network, _ = joint()
    with pytest.raises(UsageError, match="joint is for colour pictures"):
        network(torch.rand(1, 1, 8, 8), 25)
