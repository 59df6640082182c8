from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio
from torch import Tensor, nn

from linn_cli.metrics import add_noise
from linn_cli.training.validation import Validation


class Untouched(nn.Module):
    """Gives back what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, noisy: Tensor, sigma: float) -> Tensor:
        assert sigma > 0
        return self.scale * noisy


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    y, x = np.mgrid[:200, :170]
    levels = np.stack([128 + 60 * np.sin(x / 9 + k) * np.cos(y / 11) for k in range(3)], 2)
    Image.fromarray(levels.astype(np.uint8)).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_the_middle_of_a_picture_is_judged_under_the_published_noise(picture: Path) -> None:
    levels = np.asarray(Image.open(picture))[20:180, 5:165]
    clean = torch.from_numpy(levels.copy()).permute(2, 0, 1)[None].float() / 255
    validation = Validation([picture], (5, 30), as_grey=False)
    measured = validation.measure(Untouched())
    assert list(measured) == ["15", "25"]
    for sigma, found in measured.items():
        noisy = add_noise(clean, float(sigma) / 255, seed=0).clamp(0, 1)
        expected = peak_signal_noise_ratio(clean.numpy(), noisy.numpy(), data_range=1)
        assert found == pytest.approx(expected, abs=1e-3)  # float32, turned to planes and back


@pytest.mark.parametrize(
    ("sigma", "expected"), [((1, 80), ["15", "25", "50"]), ((30, 40), ["30"]), ((25, 25), ["25"])]
)
def test_the_sigmas_are_those_of_the_tables_or_the_lowest(
    picture: Path, sigma: tuple[float, float], expected: list[str]
) -> None:
    assert list(Validation([picture], sigma).measure(Untouched())) == expected
