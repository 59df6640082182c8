"""A Zarr denoised into another, row of shards by row of shards; a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from linn_cli import __version__
from linn_cli.denoising import outcome
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import DENOISING, ESTIMATING, READING, WRITING, Outcome
from linn_cli.denoising.planning import Existing
from linn_cli.errors import InputError, UsageError, explain, explain_of
from linn_cli.noise.request import Request
from linn_cli.pictures.reading import MOST_PIXELS
from linn_cli.progress import Progress, share, silent
from linn_cli.volumes import images, levels, sampling, stores, targets, units
from linn_cli.volumes.addresses import Job, leads_to
from linn_cli.volumes.images import Image
from linn_cli.volumes.planes import Work
from linn_cli.volumes.stores import reading, writing
from linn_cli.volumes.targets import Target

_LOG = logging.getLogger(__name__)
# The levels of a pyramid and what is copied take about this part of the time.
_REST = 0.05
_REFUSED = Existing()


@dataclass(frozen=True)
class Wanted:
    """What is asked for besides the noise: `axes` has one letter for each if the Zarr's own are not to be taken."""

    axes: str | None = None
    existing: Existing = _REFUSED
    max_pixels: int = MOST_PIXELS


def run(
    job: Job,
    networks: Networks,
    request: Request,
    wanted: Wanted,
    progress: Progress = silent,
) -> Outcome:
    """Do a job. What is wrong with the stores is told in the outcome; what is finished stays for the next run.

    Args:
        job: the addresses.
        networks: what to denoise with.
        request: the noise to remove.
        wanted: what else is asked for.
        progress: counts to 1.

    Raises:
        UsageError: the output is there, or the axes do not fit.
    """
    began = time.perf_counter()
    try:
        done = _run(job, networks, request, wanted, progress)
    except UsageError as error:
        raise UsageError(_named(job, error.text)) from error
    except Exception as error:
        _LOG.debug("%s", job.source, exc_info=True)
        return Outcome(job.source, job.target, error=_reason(job, error))
    seconds = time.perf_counter() - began
    return replace(done, input=job.source, output=job.target, seconds=seconds)


def _reason(job: Job, error: Exception) -> str:
    if isinstance(error, InputError):
        return explain(InputError(_named(job, error.text)))
    return explain_of(job.source, error)


def _named(job: Job, text: str) -> str:
    """What is wrong, with the address of the input before it, unless it begins with one of both."""
    return text if text.startswith((job.source, job.target)) else f"{job.source}: {text}"


def _run(
    job: Job, networks: Networks, request: Request, wanted: Wanted, progress: Progress
) -> Outcome:
    progress(0, READING)
    source, root = stores.source(job.source)
    with reading(job.source):
        found = images.find(root, job.source, wanted.axes)
    target = targets.opened(job.target, wanted.existing)
    if target is None:
        return Outcome(job.source, job.target, skipped=True)
    progress(0, ESTIMATING)
    remarks: list[str] = []
    works = [
        _work(job.source, image, networks, request, wanted.max_pixels, remarks) for image in found
    ]
    facts = _facts(job.source, found, works, request)
    with writing(target.growing):
        if target.record.begin(facts, target.growing):
            remarks.append("goes on with what an earlier run had finished")
    try:
        _denoise(job, target, works, share(progress, 1 / (1 - _REST), DENOISING))
        told = share(progress, len(found) / _REST, WRITING)
        for image in found:
            _rebuild(target, image)
            told(1)
        target.finish(source, [path for image in found for path in image.paths])
    except BaseException:
        target.remove_if_nothing_is_finished()
        raise
    return _outcome(works, request, job.target, remarks)


def _work(
    address: str,
    image: Image,
    networks: Networks,
    request: Request,
    max_pixels: int,
    remarks: list[str],
) -> Work:
    """How the largest level of an image is denoised."""
    array, axes = image.levels[0], image.axes
    with reading(f"{address}/{array.path}".rstrip("/")):
        profiles, said = sampling.profiles(array, axes, array.chunks, request)
    remarks += said
    shards = tuple(array.shards or array.chunks)
    work = Work(array, shards, axes, profiles, networks, request.strength, max_pixels)
    alike = axes.colour is not None and all(one.is_alike for one in profiles)
    if alike and _is_grey(work):
        first = [one.first_channel() for one in profiles]
        work = replace(work, as_grey=True, profiles=first)
    return work


