"""Picture files through the network, and what became of each."""

from __future__ import annotations

import io
import logging
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import torch
from numpy.typing import NDArray

from linn_cli.denoising import removal
from linn_cli.denoising.denoiser import Denoiser
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.planning import Existing, Job
from linn_cli.errors import InputError, explain
from linn_cli.files import write_atomically
from linn_cli.noise import measurement
from linn_cli.noise.request import AUTO, Found, Request
from linn_cli.pictures import metadata, reading, tiff_rows, writing
from linn_cli.pictures.formats import SUFFIXES, Format, format_of
from linn_cli.pictures.high_depth import too_large
from linn_cli.pictures.picture import Document, Picture
from linn_cli.units import LEAST_SIGMA

PIPE = Path("-")
Done = Callable[[float, int], None]
Seen = Callable[[NDArray[Any], NDArray[Any]], None]
_NO_DIRECTORIES = "exposure and position in EXIF were left out, as in every large TIFF"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of a job; `seconds` includes reading and writing, `error` is None if all went well.

    Sigma, gain and read noise are in 8-bit grey levels.
    """

    input: str
    output: str
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    channels: int | None = None
    depth: str | None = None
    sigma: tuple[float, ...] = ()
    noise: str | None = None
    gain: tuple[float, ...] = ()
    read: tuple[float, ...] = ()
    clipped: tuple[str, ...] = ()
    variant: str | None = None
    scales: int | None = None
    weights: str | None = None
    device: str | None = None
    precision: str | None = None
    seconds: float = 0.0
    remarks: tuple[str, ...] = ()
    skipped: bool = False
    error: str | None = None

    def __str__(self) -> str:
        """In one line, for people."""
        if self.error or self.skipped:
            return self.error or f"{self.output}: there already, left as it is"
        kind = "grey" if self.channels == 1 else "colour"
        frames = f"{self.frames} frames, " if self.frames != 1 else ""
        levels = ", ".join(f"{level:g}" for level in self.sigma)
        limits = f" cut off at {' and '.join(self.clipped)}" if self.clipped else ""
        return (
            f"{self.output}: {self.width} x {self.height} {kind} {self.depth}, {frames}sigma {levels}{limits}, "
            f"{self.variant} {self.scales}-scale, weights {self.weights}, {self.device}, "
            f"{self.precision}, {self.seconds:.2f} s"
        )


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
    done: Done = lambda rows, height: None,
    seen: Seen | None = None,
) -> Outcome:
    """Do a job. Whatever is wrong with the files is told in the outcome, and no output is left behind.

    Args:
        job: the files; the target's folder is made if need be.
        networks: what to denoise with.
        request: the noise to remove.
        handling: how the files are read and written.
        existing: what to do about an output that is there.
        done: called with a number of rows and the total, half of them as they go in, half as they come out.
        seen: called with the values before and after, of the first frame as it is shown.
    """
    began = time.perf_counter()
    try:
        if existing.skip and job.target.exists():
            return Outcome(str(job.source), str(job.target), skipped=True)
        if job.source.suffix.lower() not in SUFFIXES:
            reading.read(job.source, max_pixels=handling.max_pixels)  # says what is wrong with it
        format_of(job.target)
        outcome = None if seen else _by_rows(job, networks, request, handling, done)
        if outcome is None:
            outcome = _whole(job, networks, request, handling, done, seen)
    except Exception as error:
        _LOG.debug("%s", job.source, exc_info=True)
        return Outcome(str(job.source), str(job.target), error=_reason(job, error))
    seconds = time.perf_counter() - began
    return replace(outcome, input=str(job.source), output=str(job.target), seconds=seconds)


def _whole(
    job: Job,
    networks: Networks,
    request: Request,
    handling: Handling,
    done: Done,
    seen: Seen | None,
) -> Outcome:
    document = reading.read(job.source, max_pixels=handling.max_pixels)
    if handling.strip_metadata:
        document = stripped(document)
    clean, denoiser, found = denoise_document(document, networks, request, done)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    remarks = writing.write(job.target, clean, quality=handling.quality)
    if seen:
        turn = metadata.orientation(document.metadata)
        before, after = (file.frames[0].turned(turn).array for file in (document, clean))
        seen(before, after)
    return replace(
        describe(clean, denoiser, found, request),
        remarks=(*found.words, *document.remarks, *remarks),
    )


def _by_rows(
    job: Job, networks: Networks, request: Request, handling: Handling, done: Done
) -> Outcome | None:
    """Denoise a large TIFF into a TIFF without ever holding it; None if it is not such a one."""
    if format_of(job.target).name != "TIFF":
        return None
    with tiff_rows.opened(job.source, tiff_rows.LARGE) as source:
        if source is None:
            return None
        kept = source.metadata
        if handling.strip_metadata and metadata.orientation(kept) != 1:
            return None  # its pixels must be turned
        if math.prod(source.shape[:2]) > handling.max_pixels:
            raise InputError(f"{job.source}: {too_large(handling.max_pixels)}")
        height, width, channels = source.shape
        grey = channels > 1 and len(set(request.sigma or ())) < 2 and source.is_grey
        found = request.find(Picture(source.sample()))
        if max(found.at(request.strength)) < LEAST_SIGMA:
            return None
        count = 1 if grey else channels

        def planes() -> Iterator[torch.Tensor]:
            for levels in source:
                done(levels.shape[0] / 2, height)
                yield torch.from_numpy(levels).permute(2, 0, 1)[:count]

        removed = removal.remove_by_rows(
            networks, planes(), (count, width), found, request.strength
        )
        if removed is None:
            return None
        answers, denoiser = removed

        def finished() -> Iterator[NDArray[Any]]:
            for answer in answers:
                done(answer.shape[1] / 2, height)
                yield answer.permute(1, 2, 0).expand(-1, -1, channels).numpy()

        job.target.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(job.target) as temporary, temporary.open("w+b") as file:
            kept = {} if handling.strip_metadata else kept
            tiff_rows.write(file, finished(), source.shape, source.dtype, kept)
        return replace(
            _outcome(denoiser, found, request),
            width=width,
            height=height,
            channels=channels,
            depth=source.dtype.name,
            remarks=(*found.words, *([_NO_DIRECTORIES] if source.has_directories else [])),
        )


def _reason(job: Job, error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{job.target}: cannot be written ({error.strerror or error})"
    reason = explain(error)
    named = any(reason.startswith(f"{path}:") for path in (job.source, job.target))
    return reason if named else f"{job.source}: {reason}"


def run_all(
    jobs: Sequence[Job],
    work: Callable[[Job, Done], Outcome],
    done: Callable[[str, float], None],
    workers: int = 1,
) -> Iterator[Outcome]:
    """Do jobs, `workers` at a time, and yield their outcomes in order.

    Args:
        jobs: what to do.
        work: does one job, given what to call as it goes on; that stops it, too.
        done: called with a name and the share of its job that was done.
        workers: how many threads; each computes with its share of the processor.
    """

    def one(job: Job) -> Outcome:
        def rows_done(count: float, total: int) -> None:
            if stopped.is_set():
                raise KeyboardInterrupt
            done(job.source.name, count / total)

        return work(job, rows_done)

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
    output: Path = PIPE,
    handling: Handling = _PLAIN,
    done: Done = lambda rows, height: None,
) -> tuple[bytes, Outcome]:
    """Denoise a picture read from a stream; the answer as a file in memory, by default of its format."""
    began = time.perf_counter()
    document = reading.decode(
        io.BytesIO(source.read()), "standard input", max_pixels=handling.max_pixels
    )
    if handling.strip_metadata:
        document = stripped(document)
    clean, denoiser, found = denoise_document(document, networks, request, done)
    answer = io.BytesIO()
    remarks = writing.encode(answer, clean, target or document.format, quality=handling.quality)
    return answer.getvalue(), replace(
        describe(clean, denoiser, found, request),
        output=str(output),
        seconds=time.perf_counter() - began,
        remarks=(*found.words, *document.remarks, *remarks),
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


def describe(clean: Document, denoiser: Denoiser, found: Found, request: Request) -> Outcome:
    """The outcome of a document, without its files."""
    first = clean.frames[0]
    return replace(
        _outcome(denoiser, found, request),
        width=first.size[0],
        height=first.size[1],
        frames=len(clean.frames),
        channels=first.values.shape[2],
        depth=first.values.dtype.name,
    )


def _outcome(denoiser: Denoiser, found: Found, request: Request) -> Outcome:
    model = measurement.CAMERA if found.grows else measurement.WHITE
    return Outcome(
        input=str(PIPE),
        output=str(PIPE),
        frames=1,
        sigma=found.at(request.strength),
        noise=model if request.model == AUTO else request.model,
        gain=tuple(one.levels[0] for one in found.camera),
        read=tuple(one.levels[1] for one in found.camera),
        clipped=found.clipped.where,
        variant=denoiser.weight_set.architecture.variant,
        scales=denoiser.weight_set.architecture.scales,
        weights=denoiser.weight_set.name,
        device=str(denoiser.device),
        precision=denoiser.precision,
    )


def denoise_document(
    document: Document, networks: Networks, request: Request, done: Done
) -> tuple[Document, Denoiser, Found]:
    """Denoise every frame of the noise of the first; alpha and what lies under it stay as they are."""
    found = request.find(document.frames[0])
    if found.words:
        hidden = measurement.hidden(document.format.name, found.sigma)
        found = replace(found, words=(*found.words, *hidden))
    total = sum(frame.values.shape[0] for frame in document.frames)
    frames: list[Picture] = []
    for frame in document.frames:
        planes = torch.from_numpy(frame.filled()).permute(2, 0, 1)[None]
        answer, denoiser = removal.remove(
            networks, planes, found, request.strength, lambda count: done(count, total)
        )
        values: NDArray[Any] = answer[0].permute(1, 2, 0).numpy()
        frames.append(frame.with_values(values))
    return replace(document, frames=tuple(frames)), denoiser, found


def stripped(document: Document) -> Document:
    """The document without metadata, turned the right way up."""
    turn = metadata.orientation(document.metadata)
    frames = tuple(frame.turned(turn) for frame in document.frames)
    return replace(document, frames=frames, metadata={})
