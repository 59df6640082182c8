"""What the stabilising transform gains on camera noise: PSNR in dB with it and without.

    python benchmarks/camera.py BSD68/ [--limit N] [--peak N] [--log FILE]

Each picture gets Poisson noise of a sensor whose white is `peak` counts and Gaussian read noise in
counts; peak 0 stands for white noise of sigma `read`, in grey levels. Neither is clipped or rounded.

- auto: `linn denoise`, which takes the noise for white and estimates its sigma;
- estimated: `--noise poisson-gauss`, gain and read noise estimated from the picture;
- true: the same with the true ones.

With --log each measured picture is a line of JSON, and a later run goes on after the last of them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from linn_cli import estimation, images, removal, stabilisation
from linn_cli.metrics import psnr
from linn_cli.noise import Found
from linn_cli.pipeline import Networks
from linn_cli.stabilisation import CameraNoise

CASES = [(peak, read) for peak in (2, 5, 10, 30) for read in (0, 1, 2)]
WHITE = [(0, sigma) for sigma in (5, 15, 25, 50)]
EIGHT_BITS = 1 / 255


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="so many pictures, spread over the folder")
    parser.add_argument("--peak", type=int, action="append", help="only this peak")
    parser.add_argument("--names", type=Path, help="only the pictures named in this file")
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()

    pictures = images.list_pictures(options.folder)
    if options.names:
        names = options.names.read_text(encoding="utf-8").split()
        pictures = [path for path in pictures if path.name in names]
    if options.limit:
        pictures = pictures[:: max(1, len(pictures) // options.limit)][: options.limit]
    known = {}
    if options.log and options.log.exists():
        lines = map(json.loads, options.log.read_text(encoding="utf-8").splitlines())
        known = {(line["name"], line["peak"], line["read"]): line for line in lines}
    print(f"{len(pictures)} pictures")
    print("peak  read    auto  estimated    true  gain (dB)  worst (dB)")
    for peak, read in CASES + WHITE:
        if options.peak and peak not in options.peak:
            continue
        rows = []
        for index, path in enumerate(pictures):
            row = known.get((path.name, peak, read))
            if row is None:
                row = measure(path, peak, read, index)
                if options.log:
                    with options.log.open("a", encoding="utf-8") as log:
                        log.write(json.dumps(row) + "\n")
            rows.append(row)
        auto, estimated, true = (
            fmean(row[name] for row in rows) for name in ("auto", "estimated", "true")
        )
        worst = min(row["estimated"] - row["auto"] for row in rows)
        print(
            f"{peak:4}  {read:4}  {auto:6.2f}  {estimated:9.2f}  {true:6.2f}"
            f"  {estimated - auto:9.3f}  {worst:10.3f}",
            flush=True,
        )


def measure(path: Path, peak: int, read: int, index: int) -> dict[str, Any]:
    """The PSNR of one picture by each way."""
    clean = torch.from_numpy(images.read_levels(path)).double() / 255
    generator = torch.Generator().manual_seed(index)
    counts = torch.poisson(peak * clean, generator=generator)
    normal = torch.randn(clean.shape, generator=generator).double()
    if peak:
        noisy, truth = (counts + read * normal) / peak, CameraNoise(1 / peak, read / peak)
    else:
        noisy, truth = clean + read / 255 * normal, CameraNoise(0.0, read / 255)
    white = CameraNoise(0.0, estimation.estimate(noisy, EIGHT_BITS).sigma / 255)
    found = stabilisation.estimate(noisy, EIGHT_BITS)

    networks = Networks()

    def quality(camera: CameraNoise) -> float:
        answer, _ = removal.remove(networks, noisy[None, None].float(), Found.of((camera,)))
        return psnr(answer[0, 0].clamp(0, 1), clean)

    auto = quality(white)
    return {
        "name": path.name,
        "peak": peak,
        "read": read,
        "auto": auto,
        "estimated": auto if found == white else quality(found),
        "true": quality(truth),
        "found": [found.gain, found.read],
    }


if __name__ == "__main__":
    main()
