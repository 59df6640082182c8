"""A large TIFF into a TIFF by rows, without ever holding it; and whether a file goes that way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import tee
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from linn_cli.denoising import apart, outcome, planes
from linn_cli.denoising import document as documents
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import ESTIMATING, Outcome
from linn_cli.engine.bands import in_step
from linn_cli.errors import InputError
from linn_cli.files import write_atomically
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.pictures import holes, metadata, tiff_rows
from linn_cli.pictures.formats import format_of
from linn_cli.pictures.high_depth import too_large
from linn_cli.pictures.picture import Picture
from linn_cli.progress import Progress, share, silent
from linn_cli.samples import Range


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
    if format_of(job.target).name != "TIFF":
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
        sample = Picture(source.sample(), nodata=source.nodata)
        try:
            profile = request.find(documents.in_range(sample))
        except InputError:
            if sample.known is None:
                raise
            return WHOLE  # the rows between those of the sample may tell more
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

        rows: Iterator[NDArray[Any]] = (levels[:, :, :count] for levels in source)
        if source.dtype.kind == "f" or source.nodata is not None:
            rows = tiff_rows.strips(rows, holes.TILE)  # holes are filled from some rows around
        rows, originals = tee(rows)
        scale = profile.range or Range.nominal(source.dtype)
        middle = scale.low + scale.span / 2
        filled = holes.filled_by_rows(rows, source.nodata, middle)
        answers, network = planes.rows(
            networks,
            (torch.from_numpy(block).permute(2, 0, 1) for block in filled),
            (count, width),
            torch.from_numpy(np.empty(0, source.dtype)).dtype,
            profile,
            request.strength,
            share(progress, height),
        )

        def finished() -> Iterator[NDArray[Any]]:
            before = (torch.from_numpy(block).permute(2, 0, 1)[None] for block in originals)
            for answer, value in in_step((answer[None] for answer in answers), before):
                clean, stored = (part[0].permute(1, 2, 0).numpy() for part in (answer, value))
                gaps = holes.unknown(stored, source.nodata)
                clean = clean if gaps is None else np.where(gaps, stored, clean)
                yield np.broadcast_to(clean, (*clean.shape[:2], channels))

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
