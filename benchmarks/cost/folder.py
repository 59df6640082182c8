"""How fast a folder of small pictures is denoised, by how many files at a time.

    python -m benchmarks.cost.folder PICTURES/ [--limit N] [--rounds N] [--precision float32]

Runs `linn denoise` on the folder in turns with one file after the other, each on all threads, and with as
many files at a time as there are threads; prints the median seconds, start and reading and writing included.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import torch

from benchmarks.common import script_parser
from linn_cli.pictures import folders


def main() -> None:
    """Measure and print a row for each number of jobs."""
    parser = script_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="so many pictures, the first ones")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    pictures = folders.list_pictures(options.folder)[: options.limit]
    jobs = sorted({1, torch.get_num_threads()})
    seconds: dict[int, list[float]] = {count: [] for count in jobs}
    for _ in range(options.rounds):
        for count in jobs:
            seconds[count].append(denoise(pictures, count, options.precision))
    print(f"{len(pictures)} pictures, {options.precision}, {torch.get_num_threads()} threads")
    for count in jobs:
        took = median(seconds[count])
        print(
            f"--jobs {count}: {took:6.2f} s, {median(seconds[1]) / took:.2f} times as fast as one"
        )


def denoise(pictures: list[Path], jobs: int, precision: str) -> float:
    """The seconds that `linn denoise` takes for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "linn_cli", "denoise", *map(str, pictures), "-o", folder]
        command += ["--sigma", "25", "--jobs", str(jobs), "--precision", precision]
        began = time.perf_counter()
        subprocess.run(command, check=True)
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
