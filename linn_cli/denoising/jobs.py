"""Picture files through the networks, one by one or several at a time; what is wrong with one stops no other."""

from __future__ import annotations

import io
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from linn_cli.denoising import by_rows
from linn_cli.denoising import document as documents
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import PIPE, Outcome, described
from linn_cli.denoising.planning import Existing, Job
from linn_cli.errors import InputError, explain
from linn_cli.files import write_atomically
from linn_cli.noise.request import NoiseProfile, Request
from linn_cli.pictures import metadata, reading, writing
from linn_cli.pictures.formats import SUFFIXES, Format, format_of
from linn_cli.pictures.picture import Document
from linn_cli.progress import Progress, silent

# Takes the values before and after, of the first frame as it is shown.
Show = Callable[[NDArray[Any], NDArray[Any]], None]
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handling:
    """How files are read and written: lossy `quality` 1 to 100, and larger pictures are refused."""

    quality: int | None = None
    strip_metadata: bool = False
    max_pixels: int = reading.MOST_PIXELS


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
        progress: counts to 1.
        show: takes the values before and after; a picture that is shown goes whole.
    """
    began = time.perf_counter()
    try:
        if existing.skip and job.target.exists():
            return Outcome(str(job.source), str(job.target), skipped=True)
        if job.source.suffix.lower() not in SUFFIXES:
            reading.read(job.source, max_pixels=handling.max_pixels)  # says what is wrong with it
        format_of(job.target)
        outcome = _denoise(job, networks, request, handling, progress, show)
    except Exception as error:
        _LOG.debug("%s", job.source, exc_info=True)
        return Outcome(str(job.source), str(job.target), error=_reason(job, error))
    seconds = time.perf_counter() - began
    return replace(outcome, input=str(job.source), output=str(job.target), seconds=seconds)


def _denoise(
    job: Job,
    networks: Networks,
    request: Request,
    handling: Handling,
    progress: Progress,
    show: Show | None,
) -> Outcome:
    strip, most = handling.strip_metadata, handling.max_pixels
    way = by_rows.WHOLE
    if show is None:
        way = by_rows.choose(job, request, strip_metadata=strip, max_pixels=most)
    if way.by_rows and way.profile:
        return by_rows.denoise(
            job, networks, request, way.profile, strip_metadata=strip, progress=progress
        )
    document = _prepared(reading.read(job.source, max_pixels=most), handling)
    clean, outcome = _whole(document, networks, request, way.profile, progress)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    remarks = writing.write(job.target, clean, quality=handling.quality)
    if show:
        turn = metadata.orientation(document.metadata)
        show(*(held.frames[0].turned(turn).array for held in (document, clean)))
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
    """A document in memory, denoised for the noise that is known of it or found in it."""
    clean, found = documents.denoise(document, networks, request, progress, profile)
    outcome = described(clean, found.last_network, found.profiles, request)
    return clean, replace(outcome, remarks=(*found.words, *document.remarks))


def _reason(job: Job, error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{job.target}: cannot be written ({error.strerror or error})"
    reason = explain(error)
    named = any(reason.startswith(f"{path}:") for path in (job.source, job.target))
    return reason if named else f"{job.source}: {reason}"


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
        progress: counts jobs; the note is a file's name.
        workers: how many threads; each computes with its share of the processor.
    """

    def one(job: Job) -> Outcome:
        def advance(done: float, note: str = "", total: float | None = None) -> None:
            if stopped.is_set():
                raise KeyboardInterrupt
            progress(done, job.source.name)

        return work(job, advance)

    stopped = threading.Event()
    if workers == 1:
        yield from map(one, jobs)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(one, job) for job in jobs]
        try:
            for future in waiting:
                yield future.result()
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)


def pipe(
    source: BinaryIO,
    networks: Networks,
    request: Request,
    target: Format | None,
    *,
    output: str = PIPE,
    handling: Handling = _PLAIN,
    progress: Progress = silent,
) -> tuple[bytes, Outcome]:
    """Denoise a picture read from a stream; the answer as a file in memory, by default of its format."""
    began = time.perf_counter()
    content = io.BytesIO(source.read())
    read = reading.decode(content, "standard input", max_pixels=handling.max_pixels)
    clean, outcome = _whole(_prepared(read, handling), networks, request, None, progress)
    answer = io.BytesIO()
    remarks = writing.encode(answer, clean, target or read.format, quality=handling.quality)
    return answer.getvalue(), replace(
        outcome,
        output=output,
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
