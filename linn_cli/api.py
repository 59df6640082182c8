"""The Python API: images of any kind in, the same kind out, by the same code as the command line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import torch

from linn_cli import arrays
from linn_cli.arrays import AUTO, ChannelAxis
from linn_cli.denoising import arguments
from linn_cli.denoising import document as documents
from linn_cli.denoising.document import Search
from linn_cli.denoising.networks import Networks
from linn_cli.engine import devices
from linn_cli.engine.load import with_threads
from linn_cli.errors import UsageError
from linn_cli.evaluation import invertibility
from linn_cli.evaluation.invertibility import RoundTrip
from linn_cli.network.architecture import Variant, parse_variant
from linn_cli.noise import measurement
from linn_cli.noise.measured import Measured
from linn_cli.noise.request import Request
from linn_cli.noise.strength import StrengthLike
from linn_cli.pictures import reading, writing
from linn_cli.pictures.formats import format_of
from linn_cli.pictures.picture import Document, Picture
from linn_cli.progress import silent
from linn_cli.units import EIGHT_BITS, GREY_LEVELS, Sigma, SigmaLike
from linn_cli.weights import sources
from linn_cli.weights.selection import select
from linn_cli.wording import as_arguments

# The packages of arrays that are computed later.
_LAZY = ("dask", "zarr")
ImageT = TypeVar("ImageT")


class Denoiser:
    """Removes noise from any number of images; each network is loaded once, when it is first needed.

    A Denoiser is called like a function. It can be pickled: what it was made with goes along, the weights are loaded
    again.

    Args:
        variant: "st" or "lista"; None for linn's choice.
        scales: 1 or 2; None for linn's choice.
        fast: take the cheapest network that was trained for the noise.
        weight_file: a safetensors file, a bundled set's name or an hf:// reference (docs/weights.md); None
            for the bundled sets.
        device: auto, cpu, cuda, cuda:N or mps, or a torch.device.
        precision: auto, float32 or bfloat16, for the predict and update networks. auto takes bfloat16 where
            the device has it and it loses at most 0.01 dB. A device without bfloat16 refuses it;
            emulated-bfloat16 takes it all the same, slowly.
        max_memory: how many bytes the engine should hold on the CPU; None for a quarter of what is free.

    linn loads no weights before the first image. A device, precision, number of scales or weight file that it does
    not have is an error then.

    Raises:
        UsageError: a ValueError; there is no such variant, or max_memory is none.
    """

    def __init__(
        self,
        *,
        variant: Variant | None = None,
        scales: int | None = None,
        fast: bool = False,
        weight_file: str | Path | None = None,
        device: str | torch.device = "auto",
        precision: str = "auto",
        max_memory: int | None = None,
    ) -> None:
        if max_memory is not None and max_memory <= 0:
            raise UsageError(f"max_memory is {max_memory}: give a number of bytes, or None")
        self._options: dict[str, Any] = {
            "variant": parse_variant(variant),
            "scales": scales,
            "fast": fast,
            "weight_file": weight_file,
            "device": str(device),
            "precision": precision,
            "max_memory": max_memory,
        }
        self._networks = Networks(**self._options)

    def __repr__(self) -> str:
        usual = Denoiser()._options
        changed = (f"{k}={v!r}" for k, v in self._options.items() if v != usual[k])
        return f"Denoiser({', '.join(changed)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Denoiser, **self._options), ()

    def to(self, device: str | torch.device) -> Denoiser:
        """Compute on this device from now on, and return the Denoiser itself.

        Raises:
            UsageError: a ValueError; there is no such device.
        """
        devices.resolve(str(device))
        self._options["device"] = str(device)
        self._networks = Networks(**self._options)
        return self

    def __call__(
        self,
        image: ImageT,
        sigma: SigmaLike | str = AUTO,
        *,
        noise: str = AUTO,
        strength: StrengthLike = 1.0,
        gain: float | Iterable[float] | None = None,
        read_noise: float | Iterable[float] | None = None,
        sigma_unit: str = "8bit",
        channel_axis: ChannelAxis = AUTO,
        hot_pixels: bool = False,
    ) -> ImageT:
        """Remove the noise of an image, or of each image of a stack.

        Args:
            image: a numpy array, a torch tensor, a PIL image, an xarray.DataArray, an array that exports DLPack
                (CuPy, JAX), whatever numpy makes an array of, or what `read` returns. Integers have the range of
                their dtype; floats are white at 1.0 and may lie outside [0, 1]. An image that spans much less or
                more is brought to its own range. NaN and infinite values, masked and transparent ones stay.
            sigma: the noise's standard deviation in 8-bit grey levels, [0, 1020], whatever the dtype; several
                numbers for an image whose channels differ; "auto" estimates it, for each image of a
                stack, and once for an array of dask or Zarr. Below 0.01 the image is returned as it is. Where noise was cut off at black or white,
                as in files of 8 bits, linn corrects the mean.
            noise: "auto" takes noise for white, for a camera's where it clearly grows with brightness, or for a
                photograph's where it is clearly coarse; "white", "camera", "photo" or "correlated" decide by hand.
            strength: multiplies the noise level, 0 to 2; (1.0, 1.5) does so for brightness and for colour apart.
            gain: a camera's gain, if you know it: the variance of the noise for each level of signal.
            read_noise: a camera's read noise, with `gain`: the noise level in black.
            sigma_unit: what `sigma`, `gain` and `read_noise` count in: "8bit" (white is 255), "16bit" (65535) or
                "unit" (1), which are a float image's own values. "value" counts in the values of any dtype.
            channel_axis: which axis has the channels, or None if no axis has them. "auto" takes the last of an array
                and the third from the end of a tensor, if it has 1, 3 or 4. One channel is grey, three are red,
                green and blue, a fourth is alpha and stays; others are denoised one by one. All axes before those
                of the image make a stack. It may be the name of a DataArray's dimension.
            hot_pixels: replace hot and dead pixels, salt and pepper by what is around them first.

        Returns:
            The denoised image: same kind, shape and dtype, without gradients. The input is not changed. What only
            offers `__array__` comes back as a numpy array. For an array of dask or Zarr, an array of dask that is
            computed later.

        Raises:
            UsageError: a ValueError; an argument is out of its range, or the image's floats are not white at 1.
            InputError: the image is empty, or too small to estimate its noise.

        Warns:
            UserWarning: the noise is not what the weight file is for, a plane was left as it is, or sigma seems to
                count in another unit.
        """
        request = arguments.asked(sigma, noise, strength, gain, read_noise, sigma_unit)
        request = replace(request, hot_pixels=hot_pixels)
        if type(image).__module__.partition(".")[0] in _LAZY:
            return cast("ImageT", self._lazily(image, request, channel_axis))
        if isinstance(image, Document):
            return self._denoise_document(image, request)  # type: ignore[return-value]
        images = arrays.take(image, channel_axis)
        if sigma_unit == "8bit":
            _warn(arguments.doubt(request, images.values.dtype))
        answers = np.empty_like(images.values)
        for picture, answer in zip(_pictures(images), answers, strict=True):
            search = Search(request)
            found = search.planes_of(picture)
            if sigma_unit == "8bit":
                arguments.check_white(found, request)
            clean, network = documents.denoise_frame(
                picture, self._networks, found, request.strength, silent
            )
            answer[...] = clean.values
            _warn(network.doubt, *search.remarks, *search.advice)
        restored: ImageT = images.restore(answers)
        return restored

    def _lazily(self, array: Any, request: Request, channel_axis: ChannelAxis) -> Any:
        """The answer for an array of dask or Zarr, as one of dask."""
        if not find_spec("dask"):
            raise UsageError("Zarr arrays take dask: python -m pip install 'linn-cli[zarr]'")
        from linn_cli.volumes import lazily

        answer, doubts = lazily.denoise(array, self._options, request, channel_axis)
        _warn(*doubts)
        return answer

    def _denoise_document(self, document: Document, request: Request) -> Document:
        search = documents.search(document, request)
        found = [search.planes_of(frame) for frame in document.frames]
        clean, network = documents.denoise(
            document, self._networks, found, request.strength, silent
        )
        _warn(network.doubt, *search.remarks, *search.advice)
        return clean


def denoise(
    image: ImageT,
    sigma: SigmaLike | str = AUTO,
    *,
    noise: str = AUTO,
    strength: StrengthLike = 1.0,
    gain: float | Iterable[float] | None = None,
    read_noise: float | Iterable[float] | None = None,
    sigma_unit: str = "8bit",
    channel_axis: ChannelAxis = AUTO,
    hot_pixels: bool = False,
    variant: Variant | None = None,
    scales: int | None = None,
    fast: bool = False,
    weight_file: str | Path | None = None,
    device: str | torch.device = "auto",
    precision: str = "auto",
    max_memory: int | None = None,
) -> ImageT:
    """Remove the noise of an image, or of each image of a stack.

    The arguments are those of `Denoiser` and of its call. A Denoiser is faster for many images, since it keeps its
    networks.

    Returns:
        The denoised image: same kind, shape and dtype. The input is not changed.

    Raises:
        UsageError: a ValueError; an argument is out of its range, or the image's floats are not white at 1.
        InputError: the image is empty, or too small to estimate its noise.
    """
    denoiser = Denoiser(
        variant=variant,
        scales=scales,
        fast=fast,
        weight_file=weight_file,
        device=device,
        precision=precision,
        max_memory=max_memory,
    )
    return denoiser(
        image,
        sigma,
        noise=noise,
        strength=strength,
        gain=gain,
        read_noise=read_noise,
        sigma_unit=sigma_unit,
        channel_axis=channel_axis,
        hot_pixels=hot_pixels,
    )


def estimate(image: Any, *, channel_axis: ChannelAxis = AUTO) -> Measured:
    """Estimate the noise of an image, as `linn estimate` does.

    Args:
        image: one image, as for `Denoiser`.
        channel_axis: as for `Denoiser`. Of channels that are no colours, the first is measured.

    Returns:
        The estimate, in 8-bit grey levels. `sigma` is the noise as white noise, `overall` and `channels` have
        95 % intervals, `grows` says whether the noise grows with brightness, and `in_words()` says all of it.

    Raises:
        UsageError: a ValueError; it is no image, or not one.
        InputError: the image is too small.

    Warns:
        UserWarning: the image's floats are not white at 1, so that `sigma` is large.
    """
    if isinstance(image, Document):
        picture, *others = image.frames
    else:
        picture, *others = _pictures(arrays.take(image, channel_axis))
    if others:
        raise UsageError(
            f"expected one image, not a stack of {len(others) + 1}: estimate each by itself"
        )
    first = documents.in_range(picture.parts()[0])
    measured = measurement.measure(first).told_in(EIGHT_BITS, first)
    if (reach := arguments.farthest(first)) >= arguments.OTHER_WHITE:
        sigma = measured.overall.sigma
        _warn(
            f"the image's values go up to {reach:.4g}: sigma counts in 255ths of 1, "
            f"and {sigma:.4g} is {sigma / GREY_LEVELS:.4g} in these values"
        )
    return measured


def verify_invertibility(
    image: Any = None,
    *,
    sigma: float = 25.0,
    weight_file: str | Path | None = None,
    everything: bool = False,
) -> list[tuple[str, RoundTrip]]:
    """Run networks without their shrinkage, forth and back, as `linn verify-invertibility` does.

    Args:
        image: a grey image to try besides the built-in sizes, as for `Denoiser`; None for none.
        sigma: the noise level to scale images by, in 8-bit grey levels.
        weight_file: as for `Denoiser`; None for all bundled sets.
        everything: try every weight set on every size in every precision, which takes minutes.

    Returns:
        The worst round trip of each part of each weight set, with the set's name. `passed` says whether its `error`
        is within `bound`, which is what rounding accounts for.

    Raises:
        UsageError: a ValueError; sigma is no noise level, or the image is no grey one.
    """
    if Sigma.of(sigma).is_nothing:
        raise UsageError(f"sigma {sigma:g} is too small to scale by: give more")
    own = []
    if image is not None:
        pictures = _pictures(arrays.take(image))
        if any(picture.values.shape[2] > 1 for picture in pictures):
            raise UsageError("the image has colours: give one of its channels")
        own = [
            picture.scale.to_floats(torch.from_numpy(picture.values[:, :, 0])).double()
            for picture in pictures
        ]
    found = sources.find(weight_file).obtain_all()
    usual = select(found, sigma, None, None, channels=3)
    checks = invertibility.plan(found, usual, own, everything=everything)
    half = everything or devices.has_bfloat16(devices.resolve("cpu"))
    workers = torch.get_num_threads()
    with with_threads(1):
        return invertibility.run(checks, sigma / GREY_LEVELS, half=half, workers=workers)


def read(path: str | Path, *, max_pixels: int | None = None) -> Document:
    """Read a picture file: every frame, every bit, and the metadata.

    Args:
        path: the file, of any format that `linn denoise` takes.
        max_pixels: refuse larger pictures before they are decoded; None for 89 million.

    Returns:
        The picture. `array` has its values, `metadata` EXIF, colour profile, XMP and resolution, and `remarks` says
        what was converted. `denoise` takes it and returns the like.

    Raises:
        InputError: the file is missing, no picture, damaged, too large, or of a kind that linn does not read.
    """
    return reading.read(Path(path), max_pixels=max_pixels or reading.MOST_PIXELS)


def write(
    path: str | Path,
    image: Any,
    *,
    like: Document | None = None,
    quality: int | None = None,
    overwrite: bool = False,
    channel_axis: ChannelAxis = AUTO,
) -> None:
    """Write a picture in the format of the path's ending; the file appears whole or not at all.

    Args:
        path: where to.
        image: what `read` returned, or an array as for `Denoiser`; a stack becomes frames.
        like: a picture whose metadata the file gets, if `image` is an array.
        quality: of JPEG, WebP and AVIF, 1 to 100.
        overwrite: replace a file that exists.
        channel_axis: as for `Denoiser`.

    Raises:
        UsageError: a ValueError; the path's ending is no format's, or the file exists.
        InputError: the file cannot be written, or the format cannot hold the picture.

    Warns:
        UserWarning: the format could not hold something, which was converted or left out.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise UsageError(f"{target}: there already; overwrite=True replaces it")
    if quality is not None and not 1 <= quality <= 100:
        raise UsageError(f"quality is {quality}: give 1 to 100")
    if isinstance(image, Document):
        document = image
    else:
        frames = tuple(_pictures(arrays.take(image, channel_axis)))
        document = replace(like, frames=frames) if like else Document(frames, format_of(target))
    _warn(*writing.write(target, document, quality=quality))


def _pictures(images: arrays.Images) -> list[Picture]:
    known = [None] * len(images.values) if images.known is None else images.known
    return [Picture(values, alpha) for values, alpha in zip(images.values, known, strict=True)]


def _warn(*remarks: str) -> None:
    """Warn of each remark that is not empty, in the name of who called linn."""
    level, frame = 1, sys._getframe()
    while frame.f_code.co_filename == __file__ and frame.f_back:
        level, frame = level + 1, frame.f_back
    for remark in filter(None, remarks):
        warnings.warn(as_arguments(remark), stacklevel=level)
