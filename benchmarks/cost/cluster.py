"""What a Dask cluster costs beside plain processes: the overhead of a tiny file, and the throughput of two workers.

    python -m benchmarks.cost.cluster [--tiny 2000] [--pictures 40] [--side 384] [--rounds 1]

Makes the pictures, then denoises them in turns with two shards in two processes of one thread each, and on a cluster
of two workers of one thread each. Every process starts, loads its networks and denoises one picture before its clock
begins. Prints the medians: seconds on the clock, and of the processors, which other programs disturb less. Those of
the cluster have the client and the scheduler in them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

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
from linn_cli.denoising.shards import WHOLE, Shard
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
    parser.add_argument("--tiny", type=int, default=2000)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--shard", nargs=2, metavar=("FOLDER", "K/N"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.shard:
        denoise_shard(Path(options.shard[0]), Shard.parse(options.shard[1]))
        return
    with tempfile.TemporaryDirectory() as name, clients.connected(None, _WORKERS) as client:
        for count, side in ((options.tiny, _TINY_SIDE), (options.pictures, options.side)):
            folder = Path(name) / str(side)
            make_pictures(folder, count, side)
            rounds = [
                (*on_processes(folder), *on_cluster(folder, client)) for _ in range(options.rounds)
            ]
            plain, plain_work, cluster, work = map(median, zip(*rounds, strict=True))
            print(
                f"{count} pictures of {side} x {side}: two processes {plain:.2f} s, two workers {cluster:.2f} s, "
                f"{plain / cluster:.2f} of their throughput; of the processors {plain_work:.2f} s and {work:.2f} s, "
                f"{1000 * (work - plain_work) / count:+.1f} ms for each file",
                flush=True,
            )


def make_pictures(folder: Path, count: int, side: int) -> None:
    """Fill a folder with noisy pictures."""
    folder.mkdir()
    chance = np.random.default_rng(0)
    for index in range(count):
        levels = chance.normal(128, 25, (side, side)).round().clip(0, 255).astype(np.uint8)
        Image.fromarray(levels).save(folder / f"{index:05}.png")


def plan(folder: Path, shard: Shard = WHOLE) -> Sequence[Job]:
    """The pictures of a folder, into another."""
    return planning.plan([folder], folder / "out", existing=_REPLACE, shard=shard)


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


def on_processes(folder: Path) -> tuple[float, float]:
    """The seconds that plain processes take, each for a shard; the last one counts, and of the processors all."""
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "benchmarks.cost.cluster",
                "--shard",
                folder,
                f"{number}/{_WORKERS}",
            ],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(1, _WORKERS + 1)
    ]
    for process in started:
        if process.stdout is None or process.stdout.readline() != _READY:
            raise SystemExit("a process did not start")
    began = time.perf_counter()
    for process in started:
        if process.stdin:
            process.stdin.write(_GO)
            process.stdin.flush()
    said = [process.stdout.readline() for process in started if process.stdout]
    took = time.perf_counter() - began
    for process in started:
        process.wait()
    return took, sum(map(float, said))


def denoise_shard(folder: Path, shard: Shard) -> None:
    """Make ready, wait for a word, and denoise a shard."""
    devices.use_threads(1)
    networks = Networks()
    jobs = plan(folder, shard)
    run(jobs[0], networks, _REQUEST, existing=_REPLACE)
    print(_READY, end="", flush=True)
    sys.stdin.readline()
    began = time.process_time()
    for job in jobs:
        if run(job, networks, _REQUEST, existing=_REPLACE).error:
            raise SystemExit("a picture failed")
    print(time.process_time() - began, flush=True)


if __name__ == "__main__":
    main()
