"""Picture files through the networks, one by one or several at a time; what is wrong with one stops no other."""

from __future__ import annotations

import io
import logging
import math
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from linn_cli.denoising import by_frames, by_pages, by_rows
from linn_cli.denoising import document as documents
from linn_cli.denoising.document import in_own_range
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import (
    DENOISING,
    ESTIMATING,
    PIPE,
    READING,
    WRITING,
    Outcome,
    described,
)
from linn_cli.denoising.planning import Existing
from linn_cli.errors import InputError, explain, explain_of
from linn_cli.files import write_atomically
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.pictures import metadata, reading, writing
from linn_cli.pictures.formats import SUFFIXES, Format, format_of
from linn_cli.pictures.picture import Document, Picture
from linn_cli.progress import Progress, share, silent
from linn_cli.samples import Range
from linn_cli.videos.formats import Codec, Settings, is_video
from linn_cli.wording import as_options

# Takes the first frame before and after, the right way up and in its own range.
Show = Callable[[Picture, Picture], None]
_LOG = logging.getLogger(__name__)
# So many files for each worker wait or are done before their turn to be told, so that a slow one holds up none.
_AHEAD = 64
# Reading and writing take about this part of a picture's time each. Estimating takes as long as denoising so many
# pixels, and this part of the picture.
_FILES, _ESTIMATE_PIXELS, _ESTIMATE_PART = 0.01, 30_000, 0.01


@dataclass(frozen=True)
class Handling:
    """How files are read and written: lossy `quality` 1 to 100, videos by `codec`, and larger pictures are refused."""

    quality: int | None = None
    strip_metadata: bool = False
    max_pixels: int = reading.MOST_PIXELS
    codec: Codec | None = None


_PLAIN, _REFUSED = Handling(), Existing()


def run(
    job: Job,
    networks: Networks,
    request: Request,
    *,
    handling: Handling = _PLAIN,
    existing: Existing = _REFUSED,
    progress: Progress = silent,
    show: Show | None = None,
) -> Outcome:
    """Do a job. Whatever is wrong with the files is told in the outcome, and no output is left behind.

    Args:
        job: the files; the target's folder is made if need be.
        networks: what to denoise with.
        request: the noise to remove.
        handling: how the files are read and written.
        existing: what to do about an output that is there.
        progress: counts to 1; its notes are the steps.
        show: takes the picture before and after; a picture that is shown goes whole.
    """
    began = time.perf_counter()
    try:
        if existing.skip and job.target.exists():
            return Outcome(str(job.source), str(job.target), skipped=True)
        if job.source.suffix.lower() not in SUFFIXES and not is_video(job.source):
            reading.read(job.source, max_pixels=handling.max_pixels)  # says what is wrong with it
        outcome = _denoise(job, networks, request, handling, progress, show)
        size = job.target.stat().st_size
    except Exception as error:
        _LOG.debug("%s", job.source, exc_info=True)
        return Outcome(str(job.source), str(job.target), error=_reason(job, error))
    return replace(
        outcome,
        input=str(job.source),
        output=str(job.target),
        bytes=size,
        seconds=time.perf_counter() - began,
    )


def _denoise(
    job: Job,
    networks: Networks,
    request: Request,
    handling: Handling,
    progress: Progress,
    show: Show | None,
) -> Outcome:
    strip, most = handling.strip_metadata, handling.max_pixels
    if is_video(job.source):
        settings = Settings(handling.codec, handling.quality, strip)
        return by_frames.denoise(
            job, networks, request, settings, max_pixels=most, progress=progress, show=show
        )
    said = format_of(job.target).remarks_on(handling.quality)
    way = by_rows.WHOLE
    progress(0, READING)
    if show is None:
        paged = by_pages.denoise(
            job, networks, request, strip_metadata=strip, max_pixels=most, progress=progress
        )
        if paged:
            return replace(paged, remarks=(*paged.remarks, *said))
        way = by_rows.choose(job, request, strip_metadata=strip, max_pixels=most, progress=progress)
    if way.by_rows and way.profile:
        part = share(progress, 1, DENOISING)
        done = by_rows.denoise(
            job, networks, request, way.profile, strip_metadata=strip, progress=part
        )
        return replace(done, remarks=(*done.remarks, *said))
    document = _prepared(reading.read(job.source, max_pixels=most), handling)
    clean, outcome = _whole(document, networks, request, way.profile, progress)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    remarks = writing.write(job.target, clean, quality=handling.quality)
    progress(_FILES, WRITING)
    if show:
        turn = metadata.orientation(document.metadata)
        scale = Range(*outcome.range) if outcome.range else in_own_range(document.frames[:1])
        show(*(replace(held.frames[0], range=scale).turned(turn) for held in (document, clean)))
    return replace(outcome, remarks=(*outcome.remarks, *remarks))


