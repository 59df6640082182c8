"""The planes of an array denoised: units read with what they need around them, and written shard by shard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linn_cli.denoising import apart, by_parts
from linn_cli.denoising.by_parts import Part, Plane
from linn_cli.denoising.document import in_doubt
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.errors import InputError
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import Strength
from linn_cli.pictures.tiff_rows import LARGE
from linn_cli.progress import Progress, share, silent
from linn_cli.volumes import units
from linn_cli.volumes.axes import Axes
from linn_cli.volumes.units import Unit


@dataclass(frozen=True)
class Work:
    """How the planes of an array, of anything that has a shape and a dtype and takes slices, are denoised.

    `shards` are the sides of what is written at a time.
    `profiles` has the noise of each channel. `as_grey`: what is stored in colour is grey, and is denoised so.
    `used` holds the network that was used last, or one in doubt.
    """

    array: Any
    shards: tuple[int, ...]
    axes: Axes
    profiles: Sequence[NoiseProfile]
    networks: Networks
    strength: Strength
    max_pixels: int
    as_grey: bool = False
    used: list[LoadedNetwork] = field(default_factory=list)

    @property
    def goes_whole(self) -> bool:
        """Whether some noise is such that it takes whole planes."""
        return any(
            not apart.goes_by_rows(one, self._strength) and not self._is_nothing(one)
            for one in self.profiles
        )

    def network_for(self, profile: NoiseProfile) -> LoadedNetwork:
        """The network for noise, before a camera's transform."""
        return self.networks.at(profile.sigma_at(self._strength.most), self._channels)

    def networks_used(self) -> list[str]:
        """Weights and precision for the noise of each channel."""
        networks = map(self.network_for, self.profiles)
        return [
            f"{one.weight_set.name} {one.weight_set.sha256} {one.precision}" for one in networks
        ]

    def units(self) -> list[Unit]:
        """All units of the array.

        Raises:
            InputError: a plane must be denoised as a whole and is too large.
        """
        shape, dtype = self.array.shape, np.dtype(self.array.dtype)
        if self.goes_whole and np.prod(self.axes.size(shape)) > self.max_pixels:
            raise InputError(
                "the noise of few photons takes whole planes, and these have more than "
                f"{self.max_pixels} pixels: a higher --max-pixels takes them"
            )
        return units.units(self.axes, shape, self.shards, dtype.itemsize, whole=self.goes_whole)

    def answers(self, run: Sequence[Unit], progress: Progress = silent) -> Iterator[NDArray[Any]]:
        """The answer for each unit of a run (see `units.runs`), as the array stores it; `progress` counts to 1."""
        first, last = run[0], run[-1]
        if first.planes > 1:
            yield self._slab(first, progress)
            return
        (index,) = first.indices()
        part = replace(first.part, bottom=last.part.bottom)
        rows = self._rows(self._plane(index), part, index, progress)
        heights = [unit.part.height for unit in run]
        for values in by_parts.cut(rows, heights):
            yield self._as_stored(values, (1,) * len(first.outer))

    def needed(self, unit: Unit) -> Part:
        """What must be read of each plane of a unit."""
        indices = list(unit.indices())
        wide = _union(self._needed(self._plane(index), unit.part, index) for index in indices)
        return by_parts.to_read(self._plane(indices[0]), wide)

    def _slab(self, unit: Unit, progress: Progress) -> NDArray[Any]:
        """The answer for a unit of several planes; they are read together, since they lie in the same chunks."""
        told = share(progress, unit.planes)
        indices = list(unit.indices())
        wide = self.needed(unit)
        block = self._read(unit.outer, wide)
        block = block.reshape(-1, *block.shape[-3:])
        answers = []
        for index, values in zip(indices, block, strict=True):
            plane = replace(self._plane(index), read=partial(_within, values, wide))
            rows = self._rows(plane, unit.part, index, told)
            answers.append(np.concatenate(list(rows), axis=1))
        return self._as_stored(np.stack(answers), [one.stop - one.start for one in unit.outer])

    def _plane(self, index: tuple[int, ...]) -> Plane:
        outer = tuple(slice(one, one + 1) for one in index)
        rows, _ = self.axes.plane

        def read(part: Part) -> NDArray[Any]:
            block = self._read(outer, part)
            return block.reshape(block.shape[-3:])

        dtype = np.dtype(self.array.dtype).newbyteorder("=")
        size = self.axes.size(self.array.shape)
        return Plane(read, self._channels, *size, self.shards[rows], dtype)

    def _read(self, outer: tuple[slice, ...], part: Part) -> NDArray[Any]:
        """A part of some planes, (outer axes, C, n, w), of native byte order."""
        block = np.asarray(self.array[self.axes.selection(outer, part)])
        values = self.axes.as_planes(block.astype(block.dtype.newbyteorder("="), copy=False))
        return values[..., :1, :, :] if self.as_grey else values

    def _as_stored(self, values: NDArray[Any], sides: Sequence[int]) -> NDArray[Any]:
        """Planes (..., C, n, w) as the array has them, with so many along each outer axis."""
        shaped = values.reshape(*sides, *values.shape[-3:])
        if self.as_grey:
            shaped = np.repeat(shaped, 3, axis=-3)
        return self.axes.as_stored(shaped)

    def _profile(self, index: tuple[int, ...]) -> NoiseProfile:
        return self.profiles[self.axes.channel_at(index)]

    def _needed(self, plane: Plane, part: Part, index: tuple[int, ...]) -> Part:
        """What the network must see for a part."""
        profile = self._profile(index)
        if not apart.goes_by_rows(profile, self._strength) or _is_all(part, plane):
            return part
        return by_parts.with_halo(self.networks, plane, part, profile, self._strength)

    def _rows(
        self, plane: Plane, part: Part, index: tuple[int, ...], progress: Progress
    ) -> Iterator[NDArray[Any]]:
        """The answer for a part of a plane, as rows (C, n, w)."""
        profile = self._profile(index)
        if self._is_nothing(profile):
            yield from by_parts.strips(plane, part)
            progress(1)
            return
        if self.goes_whole or (_is_all(part, plane) and plane.height * plane.width <= LARGE):
            told = share(progress, plane.height)
            values = plane.read(plane.all)
            answer, network = by_parts.whole(self.networks, values, profile, self._strength, told)
            rows = iter([answer])
        else:
            height = self._needed(plane, part, index).height
            told = share(progress, height)
            rows, network = by_parts.denoise(
                self.networks, plane, part, profile, self._strength, told
            )
        self.used[:] = [in_doubt([*self.used, network])]
        yield from rows

    @property
    def _channels(self) -> int:
        """How many channels a plane has."""
        return 1 if self.axes.colour is None or self.as_grey else 3

    @property
    def _strength(self) -> Strength:
        return self.strength.of_channels(self._channels)

    def _is_nothing(self, profile: NoiseProfile) -> bool:
        return profile.is_nothing(self._strength.most)


def _is_all(part: Part, plane: Plane) -> bool:
    return part == plane.all


def _union(parts: Iterable[Part]) -> Part:
    """The smallest part that holds all of these."""
    tops, bottoms, lefts, rights = zip(*map(astuple, parts), strict=True)
    return Part(min(tops), max(bottoms), min(lefts), max(rights))


def _within(values: NDArray[Any], wide: Part, part: Part) -> NDArray[Any]:
    """A part of what was read of a wider one, (C, n, w)."""
    rows = slice(part.top - wide.top, part.bottom - wide.top)
    return values[:, rows, part.left - wide.left : part.right - wide.left]
