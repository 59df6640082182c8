"""The Python API: arrays and tensors in, the same kind out, by the same code as the command line."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli import samples
from linn_cli.denoising import document as documents
from linn_cli.denoising import planes
from linn_cli.denoising.networks import Networks
from linn_cli.errors import UsageError
from linn_cli.network.architecture import Variant, parse_variant
from linn_cli.noise import measurement
from linn_cli.noise.measurement import Measured
from linn_cli.noise.request import AUTO, MOST_STRENGTH, Request
from linn_cli.pictures.picture import Picture
from linn_cli.progress import silent
from linn_cli.units import Sigma, SigmaLike

_CHANNELS = (1, 3)
# The packages of arrays that are computed later.
_LAZY = ("dask", "zarr")
# A plane of a stack has no shorter side: four channels are not to be taken for planes.
_LEAST_SIDE = 8

ImageT = TypeVar("ImageT")


class Denoiser:
    """Removes noise from any number of images; each network is loaded once, when it is first needed.

    Args:
        variant: "st" or "lista"; None for linn's choice.
        scales: 1 or 2; None for linn's choice.
        fast: take the cheapest network that was trained for the noise.
        weight_file: a safetensors file, a bundled set's name or an hf:// reference (docs/weights.md); None
            for the bundled sets.
        device: auto, cpu, cuda, cuda:N or mps.
        precision: auto, float32 or bfloat16, for the predict and update networks. auto takes bfloat16 where
            the device has it and it loses at most 0.01 dB. A device without bfloat16 refuses it;
            emulated-bfloat16 takes it all the same, slowly.
        max_memory: how many bytes the engine should hold on the CPU; None for a quarter of what is free.

    linn loads no weights before the first image. A device, precision, number of scales or weight file that it does
    not have is an error then.

    Raises:
        UsageError: a ValueError; there is no such variant.
    """

    def __init__(
        self,
        *,
        variant: Variant | None = None,
        scales: int | None = None,
        fast: bool = False,
        weight_file: str | Path | None = None,
        device: str = "auto",
        precision: str = "auto",
        max_memory: int | None = None,
    ) -> None:
        self._options: dict[str, Any] = {
            "variant": parse_variant(variant),
            "scales": scales,
            "fast": fast,
            "weight_file": weight_file,
            "device": device,
            "precision": precision,
            "max_memory": max_memory,
        }
        self._networks = Networks(**self._options)

    def __call__(
        self,
        image: ImageT,
        sigma: SigmaLike | str = AUTO,
        *,
        noise: str = AUTO,
        strength: float = 1.0,
        hot_pixels: bool = False,
    ) -> ImageT:
        """Remove the noise of an image.

        Args:
            image: a numpy array (H, W) or (H, W, 3), or a stack (..., H, W) or (..., H, W, 3) of them; a torch
                tensor (B, 1, H, W) or (B, 3, H, W); or an array of dask or Zarr in a numpy array's shapes.
                Integers have the range of their dtype; floats are white at 1.0 and may lie outside [0, 1].
                An image that spans much less or more is brought to its own range. NaN and infinite values stay.
            sigma: the noise's standard deviation in 8-bit grey levels, [0, 1020], whatever the dtype; three
                numbers for a colour image whose channels differ; "auto" estimates it, for each image of a
                batch or stack, and once for an array of dask or Zarr. Below 0.01 the image is returned as it is. Where noise was cut off at black or white,
                as in files of 8 bits, linn corrects the mean.
            noise: "auto" takes noise for white, for a camera's where it clearly grows with brightness, or for a
                photograph's where it is clearly coarse; "white", "camera", "photo" or "correlated" decide by hand.
            strength: multiplies the noise level, 0 to 2.
            hot_pixels: replace hot and dead pixels, salt and pepper by what is around them first.

        Returns:
            The denoised image: same kind, shape and dtype. The input is not changed. For an array of dask or
            Zarr, an array of dask that is computed later.

        Raises:
            UsageError: a ValueError; an argument is out of its range.
            InputError: the image is empty, or too small to estimate its noise.

        Warns:
            UserWarning: the noise is not what the weight file is for.
        """
        if not 0 <= strength <= MOST_STRENGTH:
            raise UsageError(f"strength {strength:g}: give a factor from 0 to {MOST_STRENGTH:g}")
        request = Request(_sigma(sigma), noise, strength, hot_pixels=hot_pixels)
        if type(image).__module__.partition(".")[0] in _LAZY:
            return cast(ImageT, self._lazily(image, request))
        images = _as_planes(image).detach()
        answers = torch.empty_like(images)
        for noisy, answer in zip(images, answers, strict=True):
            picture = documents.in_range(_picture(noisy))
            profile = request.find(picture)
            clean, network = planes.denoise(self._networks, picture, profile, strength, silent)
            answer[:] = torch.from_numpy(clean.values).permute(2, 0, 1)
            if network.doubt:
                warnings.warn(network.doubt, stacklevel=2)
        return _like(answers, image)

    def _lazily(self, array: Any, request: Request) -> Any:
        """The answer for an array of dask or Zarr, as one of dask."""
        _check_shape(array)
        if not find_spec("dask"):
            raise UsageError("Zarr arrays take dask: python -m pip install 'linn-cli[zarr]'")
        from linn_cli.volumes import lazily

        answer, doubts = lazily.denoise(array, self._options, request)
        for doubt in doubts:
            warnings.warn(doubt, stacklevel=3)
        return answer


def denoise(
    image: ImageT,
    sigma: SigmaLike | str = AUTO,
    *,
    noise: str = AUTO,
    strength: float = 1.0,
    hot_pixels: bool = False,
    variant: Variant | None = None,
    scales: int | None = None,
    fast: bool = False,
    weight_file: str | Path | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> ImageT:
    """Remove the noise of one image; the arguments are those of `Denoiser` and of its call.

    Returns:
        The denoised image: same kind, shape and dtype. The input is not changed.

    Raises:
        UsageError: a ValueError; an argument is out of its range.
        InputError: the image is empty, or too small to estimate its noise.
    """
    denoiser = Denoiser(
        variant=variant,
        scales=scales,
        fast=fast,
        weight_file=weight_file,
        device=device,
        precision=precision,
    )
    return denoiser(image, sigma, noise=noise, strength=strength, hot_pixels=hot_pixels)


def estimate(image: NDArray[Any] | Tensor) -> Measured:
    """Estimate the noise of an image, as `linn estimate` does.

    Args:
        image: as for `Denoiser`, but a tensor holds one image only.

    Returns:
        The estimate, in 8-bit grey levels. `sigma` is the noise as white noise, `overall` and `channels` have
        95 % intervals, and `grows` says whether the noise grows with brightness.

    Raises:
        UsageError: a ValueError; the image has another shape or dtype.
        InputError: the image is too small.
    """
    images = _as_planes(image).detach()
    if len(images) != 1:
        raise UsageError(f"expected one image, not a batch of {len(images)}")
    picture = documents.in_range(_picture(images[0]))
    return measurement.measure(picture).scaled(picture.unit)


def _sigma(sigma: SigmaLike | str) -> Sigma | None:
    if isinstance(sigma, str):
        if sigma != AUTO:
            raise UsageError(f"sigma is {sigma!r}: give a number, one for each channel, or 'auto'")
        return None
    return Sigma.of(sigma)


def _as_planes(image: Any) -> Tensor:
    """An image or a batch as (B, C, H, W), of its own dtype."""
    if isinstance(image, Tensor):
        if image.dim() != 4 or image.shape[1] not in _CHANNELS:
            shapes = "(B, 1, H, W) or (B, 3, H, W)"
            raise UsageError(f"expected a tensor {shapes}, not {tuple(image.shape)}")
        samples.check(image)
        return image
    array = np.asarray(image)
    _check_shape(array)
    tensor = torch.from_numpy(np.array(array, array.dtype.newbyteorder("=")))
    planes = tensor.unsqueeze(-3) if not _is_colour(array) else tensor.movedim(-1, -3)
    samples.check(planes)
    return planes.reshape(-1, *planes.shape[-3:])


def _check_shape(array: Any) -> None:
    """Refuse an array that holds no planes, or values of another kind.

    Raises:
        UsageError: it does.
    """
    shape = array.shape[:-1] if _is_colour(array) else array.shape
    is_stack = len(shape) > 2
    if len(shape) < 2 or (is_stack and 0 < min(shape[-2:]) < _LEAST_SIDE):
        raise UsageError(
            f"expected an array (H, W) or (H, W, 3) or a stack (..., H, W) of planes, not {array.shape}"
        )
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > (
        8 if array.dtype.kind == "f" else 4
    ):
        raise UsageError(f"expected floats or integers of up to 32 bits, not {array.dtype}")


def _is_colour(array: Any) -> bool:
    return bool(array.ndim > 2 and array.shape[-1] == _CHANNELS[-1])


def _like(answers: Tensor, image: ImageT) -> ImageT:
    """Answers (B, C, H, W) in the kind and shape of the image that they are for."""
    if isinstance(image, Tensor):
        return cast(ImageT, answers)
    array = np.asarray(image)
    clean = answers.movedim(-3, -1) if _is_colour(array) else answers[:, 0]
    return cast(ImageT, clean.reshape(array.shape).numpy().astype(array.dtype, copy=False))


def _picture(planes: Tensor) -> Picture:
    """Planes (C, H, W) as a picture whose noise can be looked at."""
    held = planes.detach().cpu()
    if held.dtype in (torch.bfloat16, torch.float16):
        held = held.float()  # numpy knows only one of them
    return Picture(held.permute(1, 2, 0).numpy())
