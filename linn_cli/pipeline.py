"""Picture in, picture out: arrays, tensors and files through the network."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli import devices, estimation, images, stabilisation, streaming, weights
from linn_cli.architecture import Variant
from linn_cli.errors import InputError, UsageError
from linn_cli.estimation import Estimate
from linn_cli.folding import FoldedScale, fold
from linn_cli.images import Picture
from linn_cli.stabilisation import CameraNoise
from linn_cli.weights import WeightSet

GREY_LEVELS = 255
# Below this sigma, in grey levels, there is nothing to remove and the input is the answer.
LEAST_SIGMA = 0.01

_DTYPES = {
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    *(torch.uint8, torch.uint16, torch.uint32),
    *(torch.int8, torch.int16, torch.int32),
}

ImageT = TypeVar("ImageT", NDArray[Any], Tensor)


@dataclass(frozen=True)
class Denoiser:
    """A folded network with its weights on a device, ready for any number of pictures."""

    scales: tuple[FoldedScale, ...]
    weight_set: WeightSet
    device: torch.device

    @property
    def precision(self) -> str:
        """The dtype that the predict and update networks compute in."""
        dtype = self.scales[0].steps[0].predict.filters[0].dtype
        return str(dtype).removeprefix("torch.")

    def __call__(
        self, images: Tensor, sigma: float, done: Callable[[int], None] = lambda rows: None
    ) -> Tensor:
        """Denoise images (B, 1, H, W) of any dtype into the same; sigma in 8-bit grey levels.

        Integers have the range of their dtype; floats are white at 1.0 and are not clamped. `done` is
        called with the number of rows whenever some are finished.

        Raises:
            UsageError: the dtype is neither float nor an integer of up to 32 bits.
            InputError: the images are empty or hold values that are not finite.
        """
        if images.dtype not in _DTYPES:
            raise UsageError(f"expected floats or integers of up to 32 bits, not {images.dtype}")
        if images.numel() == 0:
            raise InputError("the image is empty")
        if sigma < LEAST_SIGMA:
            return images.clone()
        answers = torch.empty_like(images)
        for noisy, answer in zip(images[:, 0], answers[:, 0], strict=True):
            self._denoise_plane(noisy, answer, sigma, done)
        return answers

    def bands(self, bands: Iterable[Tensor], width: int, sigma: float) -> Iterator[Tensor]:
        """Denoise a picture given as float32 bands (n, width) from the top; sigma as above.

        Yields the finished bands from the top, on the CPU. Their heights differ from the input's.
        """
        scale = sigma / GREY_LEVELS
        normalised = ((band.to(self.device)[None, None] - 0.5) / scale for band in bands)
        for answer in streaming.stream(self.scales, normalised, width):
            yield (answer[0, 0] * scale + 0.5).cpu()

    def _denoise_plane(
        self, noisy: Tensor, answer: Tensor, sigma: float, done: Callable[[int], None]
    ) -> None:
        """Denoise values (H, W) into `answer`, so that only bands are ever held as floats."""
        width = noisy.shape[1]
        levels = None if noisy.is_floating_point() else torch.iinfo(noisy.dtype)
        white = levels.max if levels else 1.0

        def bands() -> Iterator[Tensor]:
            for rows in noisy.split(streaming.band_height(width)):
                band = (rows.cpu().double() / white).float()
                if not bool(torch.isfinite(band).all()):
                    raise InputError("the image holds values that are not finite numbers")
                yield band

        top = 0
        for rows in self.bands(bands(), width, sigma):
            if not bool(torch.isfinite(rows).all()):
                raise InputError("the answer is not finite: the weights or the image are extreme")
            values = rows.double() * white
            if levels:
                values = values.round().clamp(levels.min, levels.max)
            answer[top : top + len(rows)] = values
            top += len(rows)
            done(len(rows))


def load(
    sigma: float,
    *,
    variant: Variant | None = None,
    scales: int | None = None,
    weight_file: Path | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> Denoiser:
    """Choose weights for sigma (8-bit grey levels) and put the network on a device.

    Args:
        sigma: the noise's standard deviation, in [0, 255].
        variant: "st" or "lista"; None for linn's choice.
        scales: 1 or 2; None for linn's choice.
        weight_file: a safetensors file to use instead of the bundled sets.
        device: auto, cpu, cuda, cuda:N or mps.
        precision: auto, float32 or bfloat16, for the predict and update networks; the picture itself
            and the lifting sums are always float32. auto takes bfloat16 where the device has it and
            sigma is high enough for it to lose no more than 0.01 dB (benchmarks/precision.py).

    Raises:
        UsageError: sigma, variant, scales, device or precision are not to be had.
        WeightsError: the weights are damaged or are not what they should be.
    """
    check_sigma(sigma)
    where = devices.resolve(device)
    if weight_file is None:
        chosen = weights.select(weights.bundled(), sigma, variant, scales)
    else:
        chosen = weights.describe(weight_file)
        held = chosen.architecture
        if variant not in (None, held.variant) or scales not in (None, held.scales):
            raise UsageError(f"{weight_file}: holds {held}, leave --variant and --scales out")
    dtype = devices.resolve_precision(precision, where, sigma)
    return Denoiser(fold(weights.load(chosen), dtype, where), chosen, where)


def denoise(
    image: ImageT,
    sigma: float,
    *,
    variant: Variant | None = None,
    scales: int | None = None,
    weight_file: str | Path | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> ImageT:
    """Remove white Gaussian noise of standard deviation sigma from a grey image.

    Args:
        image: a numpy array (H, W) or a torch tensor (B, 1, H, W). Integers have the range of their
            dtype; floats are white at 1.0 and may lie outside [0, 1].
        sigma: in 8-bit grey levels, [0, 255], whatever the dtype. Below 0.01 the input is returned.
        variant: "st" or "lista"; None for linn's choice.
        scales: 1 or 2; None for linn's choice.
        weight_file: a safetensors file to use instead of the bundled sets.
        device: auto, cpu, cuda, cuda:N or mps.
        precision: auto, float32 or bfloat16; see `load`.

    Returns:
        The denoised image: same kind, shape and dtype. The input is not changed.

    Raises:
        UsageError: a ValueError; an argument is out of its range.
        InputError: the image is empty or holds values that are not finite.
    """
    denoiser = load(
        sigma,
        variant=variant,
        scales=scales,
        weight_file=None if weight_file is None else Path(weight_file),
        device=device,
        precision=precision,
    )
    if isinstance(image, Tensor):
        if image.dim() != 4 or image.shape[1] != 1:
            raise UsageError(f"expected a tensor (B, 1, H, W), not {tuple(image.shape)}")
        return denoiser(image, sigma)
    array = np.asarray(image)
    if array.ndim != 2:
        raise UsageError(f"expected a grey array (H, W), not {array.shape}")
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise UsageError(f"expected floats or integers of up to 32 bits, not {array.dtype}")
    tensor = torch.from_numpy(np.array(array, array.dtype.newbyteorder("=")))
    return denoiser(tensor[None, None], sigma)[0, 0].numpy().astype(array.dtype, copy=False)


def denoise_camera(
    denoiser: Denoiser,
    values: Tensor,
    noise: CameraNoise,
    strength: float = 1.0,
    done: Callable[[int], None] = lambda rows: None,
) -> Tensor:
    """Denoise floats (B, 1, H, W), white at 1.0, of a camera's noise through its stabilising transform.

    `strength` multiplies the noise's standard deviation; with 0, or without noise, the input is returned.
    `done` is called with numbers of finished rows.
    """
    if strength == 0 or noise == CameraNoise(0, 0):
        return values.clone()
    black, span = _range(noise)
    sigma = GREY_LEVELS * noise.deviation() / span
    clean = denoiser((noise.stabilise(values) - black) / span, sigma * strength, done)
    return noise.restore(clean * span + black)


def stabilised_sigma(noise: CameraNoise) -> float:
    """How strong a camera's noise is once stabilised, in grey levels of the stabilised range, [0, 255]."""
    if noise == CameraNoise(0, 0):
        return 0.0
    return min(GREY_LEVELS * noise.deviation() / _range(noise)[1], GREY_LEVELS)


