"""The noise of photographs as people have them: from cameras, of scans and grain, under JPEG, and plain white."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from linn_cli.network import planes
from linn_cli.training import camera, filters, jpeg
from linn_cli.training.draws import Noisy, chance, log_uniform, normal, uniform
from linn_cli.training.white import WhiteNoise, draw_sigma
from linn_cli.units import GREY_LEVELS

# Where in a batch the patches with noise of a camera, coarse noise and grain end; the others have white noise.
_ENDS = (0.6, 0.75, 0.85)
_KINDS = ("camera", "coarse", "grain", "white")
_SHIFTS = 8  # pixels by which patches lie differently in the blocks of JPEG
# What half of the patches are told, as a share of the truth: noise differs over a picture, and an estimate errs.
_TOLD = (0.7, 1.4)
_LEAST = 0.3 / GREY_LEVELS  # what rounding to 8 bits makes
# Before noise is made, so many of the clean pictures are blurred by so many pixels, and enlarged: sampled every so many.
_SOFTENED, _SOFT, _ENLARGED = 0.8, (0.6, 2.0), (0.4, 1.0)
# The brightness where noise is strongest, how far around that it is strong, and how strong it is elsewhere.
_TONE_AT, _TONE_AROUND, _TONE_ELSEWHERE = (0.1, 0.7), (0.1, 0.4), (0.15, 0.7)
# How far the pixels of an edge differ, to a camera.
_EDGES = (3 / GREY_LEVELS, 16 / GREY_LEVELS)
# As JPEG and Pillow turn colour into grey.
_GREY = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)


@dataclass(frozen=True)
class PhotographNoise:
    """Patches of `size` out of larger ones: white, camera, blurred or enlarged, and grainy noise, often under JPEG.

    Most pictures are blurred first, and half of these enlarged, but for those with white noise. Each kind has a
    fixed share of a batch, rounded to whole patches: a batch of less than 8 lacks some. Sigma is the deviation of
    noisy - clean in each plane of a patch; half of the patches are told 0.7 to 1.4 times that. `is_grey` turns noisy and
    clean pictures into grey before they are stored, and white noise is that of grey pictures.
    """

    size: int
    levels: tuple[float, float]
    is_grey: bool = False

    @property
    def margin(self) -> int:
        """How much larger the patches must be that this is given."""
        return max(self.size // 2, self._side - self.size)

    @property
    def _side(self) -> int:
        """How large the pictures are that are stored, of which the patches are parts: whole blocks of JPEG."""
        return -(-(self.size + _SHIFTS) // jpeg.ALIGNMENT) * jpeg.ALIGNMENT

    def __call__(self, clean: Tensor, draws: Generator) -> Noisy:
        """Clean colour (B, 3, H, W), white at 1, each side `size` + `margin`, to patches of `size`, (B, 1, ...) if grey."""
        taken, coarse, grainy, white = clean.tensor_split(_ends(len(clean)))
        taken, coarse, grainy = (_softened(some, draws) for some in (taken, coarse, grainy))
        parts = (
            self._stored(*_taken(taken, draws), 0.7, draws),
            self._stored(*_coarse(coarse, self.levels, draws), 0.3, draws),
            self._stored(*_grainy(grainy, self.levels, draws), 0.8, draws),
            WhiteNoise(self.levels)(self._shown(self._middle(white)), draws),
        )
        return Noisy(*(torch.cat(part) for part in zip(*parts, strict=True)))

    def kinds(self, count: int) -> tuple[str, ...]:
        """The kind of noise of each patch of a batch of `count`."""
        return tuple(_KINDS[sum(place >= end for end in _ends(count))] for place in range(count))

    def _stored(self, noisy: Tensor, clean: Tensor, compressed: float, draws: Generator) -> Noisy:
        """Make both smaller at times, store the noisy ones in 8 bits or as JPEG, and cut out the patches."""
        count, shape = len(clean), (len(clean), 1, 1, 1)
        shrunk = chance(0.4, count, draws)
        spacing = uniform(shape, draws, 1, clean.shape[2] / self._side)
        spacing = torch.where(shrunk, spacing, 1.0)
        noisy, clean = (
            self._shown(filters.zoom(picture, self._side, spacing).clamp(0, 1))
            for picture in (noisy, clean)
        )
        quality = uniform(shape, draws, 60, 100).round()
        stored = torch.where(
            chance(compressed, count, draws),
            _compressed(noisy, quality, chance(0.75, count, draws)),
            (noisy * 255).round() / 255,
        )
        top, left = (
            torch.randint(
                self._side - self.size + 1, (count,), generator=draws, device=draws.device
            )
            for _ in range(2)
        )
        noisy, clean = (filters.cut(picture, self.size, top, left) for picture in (stored, clean))
        difference = planes.from_channels(noisy - clean)
        deviation = difference.square().mean((2, 3), keepdim=True).sqrt().clamp(min=_LEAST)
        told = torch.where(chance(0.5, count, draws), uniform(shape, draws, *_TOLD), 1.0)
        return Noisy(noisy, clean, deviation * told)

    def _shown(self, picture: Tensor) -> Tensor:
        """In colour or in grey."""
        return (picture * _GREY.to(picture)).sum(1, keepdim=True) if self.is_grey else picture

    def _middle(self, clean: Tensor) -> Tensor:
        first = (clean.shape[2] - self.size) // 2
        return clean[:, :, first : first + self.size, first : first + self.size]


def _ends(count: int) -> list[int]:
    return [round(count * end) for end in _ENDS]


def _compressed(noisy: Tensor, quality: Tensor, subsampled: Tensor) -> Tensor:
    """As JPEG, in colour or grey."""
    colour = noisy.expand(-1, 3, -1, -1)
    return jpeg.compress(colour, quality, subsampled)[:, : noisy.shape[1]]


def _softened(clean: Tensor, draws: Generator) -> Tensor:
    """Most pictures as soft as those of large sensors, and without their own grain, which would be learned."""
    soft = _sometimes(_SOFTENED, _SOFT, clean, draws)
    enlarged = chance(0.5, len(clean), draws) & (soft > 0)
    spacing = torch.where(enlarged, uniform(soft.shape, draws, *_ENLARGED), 1.0)
    return filters.zoom(filters.blur(clean, soft), clean.shape[2], spacing)


def _taken(clean: Tensor, draws: Generator) -> tuple[Tensor, Tensor]:
    """By a camera, which smooths its noise at times, the chroma's most, and its colours, and sharpens."""
    noisy, clean = camera.photograph(clean, draws)
    noise = _smoothed((noisy - clean) * _toned(clean, draws), clean, draws)
    noise = _blur_chroma(noise, _sometimes(0.5, (1.0, 3.5), clean, draws))
    left = 1 - _sometimes(0.5, (0.0, 0.8), clean, draws)
    noise = _of_chroma(noise, lambda chroma: left * chroma)
    soft = _sometimes(0.4, (0.4, 1.0), clean, draws)
    noisy, clean = filters.blur(clean + noise, soft), filters.blur(clean, soft)
    soft = _sometimes(0.3, (1.0, 2.0), clean, draws)
    noisy, clean = _blur_chroma(noisy, soft), _blur_chroma(clean, soft)
    amount = _sometimes(0.3, (0.3, 1.5), clean, draws)
    width = uniform((len(clean), 1, 1, 1), draws, 0.7, 1.5)
    return filters.sharpen(noisy, width, amount), filters.sharpen(clean, width, amount)


