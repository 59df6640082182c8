"""How far the streamed answer is from the whole-image one, over a folder of clean pictures.

    python benchmarks/exactness.py BSD68/ --sigma 25 [--limit N] [--set NAME]

For each bundled weight set, or each one named, in float32, with the published protocol's noise: the largest difference in
[0, 1], and after rounding to 8 bits the largest in levels and the share of pixels that differ at all.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from linn_cli import images, pipeline, weights
from linn_cli.metrics import add_noise
from linn_cli.normalisation import GREY_LEVELS


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sigma", type=float, default=25.0)
    parser.add_argument("--limit", type=int, help="only so many pictures")
    names = [entry.name for entry in weights.bundled()]
    parser.add_argument(
        "--set", action="append", choices=names, help="only this one; may be repeated"
    )
    options = parser.parse_args()
    pictures = images.list_pictures(options.folder)[: options.limit]
    print(f"{len(pictures)} pictures, sigma {options.sigma:g}, float32")
    print("weights              largest  in 8-bit levels  pixels that differ")
    for entry in weights.bundled():
        if options.set and entry.name not in options.set:
            continue
        largest, levels, share = difference(entry, pictures, options.sigma)
        print(f"{entry.name:18}  {largest:8.1e}  {levels:15d}  {share:18.1e}", flush=True)


@torch.inference_mode()
def difference(
    entry: weights.WeightSet, pictures: list[Path], sigma: float
) -> tuple[float, int, float]:
    """The largest difference, the largest in 8-bit levels, and the share of pixels that differ there."""
    model = weights.load(entry)
    denoiser = pipeline.load(sigma, weight_file=entry.path, precision="float32")
    largest, levels, different, pixels = 0.0, 0, 0, 0
    for index, path in enumerate(pictures):
        clean = torch.from_numpy(images.read_levels(path))[None, None] / GREY_LEVELS
        noisy = add_noise(clean, sigma / GREY_LEVELS, seed=index)
        whole, streamed = model(noisy, sigma / GREY_LEVELS), denoiser(noisy, sigma)
        largest = max(largest, float((whole - streamed).abs().max()))
        rounded = [
            (answer * GREY_LEVELS).round().clamp(0, GREY_LEVELS) for answer in (whole, streamed)
        ]
        apart = (rounded[0] - rounded[1]).abs()
        levels = max(levels, int(apart.max()))
        different += int((apart > 0).sum())
        pixels += apart.numel()
    return largest, levels, different / pixels


if __name__ == "__main__":
    main()
