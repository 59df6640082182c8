"""Pictures in, pictures out: arrays and tensors through the network."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli import clipping, devices, pyramid, sources, streaming, weights
from linn_cli.architecture import Variant
from linn_cli.bands import in_step
from linn_cli.clipping import Clipping
from linn_cli.errors import InputError, UsageError
from linn_cli.folding import FoldedScale, fold
from linn_cli.normalisation import network_sigma, normalise, restore
from linn_cli.sigmas import LEAST_SIGMA, Sigma, channel_sigmas
from linn_cli.sources import Source
from linn_cli.weights import WeightSet

_DTYPES = {
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    *(torch.uint8, torch.uint16, torch.uint32),
    *(torch.int8, torch.int16, torch.int32),
}
_CHANNELS = (1, 3)
_FLOATS = 2**20

ImageT = TypeVar("ImageT", NDArray[Any], Tensor)
Change = Callable[[Tensor], Tensor]


def unchanged(rows: Tensor) -> Tensor:
    """Change nothing."""
    return rows


@dataclass(frozen=True)
class Denoiser:
    """A folded network with its weights on a device, ready for any number of pictures.

    `halves`: whether heavy noise in a grey picture or in the luma is taken out of its halves too.
    """

    scales: tuple[FoldedScale, ...]
    weight_set: WeightSet
    device: torch.device
    max_memory: int | None = None
    halves: bool = True

    @property
    def precision(self) -> str:
        """The dtype that the predict and update networks compute in."""
        dtype = self.scales[0].steps[0].predict.filters[0].dtype
        return str(dtype).removeprefix("torch.")

    def __call__(
        self,
        images: Tensor,
        sigma: Sigma,
        done: Callable[[int], None] = lambda rows: None,
        clipped: Clipping = clipping.NONE,
    ) -> Tensor:
        """Denoise images (B, C, H, W) of any dtype into the same; C is 1 (grey) or 3 (red, green, blue).

        Integers have the range of their dtype; floats are white at 1.0 and are not clamped. `done` is
        called with the number of rows whenever some are finished. That noise was `clipped` is undone.

        Raises:
            UsageError: the dtype is neither float nor an integer of up to 32 bits, or sigma does not
                suit the channels.
            InputError: the images are empty or hold values that are not finite.
        """
        _check(images)
        levels = channel_sigmas(sigma, images.shape[1])
        if max(levels) < LEAST_SIGMA:
            return images.clone()
        answers = torch.empty_like(images)
        for noisy, answer in zip(images, answers, strict=True):
            self._denoise(noisy, answer, levels, done, clipped)
        return answers

    def rows(
        self,
        rows: Iterable[Tensor],
        width: int,
        sigma: Sequence[float],
        before: Change = unchanged,
        after: Change = unchanged,
    ) -> Iterator[Tensor]:
        """Denoise a picture given from the top as rows (C, n, width) of a dtype that an image may have.

        `before` and `after` change rows as floats, white at 1, before and after the network.
        Yields the finished rows from the top, of the same dtype, on the CPU. Their heights differ from the
        input's. Only a few bands are ever held, and only as many as that as floats.

        Raises:
            InputError: values that are not finite came in, or out.
        """
        dtypes: list[torch.dtype] = []

        def bands() -> Iterator[Tensor]:
            for levels in rows:
                dtypes[:] = [levels.dtype]
                yield before(_floats(levels))

        for answer in self.bands(bands(), width, sigma):
            yield _levels(after(answer), dtypes[0])

    def bands(
        self, bands: Iterable[Tensor], width: int, sigma: Sequence[float]
    ) -> Iterator[Tensor]:
        """Denoise a picture given as float32 bands (C, n, width) from the top; a sigma for each channel.

        Yields the finished bands from the top, on the CPU. Their heights differ from the input's.
        """
        height = self.band_height(width, sigma)
        normalised = (normalise(band.to(self.device), sigma) for band in bands)
        copies = enumerate(itertools.tee(normalised, len(sigma)))
        planes = [
            pyramid.stream(
                self.scales, _plane(copy, channel), width, halvings=halvings, band=height
            )
            for (channel, copy), halvings in zip(copies, self._halvings(sigma), strict=True)
        ]
        for answers in in_step(*planes):
            yield restore(torch.cat(answers), sigma).cpu()

    def band_height(self, width: int, sigma: Sequence[float]) -> int:
        """The number of rows to work on at once, for speed and within `max_memory`."""
        widths = [w for halvings in self._halvings(sigma) for w in pyramid.widths(width, halvings)]
        return streaming.highest_band(self.scales, widths, self.max_memory)

    def _halvings(self, sigma: Sequence[float]) -> list[int]:
        """How often each of the planes of a picture with noise of sigma, by channel, is halved."""
        luma = pyramid.halvings(network_sigma(sigma)) if self.halves else 0
        return [luma] + [luma + pyramid.CHROMA_HALVINGS] * (len(sigma) - 1)

    def _denoise(
        self,
        noisy: Tensor,
        answer: Tensor,
        sigma: Sequence[float],
        done: Callable[[int], None],
        clipped: Clipping,
    ) -> None:
        """Denoise values (C, H, W) into `answer`."""
        width = noisy.shape[-1]
        top = 0
        bands = noisy.split(self.band_height(width, sigma), dim=1)
        for rows in self.rows(bands, width, sigma, after=clipped.undo):
            count = rows.shape[1]
            answer[:, top : top + count] = rows
            top += count
            done(count)


def _check(images: Tensor) -> None:
    if images.dtype not in _DTYPES:
        raise UsageError(f"expected floats or integers of up to 32 bits, not {images.dtype}")
    if images.numel() == 0:
        raise InputError("the image is empty")


def _floats(levels: Tensor) -> Tensor:
    """Values of an image's dtype to float32, white at 1."""
    white = 1.0 if levels.is_floating_point() else torch.iinfo(levels.dtype).max
    floats = (levels.cpu().double() / white).float()
    if not bool(torch.isfinite(floats).all()):
        raise InputError("the image holds values that are not finite numbers")
    return floats


