"""The client's side: it finds the cluster, checks every worker, hands out files and gathers what became of them."""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, Security, as_completed, rpc

from linn_cli.cluster import tasks
from linn_cli.cluster.setup import Setup
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.outcome import Outcome
from linn_cli.errors import ClusterError
from linn_cli.progress import Notify, Progress

_CONNECT_SECONDS = 3.0
# A cancelled task stops at its next band of rows.
_SETTLE_SECONDS = 15.0
# A task has so many files, or this part of what each worker has left, so that all workers end at about the same time.
_MOST_FILES, _PARTS = 100, 4
# So many tasks wait for each worker; how many workers there are is asked again after some seconds.
_WAITING, _ASK_SECONDS = 3, 2.0
_RETRIES = 2
# Of workers on this machine one death is forgiven before what they held runs file by file; nobody reads their profile.
_LOCAL = {"distributed.scheduler.allowed-failures": 1, "distributed.worker.profile.enabled": False}


@contextmanager
def connected(address: str | None, workers: int) -> Iterator[Client]:
    """A client of the scheduler at an address, or without one of a cluster of so many workers on this machine.

    Raises:
        ClusterError: no scheduler answers there.
    """
    for name in filter(_is_dasks, logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # linn says what is wrong
    if address is None:
        with (
            dask.config.set(_LOCAL),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",  # any port that is free
                silence_logs=logging.CRITICAL,
                preload=tasks.__name__,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        # Client itself would wait for ever for one who takes a connection and says nothing.
        asyncio.run(asyncio.wait_for(_greet(address), _CONNECT_SECONDS))
        client = Client(address, timeout=_CONNECT_SECONDS)
    except Exception as error:
        raise ClusterError(
            f"{address}: what answers there is no Dask scheduler, or one of another version"
        ) from error
    with client:
        yield client


async def _greet(address: str) -> None:
    """Have a scheduler say who it is."""
    known = Security().get_connection_args("client")
    async with rpc(address, connection_args=known) as scheduler:
        await scheduler.identity()


def _is_dasks(logger: str) -> bool:
    return logger.split(".")[0] == "distributed"


def check(client: Client, setup: Setup, notify: Notify) -> None:
    """See that every worker that is there has the same linn and weights and can compute.

    Raises:
        ClusterError: one does not; those that come later are checked when they begin.
    """
    found = client.run(tasks.fault, setup, on_error="return")
    if not found:
        notify("the cluster has no workers yet, linn waits for them")
    for worker, reason in found.items():
        if isinstance(reason, ImportError):
            reason = f"has not the linn that is here, install it there too ({reason})"
        if reason:
            raise ClusterError(f"worker {worker}: {reason}")


def run_all(
    client: Client, jobs: Sequence[Job], setup: Setup, progress: Progress
) -> Iterator[Outcome]:
    """Do jobs on the workers, and yield their outcomes as tasks end.

    A worker that dies loses nothing: its tasks run again elsewhere. A file that kills every worker which takes it
    fails alone. Whoever leaves the iterator early, also by an interruption, cancels the rest, and no output is left
    half-written.

    Raises:
        ClusterError: the scheduler went away, or a worker does not suit the setup.
    """
    parts = _PARTS * _slots(client)
    # Dask blames a death on all that the worker held. What is blamed too often runs again file by file, and then alone.
    ways = [(_MOST_FILES, False), (1, False), (1, True)]
    for most, alone in ways if len(jobs) > parts else ways[1:]:
        blamed: list[Job] = []
        for chunk, outcomes in _gather(client, _chunks(jobs, parts, most), setup, alone=alone):
            if outcomes is None:
                blamed += chunk
                continue
            for job, outcome in zip(chunk, outcomes, strict=True):
                progress(1, job.source.name)
                yield _as_named(outcome, job)
        jobs = blamed
    for job in jobs:
        progress(1, job.source.name)
        reason = f"{job.source}: every worker that took it died: too little memory, or a defect"
        yield Outcome(str(job.source), str(job.target), error=reason)


def _gather(
    client: Client, chunks: Iterable[Sequence[Job]], setup: Setup, *, alone: bool
) -> Iterator[tuple[Sequence[Job], list[Outcome] | None]]:
    """Chunks with their outcomes, as they are done; None instead of them if the workers died."""
    waiting: dict[Future[list[Outcome]], Sequence[Job]] = {}
    done = as_completed()
    rest = iter(chunks)
    asked, most = -math.inf, 1
    try:
        while True:
            if not alone and time.monotonic() - asked > _ASK_SECONDS:
                asked, most = time.monotonic(), _WAITING * _slots(client)
            for chunk in itertools.islice(rest, max(0, most - len(waiting))):
                future = _submit(client, setup, chunk)
                waiting[future] = chunk
                done.add(future)
            if not waiting:
                return
            future = next(done)
            yield waiting.pop(future), _result(future)
    finally:
        _cancel(client, list(waiting))


def _submit(client: Client, setup: Setup, chunk: Sequence[Job]) -> Future[list[Outcome]]:
    # A worker may be in another folder.
    files = [(str(job.source.absolute()), str(job.target.absolute())) for job in chunk]
    key = f"{tasks.PREFIX}-{uuid.uuid4().hex}"
    try:
        return client.submit(tasks.denoise, setup, files, key=key, retries=_RETRIES)
    except Exception as error:
        raise _gone() from error


def _result(future: Future[list[Outcome]]) -> list[Outcome] | None:
    try:
        return future.result()
    except KilledWorker:
        return None
    except CancelledError as error:
        raise _gone() from error


def _gone() -> ClusterError:
    return ClusterError(
        "the scheduler went away, or took its tasks back: start it again, and run the same command with "
        "--skip-existing to go on"
    )


def _cancel(client: Client, futures: list[Future[list[Outcome]]]) -> None:
    """Take tasks back, and wait until no worker is in the midst of one."""
    if not futures or client.status != "running":
        return
    with suppress(Exception):  # the scheduler is going away too
        client.cancel(futures, force=True)
        client.run(tasks.settle, _SETTLE_SECONDS, on_error="ignore")


def _slots(client: Client) -> int:
    """How many tasks the workers do at a time, and at least one."""
    try:
        return max(1, sum(map(int, client.nthreads().values())))
    except Exception as error:
        raise _gone() from error


def _chunks(jobs: Sequence[Job], parts: int, most: int) -> Iterator[Sequence[Job]]:
    """Jobs in chunks of at most `most`, and of no more than a part of so many of those that are left."""
    rest, left = iter(jobs), len(jobs)
    while left:
        chunk = list(itertools.islice(rest, min(most, math.ceil(left / parts))))
        left -= len(chunk)
        yield chunk


def _as_named(outcome: Outcome, job: Job) -> Outcome:
    """An outcome that calls the files as the job does."""
    error = outcome.error
    for path in (job.source, job.target):
        error = error and _renamed(error, path)
    return replace(outcome, input=str(job.source), output=str(job.target), error=error)


def _renamed(text: str, path: Path) -> str:
    absolute = f"{path.absolute()}:"
    return f"{path}:{text.removeprefix(absolute)}" if text.startswith(absolute) else text
