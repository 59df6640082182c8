"""What bfloat16 costs: PSNR in float32 and bfloat16 on held-out training pictures, by sigma.

    python benchmarks/precision.py BSD432/ [--weights FILE]

The pictures are those that `linn train` holds out by default; test images must not be used to choose.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from common import mean_psnr

from linn_cli.pictures import folders
from linn_cli.training.patches import hold_out, read_grey

SIGMAS = (1, 2, 5, 10, 15, 25, 50)
CROP = 160


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()
    _, held_out = hold_out(folders.list_pictures(options.folder))
    pictures = [read_grey(path)[None, None, :CROP, :CROP].float() / 255 for path in held_out]
    print(f"{len(pictures)} held-out pictures, {CROP} x {CROP}")
    print("sigma  float32  bfloat16  loss (dB)")
    for sigma in SIGMAS:
        single, half = (
            mean_psnr(pictures, sigma, options.weights, precision)
            for precision in ("float32", "bfloat16")
        )
        print(f"{sigma:5}  {single:7.3f}  {half:8.3f}  {single - half:9.4f}", flush=True)


if __name__ == "__main__":
    main()