def _range(noise: CameraNoise) -> tuple[float, float]:
    """What black is stabilised to, and how much above it white is."""
    black, white = noise.stabilise(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist()
    return black, white - black


@dataclass(frozen=True)
class Measured:
    """The noise of one file, in grey levels, and what speaks against its being white."""

    input: str
    width: int
    height: int
    channels: list[Estimate]
    overall: Estimate
    correlated: bool
    grows_with_brightness: bool


def measure_file(source: Path, *, max_pixels: int = images.MOST_PIXELS) -> Measured:
    """Estimate the noise of a picture file.

    Raises:
        InputError: the file cannot be read, or is too small to say.
    """
    values, step = _unit_values(images.read(source, max_pixels=max_pixels).levels)
    channels = estimation.estimate_channels(values, step)
    planes = [values] if values.dim() == 2 else list(values.unbind(-1))
    return Measured(
        input=str(source),
        width=values.shape[1],
        height=values.shape[0],
        channels=channels,
        overall=estimation.overall(channels),
        correlated=any(estimation.is_correlated(plane, step) for plane in planes),
        grows_with_brightness=any(stabilisation.estimate(plane, step).gain > 0 for plane in planes),
    )


def measure_camera_noise(source: Path, *, max_pixels: int = images.MOST_PIXELS) -> CameraNoise:
    """Estimate gain and read noise of a grey picture file; see `measure_file` for errors."""
    return stabilisation.estimate(*_unit_values(images.read(source, max_pixels=max_pixels).levels))


def _unit_values(levels: NDArray[Any]) -> tuple[Tensor, float]:
    """Integer levels as floats white at 1, and the step between them."""
    white = np.iinfo(levels.dtype).max
    return torch.from_numpy(levels / np.float32(white)), 1 / float(white)


@dataclass(frozen=True)
class Outcome:
    """What `linn denoise` did to one file; `seconds` includes reading and writing."""

    input: str
    output: str
    width: int
    height: int
    sigma: float
    variant: str
    scales: int
    weights: str
    device: str
    precision: str
    metadata_kept: bool
    seconds: float
    gain: float | None = None
    read: float | None = None


def denoise_file(
    denoiser: Denoiser,
    source: Path,
    target: Path,
    sigma: float,
    *,
    noise: CameraNoise | None = None,
    strength: float = 1.0,
    max_pixels: int = images.MOST_PIXELS,
    done: Callable[[int, int], None] = lambda rows, height: None,
) -> Outcome:
    """Denoise one picture file into another.

    Args:
        denoiser: what to denoise with.
        source: an 8-bit grey picture; it is only read.
        target: where to; an existing file is replaced.
        sigma: in 8-bit grey levels; with `noise`, its `stabilised_sigma`.
        noise: a camera's noise, in place of white noise of sigma.
        strength: multiplies the noise's standard deviation; 0 leaves every pixel as it is.
        max_pixels: refuse larger pictures.
        done: called with a number of finished rows and the picture's height whenever there are some.

    Raises:
        UsageError: the target cannot be written or is the source; raised before any work.
        InputError: the source cannot be read, or writing failed. No target is left behind.
    """
    began = time.perf_counter()
    images.check_output(target, source)
    picture = images.read(source, max_pixels=max_pixels)
    levels = torch.from_numpy(picture.levels)[None, None]

    def advance(rows: int) -> None:
        done(rows, levels.shape[2])

    if noise is None or strength == 0:
        clean = denoiser(levels, sigma * strength, advance)[0, 0].numpy()
    else:
        values, step = _unit_values(picture.levels)
        restored = denoise_camera(denoiser, values[None, None], noise, strength, advance)[0, 0]
        clean = (restored / step).round().clamp(0, 1 / step).numpy().astype(picture.levels.dtype)
    metadata_kept = images.write(target, Picture(clean, picture.metadata))
    return Outcome(
        input=str(source),
        output=str(target),
        width=clean.shape[1],
        height=clean.shape[0],
        sigma=sigma,
        variant=denoiser.weight_set.architecture.variant,
        scales=denoiser.weight_set.architecture.scales,
        weights=denoiser.weight_set.name,
        device=str(denoiser.device),
        precision=denoiser.precision,
        metadata_kept=metadata_kept,
        seconds=time.perf_counter() - began,
        gain=noise.gain if noise else None,
        read=noise.read if noise else None,
    )


def check_sigma(sigma: float) -> None:
    """Raise `UsageError` unless sigma is a noise level in 8-bit grey levels."""
    if not math.isfinite(sigma) or not 0 <= sigma <= GREY_LEVELS:
        raise UsageError(
            f"sigma {sigma:g} is not a noise level: give grey levels from 0 to {GREY_LEVELS}"
        )
