"""A large TIFF into a TIFF by rows, without ever holding it; and whether a file goes that way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from linn_cli.denoising import apart, outcome, planes
from linn_cli.denoising import document as documents
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import ESTIMATING, Outcome
from linn_cli.denoising.planning import Job
from linn_cli.errors import InputError
from linn_cli.files import write_atomically
from linn_cli.noise.measurement import CORRELATED
from linn_cli.noise.request import NoiseProfile, Request
from linn_cli.pictures import metadata, tiff_rows
from linn_cli.pictures.formats import format_of
from linn_cli.pictures.high_depth import too_large
from linn_cli.pictures.picture import Picture
from linn_cli.progress import Progress, share, silent


@dataclass(frozen=True)
class Way:
    """Whether linn denoises a file by rows or whole. `profile` is its noise, if the decision needed it."""

    by_rows: bool
    profile: NoiseProfile | None = None


WHOLE = Way(by_rows=False)


def choose(
    job: Job,
    request: Request,
    *,
    strip_metadata: bool,
    max_pixels: int,
    progress: Progress = silent,
) -> Way:
    """Decide for one file: by rows if it is a large TIFF whose noise can be removed from rows alone.

    `progress` is told if that takes an estimate.

    Raises:
        InputError: the file is damaged, too small to estimate its noise, or has more than `max_pixels`.
    """
    if format_of(job.target).name != "TIFF" or request.model == CORRELATED:
        return WHOLE
    with tiff_rows.opened(job.source, tiff_rows.LARGE) as source:
        if source is None:
            return WHOLE
        if strip_metadata and metadata.orientation(source.metadata) != 1:
            return WHOLE  # its pixels must be turned
        if math.prod(source.shape[:2]) > max_pixels:
            raise InputError(f"{job.source}: {too_large(max_pixels).text}")
        if request.is_estimate:
            progress(0, ESTIMATING)
        rows, has_holes = source.sample()
        if has_holes:
            return WHOLE  # they are filled from all sides
        profile = request.find(documents.in_range(Picture(rows)))
        return Way(apart.goes_by_rows(profile, request.strength), profile)


def denoise(
    job: Job,
    networks: Networks,
    request: Request,
    profile: NoiseProfile,
    *,
    strip_metadata: bool,
    progress: Progress,
) -> Outcome:
    """Denoise a file that goes by rows; `progress` counts to 1.

    Raises:
        InputError: the file is damaged or cut short.
        OSError: the output cannot be written.
    """
    with tiff_rows.opened(job.source, tiff_rows.LARGE) as source:
        if source is None:
            raise InputError(f"{job.source}: changed while linn was looking at it")
        height, width, channels = source.shape
        if channels > 1 and profile.is_alike and source.is_grey:
            profile, count = profile.first_channel(), 1
        else:
            count = channels

        def strips() -> Iterator[torch.Tensor]:
            for levels in source:
                yield torch.from_numpy(levels).permute(2, 0, 1)[:count]

        answers, network = planes.rows(
            networks,
            strips(),
            (count, width),
            torch.from_numpy(np.empty(0, source.dtype)).dtype,
            profile,
            request.strength,
            share(progress, height),
        )

        def finished() -> Iterator[NDArray[Any]]:
            for answer in answers:
                yield answer.permute(1, 2, 0).expand(-1, -1, channels).numpy()

        job.target.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(job.target) as temporary, temporary.open("w+b") as file:
            kept = {} if strip_metadata else source.metadata
            encoding = metadata.tiff_encoding(source.tags)
            tiff_rows.write(file, finished(), source.shape, source.dtype, kept, encoding)
        removed = outcome.of_removal(network, [profile], request)
        lost = () if strip_metadata else metadata.left_out_of_tiff(source.tags)
        return replace(
            removed,
            width=width,
            height=height,
            channels=channels,
            depth=source.dtype.name,
            remarks=(*removed.remarks, *lost),
        )