def _smoothed(noise: Tensor, clean: Tensor, draws: Generator) -> Tensor:
    """Noise as a camera leaves it: blurred at times, and half the time not beside edges, whose detail it keeps."""
    count, shape = len(clean), (len(clean), 1, 1, 1)
    smooth = filters.blur(noise, _sometimes(0.7, (0.4, 1.6), clean, draws))
    around, least = uniform(shape, draws, 1, 2), log_uniform(shape, draws, *_EDGES)
    kept = filters.edges(clean, around, least)
    return torch.lerp(smooth, noise, torch.where(chance(0.5, count, draws), kept, 0.0))


def _coarse(clean: Tensor, levels: tuple[float, float], draws: Generator) -> tuple[Tensor, Tensor]:
    """White noise, blurred or enlarged."""
    count = len(clean)
    sigma = draw_sigma(levels, count, draws)
    noise = sigma * normal(clean.shape, draws)
    spacing = uniform((count, 1, 1, 1), draws, 0.5, 0.85)
    width = uniform((count, 1, 1, 1), draws, 0.5, 1.5)
    enlarged = filters.zoom(noise, clean.shape[2], spacing)
    noise = torch.where(chance(0.5, count, draws), enlarged, filters.blur(noise, width))
    return clean + noise, clean


def _grainy(clean: Tensor, levels: tuple[float, float], draws: Generator) -> tuple[Tensor, Tensor]:
    """Grain: noise that is strongest at some brightness and, mostly, the same in all colours; half the time wholly so."""
    count, shape = len(clean), (len(clean), 1, 1, 1)
    sigma = draw_sigma((levels[0], 0.5 * levels[1]), count, draws)
    alike, apart = normal((count, 1, *clean.shape[2:]), draws), normal(clean.shape, draws)
    share = torch.where(chance(0.5, count, draws), uniform(shape, draws), 1.0)
    noise = share.sqrt() * alike + (1 - share).sqrt() * apart
    grains = filters.blur(noise, _sometimes(0.7, (0.4, 1.8), clean, draws))
    grains = grains / grains.square().mean((1, 2, 3), keepdim=True).sqrt()
    return clean + sigma * _toned(clean, draws) * grains, clean


def _toned(clean: Tensor, draws: Generator) -> Tensor:
    """How strong noise is, (B, 1, H, W), at most 1: half the time as under a curve that is flat in shadows and highlights."""
    shape = (len(clean), 1, 1, 1)
    at, around, elsewhere = (
        uniform(shape, draws, *one) for one in (_TONE_AT, _TONE_AROUND, _TONE_ELSEWHERE)
    )
    distance = (clean.mean(1, keepdim=True) - at) / around
    tone = torch.lerp(torch.exp(-0.5 * distance.square()), torch.ones_like(distance), elsewhere)
    return torch.where(chance(0.5, len(clean), draws), tone, 1.0)


def _sometimes(
    probability: float, between: tuple[float, float], like: Tensor, draws: Generator
) -> Tensor:
    """A number for each patch, (B, 1, 1, 1): between the two as often as told, else 0."""
    drawn = uniform((len(like), 1, 1, 1), draws, *between)
    return torch.where(chance(probability, len(like), draws), drawn, 0.0)


def _blur_chroma(picture: Tensor, sigma: Tensor) -> Tensor:
    return _of_chroma(picture, lambda chroma: filters.blur(chroma, sigma))


def _of_chroma(picture: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    luma, chroma = planes.from_channels(picture).split((1, 2), dim=1)
    return planes.to_channels(torch.cat((luma, change(chroma)), dim=1))
