"""How far the streamed answer is from the whole-image one, over a folder of clean pictures.

    python -m benchmarks.quality.exactness BSD68/ --sigma 25 [--limit N] [--set NAME] [--float64]

For each bundled weight set, or each one named, in float32, with the published protocol's noise: the largest difference in
[0, 1], and after rounding to 8 bits the largest in levels and the share of pixels that differ at all. --float64, which
takes several times as long, adds how far each of the two is at most from the whole-image answer in float64: whose
rounding the difference is.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.common import script_parser
from linn_cli.denoising import networks
from linn_cli.metrics import add_noise
from linn_cli.pictures import folders, reading
from linn_cli.units import GREY_LEVELS
from linn_cli.weights import sets


def main() -> None:
    """Measure and print a table."""
    parser = script_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sigma", type=float, default=25.0)
    parser.add_argument("--limit", type=int, help="only so many pictures")
    names = [entry.name for entry in sets.bundled()]
    parser.add_argument(
        "--set", action="append", choices=names, help="only this one; may be repeated"
    )
    parser.add_argument(
        "--float64", action="store_true", help="also the distance of each from float64"
    )
    options = parser.parse_args()
    pictures = folders.list_pictures(options.folder)[: options.limit]
    print(f"{len(pictures)} pictures, sigma {options.sigma:g}, float32")
    head = "weights              largest  in 8-bit levels  pixels that differ"
    print(head + ("  streamed, float64  whole, float64" if options.float64 else ""))
    for entry in sets.bundled():
        if options.set and entry.name not in options.set:
            continue
        apart = difference(entry, pictures, options.sigma, options.float64)
        row = f"{entry.name:18}  {apart.largest:8.1e}  {apart.levels:15d}  {apart.share:18.1e}"
        if options.float64:
            row += f"  {apart.streamed:17.1e}  {apart.whole:14.1e}"
        print(row, flush=True)


@dataclass
class Difference:
    """How far the streamed answer is from the whole-image one, and each from that in float64, at most."""

    largest: float = 0.0  # in [0, 1], as are the two below
    streamed: float = 0.0
    whole: float = 0.0
    levels: int = 0  # of 8 bits
    share: float = 0.0  # of pixels that differ in 8 bits


@torch.inference_mode()
def difference(
    entry: sets.WeightSet, pictures: list[Path], sigma: float, float64: bool
) -> Difference:
    """Over all the pictures; what float64 says is left at zero unless asked for."""
    model = sets.load(entry)
    exact = copy.deepcopy(model).double() if float64 else None
    denoiser = networks.load(sigma, weight_file=entry.path, precision="float32")
    apart = Difference()
    different, pixels = 0, 0
    for index, path in enumerate(pictures):
        clean = torch.from_numpy(reading.read_levels(path))[None, None] / GREY_LEVELS
        noisy = add_noise(clean, sigma / GREY_LEVELS, seed=index)
        whole, streamed = model(noisy, sigma / GREY_LEVELS), denoiser(noisy, sigma)
        apart.largest = max(apart.largest, farthest(whole, streamed))
        if exact:
            truth = exact(noisy.double(), sigma / GREY_LEVELS)
            apart.streamed = max(apart.streamed, farthest(streamed, truth))
            apart.whole = max(apart.whole, farthest(whole, truth))
        rounded = [
            (answer * GREY_LEVELS).round().clamp(0, GREY_LEVELS) for answer in (whole, streamed)
        ]
        steps = (rounded[0] - rounded[1]).abs()
        apart.levels = max(apart.levels, int(steps.max()))
        different += int((steps > 0).sum())
        pixels += steps.numel()
    apart.share = different / pixels
    return apart


def farthest(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference of two answers."""
    return float((one - other).abs().max())


if __name__ == "__main__":
    main()