def _levels(floats: Tensor, dtype: torch.dtype) -> Tensor:
    """Floats, white at 1, to the values of an image's dtype; integers are rounded and clamped."""
    if not bool(torch.isfinite(floats).all()):
        raise InputError("the answer is not finite: the weights or the image are extreme")
    if dtype.is_floating_point:
        return floats.to(dtype)
    span = torch.iinfo(dtype)
    return (floats.double() * span.max).round().clamp(span.min, span.max).to(dtype)


def _plane(planes: Iterable[Tensor], channel: int) -> Iterator[Tensor]:
    return (bands[channel : channel + 1] for bands in planes)


def is_grey(images: Tensor) -> bool:
    """Whether all channels of images (B, C, H, W) are the same."""
    return bool((images == images[:, :1]).all())


class Networks:
    """Denoisers for any sigma; each network is loaded once, when it is first asked for.

    Args:
        variant: "st" or "lista"; None for linn's choice.
        scales: 1 or 2; None for linn's choice.
        weight_file: what to use instead of the bundled sets: a safetensors file, a bundled set's name, an
            hf:// reference (docs/weights.md), or what `sources.find` made of one.
        device: auto, cpu, cuda, cuda:N or mps.
        precision: auto, float32 or bfloat16, for the predict and update networks; the picture itself
            and the lifting sums are always float32. auto takes bfloat16 where the device has it and
            sigma is high enough for it to lose no more than 0.01 dB (benchmarks/precision.py).
        max_memory: how many bytes an engine should hold on the CPU, which decides how many rows it works on;
            by default `memory_share` of what is available. A few rows of every layer are always held.
    """

    def __init__(
        self,
        *,
        variant: Variant | None = None,
        scales: int | None = None,
        weight_file: str | Path | Source | None = None,
        device: str = "auto",
        precision: str = "auto",
        max_memory: int | None = None,
        memory_share: float = 0.25,
    ) -> None:
        self.variant = variant
        self.scales = scales
        self.weight_file = weight_file
        self._source: Source | None = None
        self.device = device
        self.precision = precision
        self.max_memory = max_memory
        self.memory_share = memory_share
        self._made: dict[tuple[Path, torch.dtype], Denoiser] = {}

    def at(self, sigma: Sigma, channels: int = 1) -> Denoiser:
        """The denoiser for pictures of this many channels with this noise.

        Raises:
            UsageError: sigma, variant, scales, device or precision are not to be had.
            WeightsError: the weights are damaged or are not what they should be.
        """
        level = network_sigma(channel_sigmas(sigma, channels))
        device = devices.resolve(self.device)
        # Chroma has so little contrast that, to the network, its noise is heavy.
        most = level if channels == 1 else max(level, pyramid.HEAVY)
        chosen = self._sets().choose(level, self.variant, self.scales, most)
        dtype = devices.resolve_precision(self.precision, device, level)
        key = chosen.path, dtype
        if key not in self._made:
            folded = fold(weights.load(chosen), dtype, device)
            self._made[key] = Denoiser(folded, chosen, device, self._budget(device))
        return self._made[key]

    def denoise(
        self,
        images: Tensor,
        sigma: Sigma,
        done: Callable[[int], None] = lambda rows: None,
        clipped: Clipping = clipping.NONE,
        *,
        halves: bool = True,
    ) -> tuple[Tensor, Denoiser]:
        """Denoise images (B, C, H, W) as a `Denoiser` does, and tell which one did.

        A grey picture stored as colour is denoised as grey and stays grey: its noise is the same in all
        channels, so that the rotation would find sqrt(3) times as much in the luma.
        """
        channels = images.shape[1]
        levels = channel_sigmas(sigma, channels)
        if channels > 1 and len(set(levels)) == 1 and is_grey(images):
            grey = images[:, :1]
            answer, denoiser = self.denoise(grey, levels[0], done, clipped, halves=halves)
            return answer.repeat(1, channels, 1, 1), denoiser
        denoiser = replace(self.at(levels, channels), halves=halves)
        return denoiser(images, levels, done, clipped), denoiser

    def _budget(self, device: torch.device) -> int | None:
        if device.type != "cpu":
            return None  # there a failed allocation is an error, and the engine shrinks its band
        return self.max_memory or devices.available_memory(self.memory_share)

    def _sets(self) -> Source:
        if self._source is None:
            named = self.weight_file
            self._source = named if isinstance(named, Source) else sources.find(named)
        return self._source


