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
from linn_cli.units import GREY_LEVELS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Classical:
    """A denoiser of one picture in [0, 1], (H, W) or (H, W, 3) in colour; `run` takes sigma in the same units.

    `needs` are the packages to install for it.
    """

    name: str
    run: Callable[[Array, float], Any]
    needs: tuple[str, ...] = ()

    def __call__(self, images: Tensor, sigma: float) -> Tensor:
        """Denoise images (B, C, H, W), white at 1.0, C is 1 or 3; sigma in 8-bit grey levels.

        Raises:
            InputError: the package cannot do it, because the picture is too small for instance.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of small pictures, for instance
                answers = [self._denoise(image, sigma) for image in images.cpu()]
        except Exception as error:  # packages raise whatever they stumble over
            raise InputError(f"{self.name}: cannot denoise this picture ({error})") from error
        return torch.stack(answers).to(images)

    def _denoise(self, image: Tensor, sigma: float) -> Tensor:
        channels_last = image.double().permute(1, 2, 0).numpy()
        noisy = channels_last[:, :, 0] if len(image) == 1 else channels_last
        # Some packages drop sides of one pixel.
        answer = np.reshape(self.run(noisy, sigma / GREY_LEVELS), channels_last.shape)
        return torch.from_numpy(answer).permute(2, 0, 1)


def _bm3d(noisy: Array, sigma: float) -> Any:
    from bm3d import bm3d, bm3d_rgb

    return bm3d(noisy, sigma) if noisy.ndim == 2 else bm3d_rgb(noisy, sigma)


def _nlm(noisy: Array, sigma: float) -> Any:
    from skimage.restoration import denoise_nl_means

    # What scikit-image's example of it takes for a known sigma.
    return denoise_nl_means(
        noisy,
        patch_size=5,
        patch_distance=6,
        h=0.6 * sigma,
        sigma=sigma,
        fast_mode=True,
        channel_axis=None if noisy.ndim == 2 else -1,
    )


def _wavelet(noisy: Array, sigma: float) -> Any:
    from skimage.restoration import denoise_wavelet

    colour: dict[str, Any] = {} if noisy.ndim == 2 else {"channel_axis": -1, "convert2ycbcr": True}
    return denoise_wavelet(noisy, sigma=sigma, method="BayesShrink", mode="soft", **colour)


_METHODS = {
    "bm3d": Classical("BM3D (bm3d)", _bm3d, ("bm3d",)),
    "nlm": Classical("NLM (scikit-image)", _nlm, ("scikit-image",)),
    "wavelet": Classical("Wavelet (scikit-image)", _wavelet, ("scikit-image", "pywavelets")),
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
            f"--against {name} needs what linn does not install by itself ({error}): "
            f"python -m pip install {' '.join(method.needs)}"
        ) from error
    return method
