from __future__ import annotations

import re
import sys

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from linn_cli.errors import InputError, UsageError
from linn_cli.evaluation import other_methods
from linn_cli.metrics import add_noise, psnr
from tests.conftest import ROOT

NEEDS = {"bm3d": "bm3d", "nlm": "skimage", "wavelet": "pywt"}


@pytest.mark.parametrize("name", NEEDS)
def test_it_denoises(name: str, grey: NDArray[np.uint8]) -> None:
    pytest.importorskip(NEEDS[name], reason=f"{name} needs linn-cli[compare]")
    method = other_methods.load(name)
    clean = torch.from_numpy(grey).float()[None, None] / 255
    noisy = add_noise(clean, 25 / 255, seed=0)
    estimate = method(noisy, 25)
    assert (estimate.shape, estimate.dtype) == (clean.shape, torch.float32)
    # Far from the best on so small a picture, but noise is gone.
    assert psnr(estimate, clean) > psnr(noisy, clean) + 2


@pytest.mark.parametrize("name", NEEDS)
def test_it_denoises_in_colour_together(name: str, noisy_colour: NDArray[np.float32]) -> None:
    pytest.importorskip(NEEDS[name], reason=f"{name} needs linn-cli[compare]")
    method = other_methods.load(name)
    rows, columns = np.mgrid[:40, :50]
    planes = [0.5 + 0.3 * np.sin(rows / k) * np.cos(columns / 7) for k in (5, 6, 8)]
    clean = torch.from_numpy(np.stack(planes)).float()[None]
    noisy = torch.from_numpy(noisy_colour).permute(2, 0, 1)[None]
    estimate = method(noisy, 25)
    assert (estimate.shape, estimate.dtype) == (clean.shape, torch.float32)
    apart = torch.cat([method(noisy[:, channel : channel + 1], 25) for channel in range(3)], dim=1)
    assert psnr(estimate, clean) > max(psnr(noisy, clean) + 4, psnr(apart, clean))


def test_a_side_of_one_pixel_is_kept() -> None:
    method = other_methods.Classical("m", lambda noisy, sigma: noisy.squeeze())
    for shape in ((2, 1, 1, 3), (2, 3, 1, 4)):
        picture = torch.rand(shape)
        torch.testing.assert_close(method(picture, 25), picture)


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(UsageError, match="unknown method 'ffdnet': choose bm3d, nlm, wavelet"):
        other_methods.load("ffdnet")


@pytest.mark.parametrize(
    ("name", "packages"),
    [("bm3d", "bm3d"), ("nlm", "scikit-image"), ("wavelet", "scikit-image pywavelets")],
)
def test_a_missing_package_is_what_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str, packages: str
) -> None:
    for module in ("bm3d", "skimage.restoration"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=f"--against {name} .*pip install {packages}$"):
        other_methods.load(name)
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [extra] = re.findall(r"^compare = \[(.*)\]$", pyproject, re.MULTILINE)
    assert set(packages.split()) <= set(re.findall(r'"([\w-]+)', extra))


def test_what_a_package_stumbles_over_is_an_input_error() -> None:
    def fail(noisy: NDArray[np.float64], sigma: float) -> None:
        raise IndexError("too small")

    with pytest.raises(InputError, match=r"m: cannot denoise this picture \(too small\)"):
        other_methods.Classical("m", fail)(torch.zeros((1, 1, 2, 2)), 25)