def _prepared(document: Document, handling: Handling) -> Document:
    return documents.stripped(document) if handling.strip_metadata else document


def _whole(
    document: Document,
    networks: Networks,
    request: Request,
    profile: NoiseProfile | None,
    progress: Progress,
) -> tuple[Document, Outcome]:
    """A document that was read, denoised for the noise that is known of it or found in it, to be written then.

    `progress` counts to 1 less what writing takes.
    """
    progress(_FILES, READING)
    left = 1 - 2 * _FILES
    search = documents.search(document, request, profile)
    if profile is None and request.is_estimate:
        pixels = sum(math.prod(frame.size) for frame in document.frames)
        cost = _ESTIMATE_PIXELS / pixels + _ESTIMATE_PART
        estimating = share(progress, len(document.frames) * (1 + cost) / (left * cost), ESTIMATING)
        left /= 1 + cost
    else:
        estimating = silent
    found = []
    for frame in document.frames:
        estimating(0)
        found.append(search.planes_of(frame))
        estimating(1)
    part = share(progress, 1 / left, DENOISING)
    part(0)
    clean, network = documents.denoise(document, networks, found, request.strength, part)
    progress(0, WRITING)
    outcome = described(clean, network, search.profiles, request)
    said = (*map(as_options, search.remarks), *document.missing, *document.remarks)
    return clean, replace(outcome, remarks=(*outcome.remarks, *said))


def _reason(job: Job, error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{job.target}: cannot be written ({error.strerror or error})"
    at_target = explain(error).startswith(f"{job.target}:")
    return explain_of(str(job.target if at_target else job.source), error)


def run_all(
    jobs: Sequence[Job],
    work: Callable[[Job, Progress], Outcome],
    progress: Progress,
    workers: int = 1,
) -> Iterator[Outcome]:
    """Do jobs, `workers` at a time, and yield their outcomes in order.

    Args:
        jobs: what to do.
        work: does one job, given a progress that counts to 1 and stops it where that is wanted.
        progress: counts jobs; the note is a file's name, or its step if there is no other.
        workers: how many threads; each computes with its share of the processor.
    """

    def one(job: Job) -> Outcome:
        told = 0.0

        def advance(done: float, note: str = "", total: float | None = None) -> None:
            nonlocal told
            if stopped.is_set():
                raise KeyboardInterrupt
            done = min(done, 1 - told)  # halves of an odd height are a little more than half
            told += done
            progress(done, note if len(jobs) == 1 else job.source.name)

        outcome = work(job, advance)
        if told < 1:  # skipped, failed, or without noise to remove
            progress(1 - told, "" if len(jobs) == 1 else job.source.name)
        return outcome

    stopped = threading.Event()
    if workers == 1:
        yield from map(one, jobs)
        return
    with ThreadPoolExecutor(workers) as pool:
        rest = iter(jobs)
        waiting = deque(pool.submit(one, job) for job in islice(rest, _AHEAD * workers))
        try:
            while waiting:
                outcome = waiting.popleft().result()
                waiting.extend(pool.submit(one, job) for job in islice(rest, 1))
                yield outcome
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)


def pipe(
    source: Path | BinaryIO,
    networks: Networks,
    request: Request,
    target: Format | None,
    *,
    output: str = PIPE,
    handling: Handling = _PLAIN,
    progress: Progress = silent,
) -> tuple[bytes, Outcome]:
    """Denoise a picture from a file or a stream; the answer as a file in memory, by default of its format."""
    began = time.perf_counter()
    answer = io.BytesIO()
    progress(0, READING)
    try:
        read = reading.read_any(source, max_pixels=handling.max_pixels)
        clean, outcome = _whole(_prepared(read, handling), networks, request, None, progress)
        remarks = writing.encode(answer, clean, target or read.format, quality=handling.quality)
    except InputError as error:
        name = str(source) if isinstance(source, Path) else reading.STDIN
        raise InputError(explain_of(name, error)) from error
    progress(_FILES, WRITING)
    return answer.getvalue(), replace(
        outcome,
        input=str(source) if isinstance(source, Path) else PIPE,
        output=output,
        bytes=len(answer.getvalue()),
        seconds=time.perf_counter() - began,
        remarks=(*outcome.remarks, *remarks),
    )


def deliver(answer: bytes, target: Path | None) -> None:
    """Write a file from memory, whole or not at all; without a target, to standard output.

    Raises:
        InputError: it cannot be written.
    """
    if target is None:
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
        return
    try:
        with write_atomically(target) as temporary:
            temporary.write_bytes(answer)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror or error})") from error
