"""Other people's denoisers, to compare with: optional packages behind the call that `LoadedNetwork` has."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli.errors import InputError, UsageError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Classical:
    """A denoiser of one grey picture (H, W) in [0, 1]; `run` takes sigma in the same units."""

    name: str
    run: Callable[[Array, float], Any]

    def __call__(self, images: Tensor, sigma: float) -> Tensor:
        """Denoise images (B, 1, H, W), white at 1.0; sigma in 8-bit grey levels.

        Raises:
            InputError: the package cannot do it, because the picture is too small for instance.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of small pictures, for instance
                # Some packages drop sides of one pixel.
                answers = [
                    np.reshape(self.run(image.double().numpy(), sigma / 255), image.shape)
                    for image in images[:, 0].cpu()
                ]
        except Exception as error:  # packages raise whatever they stumble over
            raise InputError(f"{self.name}: cannot denoise this picture ({error})") from error
        return torch.from_numpy(np.stack(answers)[:, None]).to(images)


def _bm3d(noisy: Array, sigma: float) -> Any:
    from bm3d import bm3d

    return bm3d(noisy, sigma)


def _nlm(noisy: Array, sigma: float) -> Any:
    from skimage.restoration import denoise_nl_means

    # What scikit-image's example of it takes for a known sigma.
    return denoise_nl_means(
        noisy, patch_size=5, patch_distance=6, h=0.6 * sigma, sigma=sigma, fast_mode=True
    )


def _wavelet(noisy: Array, sigma: float) -> Any:
    from skimage.restoration import denoise_wavelet

    return denoise_wavelet(noisy, sigma=sigma, method="BayesShrink", mode="soft")


_METHODS = {
    "bm3d": Classical("BM3D (bm3d)", _bm3d),
    "nlm": Classical("NLM (scikit-image)", _nlm),
    "wavelet": Classical("Wavelet (scikit-image)", _wavelet),
}


def load(name: str) -> Classical:
    """The method called bm3d, nlm or wavelet.

    Raises:
        UsageError: the name is none of these, or the method's package is not installed.
    """
    if name not in _METHODS:
        raise UsageError(f"unknown method {name!r}: choose {', '.join(_METHODS)}")
    method = _METHODS[name]
    try:
        method.run(np.zeros((32, 32)), 0.1)  # what is imported now takes no measured time later
    except ImportError as error:
        raise UsageError(
            f"--against {name} needs an optional package ({error}): "
            "python -m pip install 'linn-cli[compare]'"
        ) from error
    return method
