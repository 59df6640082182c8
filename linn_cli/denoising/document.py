"""A picture file in memory, denoised: every channel of every frame, what has no value and what is transparent left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linn_cli.denoising import planes
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.errors import InputError
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.noise.strength import Strength
from linn_cli.pictures import metadata, ranges
from linn_cli.pictures.picture import Document, Picture
from linn_cli.progress import Progress, share
from linn_cli.samples import Range
from linn_cli.wording import as_arguments

# A part of the pages tells the range of all: so many.
MOST_PAGES = 64
# Of planes that stay as they are, so many are named.
_MOST_NAMED = 8


@dataclass(frozen=True)
class Plane:
    """What is denoised together, in its own range, with its noise: a picture in colour, or one of its channels."""

    picture: Picture
    profile: NoiseProfile


@dataclass
class Search:
    """Finds the noise of every plane of one frame after the other.

    Args:
        request: what is asked for.
        scale: the range of all frames; a plane that uses little of it has its own.
        known: the noise of all planes, if it is known.

    `profiles` are those found so far, in order, and `left` the numbers of planes that stay as they are, by the reason.
    """

    request: Request
    scale: Range | None = None
    known: NoiseProfile | None = None
    profiles: list[NoiseProfile] = field(default_factory=list)
    left: dict[str, list[int]] = field(default_factory=dict)

    def planes_of(self, frame: Picture) -> list[Plane]:
        """The planes of the next frame.

        Raises:
            InputError: a plane is too small to estimate its noise.
            UsageError: sigma or a camera's noise is given for another number of channels.
        """
        found = []
        for part in frame.parts():
            index, count = part.channel
            several = count > 1 and not part.is_colour
            request = self.request.of_channel(index, count) if several else self.request
            ranged = in_range(part, self.scale)
            found.append(Plane(ranged, self._profile(ranged, request)))
            self.profiles.append(found[-1].profile)
        return found

    @property
    def remarks(self) -> list[str]:
        """What was left as it is, and why."""
        return [_left_words(which, len(self.profiles), why) for why, which in self.left.items()]

    @property
    def advice(self) -> tuple[str, ...]:
        """What the noise that was found advises, in Python's words, each thing once."""
        words = (as_arguments(word) for one in self.profiles for word in one.advice)
        return tuple(dict.fromkeys(words))

    def _profile(self, part: Picture, request: Request) -> NoiseProfile:
        """The noise of a part, or that of one before it if it is the same for all."""
        if self.known:
            return self.known.within(part)
        if request.same:
            for profile in self.profiles:
                if not profile.sigma.is_nothing:
                    return profile.within(part)
        if part.is_empty:
            return self._left(part, "no pixel has a value")
        try:
            return request.find(part)
        except InputError as error:
            if part.known is None:
                raise
            return self._left(part, error.text)

    def _left(self, part: Picture, reason: str) -> NoiseProfile:
        """No noise of a part that stays as it is."""
        self.left.setdefault(reason, []).append(len(self.profiles) + 1)
        return NoiseProfile.none(part)


def _left_words(numbers: Sequence[int], count: int, reason: str) -> str:
    """That planes, of so many, were left as they are."""
    if len(numbers) == count:
        return f"left as it is: {reason}"
    if len(numbers) == 1:
        return f"plane {numbers[0]} was left as it is: {reason}"
    first = ", ".join(map(str, numbers[:_MOST_NAMED]))
    more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
    return f"planes {first}{more} were left as they are: {reason}"


def search(document: Document, request: Request, known: NoiseProfile | None = None) -> Search:
    """A search for the noise of a document's planes, with the range of all of them."""
    frames = document.frames
    return Search(request, in_own_range(frames[:: -(-len(frames) // MOST_PAGES)]), known)


def in_own_range(frames: Iterable[Picture]) -> Range | None:
    """One range for all planes of some frames; None if the range of their dtype fits them."""
    found: list[ranges.Spread] = []
    usual, in_colour = None, True
    for frame in frames:
        if frame.values.dtype == np.uint8:
            continue
        usual = ranges.usual(frame.values.dtype)
        in_colour &= frame.is_colour
        found += _spreads(frame)
    return ranges.common(found, usual, in_colour=in_colour) if usual else None


def in_range(part: Picture, scale: Range | None = None) -> Picture:
    """A part with the range of all planes if that fits it, else with its own."""
    if part.values.dtype == np.uint8:
        return part
    usual = scale or ranges.usual(part.values.dtype)
    own = ranges.common(list(_spreads(part)), usual, in_colour=part.is_colour)
    return replace(part, range=own or scale)


def in_one_range(pictures: Sequence[Picture]) -> list[Picture]:
    """Pictures that are to be compared, in the range of the last one if all have its dtype."""
    *_, last = pictures
    alike = all(one.values.dtype == last.values.dtype for one in pictures)
    scale = in_own_range([last]) if alike else None
    return [replace(one, range=scale) for one in pictures]


def _spreads(picture: Picture) -> Iterator[ranges.Spread]:
    for part in picture.parts():
        for channel in np.moveaxis(part.values, -1, 0):
            if seen := ranges.spread(channel, part.known):
                yield seen


def denoise(
    document: Document,
    networks: Networks,
    found: Sequence[Sequence[Plane]],
    strength: Strength,
    progress: Progress,
) -> tuple[Document, LoadedNetwork]:
    """Denoise every plane of every frame, and tell which network did so last, or is in doubt.

    Args:
        document: what to denoise.
        networks: to choose from.
        found: the planes of each frame, as a `Search` finds them.
        strength: how much of the noise is removed.
        progress: counts to 1.
    """
    total = sum(frame.values.shape[0] for frame in document.frames)
    told = share(progress, total)
    answers = [
        denoise_frame(frame, networks, its, strength, told)
        for frame, its in zip(document.frames, found, strict=True)
    ]
    frames, used = zip(*answers, strict=True)
    return replace(document, frames=frames), in_doubt(used)


def denoise_frame(
    frame: Picture,
    networks: Networks,
    found: Sequence[Plane],
    strength: Strength,
    progress: Progress,
) -> tuple[Picture, LoadedNetwork]:
    """Denoise every plane of a frame; `progress` counts its rows."""
    told = share(progress, len(found))
    answers = [
        planes.denoise(networks, plane.picture, plane.profile, strength, told) for plane in found
    ]
    clean: list[NDArray[Any]] = [answer.values for answer, _ in answers]
    values = clean[0] if len(clean) == 1 else np.concatenate(clean, axis=2)
    return replace(frame, values=values), in_doubt([network for _, network in answers])


def in_doubt(used: Sequence[LoadedNetwork]) -> LoadedNetwork:
    """Of some networks one that does not suit; if all do, the last."""
    return next((network for network in used if network.doubt), used[-1])


def stripped(document: Document) -> Document:
    """The document without metadata, turned the right way up."""
    turn = metadata.orientation(document.metadata)
    frames = tuple(frame.turned(turn) for frame in document.frames)
    return replace(document, frames=frames, metadata={})
