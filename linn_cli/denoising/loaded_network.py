"""One network over pictures of any dtype: by planes, by bands of rows, within the memory allowed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from linn_cli import samples
from linn_cli.engine import budget, halo, pyramid
from linn_cli.engine.bands import in_step
from linn_cli.engine.folding import FoldedScale
from linn_cli.engine.halo import Halo
from linn_cli.engine.load import Load
from linn_cli.engine.normalisation import (
    network_sigma,
    normalise,
    normalise_jointly,
    restore,
    restore_jointly,
)
from linn_cli.errors import InputError, UsageError
from linn_cli.progress import Progress, share, silent
from linn_cli.units import LEAST_SIGMA, Sigma, SigmaLike
from linn_cli.weights.sets import WeightSet

Change = Callable[[Tensor], Tensor]


def unchanged(rows: Tensor) -> Tensor:
    """Change nothing."""
    return rows


@dataclass(frozen=True)
class LoadedNetwork:
    """A folded network with its weights on a device, ready for any number of pictures.

    `halves`: whether heavy noise in a grey picture or in the luma is taken out of its halves too. `doubt`: why the
    weights, which were asked for by name, do not suit the noise; empty if they do. `beside`: the name of the weights of
    another network that saw the noise beside this one; empty for none. `load`: tells how many of the
    threads that torch may use are free.
    """

    scales: tuple[FoldedScale, ...]
    weight_set: WeightSet
    device: torch.device
    max_memory: int | None = None
    halves: bool = True
    doubt: str = ""
    beside: str = ""
    load: Load = field(default_factory=Load, compare=False)

    @property
    def precision(self) -> str:
        """The dtype that the predict and update networks compute in."""
        dtype = self.scales[0].steps[0].predict.filters[0].dtype
        return str(dtype).removeprefix("torch.")

    def __call__(
        self,
        images: Tensor,
        sigma: SigmaLike,
        progress: Progress = silent,
        before: Change = unchanged,
        after: Change = unchanged,
        chroma: Sequence[float] = (),
    ) -> Tensor:
        """Denoise images (B, C, H, W) of any dtype into the same; C is 1 (grey) or 3 (red, green, blue).

        Integers have the range of their dtype; floats are white at 1.0 and are not clamped. `progress`
        counts rows. For `before`, `after` and `chroma` see `rows`.

        Raises:
            UsageError: the dtype is neither float nor an integer of up to 32 bits, or sigma does not
                suit the channels.
            InputError: the images are empty or hold values that are not finite.
        """
        samples.check(images)
        wanted = Sigma.of(sigma)
        levels = wanted.by_channel(images.shape[1])
        if wanted.is_nothing:
            return images.clone()
        if min(levels) < LEAST_SIGMA:
            raise UsageError(f"sigma is 0 in some channels: give at least {LEAST_SIGMA} in each")
        answers = torch.empty_like(images)
        for noisy, answer in zip(images, answers, strict=True):
            self._denoise(noisy, answer, levels, progress, before, after, chroma)
        return answers

    def rows(
        self,
        rows: Iterable[Tensor],
        width: int,
        sigma: Sequence[float],
        before: Change = unchanged,
        after: Change = unchanged,
        progress: Progress = silent,
        chroma: Sequence[float] = (),
    ) -> Iterator[Tensor]:
        """Denoise a picture given from the top as rows (C, n, width) of a dtype that an image may have.

        `before` and `after` change rows as floats, white at 1, before and after the network. `progress` counts
        rows as far as they are computed. `chroma` is the noise of the two chroma planes in units of the luma's, if it
        is not white.
        Yields the finished rows from the top, of the same dtype, on the CPU. Their heights differ from the
        input's. Only as many rows are ever held as the planes lag behind, and only these as floats.

        Raises:
            InputError: values that are not finite came in, or out.
        """
        height = self.band_height(width, sigma)
        dtypes: list[torch.dtype] = []

        def bands() -> Iterator[Tensor]:
            for strip in rows:
                dtypes[:] = [strip.dtype]
                for levels in strip.split(height, dim=1):
                    yield before(samples.to_floats(levels.cpu()))

        answers = self._bands(bands(), width, sigma, height, progress, chroma)
        for answer in self.load.pace(answers) if self.device.type == "cpu" else answers:
            yield _levels(after(answer), dtypes[0])

    def _bands(
        self,
        bands: Iterable[Tensor],
        width: int,
        sigma: Sequence[float],
        height: int,
        progress: Progress,
        chroma: Sequence[float],
    ) -> Iterator[Tensor]:
        """Denoise float32 bands (C, n, width), about `height` rows at a time, into bands of other heights."""
        there = (band.to(self.device) for band in bands)
        halvings = self._halvings(sigma)
        # A half has half the rows. What the picture and its halves have for each of its rows, in all streams:
        pixels = sum(
            wide / 2**halved
            for count in halvings
            for halved, wide in enumerate(pyramid.widths(width, count))
        )

        def stream(planes: Iterable[Tensor], count: int) -> Iterator[Tensor]:
            told = share(progress, pixels)
            return pyramid.stream(
                self.scales, planes, width, halvings=count, band=height, progress=told
            )

        if self.planes == len(sigma):
            joint = (normalise_jointly(band, sigma, chroma) for band in there)
            for answer in stream(joint, *halvings):
                yield restore_jointly(answer, sigma, chroma).cpu()
            return
        normalised = (normalise(band, sigma, chroma) for band in there)
        copies = enumerate(itertools.tee(normalised, len(sigma)))
        parts = [
            stream(_plane(copy, channel), count)
            for (channel, copy), count in zip(copies, halvings, strict=True)
        ]
        for answers in in_step(*parts):
            yield restore(torch.cat(answers), sigma, chroma).cpu()

    @property
    def planes(self) -> int:
        """How many planes the network lifts together: 1, or 3 for colour pictures only."""
        return self.scales[0].planes

    def band_height(self, width: int, sigma: Sequence[float]) -> int:
        """The number of rows to work on at once, for speed and within `max_memory`."""
        widths = [w for halvings in self._halvings(sigma) for w in pyramid.widths(width, halvings)]
        return budget.highest_band(self.scales, widths, self.max_memory)

    def halo(self, sigma: Sequence[float], halvings: int = 0) -> Halo:
        """What a part of a picture with noise of sigma by channel needs around it, which is halved so often beside."""
        return halo.of(self.scales, max(self._halvings(sigma)) + halvings)

    def _halvings(self, sigma: Sequence[float]) -> list[int]:
        """How often each stream of planes is halved, for a picture with noise of sigma by channel.

        Raises:
            UsageError: the network is for pictures of other channels.
        """
        luma = pyramid.halvings(network_sigma(sigma)) if self.halves else 0
        if self.planes == len(sigma):
            return [luma]
        if self.planes > 1:
            raise UsageError(f"{self.weight_set.name} is for colour pictures: choose other weights")
        return [luma] + [luma + pyramid.CHROMA_HALVINGS] * (len(sigma) - 1)

    def _denoise(
        self,
        noisy: Tensor,
        answer: Tensor,
        sigma: Sequence[float],
        progress: Progress,
        before: Change,
        after: Change,
        chroma: Sequence[float],
    ) -> None:
        """Denoise values (C, H, W) into `answer`."""
        top = 0
        for rows in self.rows([noisy], noisy.shape[-1], sigma, before, after, progress, chroma):
            count = rows.shape[1]
            answer[:, top : top + count] = rows
            top += count


def _levels(floats: Tensor, dtype: torch.dtype) -> Tensor:
    """Finite floats, white at 1, to the values of an image's dtype."""
    if not bool(torch.isfinite(floats).all()):
        raise InputError("the answer is not finite: the weights or the image are extreme")
    return samples.from_floats(floats, dtype)


def _plane(planes: Iterable[Tensor], channel: int) -> Iterator[Tensor]:
    return (bands[channel : channel + 1] for bands in planes)