def find_clipping(images: Tensor, sigma: Sequence[float]) -> Clipping:
    """See whether the noise of images (B, C, H, W) of any dtype is cut off at black and at white.

    Raises:
        UsageError: the dtype is neither float nor an integer of up to 32 bits.
        InputError: the images are empty or hold values that are not finite.
    """
    _check(images)
    # Whole squares of what `clipping.find` looks at, yet few pixels at a time as floats.
    height = max(1, _FLOATS // (8 * images.shape[-1])) * 8
    bands = (band for image in images for band in image.split(height, dim=1))
    return clipping.find(map(_floats, bands), sigma)


def load(sigma: Sigma, channels: int = 1, **options: Any) -> Denoiser:
    """The denoiser for one noise level; the options are those of `Networks`."""
    return Networks(**options).at(sigma, channels)


def denoise(
    image: ImageT,
    sigma: Sigma,
    *,
    variant: Variant | None = None,
    scales: int | None = None,
    weight_file: str | Path | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> ImageT:
    """Remove white Gaussian noise of standard deviation sigma from a grey or colour image.

    Args:
        image: a numpy array (H, W) or (H, W, 3), or a torch tensor (B, 1, H, W) or (B, 3, H, W).
            Integers have the range of their dtype; floats are white at 1.0 and may lie outside [0, 1].
        sigma: in 8-bit grey levels, [0, 1020], whatever the dtype; for a colour image it may be three,
            one for each channel. Below 0.01 the input is returned. Where noise was cut off at 0 or at
            white, as in files of 8 bits, its mean is made up for.
        variant: "st" or "lista"; None for linn's choice.
        scales: 1 or 2; None for linn's choice.
        weight_file: a safetensors file, a bundled set's name or an hf:// reference; see `load`.
        device: auto, cpu, cuda, cuda:N or mps.
        precision: auto, float32 or bfloat16; see `Networks`.

    Returns:
        The denoised image: same kind, shape and dtype. The input is not changed.

    Raises:
        UsageError: a ValueError; an argument is out of its range.
        InputError: the image is empty or holds values that are not finite.
    """
    networks = Networks(
        variant=variant,
        scales=scales,
        weight_file=weight_file,
        device=device,
        precision=precision,
    )
    if isinstance(image, Tensor):
        if image.dim() != 4 or image.shape[1] not in _CHANNELS:
            shapes = "(B, 1, H, W) or (B, 3, H, W)"
            raise UsageError(f"expected a tensor {shapes}, not {tuple(image.shape)}")
        return _denoise(networks, image, sigma)
    array = np.asarray(image)
    if array.ndim != 2 and (array.ndim != 3 or array.shape[2] != _CHANNELS[-1]):
        raise UsageError(f"expected an array (H, W) or (H, W, 3), not {array.shape}")
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise UsageError(f"expected floats or integers of up to 32 bits, not {array.dtype}")
    tensor = torch.from_numpy(np.array(array, array.dtype.newbyteorder("=")))
    planes = tensor[None, None] if array.ndim == 2 else tensor.permute(2, 0, 1)[None]
    answer = _denoise(networks, planes, sigma)[0]
    clean = answer[0] if array.ndim == 2 else answer.permute(1, 2, 0)
    return clean.numpy().astype(array.dtype, copy=False)


def _denoise(networks: Networks, images: Tensor, sigma: Sigma) -> Tensor:
    clipped = find_clipping(images, channel_sigmas(sigma, images.shape[1]))
    return networks.denoise(images, sigma, clipped=clipped)[0]
