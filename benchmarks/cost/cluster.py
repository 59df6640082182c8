"""What a Dask cluster costs beside plain processes: the overhead of a tiny file, and the throughput of two workers.

    python -m benchmarks.cost.cluster [--tiny 400] [--pictures 16] [--side 256] [--rounds 5]

Makes the pictures, then denoises them in turns with two processes of one thread that take one half each, and on a
cluster of two workers of one thread each. Every process starts, loads its networks and denoises one picture before its clock
begins. Prints the medians over the rounds, with the least and the most: the throughput by the clock, and what the
processors do beyond denoising for each file, which other programs disturb less. That has the client and the scheduler
in it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen

import numpy as np
from distributed import Client
from PIL import Image

from benchmarks.common import script_parser
from linn_cli.cluster import client as clients
from linn_cli.cluster.setup import Setup
from linn_cli.denoising import planning
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.jobs import Handling, run
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.planning import Existing
from linn_cli.engine import devices
from linn_cli.noise.request import Request
from linn_cli.progress import keep_quiet, silent
from linn_cli.units import Sigma

_TINY_SIDE = 16
_WORKERS = 2
_REQUEST, _REPLACE = Request(Sigma((25.0,))), Existing(overwrite=True)
_READY, _GO = "ready\n", "go\n"


def main() -> None:
    """Measure and print tiny files, then larger pictures."""
    parser = script_parser(__doc__)
    parser.add_argument("--tiny", type=int, default=400)
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--half", nargs=2, metavar=("FOLDER", "NUMBER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.half:
        denoise_half(Path(options.half[0]), int(options.half[1]))
        return
    plainly = dict(os.environ)  # a cluster changes it for the processes that it starts
    with tempfile.TemporaryDirectory() as name, clients.connected(None, _WORKERS) as client:
        for count, side in ((options.tiny, _TINY_SIDE), (options.pictures, options.side)):
            folder = Path(name) / str(side)
            make_pictures(folder, count, side)
            with plain_processes(folder, plainly) as processes:
                rounds = [
                    (*on_processes(processes), *on_cluster(folder, client))
                    for _ in range(options.rounds)
                ]
            plain, plain_work, took, work = zip(*rounds, strict=True)
            share = [one / other for one, other in zip(plain, took, strict=True)]
            beyond = [
                1000 * (one - other) / count for one, other in zip(work, plain_work, strict=True)
            ]
            print(
                f"{count} pictures of {side} x {side}: two processes {spread(plain, '.2f')} s, two workers "
                f"{spread(took, '.2f')} s; {spread(share, '.2f')} of the throughput, and the processors take "
                f"{spread(beyond, '+.1f')} ms more for each file",
                flush=True,
            )


def spread(found: Sequence[float], written: str) -> str:
    """The median of some numbers, and from where to where they are."""
    return f"{median(found):{written}} ({min(found):{written}} to {max(found):{written}})"


def make_pictures(folder: Path, count: int, side: int) -> None:
    """Fill a folder with noisy pictures."""
    folder.mkdir()
    chance = np.random.default_rng(0)
    for index in range(count):
        levels = chance.normal(128, 25, (side, side)).round().clip(0, 255).astype(np.uint8)
        Image.fromarray(levels).save(folder / f"{index:05}.png")


def plan(folder: Path) -> Sequence[Job]:
    """The pictures of a folder, into another."""
    return planning.plan([folder], folder / "out", existing=_REPLACE)


def on_cluster(folder: Path, client: Client) -> tuple[float, float]:
    """The seconds that a cluster takes, on the clock and of the processors."""
    setup = Setup(_REQUEST, Handling(), _REPLACE).sealed()
    jobs = plan(folder)
    clients.check(client, setup, keep_quiet)
    list(clients.run_all(client, jobs[: 2 * _WORKERS], setup, silent))
    began, before = time.perf_counter(), worked(client)
    outcomes = list(clients.run_all(client, jobs, setup, silent))
    took, work = time.perf_counter() - began, worked(client) - before
    if len(outcomes) != len(jobs) or any(outcome.error for outcome in outcomes):
        raise SystemExit("some pictures failed")
    return took, work


def worked(client: Client) -> float:
    """The seconds of the processors that workers, client and scheduler took so far."""
    by_workers: dict[str, float] = client.run(time.process_time)
    return time.process_time() + sum(by_workers.values())


@contextmanager
def plain_processes(folder: Path, environ: dict[str, str]) -> Iterator[list[Popen[str]]]:
    """Processes, with these variables, that wait for a word to denoise their part each."""
    command = [sys.executable, "-m", "benchmarks.cost.cluster", "--half", str(folder)]
    started = [
        Popen(
            [*command, str(number)],
            env=environ | {"OMP_NUM_THREADS": "1"},
            stdin=PIPE,
            stdout=PIPE,
            text=True,
        )
        for number in range(_WORKERS)
    ]
    if any(hear(process) != _READY for process in started):
        raise SystemExit("a process did not start")
    yield started
    for process in started:
        process.communicate()


def hear(process: Popen[str]) -> str:
    """A line that a process prints."""
    return process.stdout.readline() if process.stdout else ""


def on_processes(processes: Sequence[Popen[str]]) -> tuple[float, float]:
    """The seconds that plain processes take, one half each; the last one counts, and of the processors all."""
    began = time.perf_counter()
    for process in processes:
        if process.stdin:
            process.stdin.write(_GO)
            process.stdin.flush()
    said = list(map(hear, processes))
    return time.perf_counter() - began, sum(map(float, said))


def denoise_half(folder: Path, number: int) -> None:
    """Make ready, and denoise a half of the pictures whenever a line comes in."""
    devices.use_threads(1)
    networks = Networks()
    jobs = plan(folder)[number::_WORKERS]
    run(jobs[0], networks, _REQUEST, existing=_REPLACE)
    print(_READY, end="", flush=True)
    for _ in sys.stdin:
        began = time.process_time()
        for job in jobs:
            if run(job, networks, _REQUEST, existing=_REPLACE).error:
                raise SystemExit("a picture failed")
        print(time.process_time() - began, flush=True)


if __name__ == "__main__":
    main()
