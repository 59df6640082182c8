"""How long linn takes for a megapixel of a photograph, in colour or grey, by what noise it finds.

    python -m benchmarks.cost.photograph [--grey] [--megapixels 1] [--rounds 3]

It makes noise on a smooth scene and takes `linn denoise` and `linn denoise --fast` in turns, from an 8-bit picture in
memory to an 8-bit picture, with the noise known. It prints the median seconds for a megapixel, and the ratio of both.
"""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Iterator
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from benchmarks.common import script_parser
from linn_cli.denoising import planes
from linn_cli.denoising.networks import Networks
from linn_cli.noise.request import Request
from linn_cli.noise.strength import FULL
from linn_cli.pictures.picture import Picture
from linn_cli.progress import silent
from linn_cli.units import GREY_LEVELS


def main() -> None:
    """Measure and print a table."""
    parser = script_parser(__doc__)
    parser.add_argument("--grey", action="store_true")
    parser.add_argument("--megapixels", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ways = Networks(), Networks(fast=True)
    print(f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads")
    print(f"{'noise':>18}  found   default  --fast  ratio")
    for name, values in pictures(options.megapixels, 1 if options.grey else 3):
        picture = Picture(values)
        profile = Request().find(picture)
        taken: list[list[float]] = [[] for _ in ways]
        for _ in range(options.rounds):
            for networks, seconds in zip(ways, taken, strict=True):
                start = time.perf_counter()
                planes.denoise(networks, picture, profile, FULL, silent)
                seconds.append(time.perf_counter() - start)
        default, fast = (median(seconds) / options.megapixels for seconds in taken)
        print(f"{name:>18}  {profile.kind:6}  {default:7.2f}  {fast:6.2f}  {default / fast:5.2f}")


def pictures(megapixels: float, channels: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """A smooth scene with each kind of noise."""
    height = round(math.sqrt(1e6 * megapixels / 1.5))
    shape = height, round(1e6 * megapixels / height), channels
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    scene = GREY_LEVELS * (0.5 + 0.3 * np.sin(columns / 59) * np.cos(rows / 73))[:, :, None]
    white = np.random.default_rng(0).normal(size=shape)
    coarse = gaussian_filter(white, (0.8, 0.8, 0))
    coarse /= coarse.std()
    noises = {
        "white, 10": 10 * white,
        "coarse, 10": 10 * coarse,
        "coarse and weak, 4": 4 * coarse,
    }
    for name, noise in noises.items():
        yield name, (scene + noise).round().clip(0, GREY_LEVELS).astype(np.uint8)


if __name__ == "__main__":
    main()
