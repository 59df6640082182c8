from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from skimage import data
from torch import Tensor
from torch.nn import functional as F

from linn_cli.errors import WeightsError
from linn_cli.network.planes import from_channels
from linn_cli.noise import _recognition, _spectra
from linn_cli.noise._recognition import Recognised, Recogniser, recognise

SIDE = 192


def scene() -> Tensor:
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    one = 0.5 + 0.2 * torch.sin(x / 19) * torch.cos(y / 23)
    return torch.stack([one * (1 - 0.1 * channel) for channel in range(3)])


def noise(sigma: float, reach: int) -> Tensor:
    """Noise (3, SIDE, SIDE) of this deviation, of neighbours averaged."""
    generator = torch.Generator().manual_seed(0)
    white = torch.randn((3, SIDE + reach - 1, SIDE + reach - 1), generator=generator)
    return reach * sigma / 255 * F.avg_pool2d(white, reach, 1)


def seen(picture: Tensor) -> Recognised:
    levels = (255 * picture).round().clamp(0, 255)
    return recognise(_spectra.measure(list(levels / 255)))


@pytest.mark.parametrize("sigma", [3.0, 8.0, 25.0])
@pytest.mark.parametrize("reach", [1, 2, 3])
def test_noise_is_known_and_how_strong_it_is(sigma: float, reach: int) -> None:
    added = noise(sigma, reach)
    known = seen(scene() + added)
    assert known.is_noise
    assert known.is_coarse == (reach > 1)
    truth = 255 * from_channels(added).std((1, 2))
    # Within the error of the logarithm that benchmarks/fit_noise.py prints for coarse noise, twice.
    assert known.deviations == pytest.approx(truth.tolist(), rel=0.5)


def test_a_picture_without_noise_is_known() -> None:
    assert not seen(scene()).is_noise


@pytest.mark.parametrize("factor", [1.5, 2.0])
def test_an_enlarged_picture_without_noise_is_known(factor: float) -> None:
    picture = torch.from_numpy(data.rocket()).permute(2, 0, 1).float() / 255
    parts = picture[:, :256, :256], picture[:, 200:456, 100:356]
    for part in parts:
        larger = F.interpolate(part[None], scale_factor=factor, mode="bicubic", antialias=True)[0]
        assert not seen(larger.clamp(0, 1)).is_noise


@pytest.mark.parametrize("factor", [1.5, 2.0, 3.0])
def test_a_picture_whose_noise_went_as_it_was_made_smaller_may_be_enlarged(factor: float) -> None:
    for name in ("rocket", "chelsea", "coffee", "astronaut"):
        picture = torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255
        for scale in (0.5, factor):
            picture = F.interpolate(picture, scale_factor=scale, mode="bicubic", antialias=True)
        assert not seen(picture[0].clamp(0, 1)).is_noise


def test_the_features_are_logarithms_of_deviations() -> None:
    spectra = _spectra.measure(list(0.5 + noise(10, 1)))
    found = _recognition.features(spectra)
    assert found.shape == (Recogniser().mean.shape[0],)
    twice = _recognition.features(_spectra.measure(list(0.5 + noise(20, 1))))
    torch.testing.assert_close(twice - found, torch.full_like(found, 2.0).log(), rtol=0, atol=0.01)


@pytest.mark.parametrize("damage", ["missing", "empty", "of another network"])
def test_a_damaged_file_is_said(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "recognition.safetensors"
    if damage == "empty":
        file.write_bytes(b"")
    if damage == "of another network":
        save_file({"mean": torch.zeros(3)}, file)
    monkeypatch.setattr(_recognition, "FILE", file)
    _recognition.bundled.cache_clear()
    with pytest.raises(WeightsError, match="reinstall linn"):
        seen(scene())
    _recognition.bundled.cache_clear()
