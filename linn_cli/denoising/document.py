"""A picture file in memory, denoised: every frame of it, what is transparent left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from numpy.typing import NDArray

from linn_cli.denoising import removal
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.noise import measurement
from linn_cli.noise.request import NoiseProfile, Request
from linn_cli.pictures import metadata
from linn_cli.pictures.picture import Document, Picture
from linn_cli.progress import Progress, share


def profile_of(document: Document, request: Request) -> NoiseProfile:
    """The noise of a document: that of its first frame.

    Raises:
        InputError: the picture is too small to estimate its noise.
    """
    profile = request.find(document.frames[0])
    if not profile.words:
        return profile
    hidden = measurement.hidden(document.format.name, profile.sigma.levels)
    return replace(profile, words=(*profile.words, *hidden))


def denoise(
    document: Document,
    networks: Networks,
    profile: NoiseProfile,
    strength: float,
    progress: Progress,
) -> tuple[Document, LoadedNetwork]:
    """Denoise every frame; alpha and what lies under it stay as they are. `progress` counts to 1."""
    total = sum(frame.values.shape[0] for frame in document.frames)
    frames: list[Picture] = []
    for frame in document.frames:
        planes = torch.from_numpy(frame.filled()).permute(2, 0, 1)[None]
        answer, network = removal.remove(
            networks, planes, profile, strength, share(progress, total)
        )
        values: NDArray[Any] = answer[0].permute(1, 2, 0).numpy()
        frames.append(frame.with_values(values))
    return replace(document, frames=tuple(frames)), network


def stripped(document: Document) -> Document:
    """The document without metadata, turned the right way up."""
    turn = metadata.orientation(document.metadata)
    frames = tuple(frame.turned(turn) for frame in document.frames)
    return replace(document, frames=frames, metadata={})