def _is_grey(work: Work) -> bool:
    """Whether what is stored in colour is grey everywhere; of a picture in colour little is read."""
    for unit in work.units():
        block = np.asarray(work.array[work.axes.selection(unit.outer, unit.part)])
        values = work.axes.as_planes(block)
        if not bool((values == values[..., :1, :, :]).all()):
            return False
    return True


def _denoise(job: Job, target: Target, works: Sequence[Work], progress: Progress) -> None:
    """The largest level of each image."""
    total = sum(math.prod(work.array.shape) for work in works)
    for work in works:
        path = work.array.path
        with reading(f"{job.source}/{path}".rstrip("/")):
            every = work.units()
        with writing(target.growing):
            output, finished = target.array(work.array), target.record.finished(path)
        for run_of in units.runs(every, finished):
            pixels = sum(unit.planes * unit.part.height * unit.part.width for unit in run_of)
            answers = work.answers(run_of, share(progress, total / pixels))
            for unit in run_of:
                with reading(f"{job.source}/{path}".rstrip("/")):
                    values = next(answers)
                with writing(target.growing):
                    output[work.axes.selection(unit.outer, unit.part)] = values
                    target.record.finish(path, unit.name)


def _rebuild(target: Target, image: Image) -> None:
    """The other levels of an image, each from the one above it."""
    for larger, smaller in zip(image.levels, image.levels[1:], strict=False):
        above, below = target.array(larger), target.array(smaller)
        shards = tuple(smaller.shards or smaller.chunks)
        dtype = np.dtype(smaller.dtype)
        finished = target.record.finished(smaller.path)
        for unit in units.units(image.axes, smaller.shape, shards, dtype.itemsize):
            if unit.name not in finished:
                selection = image.axes.selection(unit.outer, unit.part)
                with writing(target.growing):
                    for piece in _pieces(selection, smaller.shape, shards):
                        below[piece] = levels.region(above, smaller.shape, piece, dtype)
                    target.record.finish(smaller.path, unit.name)


def _pieces(
    selection: Sequence[slice], shape: Sequence[int], shards: Sequence[int]
) -> list[tuple[slice, ...]]:
    """A selection of whole shards, shard by shard."""
    bounds = [one.indices(side) for one, side in zip(selection, shape, strict=True)]
    cuts = [
        [slice(begin, min(begin + shard, stop)) for begin in range(start, stop, shard)]
        for (start, stop, _), shard in zip(bounds, shards, strict=True)
    ]
    return list(product(*cuts))


def _facts(
    address: str, found: Sequence[Image], works: Sequence[Work], request: Request
) -> dict[str, Any]:
    """What a run must have in common with one that goes on with it."""
    described = [level.metadata.to_dict() for image in found for level in image.levels]
    return {
        "linn": __version__,
        "source": leads_to(address),
        "arrays": hashlib.sha256(repr(described).encode()).hexdigest(),
        "axes": [work.axes.letters for work in works],
        "request": repr(request),
        "networks": [network for work in works for network in work.networks_used()],
    }


def _outcome(
    works: Sequence[Work], request: Request, address: str, remarks: Sequence[str]
) -> Outcome:
    first = works[0]
    profiles = [profile for work in works for profile in work.profiles]
    shape, axes = first.array.shape, first.axes
    used = [network for work in works for network in work.used]
    network = used[0] if used else first.network_for(profiles[0])
    removed = outcome.of_removal(network, profiles, request)
    height, width = axes.size(shape)
    return replace(
        removed,
        width=width,
        height=height,
        frames=sum(work.axes.planes(work.array.shape) for work in works),
        channels=3 if axes.colour is not None else axes.channels(shape),
        depth=np.dtype(first.array.dtype).name,
        bytes=targets.size(address),
        remarks=(*removed.remarks, *remarks),
    )
