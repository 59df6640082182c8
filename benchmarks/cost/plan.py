"""What a million photographs and a slide of 100 gigapixels cost on many machines, and what becomes the limit there.

    python -m benchmarks.cost.plan [--photograph FILE] [--fast] [--on-demand 0.04] [--spot 0.015]

Measures here, in seconds of one processor: a colour photograph, JPEG to JPEG (without a file, one of a megapixel that
it makes); how many tasks and results of a hundred files a Dask scheduler and its client take; and how many files
linn lists. Then it prints the arithmetic, at prices of a virtual processor for an hour.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np
from distributed import Client
from PIL import Image

from benchmarks.common import script_parser
from benchmarks.cost.listing import make_tree
from linn_cli.cluster import client as clients
from linn_cli.denoising import planning, removal
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.jobs import run
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import Outcome
from linn_cli.denoising.planning import Existing
from linn_cli.denoising.shards import Shard
from linn_cli.engine import devices
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.units import Sigma

_SIDE = 1024
_PHOTOGRAPHS, _PHOTOGRAPH_PIXELS = 10**6, 12e6
_SLIDE_PIXELS, _SLIDE_SIGMA = 100e9, 12.0
# Chunks of a slide in colour, the columns that linn cuts a wide plane into, and what a task's files are.
_CHUNK, _COLUMNS, _FILES = 512, 16384, 100
_TASKS, _LISTED = 1000, 100_000
# What one prefix of S3 serves in a second, as Amazon documents it, and a disk server behind ten gigabits.
_S3_GETS, _SERVER_BYTES = 5500, 1.25e9


def main() -> None:
    """Measure, and print what follows."""
    parser = script_parser(__doc__)
    parser.add_argument("--photograph", type=Path)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--on-demand", type=float, default=0.04, help="dollars")
    parser.add_argument("--spot", type=float, default=0.015, help="dollars")
    options = parser.parse_args()
    networks = Networks(fast=options.fast)
    with tempfile.TemporaryDirectory() as name:
        photograph = options.photograph or make_photograph(Path(name))
        seconds, pixels, size = of_photograph(photograph, Path(name), networks)
        print(f"measured: {pixels / 1e6:.1f} megapixels, JPEG to JPEG: {seconds:.1f} CPU seconds")
        listed = listed_a_second(Path(name) / "tree")
        print(f"measured: {listed:,.0f} files listed in a CPU second", flush=True)
    with clients.connected(None, os.cpu_count() or 1) as client:
        tasks = tasks_a_second(client)
    print(
        f"measured: {tasks:,.0f} tasks of {_FILES} results in a CPU second of scheduler and client",
        flush=True,
    )

    def priced(hours: float) -> str:
        return f"{hours:,.0f} CPU hours, ${hours * options.on_demand:,.0f} or spot ${hours * options.spot:,.0f}"

    each = seconds * _PHOTOGRAPH_PIXELS / pixels
    held = size * _PHOTOGRAPH_PIXELS / pixels
    print(f"{_PHOTOGRAPHS:,} photographs of 12 megapixels, {each:.0f} s each: ", end="")
    print(priced(_PHOTOGRAPHS * each / 3600))
    print(f"  their listing: {_PHOTOGRAPHS / listed:.0f} CPU seconds in each shard")
    print(f"  a worker reads {held / each / 1e3:,.0f} kB/s and writes as much: ", end="")
    print(f"10 Gbit/s serve {_SERVER_BYTES / (2 * held / each):,.0f} workers")
    print(f"  a task of {_FILES} takes a worker {_FILES * each:,.0f} s: ", end="")
    print(f"{tasks:,.0f} tasks a second would keep {tasks * _FILES * each:,.0f} workers busy")

    halo = removal.halo(networks, NoiseProfile(Sigma((_SLIDE_SIGMA,))), 1.0, 3).reach
    more = 1 + 2 * halo / _COLUMNS
    hours = seconds / pixels * _SLIDE_PIXELS * more / 3600
    print(f"a slide of 100 gigapixels in colour, {more:.2f} of it computed: {priced(hours)}")
    rate = pixels / (seconds * more)
    print(f"  a worker reads {3 * rate / 1e3:,.0f} kB/s of raw values, in ", end="")
    print(f"{rate / _CHUNK**2:.1f} chunks: a prefix of S3 serves ", end="")
    print(f"{_S3_GETS / (rate / _CHUNK**2):,.0f} workers")
    for side in (1024, 4096, 16384):
        print(f"  in dask blocks of {side}: {(1 + 2 * halo / side) ** 2:.2f} of it computed")


def make_photograph(folder: Path) -> Path:
    """A photograph of a megapixel with coarse noise."""
    rows, columns = np.mgrid[:_SIDE, :_SIDE] / 40
    chance = np.random.default_rng(0).normal(0, 20, (_SIDE + 1, _SIDE + 1, 3))
    coarse = (chance[1:, 1:] + chance[:-1, 1:] + chance[1:, :-1] + chance[:-1, :-1]) / 4
    scene = 128 + 60 * np.sin(rows + np.sin(columns))[..., None] * np.array([1, 0.8, 0.6])
    path = folder / "photograph.jpg"
    Image.fromarray((scene + coarse).round().clip(0, 255).astype(np.uint8)).save(path, quality=92)
    return path


def of_photograph(path: Path, folder: Path, networks: Networks) -> tuple[float, float, int]:
    """The seconds of a processor that a photograph takes, its pixels and its bytes."""
    devices.use_threads(1)
    job = Job(path, folder / "clean.jpg")
    began = time.process_time()
    outcome = run(job, networks, Request(), existing=Existing(overwrite=True))
    if outcome.error:
        raise SystemExit(outcome.error)
    seconds = time.process_time() - began
    return seconds, float((outcome.width or 0) * (outcome.height or 0)), path.stat().st_size


def listed_a_second(tree: Path) -> float:
    """How many files of a large tree linn looks at in a second, for one shard of a hundred."""
    make_tree(tree, _LISTED, _LISTED // 1000)
    began = time.process_time()
    planning.plan([tree], tree / "out", recursive=True, shard=Shard(3, 100))
    return _LISTED / (time.process_time() - began)


def tasks_a_second(client: Client) -> float:
    """How many tasks go to workers and come back with what became of their files, in a second of this process."""
    names = [(f"/data/folder/{index:06}.jpg", f"/data/out/{index:06}.jpg") for index in range(100)]
    client.run(_told, names)
    began = time.process_time()
    client.gather([client.submit(_told, names, pure=False) for _ in range(_TASKS)])
    return _TASKS / (time.process_time() - began)


def _told(names: list[tuple[str, str]]) -> list[Outcome]:
    """What a task tells of its files, without their work."""
    return [Outcome(source, target) for source, target in names]


if __name__ == "__main__":
    main()
