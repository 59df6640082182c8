"""Pictures in, pictures out: the network for their noise, and arrays and tensors through it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli.denoising.denoiser import Denoiser, Done, is_grey
from linn_cli.engine import devices, pyramid
from linn_cli.engine.folding import fold
from linn_cli.engine.normalisation import network_sigma
from linn_cli.errors import UsageError
from linn_cli.network.architecture import Variant
from linn_cli.noise import clipping
from linn_cli.noise.clipping import Clipping
from linn_cli.units import Sigma, channel_sigmas
from linn_cli.weights import sets, sources
from linn_cli.weights.sources import Source

_CHANNELS = (1, 3)

ImageT = TypeVar("ImageT", NDArray[Any], Tensor)


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
            folded = fold(sets.load(chosen), dtype, device)
            self._made[key] = Denoiser(folded, chosen, device, self._budget(device))
        return self._made[key]

    def denoise(
        self,
        images: Tensor,
        sigma: Sigma,
        done: Done = lambda rows: None,
        clipped: Clipping = clipping.NONE,
    ) -> tuple[Tensor, Denoiser]:
        """Denoise images (B, C, H, W) as a `Denoiser` does, and tell which one did; noise `clipped` is undone.

        A grey picture stored as colour is denoised as grey and stays grey: its noise is the same in all
        channels, so that the rotation would find sqrt(3) times as much in the luma.
        """
        channels = images.shape[1]
        levels = channel_sigmas(sigma, channels)
        if channels > 1 and len(set(levels)) == 1 and is_grey(images):
            grey = images[:, :1]
            answer, denoiser = self.denoise(grey, levels[0], done, clipped)
            return answer.repeat(1, channels, 1, 1), denoiser
        denoiser = self.at(levels, channels)
        return denoiser(images, levels, done, after=clipped.undo), denoiser

    def _budget(self, device: torch.device) -> int | None:
        if device.type != "cpu":
            return None  # there a failed allocation is an error, and the engine shrinks its band
        return self.max_memory or devices.available_memory(self.memory_share)

    def _sets(self) -> Source:
        if self._source is None:
            named = self.weight_file
            self._source = named if isinstance(named, Source) else sources.find(named)
        return self._source


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
    clipped = clipping.find_in(images, channel_sigmas(sigma, images.shape[1]))
    return networks.denoise(images, sigma, clipped=clipped)[0]
