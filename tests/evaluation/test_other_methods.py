from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from linn_cli.errors import InputError, UsageError
from linn_cli.evaluation import other_methods
from linn_cli.metrics import add_noise, psnr

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


def test_a_side_of_one_pixel_is_kept() -> None:
    method = other_methods.Classical("m", lambda noisy, sigma: noisy.squeeze())
    assert torch.equal(method(torch.ones((2, 1, 1, 3)), 25), torch.ones((2, 1, 1, 3)))


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(UsageError, match="unknown method 'ffdnet': choose bm3d, nlm, wavelet"):
        other_methods.load("ffdnet")


def test_a_missing_package_is_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bm3d", None)
    with pytest.raises(UsageError, match=r"--against bm3d .*pip install 'linn-cli\[compare\]'"):
        other_methods.load("bm3d")


def test_what_a_package_stumbles_over_is_an_input_error() -> None:
    def fail(noisy: NDArray[np.float64], sigma: float) -> None:
        raise IndexError("too small")

    with pytest.raises(InputError, match=r"m: cannot denoise this picture \(too small\)"):
        other_methods.Classical("m", fail)(torch.zeros((1, 1, 2, 2)), 25)
