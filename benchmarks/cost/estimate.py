"""How long linn takes to measure the noise of a picture.

    python -m benchmarks.cost.estimate [--picture FILE] [--megapixels 12] [--rounds 5]

It takes a picture, or the bundled example repeated to so many megapixels, with white noise, with noise in blotches
of two pixels, and as it is. For each it prints the median seconds of the estimate that `linn denoise` makes, and of
the processor; reading the file and loading Python and torch are not among them.
"""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.common import script_parser
from linn_cli.noise.request import Request
from linn_cli.pictures import reading
from linn_cli.pictures.picture import Picture
from linn_cli.units import GREY_LEVELS

_EXAMPLE = Path(__file__).parents[2] / "examples" / "astronaut-noisy.png"
_SIGMA = 10.0


def main() -> None:
    """Measure and print a table."""
    parser = script_parser(__doc__)
    parser.add_argument("--picture", type=Path, default=_EXAMPLE)
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    values = enlarged(reading.read_levels(options.picture), options.megapixels)
    print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, "
        f"{values.shape[1]} x {values.shape[0]}"
    )
    for name, noisy in kinds(values):
        seconds, processor = taken(Picture(noisy), options.rounds)
        print(f"{name:>14}: {seconds:.2f} s, processor {processor:.2f} s")


def enlarged(values: NDArray[np.uint8], megapixels: float) -> NDArray[np.uint8]:
    """A picture (H, W, C) or (H, W), repeated to a height and width of 3 to 4; as channels."""
    width = round(math.sqrt(1e6 * megapixels * 4 / 3))
    height = round(1e6 * megapixels / width)
    times = (-(-height // values.shape[0]), -(-width // values.shape[1]), 1)
    return np.tile(np.atleast_3d(values), times)[:height, :width]


def kinds(values: NDArray[np.uint8]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """The picture with each kind of noise."""
    random = np.random.default_rng(0)
    noise = random.standard_normal(values.shape, np.float32)
    coarse = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, 1, (0, 1))) / 2
    for name, one in (("white noise", noise), ("coarse noise", coarse), ("as it is", 0 * noise)):
        yield name, (values + _SIGMA * one).round().clip(0, GREY_LEVELS).astype(np.uint8)


def taken(picture: Picture, rounds: int) -> tuple[float, float]:
    """The median seconds by the clock and of the processor."""
    both = []
    for _ in range(rounds):
        began = time.perf_counter(), time.process_time()
        Request().find(picture)
        both.append((time.perf_counter() - began[0], time.process_time() - began[1]))
    seconds, processor = zip(*both, strict=True)
    return median(seconds), median(processor)


if __name__ == "__main__":
    main()
