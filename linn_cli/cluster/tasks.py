"""What a worker does: it builds its networks once, opens the files itself and tells what became of each."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from distributed import Reschedule, Status, Worker, get_worker

from linn_cli.cluster.setup import Setup
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.jobs import run
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import Outcome
from linn_cli.engine import devices, freed_memory
from linn_cli.errors import explain

# The keys of linn's tasks begin so.
PREFIX = "linn-denoise"
# A worker serves so many different setups before it forgets the first.
_MOST_SETUPS = 4
_MEMORY_SHARE = 0.25
# Dask has the C library keep no freed memory, which doubles the time of small pictures. By itself it keeps as much.
_KEPT_BYTES = 2**26
_OVER = {Status.closing, Status.closed, Status.failed}
_POLL_SECONDS = 0.05


class _UnwantedError(BaseException):
    """Nobody waits for this task any more; no handler of errors may take it for a picture's fault."""


def dask_setup(worker: Worker) -> None:
    """Leave it to the client what an interruption means: on one terminal Ctrl-C reaches workers as well.

    Dask calls this in the workers of a cluster that linn starts.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def denoise(setup: Setup, files: Sequence[tuple[str, str]]) -> list[Outcome]:
    """Denoise pictures, given as sources and targets; stops between bands of rows if the task is cancelled.

    Raises:
        ClusterError, UsageError, WeightsError: this worker does not suit the setup.
    """
    worker = get_worker()
    key = worker.get_current_task()

    def stop_if_unwanted(done: float, note: str = "", total: float | None = None) -> None:
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled" or worker.status in _OVER:
            raise _UnwantedError

    networks = _ready(worker, setup)
    outcomes: list[Outcome] = []
    try:
        for source, target in files:
            stop_if_unwanted(0)
            outcomes.append(
                run(
                    Job(Path(source), Path(target)),
                    networks,
                    setup.request,
                    handling=setup.handling,
                    existing=setup.existing,
                    progress=stop_if_unwanted,
                )
            )
    except _UnwantedError:
        raise Reschedule from None  # should it be wanted after all, another worker begins anew
    return outcomes


def fault(setup: Setup, dask_worker: Worker) -> str | None:
    """Why a worker cannot do its part; None if it can."""
    try:
        _ready(dask_worker, setup)
    except Exception as error:
        return explain(error)
    return None


async def settle(seconds: float, dask_worker: Worker) -> None:
    """Wait until none of linn's tasks runs on a worker, so that it may be stopped and leaves nothing half-written."""
    for _ in range(round(seconds / _POLL_SECONDS)):
        running = dask_worker.state.all_running_tasks
        if not any(str(task.key).startswith(PREFIX) for task in running):
            return
        await asyncio.sleep(_POLL_SECONDS)


def _ready(worker: Worker, setup: Setup) -> Networks:
    """The networks of this worker, which computes from now on with its share of the processors."""
    slots = worker.state.nthreads
    freed_memory.keep_freed_memory(_KEPT_BYTES)
    devices.use_threads(_threads(setup.threads, slots))
    limit = worker.memory_manager.memory_limit
    return _networks(setup, _device(setup.device, worker.name), _memory(setup, limit, slots))


@lru_cache(maxsize=_MOST_SETUPS)
def _networks(setup: Setup, device: str, max_memory: int | None) -> Networks:
    return setup.networks(device, max_memory)


def _threads(wanted: int | None, slots: int) -> int:
    """How many threads each of a worker's tasks computes with."""
    if wanted is not None:
        return max(1, wanted // slots)
    # Dask has most workers compute with one thread each (OMP_NUM_THREADS).
    return max(1, min(torch.get_num_threads(), (os.cpu_count() or 1) // slots))


def _memory(setup: Setup, limit: int | None, slots: int) -> int | None:
    """How much an engine may hold: what was asked for, or a share of the memory that Dask allows the worker."""
    whole = setup.max_memory or (limit and round(_MEMORY_SHARE * limit))
    return whole and whole // slots


def _device(wanted: str, name: object) -> str:
    """The device of the worker of this name: of several GPUs, those numbered 0, 1, ... take one each."""
    count = torch.cuda.device_count() if wanted in ("auto", "cuda") else 0
    if count > 1 and str(name).isdecimal():
        return f"cuda:{int(str(name)) % count}"
    return wanted
