"""How fast `linn denoise` is beside other work, by how often its threads spin where they wait for each other.

    python -m benchmarks.cost.busy PICTURE [--others 2] [--rounds 3]

Runs it in turns with 300,000 spins, which is the GNU OpenMP library's own choice, with linn's and with none,
by itself and beside as many processes as --others says, which compute without end. Prints the median seconds,
start included; a run that takes longer than --limit counts as that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.common import script_parser
from linn_cli import cli

SPINS = {"300000": "the library's", cli.SPINS: "linn's", "0": "none"}


def main() -> None:
    """Measure and print a table."""
    parser = script_parser(__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--others", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds of one run")
    options = parser.parse_args()
    denoise(options.picture, cli.SPINS, options.limit)  # from here on the files are in the cache
    for others in (0, options.others):
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(others)]
        try:
            seconds: dict[str, list[float]] = {spins: [] for spins in SPINS}
            for _ in range(options.rounds):
                for spins in SPINS:
                    seconds[spins].append(denoise(options.picture, spins, options.limit))
        finally:
            for process in busy:
                process.kill()
                process.wait()
        for spins, taken in seconds.items():
            print(f"beside {others}: {median(taken):6.2f} s with {spins} spins ({SPINS[spins]})")


def denoise(picture: Path, spins: str, limit: float) -> float:
    """The seconds that `linn denoise` takes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "linn_cli", "denoise", str(picture), "-o", folder]
        began = time.perf_counter()
        try:
            subprocess.run(
                [*command, "--sigma", "25"],
                env=os.environ | {"GOMP_SPINCOUNT": spins},
                check=True,
                stdout=subprocess.DEVNULL,
                timeout=limit,
            )
        except subprocess.TimeoutExpired:
            return limit
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
