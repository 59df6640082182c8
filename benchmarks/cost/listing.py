"""How long linn looks for very many files before it denoises one, and in how much memory.

    python -m benchmarks.cost.listing [--files 1000000] [--folders 1000] [--shards 100]

Makes a tree of empty files, plans it in a process of its own for one shard and for the whole, and prints the seconds
and by how much the process grew.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import script_parser
from linn_cli.denoising import planning
from linn_cli.denoising.shards import Shard

_MEGABYTE = 10**6


def main() -> None:
    """Measure and print a row for a shard and for the whole."""
    parser = script_parser(__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--folders", type=int, default=1_000)
    parser.add_argument("--shards", type=int, default=100)
    parser.add_argument("--of", nargs=2, metavar=("TREE", "SHARD"), help="measure this alone")
    options = parser.parse_args()
    if options.of:
        tree, shard = options.of
        print(measured(Path(tree), Shard.parse(shard)))
        return
    with tempfile.TemporaryDirectory() as folder:
        make_tree(Path(folder), options.files, options.folders)
        for shard in (f"3/{options.shards}", "1/1"):
            command = [sys.executable, "-m", "benchmarks.cost.listing", "--of", folder, shard]
            subprocess.run(command, check=True)


def make_tree(top: Path, files: int, folders: int) -> None:
    """Fill a folder with empty files in folders of equal size."""
    for number in range(folders):
        folder = top / f"{number // 100:03}" / f"{number:05}"
        folder.mkdir(parents=True)
        for index in range(files // folders):
            (folder / f"img_{index:05}.jpg").touch()


def measured(tree: Path, shard: Shard) -> str:
    """What planning a shard of a tree takes."""
    before = peak()
    began, worked = time.perf_counter(), time.process_time()
    jobs = planning.plan([tree], tree / "out", recursive=True, shard=shard)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    took = f"{seconds:.1f} s, of the processor {worked:.1f} s"
    return f"shard {shard}: {len(jobs)} files, {took}, {peak() - before:.0f} MB"


def peak() -> float:
    """The most memory that this process held so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MEGABYTE


if __name__ == "__main__":
    main()
