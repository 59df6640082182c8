"""A picture file in memory, denoised: every channel of every frame, what has no value and what is transparent left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linn_cli.denoising import planes
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.errors import InputError
from linn_cli.noise import measurement
from linn_cli.noise.request import NoiseProfile, Request
from linn_cli.pictures import metadata, ranges
from linn_cli.pictures.picture import Document, Picture
from linn_cli.progress import Progress, share
from linn_cli.samples import Range

# A part of the pages tells the range of all: so many.
_MOST_PAGES = 64


@dataclass
class Findings:
    """What was found in a document's planes, in order: their noise, the network that was used last, and remarks.

    A plane is a picture in colour, or one of its channels if it is not.
    """

    profiles: list[NoiseProfile] = field(default_factory=list)
    network: LoadedNetwork | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def last_network(self) -> LoadedNetwork:
        """The network that was used last."""
        if self.network is None:
            raise InputError("there is no frame in it")
        return self.network

    @property
    def words(self) -> tuple[str, ...]:
        """What was found, in words: of one plane all of it, of several their sigmas and what else holds for some."""
        words = [profile.words for profile in self.profiles if profile.words]
        if len(self.profiles) < 2 or len(set(words)) < 2:
            return (*dict.fromkeys(word for each in words for word in each), *self.remarks)
        levels = [max(profile.levels_at(1.0)) for profile in self.profiles]
        said = f"sigma {min(levels):.4g} to {max(levels):.4g} in {len(levels)} planes, each estimated by itself"
        others = dict.fromkeys(word for each in words for word in each[1:])
        return (said, *others, *self.remarks)


def in_own_range(frames: Iterable[Picture]) -> Range | None:
    """One range for all planes of some frames; None if the range of their dtype fits them."""
    found: list[ranges.Spread] = []
    usual = None
    for frame in frames:
        if frame.values.dtype == np.uint8:
            continue
        usual = ranges.usual(frame.values.dtype)
        found += _spreads(frame)
    return ranges.common(found, usual) if usual else None


def _spreads(picture: Picture) -> Iterator[ranges.Spread]:
    for part in picture.parts():
        for channel in np.moveaxis(part.values, -1, 0):
            if seen := ranges.spread(channel, part.known):
                yield seen


def some(frames: tuple[Picture, ...]) -> tuple[Picture, ...]:
    """Frames all over a document, as many as tell its range."""
    return frames[:: -(-len(frames) // _MOST_PAGES)]


def denoise(
    document: Document,
    networks: Networks,
    request: Request,
    progress: Progress,
    found: NoiseProfile | None = None,
) -> tuple[Document, Findings]:
    """Denoise every plane of every frame, each with its own noise. `progress` counts to 1.

    Args:
        document: what to denoise.
        networks: to choose from.
        request: the noise to remove.
        progress: counts to 1.
        found: the noise of all planes, if it is known.

    Raises:
        InputError: a plane is too small to estimate its noise.
    """
    total = sum(frame.values.shape[0] for frame in document.frames)
    findings = Findings()
    scale = in_own_range(some(document.frames))
    frames = tuple(
        denoise_frame(frame, scale, networks, request, share(progress, total), findings, found)
        for frame in document.frames
    )
    if any(profile.words for profile in findings.profiles):
        levels = [level for one in findings.profiles for level in one.sigma.levels]
        findings.remarks += measurement.hidden(document.format.name, levels)
    return replace(document, frames=frames), findings


def denoise_frame(
    frame: Picture,
    scale: Range | None,
    networks: Networks,
    request: Request,
    progress: Progress,
    findings: Findings,
    found: NoiseProfile | None = None,
) -> Picture:
    """Denoise every plane of a frame and add to the findings; `progress` counts rows.

    Args:
        frame: what to denoise.
        scale: the range of all frames; a plane that uses little of it has its own.
        networks: to choose from.
        request: the noise to remove.
        progress: counts the frame's rows.
        findings: what was found before; the first noise counts for all if the request says so.
        found: the noise of all planes, if it is known.
    """
    parts = frame.parts()
    advance = share(progress, len(parts))
    clean: list[NDArray[Any]] = []
    for index, part in enumerate(parts):
        own = in_range(part, scale)
        if found:
            profile = found.within(own.range, own.unit)
        else:
            profile = _profile(
                own,
                request if len(parts) == 1 else request.of_channel(index, len(parts)),
                findings,
            )
        answer, findings.network = planes.denoise(networks, own, profile, request.strength, advance)
        findings.profiles.append(profile)
        clean.append(answer.values)
    return replace(frame, values=clean[0] if len(clean) == 1 else np.concatenate(clean, axis=2))


def in_range(part: Picture, scale: Range | None = None) -> Picture:
    """A part with the range of all planes if that fits it, else with its own."""
    return replace(part, range=_range_of(part, scale))


def _range_of(part: Picture, scale: Range | None) -> Range | None:
    """The range of all planes if it fits one, else the plane's own."""
    if part.values.dtype == np.uint8:
        return None
    usual = scale or ranges.usual(part.values.dtype)
    found = ranges.common(list(_spreads(part)), usual)
    return found or scale


def _profile(part: Picture, request: Request, findings: Findings) -> NoiseProfile:
    """The noise of a part, or that of one before it if it is the same for all."""
    if request.same:
        for profile in findings.profiles:
            if not profile.sigma.is_nothing:
                return profile.within(part.range, part.unit)
    if part.known is not None and not bool(part.known.any()):
        return NoiseProfile.none(part.range, part.unit)
    try:
        return request.find(part)
    except InputError as error:
        if part.known is None:
            raise
        findings.remarks.append(f"plane {len(findings.profiles) + 1} was left as it is: {error}")
        return NoiseProfile.none(part.range, part.unit)


def stripped(document: Document) -> Document:
    """The document without metadata, turned the right way up."""
    turn = metadata.orientation(document.metadata)
    frames = tuple(frame.turned(turn) for frame in document.frames)
    return replace(document, frames=frames, metadata={})
